package outbox

import (
	"context"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
)

// Happened is [engine.Happened] of every kind: a forward is registered too.
func Happened(kind string) bool {
	return engine.Happened(kind) && kind != (*SavedForward)(nil).RowKind()
}

// Replace is [engine.Engine.Replace] for who sends: forwards stay, what is under way and was
// written before is neither sent nor written down any more, and what came in its place is sent by
// its time. It waits for whoever walks through time.
func (o *Outbox) Replace(ctx context.Context, by engine.Replacement) error {
	w := o.Worker
	w.walk.Lock()
	defer w.walk.Unlock()
	if w.ctx.Err() != nil {
		return w.orClosed(w.ctx.Err())
	}
	put, committed := by.Put, by.Committed
	keeping, pushes := false, 0
	by.Stays = append([]string{(*SavedForward)(nil).RowKind()}, by.Stays...)
	by.Put = func(r *registry.State, s *engine.Step) error {
		err := put(r, s)
		if err == nil {
			err = cutOff(s)
		}
		if err == nil {
			keeping, err = goOnHolding(s)
		}
		if err == nil {
			pushes, err = s.Count(engine.PushKind, "")
		}
		return err
	}
	by.Committed = func() {
		o.keeping.Store(keeping)
		o.holding.Store(pushes > 0) // one of them may be
		clear(w.retained.after)
		committed()
	}
	err := o.Clock.Alone(func() error { return o.Engine.Replace(ctx, by) })
	if err != nil {
		return err
	}
	return o.Requeue(context.WithoutCancel(ctx)) // it is done
}
