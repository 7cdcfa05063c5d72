package inboxtest

import (
	"context"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// What fails as often as is allowed stays a dead letter, though the sweeps lay more than a day
// apart and the first attempt was buried; and what somebody discards is not asked for for ever.
func TestWhatWasSweptFailsOnlySoOften(t *testing.T) {
	onEach(t, func(w *world) {
		buried := 0
		m := w.merchant(inbox.Config{Attempts: 3, OnDead: func(context.Context, inbox.Dead) { buried++ }}, fault.Lost)
		c := contracts["combined"]
		m.expect(c.expected)
		c.sign(m)
		m.err = context.DeadlineExceeded
		for range 5 {
			if err := m.s.Advance(26 * time.Hour); err != nil {
				w.Fatal(err)
			}
			if _, err := m.box.Work(w.Context()); err != nil {
				w.Fatal(err)
			}
			_, _ = m.box.Sweep(w.Context(), m.c)
		}
		letters, err := m.box.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 || letters[0].Attempts != 3 || buried != 1 || m.open() != 0 {
			w.Errorf("%+v, %v, told of %d times, %d expected", letters, err, buried, m.open())
		}
	})
}

func TestWhatWasDiscardedIsAskedForNoLonger(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{OnDead: func(context.Context, inbox.Dead) {}}, fault.Lost)
		c := contracts["combined"]
		m.expect(c.expected)
		c.sign(m)
		m.err = context.DeadlineExceeded
		if err := m.s.Advance(time.Hour); err != nil {
			w.Fatal(err)
		}
		_, _ = m.box.Sweep(w.Context(), m.c)
		if err := m.s.Advance(26 * time.Hour); err != nil {
			w.Fatal(err)
		}
		if _, err := m.box.Work(w.Context()); err != nil {
			w.Fatal(err)
		}
		letters, err := m.box.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 {
			w.Fatal(letters, err)
		}
		if err := m.box.Discard(w.Context(), letters[0].MchID, letters[0].ID); err != nil {
			w.Fatal(err)
		}
		m.sweep(7 * time.Hour)
		if m.open() != 0 || len(m.effect()) != 0 {
			w.Errorf("%d expected, effects %q", m.open(), m.effect())
		}
	})
}
