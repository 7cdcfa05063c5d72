package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Notifications that are held back stay in the store, and so do the holds: both are there after a
// restart. A notification is held when its attempt would begin, retries too.

// SavedHold is a hold that is in force.
type SavedHold struct {
	rows.Rev
	ledger.Hold
}

func (h *SavedHold) RowKind() string { return "hold" }
func (h *SavedHold) Row() store.Row  { return store.Row{ID: rows.Joined(h.Event, h.MchID)} }
func (h *SavedHold) Owner() string   { return "" }

// Hold keeps notifications back from now on. What is under way meanwhile is not called back.
func (o *Outbox) Hold(h ledger.Hold) error {
	if !shown.IsText(h.Event) || !shown.IsText(h.MchID) {
		return errors.New("sandbox: event_type and mchid of a hold are each one line, without control characters")
	}
	if h.MchID != "" && o.Registry.Merchant(h.MchID) == nil {
		return fmt.Errorf("sandbox: there is no merchant %s", shown.Value(h.MchID))
	}
	o.keeping.Store(true) // first, so that whoever sees it stored also looks for it
	return o.Step(context.Background(), func(s *engine.Step) error {
		row := &SavedHold{Hold: h}
		switch _, err := s.Get(row.RowKind(), row.Row().ID); {
		case err == nil:
			return nil // it is in force
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		o.keeping.Store(true) // again: all may have been replaced meanwhile
		return rows.Put(s.Tx, row)
	})
}

// Holds are those in force.
func (o *Outbox) Holds() (list []ledger.Hold, err error) {
	err = o.View(context.Background(), func(s *engine.Step) error {
		list, err = holds(s)
		return err
	})
	return list, err
}

func holds(s *engine.Step) (list []ledger.Hold, err error) {
	err = engine.Each(s.Tx, func(h *SavedHold) error {
		list = append(list, h.Hold)
		return nil
	})
	return list, err
}

// held says whether a hold keeps a notification back.
func (o *Outbox) held(s *engine.Step, p *push.Row) (bool, error) {
	if p.Excused || !o.keeping.Load() {
		return false, nil
	}
	list, err := holds(s)
	return slices.ContainsFunc(list, func(h ledger.Hold) bool { return h.Keeps(&p.Push) }), err
}

// heldNow is held outside of a claim.
func (o *Outbox) heldNow(p *push.Row) (held bool, err error) {
	err = o.View(o.Worker.ctx, func(s *engine.Step) error {
		held, err = o.held(s, p)
		return err
	})
	return held, err
}

// recallHolds goes on with the holds of the last start, and sends what nothing holds back any more.
func (o *Outbox) recallHolds() error {
	o.keeping.Store(true) // until it is known
	some := false
	err := o.Transact(context.Background(), func(s *engine.Step) (err error) {
		some, err = goOnHolding(s)
		return err
	})
	o.keeping.Store(some || err != nil)
	return err
}

// goOnHolding sends what nothing holds back any more, and says whether there are holds.
func goOnHolding(s *engine.Step) (some bool, err error) {
	list, err := holds(s)
	if err != nil {
		return false, err
	}
	return len(list) > 0, push.Each(s, push.InState(ledger.PushHeld), func(p *push.Row) error {
		if slices.ContainsFunc(list, func(h ledger.Hold) bool { return h.Keeps(&p.Push) }) {
			return nil
		}
		return letLoose(s, p)
	})
}

func letLoose(s *engine.Step, p *push.Row) error {
	p.Again(s.Now)
	p.Excused, s.Pushed = true, true
	return rows.Put(s.Tx, p)
}

// mostTimes bounds how often a release sends each.
const mostTimes = 100

// Release ends the holds that r covers and sends what they kept back, one after the other, and
// returns the ids in the order in which they were sent. What ctx leaves no time for is sent by the
// background.
func (o *Outbox) Release(ctx context.Context, r ledger.Release) (ids []string, err error) {
	engine.SetDefault(&r.Order, ledger.AsCame)
	engine.SetDefault(&r.Times, 1)
	switch {
	case !slices.Contains([]ledger.ReleaseOrder{ledger.AsCame, ledger.Reversed, ledger.Shuffled}, r.Order):
		return nil, fmt.Errorf("sandbox: order %s: there are %s, %s and %s", shown.Value(string(r.Order)),
			ledger.AsCame, ledger.Reversed, ledger.Shuffled)
	case r.Times < 1 || r.Times > mostTimes:
		return nil, fmt.Errorf("sandbox: times is from 1 to %d", mostTimes)
	}
	o.releases.Lock() // or another would send what this one has yet to come to
	defer o.releases.Unlock()
	if ids, err = o.endHolds(ctx, r.Hold); err != nil {
		return nil, err
	}
	ids = o.inOrder(ids, r)
	for i, id := range ids {
		if err = ctx.Err(); err == nil {
			err = o.sendOne(id)
		}
		if err != nil {
			return ids[:i], errors.Join(err, o.letGoAll(ids[i:]))
		}
	}
	return ids, nil
}

// endHolds ends the holds that one covers, and lists what it kept back as it came.
func (o *Outbox) endHolds(ctx context.Context, covering ledger.Hold) (ids []string, err error) {
	err = o.Step(ctx, func(s *engine.Step) error {
		ids = nil
		left := 0
		if err := engine.Each(s.Tx, func(h *SavedHold) error {
			if !covering.Covers(h.Hold) {
				left++
				return nil
			}
			return s.Delete(h.RowKind(), h.Row().ID, *h.Revision())
		}); err != nil {
			return err
		}
		o.keeping.Store(left > 0)
		return push.Each(s, push.InState(ledger.PushHeld), func(p *push.Row) error {
			if covering.Keeps(&p.Push) {
				ids = append(ids, p.ID)
			}
			return nil
		})
	})
	return ids, err
}

// inOrder is what is sent: all of them, so many times.
func (o *Outbox) inOrder(ids []string, r ledger.Release) []string {
	out := slices.Repeat(ids, r.Times)
	switch r.Order {
	case ledger.Reversed:
		slices.Reverse(out)
	case ledger.Shuffled:
		var seed [32]byte
		_, _ = o.Random.Read(seed[:]) // without randomness the order is one of all the same
		rand.New(rand.NewChaCha8(seed)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// sendOne makes one more attempt of a notification now, whatever has become of it.
func (o *Outbox) sendOne(id string) error {
	c, err := o.claimBy(o.Worker.ctx, o.Clock.Now(), nil, func(c *claiming) error {
		row, err := c.Get((*push.Row)(nil).RowKind(), id)
		if errors.Is(err, store.ErrNotFound) {
			return nil // it was dropped since
		}
		if err != nil {
			return err
		}
		p, err := rows.Decode(new(push.Row), row)
		if err == nil {
			p.Again(c.Now)
			p.Excused = true
			began := false
			if began, err = c.begin(p); began {
				c.claimed = append(c.claimed, p)
			}
		}
		if c.SetAside(p.RowKind(), row, err) {
			return nil
		}
		return err
	})
	for _, p := range c.claimed {
		o.attempt(o.Worker.ctx, p)
	}
	return err
}

// letGoAll has the background send what is still held of these.
func (o *Outbox) letGoAll(ids []string) error {
	return o.Step(context.Background(), func(s *engine.Step) error {
		return push.Each(s, push.InState(ledger.PushHeld), func(p *push.Row) error {
			if !slices.Contains(ids, p.ID) {
				return nil
			}
			return letLoose(s, p)
		})
	})
}
