package sandbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// states are those of all notifications, as they came.
func (w *world) states() string {
	w.t.Helper()
	list, err := w.Pushes()
	w.ok(err)
	var out []string
	for _, p := range list {
		out = append(out, string(p.State))
	}
	return strings.Join(out, " ")
}

// trigger3 triggers three notifications and gives their ids.
func (w *world) trigger3() (ids []string) {
	w.t.Helper()
	for _, event := range []string{"ENTRUST.SIGN", "TRANSACTION.SUCCESS", "ENTRUST.TERMINATE"} {
		p, err := w.Trigger(ledger.Trigger{Event: event})
		w.ok(err)
		ids = append(ids, p.ID)
	}
	return ids
}

func (w *world) arrived() (ids []string) {
	w.t.Helper()
	for _, n := range w.inbox.take() {
		ids = append(ids, n.ID)
	}
	return ids
}

func TestHoldAndRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		ask  ledger.Release
		want func(ids []string) []string
	}{
		{ledger.Release{}, func(ids []string) []string { return ids }},
		{ledger.Release{Order: ledger.AsCame, Times: 2}, func(ids []string) []string { return slices.Repeat(ids, 2) }},
		{ledger.Release{Order: ledger.Reversed}, func(ids []string) []string { slices.Reverse(ids); return ids }},
		{ledger.Release{Order: ledger.Reversed, Times: 2}, func(ids []string) []string {
			slices.Reverse(ids)
			return slices.Repeat(ids, 2)
		}},
	} {
		w.ok(w.Hold(ledger.Hold{}))
		ids := w.trigger3()
		w.ok(w.Advance(time.Hour))
		if got := w.arrived(); len(got) != 0 {
			t.Fatalf("%+v: %q came though they are held", c.ask, got)
		}
		sent, err := w.Release(c.ask)
		w.ok(err)
		if got, want := w.arrived(), c.want(ids); !slices.Equal(got, want) || !slices.Equal(sent, want) {
			t.Errorf("%+v: came %q, said %q, want %q", c.ask, got, sent, want)
		}
		if holds, err := w.Holds(); len(holds) != 0 || err != nil {
			t.Errorf("%+v: still held is %v, %v", c.ask, holds, err)
		}
		w.ok(w.Advance(24 * time.Hour))
		if got := w.arrived(); len(got) != 0 {
			t.Errorf("%+v: %q came once more", c.ask, got)
		}
	}
	if got := w.states(); got != strings.TrimSpace(strings.Repeat("DELIVERED ", 12)) {
		t.Errorf("they are %s", got)
	}
}

func TestReleaseShuffled(t *testing.T) {
	t.Parallel()
	orders := map[string]bool{}
	for seed := range uint64(8) {
		w := newWorld(t, sandbox.Seed(seed))
		w.ok(w.Hold(ledger.Hold{}))
		ids := w.trigger3()
		w.ok(w.Settle())
		sent, err := w.Release(ledger.Release{Order: ledger.Shuffled, Times: 2})
		w.ok(err)
		order := ""
		for _, id := range sent {
			order += fmt.Sprint(slices.Index(ids, id))
		}
		orders[order] = true
		slices.Sort(sent)
		want := slices.Repeat(ids, 2)
		slices.Sort(want)
		if !slices.Equal(sent, want) {
			t.Errorf("sent %q", sent)
		}
	}
	if len(orders) < 3 {
		t.Errorf("of eight shuffles there are %v", orders)
	}
}

// A hold keeps back what it names, and a release sends what that names.
func TestHoldsAreOfEventsAndMerchants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.AddMerchant(ledger.Merchant{MchID: "1900000222",
		Plans: []ledger.Plan{{ID: "7", Product: ledger.Papay, NotifyURL: "https://second.example"}}})
	w.ok(err)
	second := w.takes("https://second.example", "1900000222")
	both := func() {
		t.Helper()
		w.trigger3()
		_, err := w.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN", MchID: "1900000222"})
		w.ok(err)
		w.ok(w.Settle())
	}
	count := func(step string, first, other int) {
		t.Helper()
		list, _ := second.all()
		if got := w.arrived(); len(got) != first || len(list) != other {
			t.Errorf("%s: %d came to the first merchant, %d to the other; want %d and %d", step, len(got), len(list),
				first, other)
		}
	}
	w.ok(w.Hold(ledger.Hold{Event: "ENTRUST.SIGN"}))
	both()
	count("the event", 2, 0)
	sent, err := w.Release(ledger.Release{Hold: ledger.Hold{Event: "ENTRUST.SIGN", MchID: "1900000222"}})
	w.ok(err)
	count("the other's released", 0, 1)
	if holds, _ := w.Holds(); len(sent) != 1 || len(holds) != 1 {
		t.Errorf("sent %q, and %v are in force: a narrow release ends no wider hold", sent, holds)
	}
	_, err = w.Release(ledger.Release{Hold: ledger.Hold{Event: "ENTRUST.SIGN"}})
	w.ok(err)
	count("the rest", 1, 0)

	w.ok(w.Hold(ledger.Hold{MchID: "1900000222"}))
	w.ok(w.Hold(ledger.Hold{MchID: "1900000222"})) // in force already
	both()
	count("the merchant", 3, 0)
	if holds, _ := w.Holds(); !slices.Equal(holds, []ledger.Hold{{MchID: "1900000222"}}) {
		t.Errorf("in force are %v", holds)
	}
	_, err = w.Release(ledger.Release{})
	w.ok(err)
	count("all", 0, 1)
}

