package inboxtest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// failsV2 has a debit of APIv2 fail.
func (m *merchant) failsV2(x inbox.Expected) {
	m.Helper()
	contract := m.signV2()
	if err := m.s.Payer(payer).FailNext(ledger.NotEnough); err != nil {
		m.Fatal(err)
	}
	m.expect(x)
	m.debitV2(x.Number, contract)
}

// Every answer of APIv2 has a nonce and a sign of its own. What it tells is one letter all the
// same, with all its attempts, and is asked for no longer once it is dead.
func TestWhatIsSweptOftenIsOneLetter(t *testing.T) {
	onEach(t, func(w *world) {
		dead := 0
		m := w.merchant(inbox.Config{Attempts: 3, OnDead: func(context.Context, inbox.Dead) { dead++ }}, fault.Lost)
		m.failsV2(debitV2)
		m.err = errors.New("always")
		asked := 0
		for range 20 {
			if err := m.s.Advance(6 * time.Hour); err != nil {
				w.Fatal(err)
			}
			s, _ := m.box.Sweep(w.Context(), m.c)
			asked += s.Asked
		}
		letters, err := m.box.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 || letters[0].Attempts != 3 || dead != 1 || asked != 3 || m.open() != 0 {
			w.Errorf("%+v, %v, told of %d times, asked %d times, %d expected", letters, err, dead, asked, m.open())
		}
	})
}

// Until ends the questions also where the function fails every time, and where WeChat Pay answers
// none: what was found is a dead letter then, and the rest given up.
func TestUntilEndsTheQuestions(t *testing.T) {
	onEach(t, func(w *world) {
		dead, givenUp := 0, 0
		m := w.merchant(inbox.Config{Attempts: 1000, OnDead: func(context.Context, inbox.Dead) { dead++ },
			OnGivenUp: func(context.Context, inbox.Expected) { givenUp++ }}, fault.Lost)
		until := m.s.Clock().Now().Add(5 * 24 * time.Hour)
		found := debitV2
		found.Until = until
		m.failsV2(found)
		m.err = errors.New("always")
		for range 24 {
			if err := m.s.Advance(6 * time.Hour); err != nil {
				w.Fatal(err)
			}
			_, _ = m.box.Sweep(w.Context(), m.c)
		}
		if dead != 1 || givenUp != 0 || m.open() != 0 {
			w.Errorf("the function fails: %d dead letters, %d given up, %d expected", dead, givenUp, m.open())
		}
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T9", Until: m.s.Clock().Now().Add(5 * 24 * time.Hour)})
		if err := m.s.Inject(fault.Fault{Name: fault.Error, Times: 1000, Status: http.StatusForbidden,
			Code: "NO_AUTH"}); err != nil {
			w.Fatal(err)
		}
		for i := range 30 {
			if err := m.s.Advance(6 * time.Hour); err != nil {
				w.Fatal(err)
			}
			if _, err := m.box.Sweep(w.Context(), m.c); i == 22 && (err == nil || m.open() != 1) {
				w.Errorf("an outage ended it within a day: %v", err)
			}
		}
		if dead != 1 || givenUp != 1 || m.open() != 0 {
			w.Errorf("no answer: %d dead letters, %d given up, %d expected", dead, givenUp, m.open())
		}
	})
}

// A signature that becomes a dead letter does not keep the end, which the same answer tells, from
// being handled.
func TestTheEndBehindADeadSignature(t *testing.T) {
	onEach(t, func(w *world) {
		for name, c := range contracts {
			m := w.merchant(inbox.Config{}, fault.Lost)
			m.box = w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {},
				Now: m.s.Clock().Now, Wait: func(context.Context, time.Duration) error { return nil }})
			m.box.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
				if !d.Contract.Ended {
					return errors.New("no signature is handled")
				}
				return w.write(ctx, d, "the end")
			})
			m.expect(c.expected)
			contract := c.sign(m)
			if err := m.s.Payer(payer).Terminate(contract.ID); err != nil {
				w.Fatal(err)
			}
			m.sweep(49 * time.Hour)
			letters, err := m.box.Dead(w.Context(), 10)
			if err != nil || len(letters) != 1 || m.open() != 0 {
				w.Errorf("%s: %v, %v, %d expected", name, letters, err, m.open())
			}
			m.wantEffects("the end")
			for _, table := range tables {
				w.exec("DELETE FROM " + w.prefix + table)
			}
			w.exec("DELETE FROM " + w.effects())
		}
	})
}
