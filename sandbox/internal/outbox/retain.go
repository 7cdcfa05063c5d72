package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Notifications and sessions are many, and nobody looks at them once they are over: those that
// ended long ago, or that many came after, are dropped. Contracts, orders, debits and refunds are
// kept for good, and so are the sessions that contracts were signed in.

const (
	// keptFor is how long what has ended is kept, by the sandbox's clock.
	keptFor = 30 * 24 * time.Hour
	// usuallyKept is how many of a kind there may be before those that ended go earlier, the oldest
	// first.
	usuallyKept = 10_000
	// retainIdle is how often the background looks whether there are too many, of the machine's
	// time, and keptIdle how often anybody looks at how old they are, of the sandbox's.
	retainIdle = 10 * time.Second
	keptIdle   = 24 * time.Hour
	// pagesAtOnce bounds how many rows are looked at each time, in pages of pageSize.
	pagesAtOnce, pageSize = 64, 256
)

// retention drops what is over, of two kinds of rows. Only one uses it at a time: see worker.walk.
type retention struct {
	outbox *Outbox
	kept   int
	looked time.Time            // at the machine's clock
	last   map[string]string    // the row of a kind that was looked at last, from where it goes on
	aged   map[string]time.Time // when all of a kind had been looked at, by the sandbox's clock
}

// idle is what the background does now and then.
func (r *retention) idle(ctx context.Context) error {
	if time.Since(r.looked) < retainIdle {
		return nil
	}
	return r.run(ctx)
}

func (r *retention) run(ctx context.Context) error {
	r.looked = time.Now()
	return errors.Join(r.drop(ctx, (*push.Row)(nil).RowKind(), pushIsOver),
		r.drop(ctx, (*rows.Session)(nil).RowKind(), sessionIsOver))
}

// drop goes through the rows of a kind, oldest first. over says when one ended, zero for one that
// has not.
func (r *retention) drop(ctx context.Context, kind string, over func(store.Row, time.Time) time.Time) error {
	now, left := r.outbox.Clock.Now(), 0
	err := r.outbox.View(ctx, func(s *engine.Step) (err error) {
		left, err = s.Count(kind)
		return err
	})
	for pages := 0; err == nil && pages < pagesAtOnce; pages++ {
		if left <= r.kept && now.Sub(r.aged[kind]).Abs() < keptIdle {
			return nil
		}
		var whole bool
		if left, whole, err = r.page(ctx, kind, left, over); whole {
			r.aged[kind] = now
			return err
		}
	}
	return err
}

// page goes through the next rows, of so many, and tells how many are left and whether these were
// the last.
func (r *retention) page(ctx context.Context, kind string, of int, over func(store.Row, time.Time) time.Time) (left int,
	whole bool, err error) {
	last := ""
	err = r.outbox.Transact(ctx, func(s *engine.Step) error {
		page, err := s.Page(kind, r.last[kind], pageSize)
		if errors.Is(err, store.ErrNotFound) { // another sandbox on the store has dropped it
			page, err = s.Page(kind, "", pageSize)
		}
		left, whole, last = of, len(page) < pageSize, r.last[kind]
		for _, row := range page {
			ended := over(row, s.Now)
			switch {
			case err != nil:
				return err
			case ended.IsZero() || left <= r.kept && s.Now.Sub(ended) < keptFor:
				last = row.ID
			default:
				err = s.Delete(kind, row.ID, row.Rev)
				left--
			}
		}
		if whole {
			last = "" // from the first again, the next time
		}
		return err
	})
	if err == nil {
		r.last[kind] = last
	}
	return left, whole, err
}

// pushIsOver reads it from the last attempt of a notification that has no other to come.
func pushIsOver(row store.Row, _ time.Time) time.Time {
	if row.Due > 0 || slices.Contains(row.Keys, push.AttemptOpen) {
		return time.Time{}
	}
	p, err := rows.Decode(new(push.Row), row)
	if err != nil || p.State == ledger.PushPending {
		return time.Time{} // a fault may hold it back, and nobody may judge what cannot be read
	}
	at := p.CreatedAt
	if n := len(p.Attempts); n > 0 {
		at = p.Attempts[n-1].At
	}
	return at
}

func sessionIsOver(row store.Row, now time.Time) time.Time {
	s, err := rows.Decode(new(rows.Session), row)
	if err != nil {
		return time.Time{}
	}
	switch s.State(now) {
	case ledger.SessionExpired, ledger.SessionBurnt:
		return s.ExpiresAt
	}
	return time.Time{}
}
