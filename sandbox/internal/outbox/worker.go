package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// worker makes happen what falls due by the clock (engine/due.go) and makes the
// attempts of the outbox: in the background, and in the foreground when a test
// walks through time (walk.go). Only one of the two claims at a time, so a walk
// sees every attempt at its exact moment.
type worker struct {
	outbox *Outbox
	ctx    context.Context // ends when the sandbox closes
	cancel context.CancelFunc
	kick   chan struct{}
	done   chan struct{}

	walk     sync.Mutex     // held while claiming and while walking
	inFlight sync.WaitGroup // attempts of the background; added to under walk
	flying   flights        // attempts under a running clock, by merchant; grows under walk only
	stirred  chan struct{}  // tells a walk under a running clock that there may be more to do

	rounds  int           // how often what falls due at one moment may bring about more that does
	longest time.Duration // of the machine's time, that a walk under a running clock may take
	late    time.Duration // of the same, after which a walk waits for nothing more
	began   time.Time     // when the walk did

	retained retention // used under walk only
}

// AtOnce is how many attempts to one merchant are made at the same time under a running clock.
// What is due beyond that waits, and is claimed in the order in which it fell due; so
// a merchant whose server hangs keeps nobody waiting but itself.
const AtOnce = 64

// flights counts the attempts under way by merchant.
type flights struct {
	mu sync.Mutex
	of map[string]int
}

func (f *flights) room(mchID string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return AtOnce - f.of[mchID]
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
	return f.of[mchID] == AtOnce-1
}

func (f *flights) all() (sum int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range f.of {
		sum += n
	}
	return sum
}

func newWorker(o *Outbox) *worker {
	w := &worker{outbox: o, kick: make(chan struct{}, 1), stirred: make(chan struct{}, 1), done: make(chan struct{}),
		rounds: 10_000, longest: 10 * time.Minute}
	w.flying.of = map[string]int{}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// wake tells the background, and a walk, that something may be due.
func (w *worker) wake() {
	tell(w.kick)
	tell(w.stirred)
}

func tell(told chan struct{}) {
	select {
	case told <- struct{}{}:
	default: // it has been told
	}
}

// Run is the background. Under a stopped clock there is none: a test that stops
// time wants every attempt where it says so, by Settle or Advance.
func (w *worker) Run() {
	defer close(w.done)
	if w.outbox.Clock.Manual() {
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
				w.outbox.Logf("sandbox: look for what is due: %v", err)
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
	_, err = w.outbox.RunDue(w.ctx, w.outbox.Clock.Now())
	claimed, crowded, claimErr := w.outbox.claim(w.ctx, w.outbox.Clock.Now(), w.flying.room)
	for _, p := range claimed {
		w.flying.begin(p.MchID)
		w.inFlight.Go(func() { w.fly(p, nil) })
	}
	return crowded, errors.Join(err, claimErr, w.retained.idle(w.ctx))
}

// fly makes an attempt that was begun in flying. A merchant that does not answer in time is silent
// from then on, for a walk.
func (w *worker) fly(p *push.Row, silent *quiet) {
	began := time.Now()
	w.outbox.attempt(w.ctx, p)
	if silent != nil && time.Since(began) >= w.outbox.Patience {
		silent.add(p.MchID)
	}
	w.land(p)
}

// land ends what was begun in flying.
func (w *worker) land(p *push.Row) {
	if w.flying.end(p.MchID) {
		w.wake() // there was no room for what came meanwhile
	}
	tell(w.stirred)
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
	now := w.outbox.Clock.Now()
	next, _, err := w.next(now.Add(idle))
	if err != nil || next.IsZero() {
		return idle
	}
	return max(next.Sub(now), time.Millisecond)
}

// next is when the first thing up to limit falls due, zero for none, and what it is.
func (w *worker) next(limit time.Time) (at time.Time, what string, err error) {
	err = w.outbox.View(w.ctx, func(s *engine.Step) error {
		row, err := s.FirstDue(limit)
		at, what = row.At, row.String()
		return err
	})
	return at, what, err
}

// Stop ends the background and waits for it.
func (w *worker) Stop() {
	w.cancel()
	<-w.done
	w.inFlight.Wait()
}
