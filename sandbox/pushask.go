package sandbox

import (
	"context"
	"sync"
	"time"
)

// askedOnce is the schedule of a question: it is put once, and not again.
var askedOnce = schedule{"once", seconds(0)}

// ask sends a notification whose answer counts, now, and returns what a merchant
// who took it said. It stands among the pushes like any other.
func (e *engine) ask(p *pushRow, patience time.Duration) (said []byte, ok bool, err error) {
	if err := e.view(e.worker.ctx, func(s *step) (err error) {
		p.ID, err = s.newEventID()
		return err
	}); err != nil {
		return nil, false, err
	}
	p.CreatedAt, p.Schedule, p.Slot, p.State = e.clock.Now(), askedOnce.name, 1, PushGivenUp
	var mu sync.Mutex // two deliveries of a [FaultRace] hear at the same time
	p.heard = func(body []byte) {
		mu.Lock()
		defer mu.Unlock()
		said, ok = body, true
	}
	ctx, cancel := context.WithTimeout(e.worker.ctx, patience)
	defer cancel()
	p.Attempts, p.Problem = e.deliver(ctx, p)
	switch {
	case ok:
		p.State = PushDelivered
	case p.Problem != "":
		p.State = PushUndeliverable
	}
	return said, ok, e.step(e.worker.ctx, func(s *step) error { return put(s.Tx, p) })
}
