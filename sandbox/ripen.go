package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// timer is a kind of row to which something happens when the clock gets to its due time. What
// happens must move the due time on, or away; a row that it leaves where it was is an error, or the
// moment would never end.
type timer struct {
	kind   string
	happen func(*step, Row) error
}

func on[E any, P interface {
	*E
	entity
}](happen func(*step, P) error) timer {
	return timer{P(new(E)).kind(), func(s *step, row Row) error {
		e, err := decode(P(new(E)), row)
		if err != nil {
			return err
		}
		return happen(s, e)
	}}
}

// timers are everything that happens by itself; notifications, which take a
// merchant to answer, are the worker's own.
func timers() []timer {
	return []timer{
		on((*step).debitDue),
		on((*step).refundDue),
		on((*step).contractDue),
	}
}

// together is how many things happen in one transaction.
const together = 64

// ripen makes everything happen that is due by now, kind by kind and earliest
// first, and says whether anything was.
func (e *engine) ripen(ctx context.Context, now time.Time) (some bool, err error) {
	var first dueRow
	err = e.view(ctx, func(s *step) (err error) {
		first, err = s.firstTimer(now)
		return err
	})
	if err != nil || first.at.IsZero() {
		return false, err
	}
	for _, t := range e.timers {
		for {
			n := 0
			err := e.step(ctx, func(s *step) error {
				rows, err := s.Due(t.kind, now.UnixMilli(), together)
				if n = len(rows); err != nil {
					return err
				}
				for _, row := range rows {
					// An earlier one of them may have changed this one.
					if row, err = s.Get(t.kind, row.ID); err != nil {
						return err
					}
					if row.Due == 0 || row.Due > now.UnixMilli() {
						continue
					}
					if err := t.happen(s, row); err != nil {
						return err
					}
					if err := s.checkMoved(t.kind, row); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return some, err
			}
			if n == 0 {
				break
			}
			some = true
		}
	}
	return some, nil
}

// checkMoved says whether what happened to a row that was due moved its due time on, or away.
func (s *step) checkMoved(kind string, was Row) error {
	is, err := s.Get(kind, was.ID)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && (is.Due == 0 || is.Due > was.Due):
		return nil
	case err != nil:
		return err
	}
	at := wire.FormatTime(time.UnixMilli(was.Due))
	return fmt.Errorf("sandbox: %s %s fell due at %s and still is", kind, was.ID, at)
}

// dueRow is a row of the store that falls due; at is zero for none.
type dueRow struct {
	at   time.Time
	what string
}

// firstDue is the first timer or notification up to limit that falls due.
func (s *step) firstDue(limit time.Time) (dueRow, error) {
	first, err := s.firstTimer(limit)
	if err != nil {
		return first, err
	}
	return s.earlier(first, (*Push)(nil).kind(), limit)
}

func (s *step) firstTimer(limit time.Time) (first dueRow, err error) {
	for _, t := range s.timers {
		if first, err = s.earlier(first, t.kind, limit); err != nil {
			return first, err
		}
	}
	return first, nil
}

// earlier is first, or the first row of a kind to fall due if that is before.
func (s *step) earlier(first dueRow, kind string, limit time.Time) (dueRow, error) {
	rows, err := s.Due(kind, limit.UnixMilli(), 1)
	if err != nil || len(rows) == 0 {
		return first, err
	}
	if due := time.UnixMilli(rows[0].Due); first.at.IsZero() || due.Before(first.at) {
		return dueRow{due, kind + " " + rows[0].ID}, nil
	}
	return first, nil
}

// contractDue ends a contract that time alone ends: its one debit's day is over,
// or its term is, or its payer did not think again.
func (s *step) contractDue(c *Contract) error {
	if over := s.products[c.Product].over; over != nil {
		return over(s, c)
	}
	if c.State == ContractTerminatePending && c.over().Equal(c.LeavesAt) {
		return s.terminate(c, ByUser, byPayer)
	}
	remark := "协议到期，系统解约"
	if c.over().Equal(c.EndsAt) {
		remark = "超过约定扣费日期，系统自动解约"
	}
	return s.terminate(c, BySystem, remark)
}
