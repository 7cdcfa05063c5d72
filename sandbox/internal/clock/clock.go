package clock

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Clock is the time of business.
type Clock struct {
	mu      sync.Mutex
	stopped bool                  // it shows fixed until it is moved
	fixed   time.Time             // a manual clock's time
	offset  time.Duration         // another's distance from the machine's clock
	Moved   func()                // called after the clock was moved, outside the lock
	Keep    func(time.Time) error // keeps a time before the clock is moved to it
	turned  chan struct{}         // closed, and replaced, when the clock is moved
	setting sync.Mutex            // held by who keeps a time and then shows it
	start   time.Time             // what New was given, or the moment of a manual clock
}

// New starts at start, or at the machine's time when start is zero.
func New(start time.Time, manual bool) *Clock {
	c := &Clock{stopped: manual, Moved: func() {}, Keep: func(time.Time) error { return nil },
		turned: make(chan struct{})}
	if c.start = start; manual && start.IsZero() {
		c.start = time.Now()
	}
	c.begin()
	return c
}

// begin has a clock show what it begins with.
func (c *Clock) begin() {
	switch {
	case c.stopped:
		c.fixed = c.start
	case c.start.IsZero():
		c.offset = 0
	default:
		c.offset = time.Until(c.start)
	}
}

// Began is what the clock would show if it were started now.
func (c *Clock) Began() time.Time {
	if c.start.IsZero() {
		return time.Now().In(wire.Beijing)
	}
	return c.start.In(wire.Beijing)
}

// Restart has the clock show what it began with: it keeps nothing and wakes nobody.
func (c *Clock) Restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin()
	c.turn()
}

// Alone runs f while nobody else sets the clock.
func (c *Clock) Alone(f func() error) error {
	c.setting.Lock()
	defer c.setting.Unlock()
	return f()
}

// Now is the sandbox's time, in Beijing's zone.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return c.fixed.In(wire.Beijing)
	}
	return time.Now().Add(c.offset).In(wire.Beijing)
}

// Manual says whether the clock stands still between moves.
func (c *Clock) Manual() bool { return c.stopped }

// Set moves the clock.
func (c *Clock) Set(t time.Time) error {
	if err := CheckTime(t); err != nil {
		return err
	}
	if err := c.Alone(func() error {
		if err := c.Keep(t); err != nil {
			return err
		}
		c.Show(t)
		return nil
	}); err != nil {
		return err
	}
	c.Moved()
	return nil
}

// CheckTime says whether the clock can show a time. The distance between any two that it can show
// fits a time.Duration, and each fits int64 milliseconds and nanoseconds since 1970, above 0.
func CheckTime(t time.Time) error {
	if t.Before(ClockBegins()) || !t.Before(ClockEnds()) {
		at := t.Format(time.RFC3339)
		return fmt.Errorf("sandbox: the clock goes from 1971 to 2261, and %s is outside of that", at)
	}
	return nil
}

func ClockBegins() time.Time { return time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC) }
func ClockEnds() time.Time   { return time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC) }

// Show is Set by whoever walks: it keeps nothing and wakes nobody.
func (c *Clock) Show(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		c.fixed = t
	} else {
		c.offset = time.Until(t)
	}
	c.turn()
}

// turn tells those who wait that the clock was moved. The lock is held.
func (c *Clock) turn() {
	close(c.turned)
	c.turned = make(chan struct{})
}

// Wait returns when d has passed by this clock, or ctx has ended. A clock that
// stands still has to be moved for it.
func (c *Clock) Wait(ctx context.Context, d time.Duration) {
	var passed <-chan time.Time // d of the machine's time, however the clock was moved meanwhile
	if !c.stopped {
		timer := time.NewTimer(d)
		defer timer.Stop()
		passed = timer.C
	}
	for until := c.Now().Add(d); ctx.Err() == nil; {
		c.mu.Lock()
		turned := c.turned
		c.mu.Unlock()
		left := until.Sub(c.Now())
		if left <= 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-turned:
		case <-passed:
			return
		}
	}
}
