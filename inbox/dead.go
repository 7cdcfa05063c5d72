package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// Dead is a dead letter: a notification that failed too often and was answered with a success all
// the same, so that WeChat Pay sends it no more. The notification itself is stored beside it, and
// not shown.
type Dead struct {
	MchID, ID, EventType string
	// Reason is why it failed last: one line, without values of the notification.
	Reason string
	// Attempts is how often it failed.
	Attempts int
	// ChangedAt is when it became one; of what a query told, when it failed last.
	ChangedAt time.Time
}

// ErrNotStored says that there is no such dead letter.
var ErrNotStored = errors.New("inbox: no dead letter has this merchant and id; it was handled, discarded, or never was")

// Dead lists dead letters, the oldest first, at most limit of them.
func (b *Box) Dead(ctx context.Context, limit int) ([]Dead, error) {
	letters, err := b.stored(ctx, "state = '"+dead+"' ORDER BY changed_at, id LIMIT ?", limit)
	list := make([]Dead, len(letters))
	for i, l := range letters {
		list[i] = l.Dead
	}
	return list, err
}

type letter struct {
	Dead
	n    *notify.Notification
	came int64
	// mch, id and at are those of the row.
	mch, id string
	at      int64
}

// again is how it is replayed.
func (l letter) again() how { return how{replay: true, came: l.came} }

// stored reads notifications that are kept whole.
func (b *Box) stored(ctx context.Context, where string, args ...any) (list []letter, err error) {
	rows, err := b.db.QueryContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT mch_id, id, event_type, reason, "+
		"attempts, changed_at, payload FROM {events} WHERE "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l letter
		var payload sql.NullString
		if err := rows.Scan(&l.mch, &l.id, &l.EventType, &l.Reason, &l.Attempts, &l.at, &payload); err != nil {
			return list, fmt.Errorf("inbox: %w", err)
		}
		if l.n, l.came, err = unpack(payload.String); err != nil {
			return list, err
		}
		l.MchID, l.ID, l.ChangedAt = l.n.MchID, l.n.ID, moment(l.at)
		list = append(list, l)
	}
	return list, rows.Err()
}

// Replay handles a dead letter now, in this process, which has the functions. Where it fails again
// it stays one, with the new reason. [ErrNotStored] is the error where there is none.
func (b *Box) Replay(ctx context.Context, mchID, id string) error {
	found, err := b.stored(ctx, "mch_id = ? AND id = ? AND state IN ('"+dead+"', '"+due+"')", key(mchID),
		key(id))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return ErrNotStored
	}
	_, err = b.take(ctx, found[0].n, found[0].again())
	return err
}

// Requeue marks a dead letter to be replayed by [Box.Work], in a process that has the functions: it
// needs none itself, and is what the command `wxpay inbox replay` does. With an id of "" all dead
// letters of the merchant are, and with a mchID of "" those of every merchant. It returns how many.
func (b *Box) Requeue(ctx context.Context, mchID, id string) (int, error) {
	statement := "UPDATE {events} SET state = '" + due + "' WHERE state = '" + dead + "'" // as old as it is
	var args []any
	if mchID != "" {
		statement += " AND mch_id = ?"
		args = append(args, key(mchID))
	}
	if id != "" {
		statement += " AND id = ?"
		args = append(args, key(id))
	}
	n, err := b.exec(ctx, b.db, statement, args...)
	if err != nil {
		return 0, fmt.Errorf("inbox: %w", err)
	}
	return int(n), nil
}

// Discard gives a dead letter up: the notification in it is erased, and a repeat is answered with a
// success. What it told may still be told by another, or by a query where it is expected: end that
// with [Box.Unexpect]. [ErrNotStored] is the error where there is none.
func (b *Box) Discard(ctx context.Context, mchID, id string) error {
	n, err := b.exec(ctx, b.db, "UPDATE {events} SET state = '"+done+"', payload = NULL, changed_at = ? WHERE "+
		"mch_id = ? AND id = ? AND state IN ('"+dead+"', '"+due+"')", b.now(), key(mchID), key(id))
	if err != nil {
		return fmt.Errorf("inbox: %w", err)
	}
	if n == 0 {
		return ErrNotStored
	}
	return nil
}

// batch is how many rows one transaction of the housekeeping has at most.
const batch = 500

// lastAttempt is after which time WeChat Pay sends a notification no more.
const lastAttempt = 25 * time.Hour

// Work replays what [Box.Requeue] marked, and makes dead letters of what failed and is sent no more
// since WeChat Pay's attempts have ended. It returns how many were handled. What fails becomes a
// dead letter again; the error is the database's, and keeps no other letter from being handled.
func (b *Box) Work(ctx context.Context) (handled int, err error) {
	if err := b.bury(ctx); err != nil {
		return 0, err
	}
	var stuck error
	err = b.each(ctx, due, b.now(), func(l letter) error {
		ok, err := b.take(ctx, l.n, l.again())
		switch {
		case ok:
			handled++
		case ctx.Err() != nil:
			return err
		case err != nil && !b.counts(err) && !errors.Is(err, ErrNotStored):
			stuck = errors.Join(stuck, err) // it is due still, and the others are not to wait for it
		}
		return nil
	})
	return handled, errors.Join(stuck, err)
}

// bury makes dead letters of what WeChat Pay sends no more.
func (b *Box) bury(ctx context.Context) error {
	over := b.cfg.Now().Add(-lastAttempt).UnixMicro()
	return b.each(ctx, failed, over-1, func(l letter) error {
		buried, err := b.retried(ctx, func() (buried bool, err error) {
			err = b.within(ctx, func(tx *sql.Tx) error {
				n, err := b.exec(ctx, tx, "UPDATE {events} SET state = '"+dead+"', changed_at = ? WHERE mch_id = ? "+
					"AND id = ? AND state = '"+failed+"' AND changed_at < ?", b.now(), l.mch, l.id, over)
				if buried = n == 1; err != nil || !buried {
					return err
				}
				return b.outlive(ctx, tx, l.n, tellOf(l.n).contract.group)
			})
			return buried, err
		})
		if err != nil {
			return fmt.Errorf("inbox: %w", err)
		}
		if buried {
			l.ChangedAt = b.cfg.Now()
			b.cfg.OnDead(ctx, l.Dead)
		}
		return nil
	})
}

// each goes once through the letters of a state that were changed no later than a time, the oldest
// first, whether f moves them or not.
func (b *Box) each(ctx context.Context, state string, until int64, f func(l letter) error) error {
	var last letter
	for {
		list, err := b.stored(ctx, "state = '"+state+"' AND changed_at <= ? AND (changed_at > ? OR changed_at = ? AND "+
			"(mch_id > ? OR mch_id = ? AND id > ?)) ORDER BY changed_at, mch_id, id LIMIT ?", until, last.at, last.at,
			last.mch, last.mch, last.id, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, last = range list {
			if err := f(last); err != nil {
				return err
			}
		}
	}
}
