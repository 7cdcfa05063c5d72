package outbox

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Outbox sends the notifications that an engine wrote, at their time, and has the engine's own
// moments happen (engine/due.go): both are what a clock that moves leads to.
type Outbox struct {
	*engine.Engine
	Routes   *routes
	Worker   *worker
	Patience time.Duration // for a merchant's answer, of the machine's time
	faults   *armed.Faults
	witness  *witness.Witness
	holding  atomic.Bool                       // fault.Reordered has held a notification back
	keeping  atomic.Bool                       // there may be holds; see hold.go
	requeues atomic.Int64                      // so far
	releases sync.Mutex                        // one goes on at a time
	told     func(ledger.Push, ledger.Attempt) // of every attempt; may be nil
	listens  func() bool                       // says whether anybody hears of them; nil: yes
}

// Settings are what an outbox is made with; all of them may be left out.
type Settings struct {
	Anywhere  bool          // notifications may go to other machines
	Patience  time.Duration // for a merchant's answer; 0: the documented
	Rounds    int           // see worker; 0: the usual number
	Longest   time.Duration // see worker; 0: the usual time
	Late      time.Duration // see worker; 0: Patience
	Kept      int           // see retention; 0: the usual number
	OnAttempt func(ledger.Push, ledger.Attempt)
	Listens   func() bool // says whether OnAttempt is to be called; nil: always
	Witness   *witness.Witness
}

// New makes the one of an engine, which sends nothing before [worker.Run], [worker.Settle] or
// [worker.Advance].
func New(e *engine.Engine, f *armed.Faults, c Settings) (*Outbox, error) {
	o := &Outbox{Engine: e, Routes: newRoutes(c.Anywhere), Patience: c.Patience, faults: f, told: c.OnAttempt,
		listens: c.Listens, witness: c.Witness}
	engine.SetDefault(&o.Patience, answerWithin)
	o.Worker = newWorker(o)
	engine.SetDefault(&c.Rounds, o.Worker.rounds)
	engine.SetDefault(&c.Longest, o.Worker.longest)
	engine.SetDefault(&c.Late, o.Patience)
	o.Worker.rounds, o.Worker.longest, o.Worker.late = c.Rounds, c.Longest, c.Late
	engine.SetDefault(&c.Kept, usuallyKept)
	o.Worker.retained = retention{outbox: o, kept: c.Kept, after: map[string]string{}}
	e.Wake = o.Worker.wake
	if err := o.recall(); err != nil {
		return nil, err
	}
	if err := o.recallHolds(); err != nil {
		return nil, err
	}
	return o, o.sweep()
}

// SendNow makes the attempts of these notifications that are due, one after the other, and has the
// background see to the others. What was begun is ended, whether or not anybody waits for it.
func (o *Outbox) SendNow(ids []string) error {
	defer o.Wake()
	claimed, err := o.claimOf(o.Worker.ctx, o.Clock.Now(), ids)
	for _, p := range claimed {
		o.attempt(o.Worker.ctx, p)
	}
	return err
}
