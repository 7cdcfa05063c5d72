package inboxtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The notification of a failure comes while a sweep has the answer in its hand: the failure is one.
func TestTheNotificationComesWhileASweepAsks(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		contract := contracts["papay"].sign(m)
		if err := m.s.Payer(payer).FailNext(ledger.NotEnough); err != nil {
			w.Fatal(err)
		}
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T1"})
		m.debit("T1", contract)
		m.whileAsked("/out-trade-no/T1", func() { m.heard("n1", "T1", m.s.Clock().Now()) })
		if s := m.sweep(11 * time.Minute); s.Asked != 1 || s.Found != 0 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.heard("n2", "T1", m.s.Clock().Now()) // a query told it, though it came second
		m.wantEffects("TRANSACTION.FAIL")
	})
}

// The payer signs while it is asked for the last time whether they did: that is not given up, and
// its end is asked for.
func TestTheSignatureComesWhileASweepAsks(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{Recheck: time.Hour, OnGivenUp: func(context.Context, inbox.Expected) {
			w.Error("it is given up")
		}}, fault.Lost)
		x := contracts["papay"].expected
		x.Until = m.s.Clock().Now().Add(10 * time.Minute)
		m.expect(x)
		m.whileAsked("/out-contract-code/K1", func() {
			n := signed("n1", "C1", "K1", m.s.Clock().Now().Format(time.RFC3339))
			n.MchID = m.c.MchID()
			if err := m.box.Take(w.Context(), n); err != nil {
				w.Error(err)
			}
		})
		if s := m.sweep(11 * time.Minute); s.GivenUp != 0 || m.open() != 1 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
	})
}

// whileAsked does something when the answer to a question is on its way.
func (m *merchant) whileAsked(path string, do func()) {
	m.Helper()
	cfg := m.s.ClientConfig()
	transport := http.DefaultTransport
	if cfg.HTTPClient != nil && cfg.HTTPClient.Transport != nil {
		transport = cfg.HTTPClient.Transport
	}
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		answer, err := transport.RoundTrip(r)
		if strings.Contains(r.URL.Path, path) {
			do()
		}
		return answer, err
	})}
	c, err := wxpay.New(cfg)
	if err != nil {
		m.Fatal(err)
	}
	m.c = c
}

// Two processes sweep in the same moment: each question is asked by one of them.
func TestTwoSweepsAtOnce(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		for _, number := range strings.Split("T1 T2 T3 T4 T5 T6 T7 T8", " ") {
			m.expect(inbox.Expected{Kind: inbox.Debit, Number: number})
		}
		if err := m.s.Advance(time.Hour); err != nil {
			w.Fatal(err)
		}
		asked := make([]int, 4)
		for _, err := range atOnce(len(asked), func(i int) error {
			s, err := m.box.Sweep(w.Context(), m.c)
			asked[i] = s.Asked
			return err
		}) {
			if err != nil {
				w.Error(err)
			}
		}
		if n := asked[0] + asked[1] + asked[2] + asked[3]; n != 8 {
			w.Errorf("asked %v, 8 in all", asked)
		}
	})
}
