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

// step runs f in one transaction, again when another one got in between.
func (e *engine) step(ctx context.Context, f func(*step) error) error {
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

// view reads without writing.
func (e *engine) view(ctx context.Context, f func(*step) error) error {
	return e.store.View(ctx, func(tx store.Tx) error {
		return f(&step{Tx: tx, engine: e, now: e.clock.Now()})
	})
}
