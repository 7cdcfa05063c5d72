package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Timer is a kind of row to which something happens when the clock gets to its due time. What
// happens must move the due time on, or away; a row that it leaves where it was is an error, or the
// moment would never end.
type Timer struct {
	kind   string
	happen func(*Step, store.Row) error
}

// On has something happen to an entity at its moment: that is now in the step, however much later
// the clock is by then.
func On[E any, P interface {
	*E
	rows.Entity
}](at func(P) time.Time, happen func(*Step, P) error) Timer {
	return Timer{P(new(E)).RowKind(), func(s *Step, row store.Row) error {
		e, err := rows.Decode(P(new(E)), row)
		if err != nil {
			return err
		}
		s.Now = at(e).In(wire.Beijing)
		return happen(s, e)
	}}
}

// together is how many things happen in one transaction.
const together = 64

// RunDue makes everything happen that is due by now, in the order in which it fell due and each at
// its own moment, so that a clock that jumps leads to what one that walks does. It says whether
// anything was due.
func (e *Engine) RunDue(ctx context.Context, now time.Time) (some bool, err error) {
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
	err = e.View(ctx, func(s *Step) (err error) {
		first, err = next(s, now)
		return err
	})
	for n := together; err == nil && n == together && !first.At.IsZero(); {
		err = e.Transact(ctx, func(s *Step) (err error) {
			s.Late = now
			for n = 0; n < together && err == nil; n++ {
				if first, err = next(s, now); err != nil || first.At.IsZero() {
					return err
				}
				err = s.runOneDue(first)
			}
			return err
		})
		if !first.At.IsZero() && e.setAside(first.timer.kind, first.row, err) {
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
	return fmt.Errorf("sandbox: %s %s fell due at %s and still is", kind, shown.Value(was.ID), at)
}

// dueRow is the row of a timer, or a notification, that falls due; at is zero for none.
type dueRow struct {
	At    time.Time
	timer Timer
	row   store.Row
}

func (d dueRow) String() string { return d.timer.kind + " " + shown.Value(d.row.ID) }

// FirstDue is the first timer or notification up to limit that falls due.
func (s *Step) FirstDue(limit time.Time) (dueRow, error) {
	first, err := s.firstTimer(limit)
	if err != nil {
		return first, err
	}
	return s.earlier(first, Timer{kind: PushKind}, "", limit)
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
	for i := 0; i < len(s.timers) && err == nil && first.At.IsZero(); i++ {
		first, err = s.earlier(first, s.timers[i], rows.Awaited(now.UnixMilli()), now)
	}
	return first, err
}

// earlier is first, or the first row of a timer with the key to fall due if that is before.
func (s *Step) earlier(first dueRow, t Timer, key string, limit time.Time) (dueRow, error) {
	rows, err := s.DueBy(t.kind, key, limit, 1)
	if err != nil || len(rows) == 0 {
		return first, err
	}
	if due := time.UnixMilli(rows[0].Due); first.At.IsZero() || due.Before(first.At) {
		return dueRow{due, t, rows[0]}, nil
	}
	return first, nil
}

// PushKind is the kind of rows that notifications are. They fall due as well, and are not sent by
// the engine.
const PushKind = "push"

// droppedAtOnce is how many of what is over a call drops that adds one.
const droppedAtOnce = 8

// DropSome drops a few of what is over of a kind that a call adds to: not all of it, which may be
// gigabytes of files, and more than one, so that there are fewer from call to call.
func (s *Step) DropSome(kind string) error {
	over, err := s.Due(kind, "", rows.Millis(s.Now), droppedAtOnce)
	for i := 0; err == nil && i < len(over); i++ {
		if rows.Readable(kind, over[i]) == nil {
			err = s.Delete(kind, over[i].ID, over[i].Rev)
		}
	}
	return err
}
