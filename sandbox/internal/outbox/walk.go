package outbox

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// How a test walks through time: what falls due on the way happens at its own moment
// (engine/due.go), and every notification is attempted at its own.

// Settle makes happen what is due now and makes every attempt that is, one after
// the other, what an attempt brings about included, and waits for the
// background's.
func (w *worker) Settle(ctx context.Context) error {
	w.walk.Lock()
	defer w.walk.Unlock()
	return w.orClosed(w.settleLocked(ctx))
}

// orClosed is what an error of a closed sandbox comes to.
func (w *worker) orClosed(err error) error {
	if err != nil && w.ctx.Err() != nil {
		return store.ErrClosed
	}
	return err
}

// settleLocked ends with ctx between two attempts, for one that was begun is ended.
func (w *worker) settleLocked(ctx context.Context) error {
	last := "something"
	for range w.rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.inFlight.Wait()
		some, err := w.outbox.RunDue(w.ctx, w.outbox.Clock.Now())
		if err != nil {
			return err
		}
		claimed, _, err := w.outbox.claim(w.ctx, w.outbox.Clock.Now(), nil)
		if err != nil || (!some && len(claimed) == 0) {
			return err
		}
		for _, p := range claimed {
			w.outbox.attempt(w.ctx, p)
			last = "notification " + p.ID + ", " + p.Event
		}
	}
	return w.endless(last)
}

// endless is the error of a moment that does not end.
func (w *worker) endless(what string) error {
	return fmt.Errorf("sandbox: %s falls due again and again at %s; stopped after %d rounds. A handler of "+
		"notifications that brings about another one each time does that",
		what, wire.FormatTime(w.outbox.Clock.Now()), w.rounds)
}

// Advance moves the clock by d and stops at every attempt on the way. Where ctx ends
// before, so does the way.
func (w *worker) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("sandbox: Advance goes forwards, and %v is back: see Clock.Set", d)
	}
	w.walk.Lock()
	defer w.walk.Unlock()
	defer w.wake()
	end := w.outbox.Clock.Now().Add(d)
	if err := clock.CheckTime(end); err != nil {
		return err
	}
	// A sandbox that ends on the way starts again at the end: what lies between
	// becomes due at once, and nothing has happened in a time that is yet to come.
	if err := w.outbox.Clock.Keep(end); err != nil {
		return w.orClosed(err)
	}
	err := w.walkTo(ctx, end)
	// The way may have been left early, or the clock set meanwhile.
	return w.orClosed(cmp.Or(err, w.outbox.Clock.Keep(w.outbox.Clock.Now())))
}

func (w *worker) walkTo(ctx context.Context, end time.Time) error {
	clock := w.outbox.Clock
	for round := 0; ; round++ {
		if err := w.settleLocked(ctx); err != nil {
			return err
		}
		next, what, err := w.next(end)
		if err != nil {
			return err
		}
		if next.IsZero() {
			break
		}
		if next.After(clock.Now()) {
			clock.Show(next)
			round = 0
		} else if round == w.rounds { // under a running clock it may have fallen due meanwhile
			return w.endless(what)
		}
	}
	if end.After(clock.Now()) {
		clock.Show(end)
	}
	return w.settleLocked(ctx)
}
