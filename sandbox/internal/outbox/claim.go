package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// claim takes the pushes that are due by now, earliest first, of every merchant as
// many as it has room for (nil: all), and sets their next attempts; crowded says that
// it may have left some.
func (o *Outbox) claim(ctx context.Context, now time.Time, room func(mchID string) int) (claimed []*push.Row,
	crowded bool, err error) {
	c, err := o.claimBy(ctx, now, room, func(c *claiming) error {
		if room == nil {
			_, err := c.take("", 0)
			return err
		}
		full, err := c.take("", AtOnce)
		if c.crowded = c.crowded || full; err != nil || !c.crowded {
			return err
		}
		// Of one merchant there may be any number before the first of another.
		for _, m := range o.Registry.All() {
			if left := c.left(m.MchID); left > 0 {
				if _, err := c.take(push.AttemptsTo(m.MchID), left); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return c.claimed, c.crowded, err
}

// claimOf takes those of the pushes with these ids that are due by now.
func (o *Outbox) claimOf(ctx context.Context, now time.Time, ids []string) (claimed []*push.Row, err error) {
	c, err := o.claimBy(ctx, now, nil, func(c *claiming) error {
		for _, id := range ids {
			row, err := c.Get((*push.Row)(nil).RowKind(), id)
			if errors.Is(err, store.ErrNotFound) {
				continue // all was replaced since
			}
			if err != nil {
				return err
			}
			if row.Due == 0 || row.Due > now.UnixMilli() {
				continue // somebody else was first
			}
			if err := c.takeOne(row); err != nil {
				return err
			}
		}
		return nil
	})
	return c.claimed, err
}

// claimBy claims what a function takes. It is a step of the store, so an attempt is
// claimed once.
func (o *Outbox) claimBy(ctx context.Context, now time.Time, room func(mchID string) int,
	take func(*claiming) error) (c claiming, err error) {
	met := map[string]armed.Injected{}
	err = o.Transact(ctx, func(s *engine.Step) error {
		c = claiming{Step: s, outbox: o, by: now, room: room, taken: map[string]int{}, met: met}
		err := take(&c)
		for _, p := range c.claimed {
			p.Claimed = o.Replaced.Load()
		}
		return err
	})
	if err != nil {
		return claiming{}, err // what was not committed is nobody's, and must not be sent
	}
	return c, nil
}

// claiming is one claim under way.
type claiming struct {
	*engine.Step
	outbox  *Outbox
	by      time.Time
	room    func(mchID string) int
	taken   map[string]int            // by merchant
	met     map[string]armed.Injected // by push; a step that is tried again does not use up more of them
	claimed []*push.Row
	crowded bool
}

func (c *claiming) left(mchID string) int { return c.room(mchID) - c.taken[mchID] }

// take claims what there is room for of the first pushes with key that are due, and says whether
// there may be more of them than were looked at.
func (c *claiming) take(key string, limit int) (full bool, err error) {
	rows, err := c.DueBy((*push.Row)(nil).RowKind(), key, c.by, limit)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		if err := c.takeOne(row); err != nil {
			return false, err
		}
	}
	return limit > 0 && len(rows) >= limit, nil
}

func (c *claiming) takeOne(row store.Row) error {
	p, err := rows.Decode(new(push.Row), row)
	if err == nil && c.room != nil && c.left(p.MchID) <= 0 {
		c.crowded = true
		return nil
	}
	began := false
	if err == nil {
		began, err = c.begin(p)
	}
	switch {
	case c.SetAside(p.RowKind(), row, err):
	case err != nil:
		return err
	case began:
		c.taken[p.MchID]++
		c.claimed = append(c.claimed, p)
	}
	return nil
}

// begin begins an attempt, where nothing keeps the notification back.
func (c *claiming) begin(p *push.Row) (began bool, err error) {
	defer engine.Contain(c.Logf, "notification "+shown.Value(p.ID)+" cannot be sent", &err)
	if err := p.Check(); err != nil {
		return false, err
	}
	if held, err := c.outbox.held(c.Step, p); err != nil {
		return false, err
	} else if held {
		p.Hold()
		return false, rows.Put(c.Tx, p)
	}
	if began = !c.redirect(p); began {
		p.Begin(c.by)
	}
	return began, rows.Put(c.Tx, p)
}

// sweep ends the attempts that were under way when the sandbox that made them
// ended, killed or closed. A store that another sandbox is on as well loses
// nothing by it: that one writes down how its attempt ended all the same.
func (o *Outbox) sweep() error { return o.Transact(context.Background(), cutOff) }

func cutOff(s *engine.Step) error {
	return push.Each(s, push.AttemptOpen, func(p *push.Row) error {
		p.CutOff(s.Now)
		s.Pushed = true
		return rows.Put(s.Tx, p)
	})
}
