package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Ask sends a notification whose answer counts, now, and returns what a merchant
// who took it said. It stands among the pushes like any other.
func (o *Outbox) Ask(p *push.Row, patience time.Duration) (said []byte, ok bool, err error) {
	if err := o.View(o.Worker.ctx, func(s *engine.Step) (err error) {
		p.ID, err = push.NewEventID(s)
		return err
	}); err != nil {
		return nil, false, err
	}
	p.CreatedAt, p.Schedule, p.Slot, p.Begun = o.Clock.Now(), rows.AskedOnce.Name, 1, 1
	var mu sync.Mutex // two deliveries of a [fault.Race] hear at the same time
	p.Heard = func(body []byte) {
		mu.Lock()
		defer mu.Unlock()
		said, ok = body, true
	}
	ctx, cancel := context.WithTimeout(o.Worker.ctx, patience)
	defer cancel()
	results, problem := o.deliver(ctx, p)
	p.State = ledger.PushPending
	p.Finish(p.Begun, results, problem)
	return said, ok, o.Step(o.Worker.ctx, func(s *engine.Step) error { return rows.Put(s.Tx, p) })
}
