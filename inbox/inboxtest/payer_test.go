package inboxtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// signsAndEnds has the payer sign for a lesson, and end it after a while.
func (m *merchant) signsAndEnds(after time.Duration) {
	m.Helper()
	contract := contracts["edu"].sign(m)
	m.later(after)
	m.ends(contract)
}

// A payer has signed and ended before it is expected that the payer signs: that ends nothing. The
// next signature does, its end is asked for, and the one after that too.
func TestAnEarlierContractOfThePayerEndsNothing(t *testing.T) {
	onEach(t, func(w *world) {
		edu := contracts["edu"]
		m := w.merchant(inbox.Config{Recheck: time.Hour}, fault.Lost)
		m.signsAndEnds(time.Minute)
		m.later(time.Second)
		m.expect(edu.expected)
		if s := m.sweep(11 * time.Minute); s.Asked != 1 || m.open() != 1 {
			w.Errorf("before anything is signed: %+v, %d expected", s, m.open())
		}
		earlier := []string{edu.signed + " swept", edu.ended + " swept"}
		m.wantEffects(earlier...)
		m.signsAndEnds(time.Minute)
		last := edu.sign(m)
		if s := m.sweep(21 * time.Minute); s.Found != 3 || m.open() != 1 {
			w.Errorf("signed, ended, and signed again: %+v, %d expected", s, m.open())
		}
		m.ends(last)
		if s := m.sweep(2 * time.Hour); s.Found != 1 || m.open() != 0 {
			w.Errorf("the last one's end: %+v, %d expected", s, m.open())
		}
		m.wantEffects(append(append(earlier, earlier...), earlier...)...)
	})
}

// What a function always fails on is a dead letter once, though its question goes on.
func TestALetterIsBuriedOnce(t *testing.T) {
	onEach(t, func(w *world) {
		buried := 0
		m := w.merchant(inbox.Config{Attempts: 2, OnDead: func(context.Context, inbox.Dead) { buried++ }}, fault.Lost)
		m.signsAndEnds(time.Second)
		m.later(time.Minute)
		m.expect(contracts["edu"].expected)
		m.err = errors.New("the shop's database is away")
		for range 10 {
			m.later(6 * time.Hour)
			_, _ = m.box.Sweep(w.Context(), m.c) // what the function fails on, twice
		}
		letters, err := m.box.Dead(w.Context(), 10)
		if buried != 2 || err != nil || len(letters) != 2 || m.open() != 1 {
			w.Errorf("buried %d times: %v, %v, %d expected", buried, letters, err, m.open())
		}
	})
}

// A payer may have more contracts than a page of the list.
func TestAListOfManyPages(t *testing.T) {
	onEach(t, func(w *world) {
		edu := contracts["edu"]
		m := w.merchant(inbox.Config{Recheck: time.Hour}, fault.Lost)
		for range 21 {
			m.signsAndEnds(time.Second)
		}
		m.later(time.Hour)
		m.expect(edu.expected)
		contract := edu.sign(m)
		m.sweep(11 * time.Minute)
		m.wantEffects(edu.signed + " swept")
		m.ends(contract)
		if s := m.sweep(2 * time.Hour); s.Found != 1 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.wantEffects(edu.signed+" swept", edu.ended+" swept")
	})
}

// loses has the next notifications be lost.
func (m *merchant) loses(times int) {
	m.Helper()
	m.s.ClearFaults()
	if err := m.s.Inject(fault.Fault{Name: fault.Lost, Times: times}); err != nil {
		m.Fatal(err)
	}
}

// The end of one contract is lost, and then the payer signs again, which is expected anew: the end
// is asked for all the same. That of a contract which nobody was told of is not.
func TestTheEndOfAFormerContract(t *testing.T) {
	onEach(t, func(w *world) {
		edu := contracts["edu"]
		m := w.merchant(inbox.Config{Recheck: 24 * time.Hour}, "")
		m.loses(2)
		m.signsAndEnds(time.Second)
		m.later(time.Hour)
		m.expect(edu.expected)
		first := edu.sign(m)
		m.later(time.Hour)
		m.loses(1)
		m.ends(first)
		m.later(time.Hour)
		m.expect(edu.expected)
		edu.sign(m)
		m.runs(20, 13*time.Hour)
		m.wantEffects(edu.signed, edu.ended+" swept", edu.signed)
		if m.open() != 1 {
			w.Errorf("%d are expected", m.open())
		}
	})
}

// A query tells two ends, and the function fails once on the first: it is asked for again.
func TestAnEndThatFailsBesideAnother(t *testing.T) {
	onEach(t, func(w *world) {
		edu := contracts["edu"]
		m := w.merchant(inbox.Config{Recheck: 24 * time.Hour}, "")
		for i := range 2 {
			m.expect(edu.expected)
			contract := edu.sign(m)
			m.later(time.Minute)
			m.loses(1)
			m.ends(contract)
			m.later(time.Duration(i) * 25 * time.Hour)
		}
		m.failing = 1
		m.runs(20, 13*time.Hour)
		m.wantEffects(edu.signed, edu.ended+" swept", edu.signed, edu.ended+" swept")
		if m.open() != 0 {
			w.Errorf("%d are expected", m.open())
		}
	})
}

// The payer has signed, which nobody was told of, and taps again: the contract in force is found,
// whenever it was signed.
func TestAPayerWhoTapsAgain(t *testing.T) {
	onEach(t, func(w *world) {
		for _, recheck := range []time.Duration{0, 24 * time.Hour} {
			edu := contracts["edu"]
			m := w.merchant(inbox.Config{Recheck: recheck}, fault.Lost)
			m.expect(edu.expected)
			edu.sign(m)
			m.later(6 * time.Minute)
			m.expect(edu.expected) // and WeChat Pay refuses the call: it is signed
			m.sweep(11 * time.Minute)
			m.wantEffects(edu.signed + " swept")
			for _, table := range tables {
				w.exec("DELETE FROM " + w.prefix + table)
			}
			w.exec("DELETE FROM " + w.effects())
		}
	})
}