// Retries are held too, and what somebody sends again by hand is not. What is released and fails is
// tried again on schedule.
func TestHoldsAndRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inbox.answer = func() int { return 500 }
	w.signCombine("A")
	w.ok(w.Settle())
	w.ok(w.Hold(ledger.Hold{}))
	w.ok(w.Advance(24 * time.Hour))
	if p := w.onlyPush(); p.State != ledger.PushHeld || len(p.Attempts) != 1 ||
		!strings.Contains(p.Problem, "release") {
		t.Errorf("the retry is %s after %d attempts: %s", p.State, len(p.Attempts), p.Problem)
	}
	w.ok(w.Redeliver(w.onlyPush().ID))
	w.ok(w.Settle())
	if p := w.onlyPush(); len(p.Attempts) != 2 {
		t.Errorf("by hand there were %d attempts", len(p.Attempts))
	}
	w.inbox.take()

	v := newWorld(t)
	v.ok(v.Hold(ledger.Hold{}))
	v.signCombine("A")
	v.ok(v.Settle())
	v.inbox.answer = func() int { return 500 }
	_, err := v.Release(ledger.Release{Times: 2})
	v.ok(err)
	if p := v.onlyPush(); p.State != ledger.PushPending || len(p.Attempts) != 2 || p.NextAt.IsZero() {
		t.Errorf("what failed is %s after %d attempts, next %v", p.State, len(p.Attempts), p.NextAt)
	}
	v.inbox.answer = nil
	v.ok(v.Advance(time.Hour))
	if p := v.onlyPush(); p.State != ledger.PushDelivered {
		t.Errorf("it is %s", p.State)
	}
}

// Holds and what they keep back are there after a restart.
func TestHoldsOutliveARestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	first.ok(first.Hold(ledger.Hold{Event: "ENTRUST.SIGN"}))
	ids := first.trigger3()
	first.ok(first.Settle())
	first.ok(first.Close())
	second := newWorld(t, sandbox.WithStore(kept))
	again := second.trigger3()
	second.ok(second.Settle())
	if got := second.states(); got != "HELD DELIVERED DELIVERED HELD DELIVERED DELIVERED" {
		t.Errorf("after a restart they are %s", got)
	}
	sent, err := second.Release(ledger.Release{Order: ledger.Reversed})
	second.ok(err)
	if want := []string{again[0], ids[0]}; !slices.Equal(sent, want) {
		t.Errorf("released %q, want %q", sent, want)
	}
}

// A question that is held has no answer, so the payer may not leave.
func TestAHeldQuestionIsNotAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "3", Product: ledger.Papay, NotifyURL: sandbox.DefaultNotifyURL,
		AsksFirst: true}))
	token := w.must("POST", presignPapay, with(papayBody("A1"), "plan_id", 3))["pre_entrustweb_id"].(string)
	contract, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	w.ok(w.Hold(ledger.Hold{Event: "ENTRUST.TERMINATE_INQUIRY"}))
	w.page(w.Payer(papayOpenID).Terminate(contract.ID), ledger.PageRefused)
	w.ok(w.Settle())
	if got := w.states(); got != "DELIVERED HELD" {
		t.Errorf("they are %s", got)
	}
}

func TestHoldAndReleaseRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for want, err := range map[string]error{
		"there is no merchant 42": w.Hold(ledger.Hold{MchID: "42"}),
		"one line":                w.Hold(ledger.Hold{Event: "A\nB"}),
		"there are as-came, reversed and shuffled": func() error {
			_, err := w.Release(ledger.Release{Order: "backwards"})
			return err
		}(),
		"from 1 to 100": func() error { _, err := w.Release(ledger.Release{Times: 101}); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := w.Release(ledger.Release{Times: -1}); err == nil {
		t.Error("it was released -1 times")
	}
}

// The same under a running clock, where the background sends: it sends nothing that is held, and
// what is released in the order that was asked for.
func TestHoldUnderARunningClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *sandbox.Config) { c.ManualClock, c.Start = false, time.Time{} })
	w.ok(w.Hold(ledger.Hold{}))
	ids := w.trigger3()
	w.ok(w.Settle())
	slices.Reverse(ids)
	_, err := w.Release(ledger.Release{Order: ledger.Reversed})
	w.ok(err)
	if got := w.arrived(); !slices.Equal(got, ids) {
		t.Errorf("came %q, want %q", got, ids)
	}
}

// Two release at once: each notification is sent once.
func TestTwoReleasesAtOnce(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	var came atomic.Int32
	if err := sb.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		came.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})); err != nil {
		t.Fatal(err)
	}
	if err := sb.Hold(ledger.Hold{}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := sb.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := sb.Settle(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	sent := make([]int, 4)
	for i := range sent {
		all.Go(func() {
			ids, err := sb.Release(ledger.Release{})
			if err != nil {
				t.Error(err)
			}
			sent[i] = len(ids)
		})
	}
	all.Wait()
	if n := came.Load(); n != 20 || sent[0]+sent[1]+sent[2]+sent[3] != 20 {
		t.Errorf("%v were sent, and %d came", sent, n)
	}
}
