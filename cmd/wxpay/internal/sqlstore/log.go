package sqlstore

import (
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

func (x *tx) Append(log string, data []byte) (int64, error) {
	if err := x.ready(true); err != nil {
		return 0, err
	}
	if data == nil {
		data = []byte{}
	}
	var seq int64
	err := x.s.row("INSERT INTO log_end (name, seq) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET seq = seq + 1 "+
		"RETURNING seq", []any{log}, &seq)
	if err != nil {
		return 0, x.fail("write", err)
	}
	if _, err := x.exec("INSERT INTO log (name, seq, data) VALUES (?, ?, ?)", log, seq, data); err != nil {
		return 0, err
	}
	return seq, nil
}

func (x *tx) List(log string, after int64, newest int) ([]store.Entry, error) {
	if err := x.ready(false); err != nil {
		return nil, err
	}
	found, err := x.s.query("SELECT seq, data FROM log WHERE name = ? AND seq > ? ORDER BY seq DESC LIMIT ?", log,
		after, limit(newest))
	if err != nil {
		return nil, x.fail("read", err)
	}
	defer found.Close()
	var entries []store.Entry
	for found.Next() {
		var e store.Entry
		if err := found.Scan(&e.Seq, &e.Data); err != nil {
			return nil, x.fail("read", err)
		}
		entries = append(entries, e)
	}
	if err := found.Err(); err != nil {
		return nil, x.fail("read", err)
	}
	slices.Reverse(entries)
	return entries, nil
}

func (x *tx) Trim(log string, keep int) error {
	if err := x.ready(true); err != nil {
		return err
	}
	// Entries have consecutive numbers, so the newest keep are those above
	// the end less keep. Where there are fewer, nothing is below it.
	_, err := x.exec("DELETE FROM log WHERE name = ?1 AND seq <= (SELECT seq FROM log_end WHERE name = ?1) - ?2", log,
		keep)
	return err
}
