package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Ask sends a notification whose answer counts, now, and returns what a merchant
// said who took it, where that came whole, in time, and not to a message that nobody
// should take. It stands among the pushes like any other. One that a fault keeps back
// has no answer: nobody waits for it.
func (o *Outbox) Ask(p *push.Row, patience time.Duration) (said []byte, ok bool, err error) {
	if err := o.View(o.Worker.ctx, func(s *engine.Step) (err error) {
		p.ID, err = push.NewEventID(s)
		return err
	}); err != nil {
		return nil, false, err
	}
	p.Claimed = o.Replaced.Load()
	p.CreatedAt, p.State, p.Schedule = o.Clock.Now(), ledger.PushPending, rows.AskedOnce.Name
	switch held, err := o.heldNow(p); {
	case err != nil:
		return nil, false, err
	case held:
		p.Hold()
		return nil, false, o.Step(o.Worker.ctx, func(s *engine.Step) error { return rows.Put(s.Tx, p) })
	}
	if met := o.faults.OfPush(&p.Push, armed.OfWhole); met != nil {
		return nil, false, o.Step(o.Worker.ctx, func(s *engine.Step) error {
			o.divert(s, p, met)
			return rows.Put(s.Tx, p)
		})
	}
	p.Slot, p.Begun = 1, 1
	var mu sync.Mutex // two deliveries of a [fault.Race] hear at the same time
	p.Heard = func(body []byte) {
		mu.Lock()
		defer mu.Unlock()
		said, ok = body, true
	}
	ctx, cancel := context.WithTimeout(o.Worker.ctx, patience)
	defer cancel()
	results, problem := o.deliver(ctx, p)
	p.Finish(p.Begun, results, problem)
	if err := o.Step(o.Worker.ctx, func(s *engine.Step) error {
		if p.Claimed != o.Replaced.Load() {
			return nil // it was asked before all was replaced
		}
		if err := rows.Put(s.Tx, p); err != nil {
			return err
		}
		return o.letGo(s, p)
	}); err != nil {
		return nil, false, err
	}
	o.tell(p, results)
	return said, ok, nil
}
