package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

const rowColumns = "row.id, row.rev, row.keys, row.due, row.data"

func scanRow(scan func(...any) error) (store.Row, error) {
	var row store.Row
	var c columns
	err := scan(&row.ID, &c.rev, &c.keys, &c.due, &row.Data)
	row.Rev, row.Keys, row.Due, row.Damage = c.read()
	return row, err
}

// columns are what a row says beside its data. SQLite keeps in them whatever anybody puts there,
// and what is not ours is that row's damage, not the database's.
type columns struct{ rev, keys, due any }

func (c columns) read() (rev int64, keys []string, due int64, damage string) {
	rev, isRev := c.rev.(int64)
	due, isDue := c.due.(int64)
	text, isText := c.keys.(string)
	switch {
	case !isRev || rev < 1:
		damage = "has in its column rev something else than a number from 1"
	case !isDue:
		damage = "has in its column due something else than an integer"
	case !isText || json.Unmarshal([]byte(text), &keys) != nil:
		damage = "has in its column keys something else than a list of texts in JSON"
	}
	return rev, keys, due, damage
}

func (x *tx) rows(query string, args ...any) ([]store.Row, error) {
	found, err := x.s.query(query, args...)
	if err != nil {
		return nil, x.fail("read", err)
	}
	defer found.Close()
	var rows []store.Row
	for found.Next() {
		row, err := scanRow(found.Scan)
		if err != nil {
			return nil, x.fail("read", err)
		}
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil {
		return nil, x.fail("read", err)
	}
	return rows, nil
}

// stored is what a write has to know of the row it replaces. One that is damaged stays as it is.
func (x *tx) stored(kind, id string) (seq, rev int64, keys []string, err error) {
	var c columns
	err = x.s.row("SELECT seq, rev, keys, due FROM row WHERE kind = ? AND id = ?", []any{kind, id}, &seq,
		&c.rev, &c.keys, &c.due)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil, store.ErrNotFound
	}
	if err != nil {
		return 0, 0, nil, x.fail("read", err)
	}
	rev, keys, _, damage := c.read()
	if damage != "" {
		return 0, 0, nil, fmt.Errorf("the stored %s %s", kind, damage) // its id may be an openid
	}
	return seq, rev, keys, nil
}
