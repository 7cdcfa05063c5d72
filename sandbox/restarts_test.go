package sandbox

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// staysOpen is a store that outlives the sandboxes on it.
type staysOpen struct{ store.Store }

func (staysOpen) Close() error { return nil }

func startOn(t *testing.T, store store.Store, forward map[string]string) *Sandbox {
	t.Helper()
	m := []ledger.Merchant{DefaultMerchant()}
	lendTestKeys(m)
	s, err := Start(Config{Keys: testKeyMaterial(), Merchants: m, Store: store, Forward: forward})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A certificate that one merchant gave up may be another's when the sandbox starts again.
func TestAFormerCertificateIsAnothers(t *testing.T) {
	t.Parallel()
	store := staysOpen{store.NewMemory()}
	s := startOn(t, store, nil)
	former := s.Merchants()[0]
	next, err := s.ReplaceCertificate(DefaultMchID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddMerchant(ledger.Merchant{MchID: "1230000109", Certificate: former.Certificate,
		PrivateKey: former.PrivateKey}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = startOn(t, store, nil)
	defer s.Close()
	for mchid, want := range map[string]string{DefaultMchID: next.Certificate, "1230000109": former.Certificate} {
		m := s.engine.Registry.Merchant(mchid)
		if m == nil || m.Certificate != want || s.engine.Registry.BySerial(m.Serial) != m {
			t.Errorf("%s has not the certificate it had", mchid)
		}
	}
}

// What waited for its merchant, whom a start was without, is sent once there is one.
func TestWhatWaitedForItsMerchantIsSent(t *testing.T) {
	t.Parallel()
	s := New(t)
	got := 0
	if err := s.Receive("https://yourapp.com",
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got++ })); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Step(t.Context(), func(st *engine.Step) error {
		return push.Notify(st, &push.Row{Push: ledger.Push{MchID: "1900000555", URL: DefaultNotifyURL,
			Event:    "TRANSACTION.SUCCESS",
			Resource: []byte("{}")}, Retries: rows.GenericSchedule})
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := s.Settle(); err != nil || got != i {
			t.Errorf("sent %d times, %v", got, err)
		}
		if _, err := s.AddMerchant(ledger.Merchant{MchID: "1900000555"}); err != nil {
			t.Fatal(err)
		}
	}
}

// What waited for a forward is sent by the start that brings one.
func TestWhatWaitedIsSentByTheNextStart(t *testing.T) {
	t.Parallel()
	var got atomic.Int32
	merchant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		got.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer merchant.Close()
	store := staysOpen{store.NewMemory()}
	s := startOn(t, store, nil)
	if err := s.engine.Step(t.Context(), func(st *engine.Step) error {
		return push.Notify(st, &push.Row{Push: ledger.Push{MchID: DefaultMchID, URL: DefaultNotifyURL,
			Event:    "TRANSACTION.SUCCESS",
			Resource: []byte("{}")}, Retries: rows.GenericSchedule})
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = startOn(t, store, map[string]string{"https://yourapp.com": merchant.URL})
	defer s.Close()
	if err := s.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Pushes(); err != nil || got.Load() != 1 || list[0].State != ledger.PushDelivered {
		t.Errorf("got %d, %v, %+v", got.Load(), err, list)
	}
}
