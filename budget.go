package wxpay

import (
	"sync/atomic"
	"time"
)

// How often a client repeats calls. A repeat takes perRepeat of its budget, which is fullBudget at
// most, and a call that succeeds at once gives one back: while WeChat Pay is down ten repeats go
// out and then none, and in the long run one for ten calls.
const (
	perRepeat  = 10
	fullBudget = 10 * perRepeat
)

// budget is what a client has left for repeats.
type budget struct{ spent atomic.Int64 }

// earn is a call that succeeded at once.
func (p *budget) earn() {
	for spent := p.spent.Load(); spent > 0; spent = p.spent.Load() {
		if p.spent.CompareAndSwap(spent, spent-1) {
			return
		}
	}
}

// spend tells whether there is enough for a repeat, and takes it.
func (p *budget) spend() bool {
	for {
		spent := p.spent.Load()
		if spent+perRepeat > fullBudget {
			return false
		}
		if p.spent.CompareAndSwap(spent, spent+perRepeat) {
			return true
		}
	}
}

// slowerEvery is how far apart those calls of a client are repeated that were too many: five a
// second, which is far below every documented limit.
const slowerEvery = 200 * time.Millisecond

// pacer is a token bucket that holds one token: it says when the next call may be repeated.
type pacer struct{ next atomic.Int64 } // in nanoseconds by the client's clock

// turn is how long to wait for one's own turn.
func (p *pacer) turn(now time.Time) time.Duration {
	at := now.UnixNano()
	for {
		next := p.next.Load()
		mine := max(next, at)
		if next-at > int64(time.Minute) { // no queue is so long: the clock was set back
			mine = at
		}
		if p.next.CompareAndSwap(next, mine+int64(slowerEvery)) {
			return time.Duration(mine - at)
		}
	}
}
