package sqlstore

import (
	"database/sql"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

func (x *tx) Page(kind, key, after string, most int) ([]store.Row, error) {
	if err := x.ready(false); err != nil {
		return nil, err
	}
	var from int64
	if after != "" {
		// Its place alone: a row of which something else is damaged has one as well.
		switch err := x.s.row("SELECT seq FROM row WHERE kind = ? AND id = ?", []any{kind, after}, &from); {
		case errors.Is(err, sql.ErrNoRows):
			return nil, store.ErrNotFound
		case err != nil:
			return nil, x.fail("read", err)
		}
	}
	if key == "" {
		return x.rows("SELECT "+rowColumns+" FROM row WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?", kind, from,
			limit(most))
	}
	return x.rows("SELECT "+rowColumns+" FROM row_key JOIN row USING (seq) WHERE row_key.kind = ? AND "+
		"row_key.key = ? AND row_key.seq > ? ORDER BY row_key.seq LIMIT ?", kind, key, from, limit(most))
}

func (x *tx) Count(kind, key string) (n int, err error) {
	if err := x.ready(false); err != nil {
		return 0, err
	}
	query, args := "SELECT count(*) FROM row WHERE kind = ?", []any{kind}
	if key != "" {
		query, args = "SELECT count(*) FROM row_key WHERE kind = ? AND key = ?", append(args, key)
	}
	if err := x.s.row(query, args, &n); err != nil {
		return 0, x.fail("read", err)
	}
	return n, nil
}
