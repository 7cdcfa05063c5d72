package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Pruned counts what one [Box.Prune] deleted.
type Pruned struct {
	Events    int // handled notifications
	Dead      int // dead letters, with the notification in them
	Contracts int // contracts that have ended
}

// isOver tells contracts that have ended, as contract.ended does.
const isOver = "ended_at <> 0 AND (contract LIKE '" + contractByID + "/%' OR ended_at = -1 OR ended_at >= signed_at)"

// Prune deletes what is kept no longer, in transactions of a few hundred rows: handled
// notifications after [Config.Keep], the oldest earlier where there are more than
// [Config.KeepEvents]; what they told, what proved them, and contracts that have ended after
// [Config.Keep], but not before letters that may tell the same; dead letters, also those that are
// to be replayed, after [Config.KeepDead]. A contract in force stays, and so does what was heard
// within 48 hours, since WeChat Pay may send it again. Run it once an hour or a day.
func (b *Box) Prune(ctx context.Context) (p Pruned, err error) {
	now := b.cfg.Now()
	old, unrepeated := now.Add(-b.cfg.Keep).UnixMicro(), now.Add(-MinKeep).UnixMicro()
	if p.Events, err = b.drop(ctx, "events", "state = '"+done+"'", old, 0); err != nil {
		return p, err
	}
	var count int
	if err := b.db.QueryRowContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT COUNT(*) FROM {events} WHERE state = '"+
		done+"'")).Scan(&count); err != nil {
		return p, fmt.Errorf("inbox: %w", err)
	}
	if excess := count - b.cfg.KeepEvents; excess > 0 {
		n, err := b.drop(ctx, "events", "state = '"+done+"'", unrepeated, excess)
		if p.Events += n; err != nil {
			return p, err
		}
	}
	if p.Dead, err = b.drop(ctx, "events", "state IN ('"+dead+"', '"+due+"')",
		now.Add(-b.cfg.KeepDead).UnixMicro(), 0); err != nil {
		return p, err
	}
	told := now.Add(-max(b.cfg.Keep, b.cfg.KeepDead)).UnixMicro() // and longer where a letter tells of it: Box.outlive
	if p.Contracts, err = b.drop(ctx, "contracts", isOver, told, 0); err != nil {
		return p, err
	}
	for _, table := range []string{"proofs", "facts", "groups"} {
		if _, err := b.drop(ctx, table, "1 = 1", told, 0); err != nil {
			return p, err
		}
	}
	return p, nil
}

// drop deletes rows of a table that were not changed since before, the oldest first, at most most
// of them unless that is 0, a batch at a time. All databases understand a moment as a bound, and
// not all a number of rows; rows of one moment go together.
func (b *Box) drop(ctx context.Context, table, where string, before int64, most int) (deleted int, err error) {
	for most == 0 || deleted < most {
		size := batch
		if most > 0 {
			size = min(size, most-deleted)
		}
		var last sql.NullInt64
		err := b.db.QueryRowContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT MAX(changed_at) FROM (SELECT "+
			"changed_at "+
			"FROM {"+table+"} WHERE "+where+" AND changed_at < ? ORDER BY changed_at LIMIT ?) oldest"), before,
			size).Scan(&last)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && !last.Valid:
			return deleted, nil
		case err != nil:
			return deleted, fmt.Errorf("inbox: %w", err)
		}
		n, err := b.exec(ctx, b.db, "DELETE FROM {"+table+"} WHERE "+where+" AND changed_at <= ?", last.Int64)
		if err != nil {
			if b.again(err) && b.cfg.Wait(ctx, 10*time.Millisecond) == nil {
				continue
			}
			return deleted, fmt.Errorf("inbox: %w", err)
		}
		deleted += int(n)
	}
	return deleted, nil
}
