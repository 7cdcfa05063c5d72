package outbox

import (
	"context"
	"errors"
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
	// usuallyKept is how many of a sort there may be before those that ended go earlier, the oldest
	// first.
	usuallyKept = 10_000
	// retainIdle is how often the background looks whether there are too many, of the machine's
	// time, and keptIdle how often anybody looks at how old they are, of the sandbox's.
	retainIdle = 10 * time.Second
	keptIdle   = 24 * time.Hour
	// pageSize is how many are dropped in one transaction, and pagesAtOnce bounds how many of
	// those there are each time.
	pageSize, pagesAtOnce = 256, 64
)

// retention drops what is over. Only one uses it at a time: see worker.walk.
type retention struct {
	outbox *Outbox
	kept   int
	looked time.Time         // at the machine's clock
	aged   time.Time         // when their age was looked at, by the sandbox's
	after  map[string]string // of a sort, by its key: the last row that was looked at and has not ended
}

// sort is some of the rows of a kind, in which those that ended first come first, nearly.
type sort struct {
	kind, key string
	ended     func(store.Row, time.Time) time.Time // zero for what has not ended, or cannot be read
}

var sorts = []sort{
	{(*push.Row)(nil).RowKind(), push.InState(ledger.PushDelivered), pushEnded},
	{(*push.Row)(nil).RowKind(), push.InState(ledger.PushGivenUp), pushEnded},
	{(*rows.Session)(nil).RowKind(), rows.Unsigned, sessionEnded},
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
	now := r.outbox.Clock.Now()
	old := now.Sub(r.aged).Abs() >= keptIdle
	var errs []error
	for _, sort := range sorts {
		errs = append(errs, r.drop(ctx, sort, old))
	}
	if old {
		r.aged = now
	}
	return errors.Join(errs...)
}

// drop drops those of a sort that are too many and, where it is to look, those that are too old. It
// goes on behind what has not ended, the next time too, up to the first that ended and stays.
func (r *retention) drop(ctx context.Context, of sort, old bool) error {
	left := 0
	err := r.outbox.View(ctx, func(s *engine.Step) (err error) {
		left, err = s.Count(of.kind, of.key)
		return err
	})
	for pages := 0; err == nil && (old || left > r.kept) && pages < pagesAtOnce; pages++ {
		dropped, after, whole := 0, "", false
		err = r.outbox.Transact(ctx, func(s *engine.Step) error {
			dropped, after = 0, r.after[of.key]
			page, err := s.Page(of.kind, of.key, after, pageSize)
			if errors.Is(err, store.ErrNotFound) { // it was dropped since, as with another's hand
				page, err = s.Page(of.kind, of.key, "", pageSize)
			}
			whole = len(page) < pageSize
			for i := 0; i < len(page) && err == nil; i++ {
				switch ended := of.ended(page[i], s.Now); {
				case ended.IsZero():
					after = page[i].ID
				case left-dropped <= r.kept && s.Now.Sub(ended) < keptFor:
					whole = true // what is behind it ended later
					return nil
				default:
					err = s.Delete(of.kind, page[i].ID, page[i].Rev)
					dropped++
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if left -= dropped; whole {
			delete(r.after, of.key)
			return nil
		}
		r.after[of.key] = after
	}
	return err
}

// pushEnded goes by the last attempt.
func pushEnded(row store.Row, _ time.Time) time.Time {
	p, err := rows.Decode(new(push.Row), row)
	if err != nil || p.Open() {
		return time.Time{}
	}
	if n := len(p.Attempts); n > 0 {
		return p.Attempts[n-1].At
	}
	return p.CreatedAt
}

func sessionEnded(row store.Row, now time.Time) time.Time {
	s, err := rows.Decode(new(rows.Session), row)
	if err != nil || s.State(now) != ledger.SessionExpired {
		return time.Time{}
	}
	return s.ExpiresAt
}
