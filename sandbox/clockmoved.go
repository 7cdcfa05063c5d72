package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
)

// Clock is the time of the sandbox's business: create_time, the lifetimes of
// sessions, the hours of debits, the schedules of notifications. By default it is
// the machine's clock, moved by an offset; a manual clock (see [At]) stands still
// until it is moved, and then no notification is sent unless Settle or Advance
// does it. Where a running clock was moved to is kept in the store: a sandbox that
// starts on it again goes on from there, unless Config.Start says otherwise.
//
// What is signed is dated by another clock: the timestamp of Authorization and
// its five minutes, Wechatpay-Timestamp, the timestamp of APIv2 pages. A sandbox
// that was started takes the machine's, for that is what other processes have:
// moving its clock by a year cuts none of them off. In tests with [New] both are
// this one, so that At works as well in a year when the test's certificates have
// expired. [Sandbox.ClientConfig] has the right one in Now.
type Clock struct{ clock *clock.Clock }

// Clock is the sandbox's.
func (s *Sandbox) Clock() *Clock { return &Clock{s.engine.Clock} }

// Now is the sandbox's time, in Beijing's zone.
func (c *Clock) Now() time.Time { return c.clock.Now() }

// Manual says whether the clock stands still between moves.
func (c *Clock) Manual() bool { return c.clock.Manual() }

// Set moves the clock, forwards or back, without making the notification
// attempts that lie between: those that have become due are all made at the new
// time. To live through the time between, use [Sandbox.Advance]. What happens by
// itself, debits, refunds and the ends of contracts, has happened at its own moment
// for everybody who acts or looks after. What a day or period allows counts anew on a day that it
// comes to again.
//
// The clock goes from the beginning of 1971 to the end of 2261. Any other time is an error and
// moves nothing.
func (c *Clock) Set(t time.Time) error { return c.clock.Set(t) }
