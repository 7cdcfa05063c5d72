package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// worker makes happen what falls due by the clock (see due.go) and makes the
// attempts of the outbox: in the background, and in the foreground when a test
// walks through time. Only one of
// the two claims at a time, so a walk sees every attempt at its exact moment.
type worker struct {
	engine *engine
	ctx    context.Context // ends when the sandbox closes
	cancel context.CancelFunc
	kick   chan struct{}
	done   chan struct{}

	walk     sync.Mutex     // held while claiming and while walking
	inFlight sync.WaitGroup // attempts of the background; added to under walk
	flying   flights        // how many those are of each merchant; grows under walk only

	rounds int // how often what falls due at one moment may bring about more that does
}

// atOnce is how many attempts to one merchant the background makes at the same time.
// What is due beyond that waits, and is claimed in the order in which it fell due; so
// a merchant whose server hangs keeps nobody waiting but itself.
const atOnce = 64

// flights counts the attempts under way by merchant.
type flights struct {
	mu sync.Mutex
	of map[string]int
}

func (f *flights) room(mchID string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return atOnce - f.of[mchID]
}

func (f *flights) begin(mchID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.of[mchID]++
}

// end reports whether the merchant had no room before.
func (f *flights) end(mchID string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.of[mchID]--
	return f.of[mchID] == atOnce-1
}

func newWorker(e *engine) *worker {
	w := &worker{engine: e, kick: make(chan struct{}, 1), done: make(chan struct{}), rounds: 10_000}
	w.flying.of = map[string]int{}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// wake tells the background that something may be due.
func (w *worker) wake() {
	select {
	case w.kick <- struct{}{}:
	default: // it has been told
	}
}

// run is the background. Under a stopped clock there is none: a test that stops
// time wants every attempt where it says so, by Settle or Advance.
func (w *worker) run() {
	defer close(w.done)
	if w.engine.clock.Manual() {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-w.kick:
		case <-timer.C:
		}
		crowded, err := w.launch()
		if err != nil {
			if w.ctx.Err() == nil && !errors.Is(err, store.ErrClosed) {
				w.engine.logf("sandbox: look for what is due: %v", err)
			}
			timer.Reset(idle) // what is due stays due: do not run in circles
			continue
		}
		timer.Reset(w.untilNext(crowded))
	}
}

// launch begins the attempts that are due, as far as there is room, and says whether
// one stays behind for want of it.
func (w *worker) launch() (crowded bool, err error) {
	w.walk.Lock()
	defer w.walk.Unlock()
	_, err = w.engine.runDue(w.ctx, w.engine.clock.Now())
	claimed, crowded, claimErr := w.engine.claim(w.ctx, w.engine.clock.Now(), w.flying.room)
	for _, p := range claimed {
		w.flying.begin(p.MchID)
		w.inFlight.Go(func() {
			w.engine.attempt(w.ctx, p)
			if w.flying.end(p.MchID) {
				w.wake() // there was no room for what came meanwhile
			}
		})
	}
	return crowded, errors.Join(err, claimErr)
}

// idle is how often the background looks anyway: a store that failed may work again.
const idle = 5 * time.Second

// crowdedIdle is how often it looks while what is due first waits for room: what
// falls due behind that is another merchant's, and is not seen from here.
const crowdedIdle = 100 * time.Millisecond

func (w *worker) untilNext(crowded bool) time.Duration {
	if crowded {
		return crowdedIdle
	}
	now := w.engine.clock.Now()
	next, _, err := w.next(now.Add(idle))
	if err != nil || next.IsZero() {
		return idle
	}
	return max(next.Sub(now), time.Millisecond)
}

// next is when the first thing up to limit falls due, zero for none, and what it is.
func (w *worker) next(limit time.Time) (at time.Time, what string, err error) {
	err = w.engine.view(w.ctx, func(s *step) error {
		row, err := s.firstDue(limit)
		at, what = row.at, row.String()
		return err
	})
	return at, what, err
}

// settle makes happen what is due now and makes every attempt that is, one after
// the other, what an attempt brings about included, and waits for the
// background's.
func (w *worker) settle(ctx context.Context) error {
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
		some, err := w.engine.runDue(w.ctx, w.engine.clock.Now())
		if err != nil {
			return err
		}
		claimed, _, err := w.engine.claim(w.ctx, w.engine.clock.Now(), nil)
		if err != nil || (!some && len(claimed) == 0) {
			return err
		}
		for _, p := range claimed {
			w.engine.attempt(w.ctx, p)
			last = "notification " + p.ID + ", " + p.Event
		}
	}
	return w.endless(last)
}

// endless is the error of a moment that does not end.
func (w *worker) endless(what string) error {
	return fmt.Errorf("sandbox: %s falls due again and again at %s; stopped after %d rounds. A handler of "+
		"notifications that brings about another one each time does that",
		what, wire.FormatTime(w.engine.clock.Now()), w.rounds)
}

// advance moves the clock by d and stops at every attempt on the way. Where ctx ends
// before, so does the way.
func (w *worker) advance(ctx context.Context, d time.Duration) error {
	w.walk.Lock()
	defer w.walk.Unlock()
	defer w.wake()
	end := w.engine.clock.Now().Add(d)
	if err := checkTime(end); err != nil {
		return err
	}
	// A sandbox that ends on the way starts again at the end: what lies between
	// becomes due at once, and nothing has happened in a time that is yet to come.
	if err := w.engine.clock.keep(end); err != nil {
		return w.orClosed(err)
	}
	err := w.walkTo(ctx, end)
	// The way may have been left early, or the clock set meanwhile.
	return w.orClosed(cmp.Or(err, w.engine.clock.keep(w.engine.clock.Now())))
}

func (w *worker) walkTo(ctx context.Context, end time.Time) error {
	clock := w.engine.clock
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
			clock.set(next)
			round = 0
		} else if round == w.rounds { // under a running clock it may have fallen due meanwhile
			return w.endless(what)
		}
	}
	if end.After(clock.Now()) {
		clock.set(end)
	}
	return w.settleLocked(ctx)
}

// stop ends the background and waits for it.
func (w *worker) stop() {
	w.cancel()
	<-w.done
	w.inFlight.Wait()
}
