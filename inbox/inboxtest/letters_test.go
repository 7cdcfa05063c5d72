package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
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

// So do the payer's newer contracts: what is current beside a letter is known as long as the
// letter.
func TestNewerContractsOutliveALetterToo(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{Keep: 72 * time.Hour, KeepDead: 72 * time.Hour, Attempts: 3,
			OnDead: func(context.Context, inbox.Dead) {}})
		fails := true
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if fails && d.ID == "n1" {
				return errors.New("the shop's database is away")
			}
			return w.write(ctx, d, fmt.Sprint(d.ID, " ", d.Current.Code, " ", d.Current.Ended))
		})
		letter := signed("n1", "C1", "K1", "2026-11-28T11:00:00+08:00")
		for _, n := range []*notify.Notification{letter, signed("n2", "C2", "K2", "2026-11-28T11:30:00+08:00"),
			ended("n3", "C2", "K2", "2026-11-28T11:40:00+08:00")} {
			_ = b.Take(w.Context(), n) // one fails
		}
		w.clock.advance(20 * time.Hour)
		_, _ = b.Take(w.Context(), letter), b.Take(w.Context(), letter)
		w.clock.advance(60 * time.Hour)
		if _, err := b.Prune(w.Context()); err != nil {
			w.Fatal(err)
		}
		fails = false
		if err := b.Replay(w.Context(), mchID, "n1"); err != nil {
			w.Fatal(err)
		}
		(&merchant{world: w}).wantEffects("n1 K2 true", "n2 K2 false", "n3 K2 true")
	})
}

// What queries tell for as long as they are asked is known for as long, and told once.
func TestWhatIsAskedForIsNotForgotten(t *testing.T) {
	onEach(t, func(w *world) {
		edu := contracts["edu"]
		m := w.merchant(inbox.Config{Recheck: 24 * time.Hour, Keep: 72 * time.Hour, KeepDead: 72 * time.Hour}, "")
		for i := range 2 { // the second is watched, and the first in the list beside it
			m.expect(edu.expected)
			contract := edu.sign(m)
			if err := m.s.Advance(time.Minute); err != nil {
				w.Fatal(err)
			}
			if i == 0 {
				if err := m.s.Payer(payer).Terminate(contract.ID); err != nil {
					w.Fatal(err)
				}
			}
		}
		m.runs(20, 25*time.Hour)
		m.wantEffects(edu.signed, edu.ended, edu.signed)
	})
}

// An end that a query tells is asked for as seldom as that may be, and the function fails on it as
// often as it may: then it is a letter, once, and is asked for no longer.
func TestAFailingEndIsNotAskedForForEver(t *testing.T) {
	onEach(t, func(w *world) {
		buried := 0
		cfg := inbox.Config{Attempts: 4, Recheck: 30 * 24 * time.Hour, KeepDead: 90 * 24 * time.Hour,
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
		cfg.Dialect, cfg.Recheck = w.dialect, cfg.KeepDead/3+1
		if _, err := inbox.New(w.db, cfg); err == nil {
			w.Error("it may be asked for more seldom than letters are kept")
		}
	})
}
