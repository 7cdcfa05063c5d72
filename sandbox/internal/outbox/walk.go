package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// How a test walks through time: what falls due on the way happens at its own moment
// (engine/due.go), and every notification is attempted at its own.

// Settle makes happen what is due now and makes every attempt that is, what an attempt brings
// about included, and waits for the background's.
func (w *worker) Settle(ctx context.Context) error {
	w.walk.Lock()
	defer w.walk.Unlock()
	w.began = time.Now()
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
	if w.outbox.Clock.Manual() {
		return w.settleStopped(ctx)
	}
	return w.settleRunning(ctx)
}

// settleStopped makes the attempts one after the other, for tests want to know what came first.
func (w *worker) settleStopped(ctx context.Context) error {
	last := "something"
	for range w.rounds {
		some, claimed, _, err := w.due(ctx, w.outbox.Clock.Now(), nil)
		if err != nil || (!some && len(claimed) == 0) {
			return err
		}
		for _, p := range claimed {
			w.outbox.attempt(w.ctx, p)
			last = notification(p)
		}
	}
	return w.endless(last)
}

// settleRunning makes the attempts beside each other, as the background does, and begins those to
// one merchant while others are still to answer: whoever answers slowly keeps nobody waiting. What
// falls due later than a merchant may take to answer is sent as well, for the background cannot
// meanwhile, and not waited for: more falls due all the time.
func (w *worker) settleRunning(ctx context.Context) error {
	var own sync.WaitGroup
	defer own.Wait()
	silent := &quiet{who: map[string]bool{}}
	room := func(mchID string) int {
		if silent.has(mchID) {
			return 0
		}
		return w.flying.room(mchID)
	}
	var apart atomic.Int32 // of those under way: begun here and not waited for
	entered, began := w.outbox.Clock.Now(), time.Now()
	for last := "something"; ; {
		by, late := w.outbox.Clock.Now(), time.Since(began) > w.late
		if late {
			by = entered
		}
		waiting := w.flying.all() > int(apart.Load()) // for what may bring about more; asked before it is looked for
		some, claimed, crowded, err := w.due(ctx, by, room)
		if err != nil {
			return err
		}
		for _, p := range claimed {
			last = notification(p) + ", to merchant " + shown.Value(p.MchID)
			w.flying.begin(p.MchID)
			own.Go(func() { w.fly(p, silent) })
		}
		if late {
			if err := w.launchApart(&apart); err != nil {
				return err
			}
		}
		switch took := time.Since(w.began); {
		case some || len(claimed) > 0:
			if took > w.longest {
				return fmt.Errorf("sandbox: stopped after %v: merchants take that long to answer, or more falls due "+
					"meanwhile; the last was %s", took.Round(time.Second), last)
			}
		case !waiting:
			return nil
		default:
			w.pause(ctx, crowded || late)
		}
	}
}

// launchApart begins what is due by now in the place of the background.
func (w *worker) launchApart(apart *atomic.Int32) error {
	claimed, _, err := w.outbox.claim(w.ctx, w.outbox.Clock.Now(), w.flying.room)
	for _, p := range claimed {
		w.flying.begin(p.MchID)
		apart.Add(1)
		w.inFlight.Go(func() {
			w.outbox.attempt(w.ctx, p)
			apart.Add(-1) // first, so that what is waited for is never taken for less than it is
			w.land(p)
		})
	}
	return err
}

// due makes happen what is due by now, and claims the attempts that are.
func (w *worker) due(ctx context.Context, by time.Time, room func(mchID string) int) (some bool,
	claimed []*push.Row, crowded bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, nil, false, err
	}
	if some, err = w.outbox.RunDue(w.ctx, w.outbox.Clock.Now()); err != nil {
		return false, nil, false, err
	}
	claimed, crowded, err = w.outbox.claim(w.ctx, by, room)
	return some, claimed, crowded, err
}

// pause waits until there may be more to do.
func (w *worker) pause(ctx context.Context, crowded bool) {
	timer := time.NewTimer(w.untilNext(crowded))
	defer timer.Stop()
	select {
	case <-w.stirred:
	case <-timer.C:
	case <-ctx.Done():
	case <-w.ctx.Done():
	}
}

func notification(p *push.Row) string { return "notification " + p.ID + ", " + p.Event }

// quiet are the merchants that did not answer in time while a moment was settled under a running
// clock. What else is due to them then is left to the background: more may fall due than they have
// answers for, and nobody shall wait for that.
type quiet struct {
	mu  sync.Mutex
	who map[string]bool
}

func (q *quiet) add(mchID string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.who[mchID] = true
}

func (q *quiet) has(mchID string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.who[mchID]
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
	w.began = time.Now()
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
	return errors.Join(w.settleLocked(ctx), w.retained.run(w.ctx))
}