// The payer taps again after the signature was told, and the contract ends: that is the end of it.
// So it is where the signature is a dead letter.
func TestAPayerWhoTapsAgainAndEnds(t *testing.T) {
	onEach(t, func(w *world) {
		for _, dead := range []bool{false, true} {
			edu := contracts["edu"]
			m := w.merchant(inbox.Config{Recheck: 24 * time.Hour, Attempts: 1,
				OnDead: func(context.Context, inbox.Dead) {}}, fault.Lost)
			m.expect(edu.expected)
			contract := edu.sign(m)
			if !dead {
				m.sweep(11 * time.Minute)
			}
			m.later(6 * time.Minute)
			m.expect(edu.expected)
			if dead {
				m.failing = 1
			}
			m.runs(1, 11*time.Minute)
			if !dead {
				m.s.ClearFaults()
			}
			m.ends(contract)
			m.runs(3, 25*time.Hour)
			if dead {
				m.wantEffects(edu.ended + " swept")
			} else {
				m.wantEffects(edu.signed+" swept", edu.ended)
			}
			if m.open() != 0 {
				w.Errorf("%d are expected", m.open())
			}
			for _, table := range tables {
				w.exec("DELETE FROM " + w.prefix + table)
			}
			w.exec("DELETE FROM " + w.effects())
		}
	})
}

// The lost end of a former contract is asked for, whether the next one has ended meanwhile or was
// signed and lost as well, and whatever the function makes of the former's end.
func TestTheEndOfAFormerContractBesideTheNext(t *testing.T) {
	onEach(t, func(w *world) {
		edu := contracts["edu"]
		m := w.merchant(inbox.Config{Recheck: 24 * time.Hour}, "")
		m.expect(edu.expected)
		first := edu.sign(m)
		m.later(time.Hour)
		m.loses(1)
		m.ends(first)
		m.later(time.Hour)
		m.expect(edu.expected)
		m.loses(1)
		second := edu.sign(m)
		m.failing = 1 // on the first one's end
		m.runs(1, 11*time.Minute)
		m.wantEffects(edu.signed, edu.signed+" swept")
		m.ends(second)
		m.runs(20, 13*time.Hour)
		m.wantEffects(edu.signed, edu.ended+" swept", edu.signed+" swept", edu.ended)
		if m.open() != 0 {
			w.Errorf("%d are expected", m.open())
		}
	})
}

// A box that asks for no ends asks for none, also of contracts that another one watched.
func TestNoEndsAreAskedForWithoutRecheck(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{Recheck: 24 * time.Hour}, "")
		m.expect(contracts["papay"].expected)
		contracts["papay"].sign(m)
		m.later(time.Hour)
		m.box = w.box(inbox.Config{Now: m.s.Clock().Now})
		if s := m.sweep(48 * time.Hour); s.Asked != 0 || m.open() != 1 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
	})
}

// A contract that ended long ago is forgotten, though the payer's next one is asked about.
func TestAFormerContractIsForgotten(t *testing.T) {
	onEach(t, func(w *world) {
		edu := contracts["edu"]
		m := w.merchant(inbox.Config{Recheck: 24 * time.Hour, Keep: 20 * 24 * time.Hour,
			KeepDead: 10 * 24 * time.Hour}, "")
		m.signsAndEnds(time.Minute)
		m.runs(2, 24*time.Hour)
		m.expect(edu.expected)
		edu.sign(m)
		m.runs(25, 24*time.Hour)
		if n := w.count("SELECT COUNT(*) FROM ~contracts"); n != 1 {
			w.Errorf("%d contracts are kept", n)
		}
		m.wantEffects(edu.signed, edu.ended, edu.signed)
	})
}

// A signature that a query told is a dead letter: the contract's end is asked for all the same.
func TestTheEndAfterALetterOfTheSignature(t *testing.T) {
	onEach(t, func(w *world) {
		papay := contracts["papay"]
		m := w.merchant(inbox.Config{Attempts: 1, Recheck: time.Hour, OnDead: func(context.Context, inbox.Dead) {}},
			fault.Lost)
		m.expect(papay.expected)
		contract := papay.sign(m)
		m.err = errors.New("the shop's database is away")
		m.sweep(11 * time.Minute)
		m.err = nil
		letters, err := m.box.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 {
			w.Fatal(letters, err)
		}
		if err := m.box.Replay(w.Context(), letters[0].MchID, letters[0].ID); err != nil {
			w.Fatal(err)
		}
		m.ends(contract)
		if s := m.sweep(2 * time.Hour); s.Found != 1 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.wantEffects(papay.signed+" swept", papay.ended+" swept")
	})
}

// A contract's own notifications end what is expected of it, though the payer has signed a newer
// one.
func TestAnOlderContractIsMet(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{Recheck: time.Hour})
		if err := b.Expect(w.Context(), w.db, inbox.Expected{Kind: inbox.PapayContract, MchID: mchID, PlanID: "12535",
			Number: "K1"}); err != nil {
			w.Fatal(err)
		}
		for _, n := range []*notify.Notification{signed("b", "C2", "K2", "2026-11-28T12:00:00+08:00"),
			signed("a", "C1", "K1", "2026-11-28T11:00:00+08:00"), ended("c", "C1", "K1", "2026-11-28T11:30:00+08:00")} {
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM ~expected"); n != 0 {
			w.Errorf("%d are expected still", n)
		}
	})
}
