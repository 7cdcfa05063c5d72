package engine

import (
	"context"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Ask sends a notification whose answer counts, now, and returns what a merchant
// who took it said. It stands among the pushes like any other.
func (o *Outbox) Ask(p *PushRow, patience time.Duration) (said []byte, ok bool, err error) {
	if err := o.view(o.Worker.ctx, func(s *Step) (err error) {
		p.ID, err = s.newEventID()
		return err
	}); err != nil {
		return nil, false, err
	}
	p.CreatedAt, p.Schedule, p.Slot, p.Begun = o.Clock.Now(), askedOnce.name, 1, 1
	var mu sync.Mutex // two deliveries of a [fault.Race] hear at the same time
	p.heard = func(body []byte) {
		mu.Lock()
		defer mu.Unlock()
		said, ok = body, true
	}
	ctx, cancel := context.WithTimeout(o.Worker.ctx, patience)
	defer cancel()
	results, problem := o.deliver(ctx, p)
	p.State = ledger.PushPending
	p.finish(p.Begun, results, problem)
	return said, ok, o.Step(o.Worker.ctx, func(s *Step) error { return Put(s.Tx, p) })
}
