package outbox

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What faults do to notifications.

// redirect keeps a notification from being sent when it first is due, where a fault
// wants that, and says whether one did. A notification is redirected once. That
// happens in the step that would begin its attempt, or another could be under way.
func (c *claiming) redirect(p *push.Row) bool {
	if len(p.Faults) > 0 || p.Begun > 0 || len(p.Attempts) > 0 {
		return false
	}
	met, known := c.met[p.ID]
	if !known {
		if met = own(p, armed.OfWhole); met == nil {
			met = c.outbox.faults.OfPush(&p.Push, armed.OfWhole)
		}
		c.met[p.ID] = met
	}
	if met == nil {
		return false
	}
	c.outbox.divert(c.Step, p, met)
	return true
}

// own are the faults that are done to this notification alone: in its first attempt, and in each
// where it must be refused, for nobody sends a genuine one after it.
func own(p *push.Row, among func(fault.Name) bool) (met armed.Injected) {
	for _, f := range p.Inject {
		if among(f.Name) && (p.Begun <= 1 || armed.Forged(f.Name) && f.Name != fault.Probe) {
			met = append(met, f)
		}
	}
	return met
}

// divert does to a notification what faults of the whole of it want.
func (o *Outbox) divert(s *engine.Step, p *push.Row, met armed.Injected) {
	p.Faults = met.Names()
	o.witness.Diverts(&witness.Diverted{At: s.Now, Said: witness.Read(engine.DecodeBody(p.Resource)), Push: p.ID,
		Event: p.Event, MchID: p.MchID, Faults: p.Faults})
	switch f := met[0]; f.Name {
	case fault.Lost:
		p.State, p.Problem, p.NextAt = ledger.PushLost, "an injected fault lost it; only a query tells", time.Time{}
	case fault.Reordered:
		p.Held = true
		p.NextAt = s.Now.Add(f.Delay) // if nothing follows
		o.holding.Store(true)
	default:
		p.NextAt = s.Now.Add(f.Delay)
	}
	s.Pushed = true
}

// letGo sends what was held back until p, about the same thing, had been sent.
func (o *Outbox) letGo(s *engine.Step, p *push.Row) error {
	if !o.holding.Load() {
		return nil
	}
	return push.Each(s, "about:"+p.About, func(held *push.Row) error {
		if !held.Held || held.ID == p.ID {
			return nil
		}
		held.Held = false
		held.Again(s.Now)
		s.Pushed = true
		return rows.Put(s.Tx, held)
	})
}
