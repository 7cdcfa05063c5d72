package sqlstore

import "github.com/wxpay-go/wxpay/sandbox/store"

func (x *tx) Page(kind, after string, most int) ([]store.Row, error) {
	if err := x.ready(false); err != nil {
		return nil, err
	}
	var from int64
	if after != "" {
		var err error
		if from, _, _, err = x.stored(kind, after); err != nil {
			return nil, err
		}
	}
	return x.rows("SELECT "+rowColumns+" FROM row WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?", kind, from,
		limit(most))
}

func (x *tx) Count(kind string) (n int, err error) {
	if err := x.ready(false); err != nil {
		return 0, err
	}
	if err := x.s.row("SELECT count(*) FROM row WHERE kind = ?", []any{kind}, &n); err != nil {
		return 0, x.fail("read", err)
	}
	return n, nil
}
