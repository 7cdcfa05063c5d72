package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// timer is a kind of row to which something happens when the clock gets to its due time. What
// happens must move the due time on, or away; a row that it leaves where it was is an error, or the
// moment would never end.
type timer struct {
	kind   string
	happen func(*Step, store.Row) error
}

// on has something happen to an entity at its moment: that is now in the step, however much later
// the clock is by then.
func on[E any, P interface {
	*E
	Entity
}](at func(P) time.Time, happen func(*Step, P) error) timer {
	return timer{P(new(E)).RowKind(), func(s *Step, row store.Row) error {
		e, err := decode(P(new(E)), row)
		if err != nil {
			return err
		}
		s.Now = at(e).In(wire.Beijing)
		return happen(s, e)
	}}
}

// timers are everything that happens by itself; notifications, which take a
// merchant to answer, are the worker's own. Of what happens at one moment the
// earlier of them comes first.
func timers() []timer {
	return []timer{
		on((*ContractRow).Over, (*Step).contractDue),
		on(func(d *DebitRow) time.Time { return d.ExecuteAt }, (*Step).debitDue),
		on(func(r *RefundRow) time.Time { return r.DueAt }, (*Step).refundDue),
	}
}

// together is how many things happen in one transaction.
const together = 64

// runDue makes everything happen that is due by now, in the order in which it fell due and each at
// its own moment, so that a clock that jumps leads to what one that walks does. It says whether
// anything was due.
func (e *Engine) runDue(ctx context.Context, now time.Time) (some bool, err error) {
	return e.runEachDue(ctx, now, (*Step).firstTimer)
}

// catchUp makes happen what comes before anybody acts now.
func (e *Engine) catchUp(ctx context.Context, now time.Time) error {
	_, err := e.runEachDue(ctx, now, (*Step).overdue)
	return err
}

func (e *Engine) runEachDue(ctx context.Context, now time.Time, next func(*Step, time.Time) (dueRow, error)) (some bool,
	err error) {
	var first dueRow
	err = e.view(ctx, func(s *Step) (err error) {
		first, err = next(s, now)
		return err
	})
	for n := together; err == nil && n == together && !first.at.IsZero(); {
		err = e.transact(ctx, func(s *Step) (err error) {
			s.late = now
			for n = 0; n < together && err == nil; n++ {
				if first, err = next(s, now); err != nil || first.at.IsZero() {
					return err
				}
				err = s.runOneDue(first)
			}
			return err
		})
		if !first.at.IsZero() && e.setAside(first.timer.kind, first.row, err) {
			n, err = together, nil
			continue
		}
		some = some || err == nil && n > 0
	}
	return some, err
}

// runOneDue makes happen what falls due first, and so before whatever it may change.
func (s *Step) runOneDue(first dueRow) error {
	if err := s.happening(first); err != nil {
		return err
	}
	return s.checkMoved(first.timer.kind, first.row)
}

// checkMoved says whether what happened to a row that was due moved its due time on, or away.
func (s *Step) checkMoved(kind string, was store.Row) error {
	is, err := s.Get(kind, was.ID)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && (is.Due == 0 || is.Due > was.Due):
		return nil
	case err != nil:
		return err
	}
	at := wire.FormatTime(time.UnixMilli(was.Due))
	return fmt.Errorf("sandbox: %s %s fell due at %s and still is", kind, Shown(was.ID), at)
}

// dueRow is the row of a timer, or a notification, that falls due; at is zero for none.
type dueRow struct {
	at    time.Time
	timer timer
	row   store.Row
}

func (d dueRow) String() string { return d.timer.kind + " " + Shown(d.row.ID) }

// firstDue is the first timer or notification up to limit that falls due.
func (s *Step) firstDue(limit time.Time) (dueRow, error) {
	first, err := s.firstTimer(limit)
	if err != nil {
		return first, err
	}
	return s.earlier(first, timer{kind: (*PushRow)(nil).RowKind()}, "", limit)
}

// firstTimer is what happens first of everything that is due by limit.
func (s *Step) firstTimer(limit time.Time) (first dueRow, err error) {
	for _, t := range s.timers {
		if first, err = s.earlier(first, t, "", limit); err != nil {
			return first, err
		}
	}
	return first, nil
}

// overdue is what happens first of everything that comes before anybody acts now: all that was due
// earlier, and what waited for this very moment. Of what is due as soon as it was asked for whoever
// asks is to see that it is accepted, and so is the next call while the clock stands.
func (s *Step) overdue(now time.Time) (dueRow, error) {
	first, err := s.firstTimer(now.Add(-time.Millisecond))
	for i := 0; i < len(s.timers) && err == nil && first.at.IsZero(); i++ {
		first, err = s.earlier(first, s.timers[i], awaited(now.UnixMilli()), now)
	}
	return first, err
}

// fallDue has something happen to a row at a moment, for which it waits if it was asked for
// earlier.
func fallDue(row *store.Row, at, asked time.Time) {
	row.Due = millis(at)
	if row.Due > millis(asked) {
		row.Keys = append(row.Keys, awaited(row.Due))
	}
}

// awaited is the key of the rows that wait for a moment. It names the moment, so that a store need
// not go through everything that waits for a later one.
func awaited(due int64) string { return "awaits:" + strconv.FormatInt(due, 10) }

// earlier is first, or the first row of a timer with the key to fall due if that is before.
func (s *Step) earlier(first dueRow, t timer, key string, limit time.Time) (dueRow, error) {
	rows, err := s.due(t.kind, key, limit, 1)
	if err != nil || len(rows) == 0 {
		return first, err
	}
	if due := time.UnixMilli(rows[0].Due); first.at.IsZero() || due.Before(first.at) {
		return dueRow{due, t, rows[0]}, nil
	}
	return first, nil
}

// contractDue ends a contract that time alone ends: its one debit's day is over,
// or its term is, or its payer did not think again.
func (s *Step) contractDue(c *ContractRow) error {
	p, err := s.productOf(c, c.Product)
	if err != nil {
		return err
	}
	if p.Over != nil {
		return p.Over(s, c)
	}
	if c.State == ledger.ContractTerminatePending && c.Over().Equal(c.LeavesAt) {
		return s.Terminate(c, ledger.ByUser, ByPayer)
	}
	remark := "协议到期，系统解约"
	if c.Over().Equal(c.EndsAt) {
		remark = "超过约定扣费日期，系统自动解约"
	}
	return s.Terminate(c, ledger.BySystem, remark)
}
