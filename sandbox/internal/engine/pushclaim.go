package engine

import (
	"context"
	"time"
)

// claim takes the pushes that are due by now, earliest first, of every merchant as
// many as it has room for (nil: all), and sets their next attempts; crowded says that
// it left some. It is a step of the store, so an attempt is claimed once.
func (e *Engine) claim(ctx context.Context, now time.Time, room func(mchID string) int) (claimed []*PushRow,
	crowded bool, err error) {
	met := map[string]injected{}
	err = e.transact(ctx, func(s *Step) error {
		c := claiming{Step: s, by: now, room: room, taken: map[string]int{}, met: met}
		defer func() { claimed, crowded = c.claimed, c.crowded }()
		if room == nil {
			return c.take("", 0)
		}
		if err := c.take("", AtOnce); err != nil || !c.crowded {
			return err
		}
		// Of one merchant there may be any number before the first of another.
		for _, m := range e.Registry.All() {
			if left := c.left(m.MchID); left > 0 {
				if err := c.take(attemptsTo(m.MchID), left); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, err // what was not committed is nobody's, and must not be sent
	}
	return claimed, crowded, nil
}

// claiming is one claim under way.
type claiming struct {
	*Step
	by      time.Time
	room    func(mchID string) int
	taken   map[string]int      // by merchant
	met     map[string]injected // by push; a step that is tried again does not use up more of them
	claimed []*PushRow
	crowded bool
}

func (c *claiming) left(mchID string) int { return c.room(mchID) - c.taken[mchID] }

// take claims what there is room for of the first pushes with key that are due.
func (c *claiming) take(key string, limit int) error {
	kind := (*PushRow)(nil).RowKind()
	rows, err := c.due(kind, key, c.by, limit)
	if err != nil {
		return err
	}
	for _, row := range rows {
		p, err := decode(new(PushRow), row)
		if err == nil && c.room != nil && c.left(p.MchID) <= 0 {
			c.crowded = true
			continue
		}
		began := false
		if err == nil {
			began, err = c.begin(p)
		}
		switch {
		case c.setAside(kind, row, err):
		case err != nil:
			return err
		case began:
			c.taken[p.MchID]++
			c.claimed = append(c.claimed, p)
		}
	}
	return nil
}

// begin begins an attempt, where no fault keeps the notification back.
func (c *claiming) begin(p *PushRow) (began bool, err error) {
	defer c.contain("notification "+Shown(p.ID)+" cannot be sent", &err)
	if err := p.check(); err != nil {
		return false, err
	}
	if began = !c.redirect(p); began {
		p.begin(c.by)
	}
	return began, Put(c.Tx, p)
}

// sweep ends the attempts that were under way when the sandbox that made them
// ended, killed or closed. A store that another sandbox is on as well loses
// nothing by it: that one writes down how its attempt ended all the same. It also
// drops what older sandboxes left behind.
func (e *Engine) sweep() error {
	return e.transact(context.Background(), func(s *Step) error {
		if err := s.eachPush(attemptOpen, func(p *PushRow) error {
			p.cutOff(s.Now)
			s.Pushed = true
			return Put(s.Tx, p)
		}); err != nil {
			return err
		}
		return s.dropBills()
	})
}
