package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

func (w *world) signCombine(code string) *ledger.Contract {
	w.t.Helper()
	token := w.must("POST", presignCombine, with(combineBody(), "out_contract_code",
		code))["pre_entrustweb_id"].(string)
	c, err := w.Payer(openID).Agree(token)
	w.ok(err)
	return c
}

func (w *world) onlyPush() *ledger.Push {
	w.t.Helper()
	pushes, err := w.Pushes()
	w.ok(err)
	if len(pushes) != 1 {
		w.t.Fatalf("got %d pushes, want one", len(pushes))
	}
	return pushes[0]
}

// attempts writes the attempts as seconds since the first.
func attempts(p *ledger.Push) string {
	var out []string
	for _, a := range p.Attempts {
		out = append(out, fmt.Sprint(int(a.At.Sub(p.CreatedAt).Seconds())))
	}
	return strings.Join(out, " ")
}

func TestQuickSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inbox.answer = func() int { return 500 }
	w.signCombine("A")
	w.ok(w.Advance(24 * time.Hour))
	p := w.onlyPush()
	want := "0 10 20 30 60 90 120"
	for at := 420; at <= 120+23*300; at += 300 {
		want += fmt.Sprint(" ", at)
	}
	if got := attempts(p); got != want || len(p.Attempts) != 30 || p.State != ledger.PushGivenUp {
		t.Errorf("got %s, %d attempts at %s\nwant %s", p.State, len(p.Attempts), got, want)
	}
	got := w.inbox.take()
	seen := map[string]bool{}
	for _, n := range got {
		seen[n.Signature] = true
		if n.ID != got[0].ID || n.Created != "2020-09-10T10:00:00+08:00" {
			t.Errorf("an attempt came as %+v", n)
		}
	}
	if len(seen) != 30 {
		t.Errorf("%d signatures for 30 attempts", len(seen))
	}
	if now := w.Clock().Now(); !now.Equal(start.Add(24 * time.Hour)) {
		t.Errorf("the clock is at %v", now)
	}
}

func TestGenericSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inbox.answer = func() int { return 404 }
	_, err := w.Payer(openID).Pay(w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string))
	w.ok(err)
	w.ok(w.Advance(24*time.Hour + 4*time.Minute - time.Second))
	if p := w.onlyPush(); len(p.Attempts) != 15 || p.State != ledger.PushPending {
		t.Errorf("a second before the end: %s, %d attempts", p.State, len(p.Attempts))
	}
	w.ok(w.Advance(time.Second))
	p := w.onlyPush()
	if got, want := attempts(
		p), "0 15 30 60 240 840 2040 3840 5640 7440 11040 21840 32640 43440 65040 86640"; got != want ||
		p.State != ledger.PushGivenUp {
		t.Errorf("got %s at %s, want %s", p.State, got, want)
	}
	w.inbox.answer = nil
	w.ok(w.Redeliver(p.ID))
	w.ok(w.Settle())
	if p := w.onlyPush(); p.State != ledger.PushDelivered || p.Attempts[16].Status != 204 {
		t.Errorf("sent by hand: %s", p.State)
	}
}

func TestDeliveryStopsAtTheFirstSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var n atomic.Int32
	w.inbox.answer = func() int {
		if n.Add(1) < 3 {
			return 302 // redirects are not followed: they are no success
		}
		return 200
	}
	w.signCombine("A")
	w.ok(w.Advance(time.Hour))
	if p := w.onlyPush(); attempts(p) != "0 10 20" || p.State != ledger.PushDelivered || p.Attempts[0].Error == "" ||
		p.Attempts[2].Error != "" {
		t.Errorf("got %s at %s", p.State, attempts(p))
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Inject(fault.Fault{Name: fault.Probe}))
	w.signCombine("A")
	w.receivedOne("ECOMMERCE_ENTRUST.SIGN") // the probe did not pass the inbox
	p := w.onlyPush()
	if len(p.Attempts) != 2 || !p.Attempts[0].Probe || p.Attempts[0].Status != 401 || p.State != ledger.PushDelivered {
		t.Errorf("got %+v", p.Attempts)
	}

	careless := newWorld(t)
	signatures := make(chan string, 2)
	careless.ok(careless.Receive("https://yourapp.com/notify",
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			signatures <- r.Header.Get(wire.HeaderSignature)
		})))
	careless.ok(careless.Inject(fault.Fault{Name: fault.Probe, Event: "ECOMMERCE_ENTRUST.SIGN"}))
	careless.signCombine("A")
	careless.ok(careless.Settle())
	if s := <-signatures; !strings.HasPrefix(s, "WECHATPAY/SIGNTEST/") {
		t.Errorf("the first signature is %.30q", s)
	}
	if p := careless.onlyPush(); !strings.Contains(p.Attempts[0].Error, "does not verify") {
		t.Errorf("a merchant who does not verify gets away with it: %+v", p.Attempts[0])
	}
	if err := w.Inject(fault.Fault{Name: "earthquake"}); err == nil {
		t.Error("an unknown fault was armed")
	}
}

func TestUndeliverableUntilForwarded(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start))
	w := &world{t, sb, sb.Client(), &inbox{t: t, keys: sb.Keys()}}
	w.signCombine("A")
	w.ok(w.Advance(time.Minute))
	p := w.onlyPush()
	if p.State != ledger.PushUndeliverable || !strings.Contains(p.Problem, `Receive("https://yourapp.com"`) ||
		len(p.Attempts) != 1 {
		t.Errorf("got %s, %q, %d attempts", p.State, p.Problem, len(p.Attempts))
	}
	server := httptest.NewServer(w.inbox)
	defer server.Close()
	w.ok(w.Forward("https://yourapp.com", server.URL+"/base"))
	if n := w.receivedOne("ECOMMERCE_ENTRUST.SIGN"); n.Path != "/base/notify" {
		t.Errorf("forwarded to %s", n.Path)
	}
	for _, c := range [][2]string{
		{"yourapp.com", server.URL}, {"https://a.com?x=1", server.URL}, {"https://u:secret@a.com", server.URL},
		{"https://a.com", "127.0.0.1"}, {"https://a.com", "http://example.com"},
		{"https://a.com", "http://127.0.0.1:99999"},
		{"https://a.com", "http://u:secret@127.0.0.1:1"}, {"https://a.com", "http://127.0.0.1:1/#secret"},
		{"https://a.com", "http://u:secret@127.0.0.1:x"},
	} {
		if err := w.Forward(c[0], c[1]); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("forward %s to %s: got %v", c[0], c[1], err)
		}
	}
}

func TestLoopbackIsCalledDirectly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.inbox)
	defer server.Close()
	token := w.must("POST", presignCombine, with(combineBody(), "notify_url", server.URL+
		"/here"))["pre_entrustweb_id"].(string)
	_, err := w.Payer(openID).Agree(token)
	w.ok(err)
	if n := w.receivedOne("ECOMMERCE_ENTRUST.SIGN"); n.Path != "/here" {
		t.Errorf("got %+v", n)
	}
	server.Close()
	w.must("POST", presignCombine,
		with(with(combineBody(), "notify_url", server.URL+"/here"), "out_contract_code", "B"))
}

func TestSlowAndBrokenHandlers(t *testing.T) {
	t.Parallel()
	release := make(chan bool)
	defer close(release)
	w := newWorld(t, sandbox.WithNotifyTimeout(20*time.Millisecond))
	w.ok(w.Receive("https://yourapp.com/slow",
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release })))
	w.ok(w.Receive("https://yourapp.com/broken",
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("sorry") })))
	for path, says := range map[string]string{"/slow": "no answer within 20ms", "/broken": "panicked"} {
		body := with(with(combineBody(), "notify_url", "https://yourapp.com"+path), "out_contract_code",
			strings.Trim(path, "/"))
		token := w.must("POST", presignCombine, body)["pre_entrustweb_id"].(string)
		c, err := w.Payer("user" + strings.Trim(path, "/")).Agree(token)
		w.ok(err)
		w.ok(w.Settle())
		pushes, err := w.Pushes()
		w.ok(err)
		i := slices.IndexFunc(pushes, func(p *ledger.Push) bool { return p.About == c.ID })
		if got := pushes[i].Attempts[0].Error; !strings.Contains(got, says) {
			t.Errorf("%s: got %q, want %q", path, got, says)
		}
	}
}

