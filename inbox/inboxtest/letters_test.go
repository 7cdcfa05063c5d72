package inboxtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// runs has the processes run for a while, a round every so often, whatever fails.
func (m *merchant) runs(rounds int, every time.Duration) {
	m.Helper()
	for range rounds {
		if err := m.s.Advance(every); err != nil {
			m.Fatal(err)
		}
		if _, err := m.box.Work(m.Context()); err != nil {
			m.Fatal(err)
		}
		_, _ = m.box.Sweep(m.Context(), m.c) // what the function fails on
		if _, err := m.box.Prune(m.Context()); err != nil {
			m.Fatal(err)
		}
	}
}

// The function fails for a week on a signature that a query told, while the contract's end is
// handled and old enough to be forgotten: it is not, for the letter of the signature is replayed
// beside it.
func TestAContractOutlivesTheLettersAboutIt(t *testing.T) {
	onEach(t, func(w *world) {
		papay := contracts["papay"]
		m := w.merchant(inbox.Config{Keep: inbox.MinKeep, KeepDead: 72 * time.Hour, Attempts: 20,
			OnDead: func(context.Context, inbox.Dead) {}}, fault.Lost)
		m.expect(papay.expected)
		contract := papay.sign(m)
		m.err = errors.New("the shop's database is away")
		m.runs(1, 11*time.Minute)
		m.err = nil
		end := ended("n2", contract.ID, "K1", m.s.Clock().Now().Format(time.RFC3339))
		end.MchID, end.CreateTime = m.c.MchID(), m.s.Clock().Now()
		if err := m.box.Take(w.Context(), end); err != nil {
			w.Fatal(err)
		}
		m.err = errors.New("the shop's database is away")
		m.runs(28, 6*time.Hour)
		m.err = nil
		letters, err := m.box.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 || w.count("SELECT COUNT(*) FROM ~contracts") != 1 {
			w.Fatalf("%v, %v\n%s", letters, err, w.dump())
		}
		late := false
		repaired := w.box(inbox.Config{Now: m.s.Clock().Now})
		repaired.Otherwise(func(_ context.Context, d *inbox.Delivery) error {
			late = d.Late && d.Contract.Ended
			return nil
		})
		if err := repaired.Replay(w.Context(), letters[0].MchID, letters[0].ID); err != nil || !late {
			w.Errorf("%v, late: %t", err, late)
		}
		m.runs(20, 6*time.Hour)
		if n := w.count("SELECT COUNT(*) FROM ~contracts"); n != 0 {
			w.Error("the contract is kept for ever")
		}
	})
}

// An end that a query tells is asked for as seldom as that may be, and the function fails on it as
// often as it may: then it is a letter, once, and is asked for no longer.
func TestAFailingEndIsNotAskedForForEver(t *testing.T) {
	onEach(t, func(w *world) {
		buried := 0
		cfg := inbox.Config{Attempts: 4, Recheck: 30 * 24 * time.Hour, KeepDead: 30 * 24 * time.Hour,
			OnDead: func(context.Context, inbox.Dead) { buried++ }}
		m := w.merchant(cfg, fault.Lost)
		papay := contracts["papay"]
		m.expect(papay.expected)
		contract := papay.sign(m)
		m.sweep(11 * time.Minute)
		if err := m.s.Payer(payer).Terminate(contract.ID); err != nil {
			w.Fatal(err)
		}
		m.err = errors.New("the shop's database is away")
		m.runs(150, 24*time.Hour)
		if buried != 1 || m.open() != 0 {
			w.Errorf("told of %d letters, %d expected", buried, m.open())
		}
		cfg.Dialect, cfg.Recheck = w.dialect, cfg.KeepDead+1
		if _, err := inbox.New(w.db, cfg); err == nil {
			w.Error("it may be asked for more seldom than letters are kept")
		}
	})
}
