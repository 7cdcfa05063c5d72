package sandbox

import (
	"net/http"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/outbox"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// writeOut writes as many notifications of a merchant as are asked for, due at once.
func (s *Sandbox) writeOut(t *testing.T, mchID, url string, pushes int) {
	t.Helper()
	if err := s.engine.Step(t.Context(), func(st *engine.Step) error {
		for range pushes {
			p := &push.Row{Push: ledger.Push{MchID: mchID, URL: url, Event: "TRANSACTION.SUCCESS",
				Resource: []byte("{}")},
				Retries: rows.GenericSchedule}
			if err := push.Notify(st, p); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// A merchant whose server hangs keeps nobody waiting but itself, however many
// notifications of it are due.
func TestAHangingMerchantKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	const many = 6000
	m := []ledger.Merchant{DefaultMerchant(), {MchID: "1700000000", AppIDs: []string{"wx7"}}}
	lendTestKeys(m)
	s, err := Start(Config{Keys: testKeyMaterial(), Merchants: m, Store: store.NewMemory(), NotifyTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	hangs, told := make(chan struct{}, many), make(chan struct{}, 100)
	if err := s.Receive("https://hangs.com", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hangs <- struct{}{}
		<-r.Context().Done()
	})); err != nil {
		t.Fatal(err)
	}
	if err := s.Receive("https://answers.com",
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told <- struct{}{} })); err != nil {
		t.Fatal(err)
	}
	wait := func(from <-chan struct{}, what string) {
		t.Helper()
		select {
		case <-from:
		case <-time.After(10 * time.Second):
			t.Fatal(what)
		}
	}
	s.writeOut(t, DefaultMchID, "https://hangs.com/notify", many)
	for range outbox.AtOnce {
		wait(hangs, "the merchant that hangs was not called")
	}
	s.writeOut(t, "1700000000", "https://answers.com/notify", outbox.AtOnce+1)
	for range outbox.AtOnce + 1 {
		wait(told, "another merchant waits for the one that hangs")
	}
	if len(hangs) > 0 {
		t.Errorf("%d calls more than there is room for", len(hangs))
	}
}
