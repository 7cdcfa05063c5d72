package inboxtest

import (
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
		cfg := m.s.ClientConfig()
		transport := http.DefaultTransport
		if cfg.HTTPClient != nil && cfg.HTTPClient.Transport != nil {
			transport = cfg.HTTPClient.Transport
		}
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			answer, err := transport.RoundTrip(r)
			if strings.Contains(r.URL.Path, "/out-trade-no/T1") {
				n := unpaid("n1", "T1")
				n.MchID = m.c.MchID()
				if err := m.box.Take(w.Context(), n); err != nil {
					w.Error(err)
				}
			}
			return answer, err
		})}
		c, err := wxpay.New(cfg)
		if err != nil {
			w.Fatal(err)
		}
		m.c = c
		if s := m.sweep(11 * time.Minute); s.Asked != 1 || s.Found != 0 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.wantEffects("TRANSACTION.FAIL")
	})
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
