package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

// The background of a sandbox whose clock runs: the other tests walk through
// time instead.

// running starts one and has a payer sign, which makes a notification due.
func running(t *testing.T, c sandbox.Config, prefix func(*sandbox.Sandbox) error) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := prefix(s); err != nil {
		t.Fatal(err)
	}
	signed(t, s)
	return s
}

// signed has a payer sign, of which the merchant is then notified.
func signed(t *testing.T, s *sandbox.Sandbox) {
	t.Helper()
	client, err := wxpay.New(s.ClientConfig())
	if err != nil {
		t.Fatal(err)
	}
	reply, err := edupapay.Of(client).Contracts.Presign.Post(t.Context(), &edupapay.PresignRequest{
		AppID: sandbox.DefaultEduAppID, OpenID: eduOpenID, PlanID: sandbox.DefaultEduPlanID, UserID: "20200330tony",
		PeriodStartDate: "2020-03-19", TradeScene: "EDUCATION_PERIOD",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Payer(eduOpenID).Agree(reply.PresignToken); err != nil {
		t.Fatal(err)
	}
}

func await[T any](t *testing.T, from <-chan T, what string) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(10 * time.Second):
		t.Fatal(what + " did not happen")
	}
	return got
}

// roomForTheClock is a full disk on which a clock that was moved still fits.
type roomForTheClock struct{ *storetest.Unwritable }

func (r roomForTheClock) Update(ctx context.Context, f func(store.Tx) error) error {
	return r.Store.Update(ctx, func(tx store.Tx) error {
		kinds := kindsWritten{Tx: tx}
		err := f(&kinds)
		if err == nil && r.Broken.Load() && !kinds.clock {
			err = storetest.ErrUnwritable
		}
		return err
	})
}

type kindsWritten struct {
	store.Tx
	clock bool
}

func (k *kindsWritten) Put(kind string, row store.Row) (int64, error) {
	k.clock = k.clock || kind == "clock"
	return k.Tx.Put(kind, row)
}

// An attempt that could not be written down is not made, or a full disk would
// have the merchant notified without end.
func TestAnAttemptThatCannotBeWrittenIsNotMade(t *testing.T) {
	t.Parallel()
	kept := &storetest.Unwritable{Store: store.NewMemory()}
	logged := make(chan string, 1000)
	var received atomic.Int32
	c := sandbox.Config{Store: roomForTheClock{kept},
		Logf: func(format string, args ...any) { logged <- fmt.Sprintf(format, args...) }}
	s := running(t, c, func(s *sandbox.Sandbox) error {
		return s.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			received.Add(1)
			kept.Broken.Store(true)
			w.WriteHeader(http.StatusInternalServerError)
		}))
	})
	for !strings.Contains(await(t, logged, "the failure to write down the first attempt"), "write down an attempt") {
	}
	for len(logged) > 0 { // it may have looked for more already
		<-logged
	}
	if err := s.Clock().Set(s.Clock().Now().Add(time.Minute)); err != nil { // the second is due
		t.Fatal(err)
	}
	await(t, logged, "the failure to claim the second attempt")
	if err := s.Settle(); !errors.Is(err, storetest.ErrUnwritable) { // waits for what the background sends
		t.Errorf("Settle: got %v", err)
	}
	if n := received.Load(); n != 1 || len(logged) > 5 {
		t.Errorf("the merchant was notified %d times, and %d more lines were logged", n, len(logged))
	}
}

func TestCloseLeavesNoConnection(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 10)
	received := make(chan struct{}, 10)
	merchant := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		received <- struct{}{}
	}))
	merchant.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			ended <- struct{}{}
		}
	}
	merchant.Start()
	t.Cleanup(merchant.Close)
	s := running(t, sandbox.Config{}, func(s *sandbox.Sandbox) error {
		return s.Forward("https://yourapp.com",
			merchant.URL)
	})
	await(t, received, "the notification")
	if err := s.Settle(); err != nil { // or Close would cut the answer off, and the connection with it
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, ended, "the end of the connection to the merchant")
}

// However many notifications of a merchant are due, 64 attempts are made at once, and
// whatever waits gets its turn in the order in which it fell due. Another merchant
// waits for none of them.
func TestAttemptsAtOnceAreBounded(t *testing.T) {
	t.Parallel()
	const atOnce, all = 64, 70
	arrived, release := make(chan string, all), make(chan struct{}, all)
	s, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Merchants: sandbox.New(t).Merchants(),
		NotifyTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	inbox := &inbox{t: t, keys: s.Keys()}
	if err := s.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inbox.ServeHTTP(w, r)
		for _, n := range inbox.take() {
			arrived <- n.Resource["out_contract_code"].(string)
		}
		<-release
	})); err != nil {
		t.Fatal(err)
	}
	w := &world{t, s, s.Client(), inbox}
	sign := func(from, to int) {
		for i := from; i < to; i++ {
			token := w.must("POST", presignCombine, with(combineBody(), "out_contract_code",
				fmt.Sprintf("C%02d", i)))["pre_entrustweb_id"].(string)
			if _, err := w.Payer(fmt.Sprintf("%s%02d", openID, i)).Agree(token); err != nil {
				t.Fatal(err)
			}
		}
	}
	sign(0, atOnce)
	for range atOnce {
		await(t, arrived, "an attempt that there is room for")
	}
	sign(atOnce, all)
	second, err := s.AddMerchant(ledger.Merchant{
		MchID: "1700000000", AppIDs: []string{"wx7"}, Plans: []ledger.Plan{{ID: "7", Product: ledger.CombinePapay}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := s.ClientConfigFor(second.MchID)
	if err != nil {
		t.Fatal(err)
	}
	other := make(chan struct{}, 1)
	if err := s.Receive("https://other.com",
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { other <- struct{}{} })); err != nil {
		t.Fatal(err)
	}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	body := with(with(with(combineBody(), "appid", "wx7"), "plan_id", 7), "notify_url", "https://other.com/notify")
	token := (&world{t, s, client, inbox}).must("POST", presignCombine, body)
	if _, err := s.Payer("other-payer").Agree(token["pre_entrustweb_id"].(string)); err != nil {
		t.Fatal(err)
	}
	await(t, other, "the notification of another merchant")
	for i := atOnce; i < all; i++ {
		if len(arrived) > 0 {
			t.Fatalf("%s is sent although %d others are under way", <-arrived, atOnce)
		}
		release <- struct{}{}
		if got, want := await(t, arrived, "the next attempt"), fmt.Sprintf("C%02d", i); got != want {
			t.Errorf("%s is sent when it is %s's turn", got, want)
		}
	}
	for range atOnce {
		release <- struct{}{}
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	pushes, err := s.Pushes()
	if err != nil || len(pushes) != all+1 {
		t.Fatalf("got %d pushes, %v", len(pushes), err)
	}
	for _, p := range pushes {
		if p.State != ledger.PushDelivered || len(p.Attempts) != 1 {
			t.Errorf("%s is %s after %d attempts", p.About, p.State, len(p.Attempts))
		}
	}
}
