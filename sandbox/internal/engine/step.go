package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Step is one transaction of the engine: whatever happens in it happens at one
// moment, and wholly or not at all, notifications included. API calls, payers
// and the admin all change the world through steps.
type Step struct {
	store.Tx
	*Known
	Now    time.Time
	Late   time.Time       // when the clock got to what fell due at now, zero for at once
	From   string          // address of the payer's machine, "" when it does not matter
	Pushed bool            // an outbox row was written: wake the worker after the commit
	Told   []string        // ids of the notifications that were written
	Asked  string          // token of the session that a pre-sign opened or found open
	Made   *Made           // what is told is made up; nil for what happens
	drawn  map[string]bool // numbers given away in this step, see free
	logged *[]func()       // for the log, when the transaction has ended
}

// Logf is the log of what goes wrong in the step: whoever hears of it may look at the store again.
func (s *Step) Logf(format string, args ...any) {
	s.logTo(s.Known.Logf, format, args)
}

// Warn is the same for what a merchant should know.
func (s *Step) Warn(format string, args ...any) { s.logTo(s.Known.Warn, format, args) }

func (s *Step) logTo(log func(string, ...any), format string, args []any) {
	line := fmt.Sprintf(format, args...)
	*s.logged = append(*s.logged, func() { log("%s", line) })
}

// writeLog writes down the log of a transaction that has ended.
func writeLog(logged []func()) {
	for _, write := range logged {
		write()
	}
}

// conflicts is how often a step that lost a race is tried again. Stores that
// serialise writers never need it.
const conflicts = 10

// Step is how anybody acts on the world: f runs in one transaction, once everything has happened
// that is due by then. Whoever acts after the clock jumped finds what they would have found if it
// had walked, and of two steps the later one never has the earlier moment.
func (e *Engine) Step(ctx context.Context, f func(*Step) error) error {
	return e.stepBy(ctx, e.Transact, f)
}

// stepBy is Step by a transaction of this kind.
func (e *Engine) stepBy(ctx context.Context, transact func(context.Context, func(*Step) error) error,
	f func(*Step) error) error {
	for {
		behind := false
		err := transact(ctx, func(s *Step) error {
			first, err := s.overdue(s.Now)
			if behind = !first.At.IsZero(); behind || err != nil {
				return err
			}
			return f(s)
		})
		if err != nil || !behind {
			return err
		}
		if err := e.catchUp(ctx, e.Clock.Now()); err != nil {
			return err
		}
	}
}

// Transact runs f in one transaction, during which nobody becomes somebody else. What the sandbox
// keeps for itself needs no more than this; everything else is an [Engine.Step].
func (e *Engine) Transact(ctx context.Context, f func(*Step) error) error {
	return e.update(ctx, e.Registry.Mu.RLocker(), f, func() {})
}

// update runs f in one transaction, again when another one got in between, and what follows when it
// is committed, both under a lock. The log is written when nothing is held any more.
func (e *Engine) update(ctx context.Context, lock sync.Locker, f func(*Step) error, committed func()) error {
	var logged []func()
	pushed, err := e.updateUnder(ctx, lock, f, committed, &logged)
	writeLog(logged)
	if pushed && err == nil {
		e.Wake()
	}
	return err
}

func (e *Engine) updateUnder(ctx context.Context, lock sync.Locker, f func(*Step) error, committed func(),
	logged *[]func()) (pushed bool, err error) {
	lock.Lock()
	defer lock.Unlock()
	for range conflicts {
		if err = e.Store.Update(ctx, func(tx store.Tx) error {
			s := &Step{Tx: tx, Known: e.Known, Now: e.Clock.Now(), logged: logged}
			err := f(s)
			pushed = s.Pushed
			return err
		}); !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err == nil {
		committed()
	}
	return pushed, err
}

// Kept is an error of which the step is committed all the same: a failed debit is refused and
// remembered.
type Kept struct{ error }

func (k Kept) Unwrap() error { return k.error }

// Committed makes an error that undoes nothing.
func Committed(err error) error { return Kept{err} }

// Decide is a step that may refuse, yet commit what it did before.
func (e *Engine) Decide(ctx context.Context, f func(*Step) error) error {
	var refused Kept
	err := e.Step(ctx, func(s *Step) error {
		err := f(s)
		if refused = (Kept{}); errors.As(err, &refused) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return refused.error
}

// Ask is Decide for what is not expected to write: it reads beside whoever writes, and waits for
// nobody's commit. Where it does write it is done once more, as a step.
func (e *Engine) Ask(ctx context.Context, f func(*Step) error) error {
	err := e.stepBy(ctx, func(ctx context.Context, f func(*Step) error) error {
		e.Registry.Mu.RLock()
		defer e.Registry.Mu.RUnlock()
		return e.View(ctx, f)
	}, f)
	if errors.Is(err, store.ErrReadOnly) {
		return e.Decide(ctx, f)
	}
	if kept := (Kept{}); errors.As(err, &kept) {
		return kept.error
	}
	return err
}

// Look reads what a step would find.
func (e *Engine) Look(f func(*Step) error) error {
	ctx := context.Background()
	if err := e.catchUp(ctx, e.Clock.Now()); err != nil {
		return err
	}
	return e.View(ctx, f)
}

// View reads without writing.
func (e *Engine) View(ctx context.Context, f func(*Step) error) error {
	var logged []func()
	err := e.Store.View(ctx, func(tx store.Tx) error {
		return f(&Step{Tx: tx, Known: e.Known, Now: e.Clock.Now(), logged: &logged})
	})
	writeLog(logged)
	return err
}

func (s *Step) PutAll(entities ...rows.Entity) error {
	for _, e := range entities {
		if err := rows.Put(s.Tx, e); err != nil {
			return err
		}
	}
	return nil
}
