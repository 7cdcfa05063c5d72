package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// tx is one update or view.
type tx struct {
	store    *Store
	s        *session
	readOnly bool
	writes   bool // it has a savepoint to go back to
	done     bool // the function it was handed to has returned
	// broken is the first error of the database itself. The transaction is not
	// to be trusted after it, so every later call gives it again, in case the
	// function overlooks it.
	broken error
}

var errDone = errors.New("sqlstore: the transaction is over")

func (x *tx) ready(write bool) error {
	switch {
	case x.done:
		return errDone
	case x.broken != nil:
		return x.broken
	case write && x.readOnly:
		return store.ErrReadOnly
	case write && !x.writes:
		if err := x.store.writerExec("SAVEPOINT member"); err != nil {
			x.broken = err
			return err
		}
		x.writes = true
	}
	return nil
}

// fail is an error of the database while it was to read or to write.
func (x *tx) fail(what string, err error) error {
	x.broken = x.store.fault(what, err)
	return x.broken
}

func (x *tx) exec(query string, args ...any) (sql.Result, error) {
	result, err := x.s.exec(query, args...)
	if err != nil {
		return nil, x.fail("write", err)
	}
	return result, nil
}

func (x *tx) Get(kind, id string) (store.Row, error) {
	if err := x.ready(false); err != nil {
		return store.Row{}, err
	}
	row, err := scanRow(func(into ...any) error {
		return x.s.row("SELECT "+rowColumns+" FROM row WHERE kind = ? AND id = ?", []any{kind, id}, into...)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Row{}, store.ErrNotFound
	case err != nil:
		return store.Row{}, x.fail("read", err)
	}
	return row, nil
}

func (x *tx) Put(kind string, row store.Row) (int64, error) {
	if err := x.ready(true); err != nil {
		return 0, err
	}
	keys := row.Keys
	if keys == nil {
		keys = []string{}
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return 0, err
	}
	if row.Data == nil {
		row.Data = []byte{}
	}
	x.store.soonest.put(kind, row.Due)
	if row.Rev == 0 {
		return x.insert(kind, row, string(text))
	}
	seq, rev, old, err := x.stored(kind, row.ID)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && rev != row.Rev:
		return 0, store.ErrConflict
	case err != nil:
		return 0, err
	}
	if _, err := x.exec("UPDATE row SET rev = ?, due = ?, keys = ?, data = ? WHERE seq = ?", rev+1, row.Due,
		string(text), row.Data, seq); err != nil {
		return 0, err
	}
	if err := x.reindex(kind, seq, old, row.Keys); err != nil {
		return 0, err
	}
	return rev + 1, nil
}

func (x *tx) insert(kind string, row store.Row, keys string) (int64, error) {
	result, err := x.exec("INSERT INTO row (kind, id, rev, due, keys, data) VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT "+
		"DO NOTHING", kind, row.ID, row.Due, keys, row.Data)
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return 0, errors.Join(err, store.ErrConflict)
	}
	seq, err := result.LastInsertId()
	if err != nil {
		return 0, x.fail("write", err)
	}
	return 1, x.reindex(kind, seq, nil, row.Keys)
}

func (x *tx) Delete(kind, id string, rev int64) error {
	if err := x.ready(true); err != nil {
		return err
	}
	seq, stored, keys, err := x.stored(kind, id)
	if err != nil {
		return err
	}
	if stored != rev {
		return store.ErrConflict
	}
	if _, err := x.exec("DELETE FROM row WHERE seq = ?", seq); err != nil {
		return err
	}
	return x.reindex(kind, seq, keys, nil)
}

func (x *tx) Clear(kind string) error {
	if err := x.ready(true); err != nil {
		return err
	}
	for _, table := range []string{"row_key", "row"} {
		if _, err := x.exec("DELETE FROM "+table+" WHERE kind = ?", kind); err != nil {
			return err
		}
	}
	return nil
}

func (x *tx) Kinds() ([]string, error) {
	if err := x.ready(false); err != nil {
		return nil, err
	}
	// From one kind to the next, and not through all the rows.
	found, err := x.s.query("WITH RECURSIVE k(kind) AS (SELECT min(kind) FROM row UNION ALL " +
		"SELECT (SELECT min(row.kind) FROM row WHERE row.kind > k.kind) FROM k WHERE k.kind IS NOT NULL) " +
		"SELECT kind FROM k WHERE kind IS NOT NULL")
	if err != nil {
		return nil, x.fail("read", err)
	}
	defer found.Close()
	var kinds []string
	for found.Next() {
		var kind string
		if err := found.Scan(&kind); err != nil {
			return nil, x.fail("read", err)
		}
		kinds = append(kinds, kind)
	}
	if err := found.Err(); err != nil {
		return nil, x.fail("read", err)
	}
	return kinds, nil
}

// reindex writes the difference, which most changes of state have none of.
func (x *tx) reindex(kind string, seq int64, from, to []string) error {
	for _, key := range from {
		if !slices.Contains(to, key) {
			if _, err := x.exec("DELETE FROM row_key WHERE kind = ? AND key = ? AND seq = ?", kind, key,
				seq); err != nil {
				return err
			}
		}
	}
	for _, key := range to {
		if !slices.Contains(from, key) {
			if _, err := x.exec("INSERT INTO row_key (kind, key, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", kind,
				key, seq); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *tx) Find(kind, key string, newest int) ([]store.Row, error) {
	if err := x.ready(false); err != nil {
		return nil, err
	}
	// Newest first, so that a limit keeps the newest.
	var rows []store.Row
	var err error
	if key == "" {
		rows, err = x.rows("SELECT "+rowColumns+" FROM row WHERE kind = ? ORDER BY seq DESC LIMIT ?", kind,
			limit(newest))
	} else {
		rows, err = x.rows("SELECT "+rowColumns+" FROM row_key JOIN row USING (seq) WHERE row_key.kind = ? AND "+
			"row_key.key = ? ORDER BY row_key.seq DESC LIMIT ?", kind, key, limit(newest))
	}
	slices.Reverse(rows)
	return rows, err
}

func (x *tx) Due(kind, key string, until int64, most int) ([]store.Row, error) {
	if err := x.ready(false); err != nil {
		return nil, err
	}
	if !x.readOnly && x.store.soonest.quiet(kind, until) {
		return nil, nil
	}
	if key == "" {
		rows, err := x.rows("SELECT "+rowColumns+
			" FROM row WHERE kind = ? AND due > 0 AND due <= ? ORDER BY due, seq LIMIT ?", kind, until, limit(most))
		if err == nil && len(rows) == 0 && !x.readOnly {
			err = x.learn(kind)
		}
		return rows, err
	}
	// A cross join goes through the rows of the key, not through everybody's that are due.
	return x.rows("SELECT "+rowColumns+
		" FROM row_key CROSS JOIN row USING (seq) WHERE row_key.kind = ? AND row_key.key = ? "+
		"AND row.due > 0 AND row.due <= ? ORDER BY row.due, row.seq LIMIT ?", kind, key, until, limit(most))
}

// limit is n as SQLite wants it: a negative one is none.
func limit(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}