// What happens in the merchant's handler belongs to the same Settle.
func TestHandlersMayCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var events []string
	w.ok(w.Receive("https://yourapp.com/notify", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if events = append(events, r.Header.Get("Wechatpay-Nonce")); len(events) == 1 {
			w.must("POST", "v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/A/terminate",
				object{"contract_termination_remark": "no"})
		}
	})))
	w.signCombine("A")
	w.ok(w.Settle())
	if len(events) != 2 {
		t.Errorf("got %d notifications, want SIGN and TERMINATE", len(events))
	}
}

// With a running clock nobody has to call anything.
func TestBackgroundDelivers(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	got := make(chan string, 1)
	w := &world{t, sb, sb.Client(), nil}
	w.ok(w.Receive("https://yourapp.com",
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path })))
	w.signCombine("A")
	select {
	case path := <-got:
		if path != "/notify" {
			t.Errorf("delivered to %s", path)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was delivered")
	}
}

// When the disk is full the call fails as WeChat Pay's own calls do, and neither
// half of a change is left behind.
func TestStoreThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	kept := &storetest.Unwritable{Store: store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	kept.Broken.Store(true)
	if e := w.refused(500, "SYSTEM_ERROR", "POST", presignCombine,
		with(combineBody(), "out_contract_code", "B")); !e.Verified || !e.Temporary() {
		t.Errorf("got %+v, want a signed answer that may be tried again", e)
	}
	_, err := w.Payer(openID).Agree(token)
	if !errors.Is(err, storetest.ErrUnwritable) {
		t.Errorf("agreeing: got %v", err)
	}
	contracts, err := w.Contracts()
	w.ok(err)
	pushes, err := w.Pushes()
	w.ok(err)
	if len(contracts) != 0 || len(pushes) != 0 {
		t.Errorf("half a change was kept: %d contracts, %d pushes", len(contracts), len(pushes))
	}
	kept.Broken.Store(false)
	_, err = w.Payer(openID).Agree(token)
	w.ok(err)
	w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
	w.must("POST", presignCombine, with(combineBody(), "out_contract_code", "B"))
}

func TestManyPayersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	race := func(n int, f func(i int) error) (won int) {
		var wg sync.WaitGroup
		var ok atomic.Int32
		for i := range n {
			wg.Go(func() {
				if f(i) == nil {
					ok.Add(1)
				}
			})
		}
		wg.Wait()
		return int(ok.Load())
	}
	if won := race(8, func(i int) error {
		_,
			err := w.Payer(fmt.Sprint("payer-", i)).Agree(token)
		return err
	}); won != 1 {
		t.Errorf("%d payers signed one session", won)
	}
	// One user, many sessions.
	var tokens []string
	for i := range 8 {
		tokens = append(tokens, w.must("POST", presignCombine, with(combineBody(), "out_contract_code",
			fmt.Sprint("C", i)))["pre_entrustweb_id"].(string))
	}
	if won := race(8, func(i int) error { _, err := w.Payer("one-user").Agree(tokens[i]); return err }); won != 1 {
		t.Errorf("one user signed one plan %d times", won)
	}
	// The same code with other values, at the same moment.
	if won := race(8, func(i int) error {
		_, err := w.client.Chain(presignCombine).
			Post(context.Background(), with(with(combineBody(), "out_contract_code", "same"), "attach", fmt.Sprint(i)))
		return err
	}); won != 1 {
		t.Errorf("%d different calls opened a session with one code", won)
	}
	if got := w.received(); len(got) != 2 {
		t.Errorf("got %d notifications, want 2", len(got))
	}
}
