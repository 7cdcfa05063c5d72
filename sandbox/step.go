package sandbox

import (
	"context"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// step is one transaction of the engine: whatever happens in it happens at one
// moment, and wholly or not at all, notifications included. API calls, payers
// and the admin all change the world through steps.
type step struct {
	store.Tx
	*engine
	now    time.Time
	late   time.Time       // when the clock got to what fell due at now, zero for at once
	from   string          // address of the payer's machine, "" when it does not matter
	pushed bool            // an outbox row was written: wake the worker after the commit
	drawn  map[string]bool // numbers given away in this step, see free
}

// conflicts is how often a step that lost a race is tried again. Stores that
// serialise writers never need it.
const conflicts = 10

// step is how anybody acts on the world: f runs in one transaction, once everything has happened
// that is due by then. Whoever acts after the clock jumped finds what they would have found if it
// had walked, and of two steps the later one never has the earlier moment.
func (e *engine) step(ctx context.Context, f func(*step) error) error {
	for {
		behind := false
		err := e.transact(ctx, func(s *step) error {
			first, err := s.overdue(s.now)
			if behind = !first.at.IsZero(); behind || err != nil {
				return err
			}
			return f(s)
		})
		if err != nil || !behind {
			return err
		}
		if err := e.catchUp(ctx, e.clock.Now()); err != nil {
			return err
		}
	}
}

// transact runs f in one transaction, again when another one got in between. What the sandbox keeps
// for itself needs no more than this; everything else is a [engine.step].
func (e *engine) transact(ctx context.Context, f func(*step) error) error {
	var s *step
	for try := 1; ; try++ {
		err := e.store.Update(ctx, func(tx store.Tx) error {
			s = &step{Tx: tx, engine: e, now: e.clock.Now()}
			return f(s)
		})
		if err == nil {
			break
		}
		if !errors.Is(err, store.ErrConflict) || try == conflicts {
			return err
		}
	}
	if s.pushed {
		e.worker.wake()
	}
	return nil
}

// kept is an error of which the step is committed all the same: a failed debit is refused and
// remembered.
type kept struct{ error }

func (k kept) Unwrap() error { return k.error }

// committed makes an error that undoes nothing.
func committed(err error) error { return kept{err} }

// decide is a step that may refuse, yet commit what it did before.
func (e *engine) decide(ctx context.Context, f func(*step) error) error {
	var refused kept
	err := e.step(ctx, func(s *step) error {
		err := f(s)
		if refused = (kept{}); errors.As(err, &refused) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return refused.error
}

// look reads what a step would find.
func (e *engine) look(f func(*step) error) error {
	ctx := context.Background()
	if err := e.catchUp(ctx, e.clock.Now()); err != nil {
		return err
	}
	return e.view(ctx, f)
}

// view reads without writing.
func (e *engine) view(ctx context.Context, f func(*step) error) error {
	return e.store.View(ctx, func(tx store.Tx) error {
		return f(&step{Tx: tx, engine: e, now: e.clock.Now()})
	})
}
