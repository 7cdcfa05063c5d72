package main

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// The tables of sqlstore.
const tables = `
CREATE TABLE IF NOT EXISTS row (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
	due INTEGER NOT NULL, keys TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (kind, id));
CREATE INDEX IF NOT EXISTS row_by_kind ON row (kind);
CREATE INDEX IF NOT EXISTS row_by_due ON row (kind, due) WHERE due > 0;
CREATE TABLE IF NOT EXISTS row_key (kind TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL,
	PRIMARY KEY (kind, key, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (name TEXT NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL,
	PRIMARY KEY (name, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_end (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;`

// ncruces does in SQL what sqlstore does, by the library's own API: database/sql costs more than
// most of these statements.
type ncruces struct {
	writer  *connection
	readers chan *connection // at rest
}

func openNcruces(path string) (store.Store, error) {
	n := &ncruces{readers: make(chan *connection, 4)}
	var err error
	if n.writer, err = connect(path); err != nil {
		return nil, err
	}
	err = n.writer.Exec(tables)
	for range cap(n.readers) {
		reader, failed := connect(path)
		if failed != nil {
			err = failed
			break
		}
		n.readers <- reader
	}
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return &group{file: n}, nil
}

// connection keeps its statements.
type connection struct {
	*sqlite3.Conn
	statements map[string]*sqlite3.Stmt
}

func connect(path string) (*connection, error) {
	conn, err := sqlite3.Open(path)
	if err != nil {
		return nil, err
	}
	c := &connection{conn, map[string]*sqlite3.Stmt{}}
	for _, pragma := range []string{"busy_timeout=5000", "journal_mode=wal", "synchronous=full"} {
		if err := c.Exec("PRAGMA " + pragma); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *connection) close() error {
	for _, st := range c.statements {
		st.Close()
	}
	return c.Close()
}

// bound is a statement with its arguments, which are int64, string and []byte.
func (c *connection) bound(query string, args []any) (st *sqlite3.Stmt, err error) {
	if st = c.statements[query]; st == nil {
		if st, _, err = c.Prepare(query); err != nil {
			return nil, err
		}
		c.statements[query] = st
	}
	for i, a := range args {
		switch a := a.(type) {
		case int64:
			err = st.BindInt64(i+1, a)
		case string:
			err = st.BindText(i+1, a)
		case []byte:
			if a == nil {
				a = []byte{} // nil would be NULL
			}
			err = st.BindBlob(i+1, a)
		}
		if err != nil {
			return nil, err
		}
	}
	return st, nil
}

func (c *connection) exec(query string, args ...any) error {
	st, err := c.bound(query, args)
	if err != nil {
		return err
	}
	return st.Exec()
}

func (c *connection) query(query string, row func(*sqlite3.Stmt) error, args ...any) error {
	st, err := c.bound(query, args)
	if err != nil {
		return err
	}
	for st.Step() {
		if err := row(st); err != nil {
			return errors.Join(err, st.Reset())
		}
	}
	return errors.Join(st.Err(), st.Reset())
}

func (n *ncruces) begin() error { return n.writer.exec("BEGIN IMMEDIATE") }

func (n *ncruces) commit() error {
	err := n.writer.exec("COMMIT")
	if err != nil {
		_ = n.writer.exec("ROLLBACK") // where SQLite has not done so
	}
	return err
}

func (n *ncruces) member(f func(store.Tx) error) (err error) {
	if err := n.writer.exec("SAVEPOINT member"); err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			err = errors.Join(err, n.writer.exec("ROLLBACK TO member"))
		}
		err = errors.Join(err, n.writer.exec("RELEASE member"))
	}()
	err = f(sqlTx{n.writer})
	kept = err == nil
	return err
}

func (n *ncruces) view(f func(store.Tx) error) error {
	c := <-n.readers
	defer func() { _ = c.exec("ROLLBACK"); n.readers <- c }()
	if err := c.exec("BEGIN"); err != nil {
		return err
	}
	return f(sqlTx{c})
}

func (n *ncruces) close() error {
	err := n.writer.close()
	for len(n.readers) > 0 {
		err = errors.Join(err, (<-n.readers).close())
	}
	return err
}

type sqlTx struct{ *connection }

const rowColumns = "row.id, row.rev, row.keys, row.due, row.data"

func rowOf(st *sqlite3.Stmt) (r store.Row, err error) {
	r = store.Row{ID: st.ColumnText(0), Rev: st.ColumnInt64(1), Due: st.ColumnInt64(3), Data: st.ColumnBlob(4, nil)}
	err = json.Unmarshal(st.ColumnRawText(2), &r.Keys)
	return r, err
}

func (x sqlTx) rows(query string, args ...any) (rows []store.Row, err error) {
	err = x.query(query, func(st *sqlite3.Stmt) error {
		r, err := rowOf(st)
		rows = append(rows, r)
		return err
	}, args...)
	return rows, err
}

func (x sqlTx) Get(kind, id string) (store.Row, error) {
	_, row, err := x.load(kind, id)
	return row, err
}

// load gives a row with its place in insertion order.
func (x sqlTx) load(kind, id string) (seq int64, row store.Row, err error) {
	err = x.query("SELECT "+rowColumns+", seq FROM row WHERE kind = ? AND id = ?", func(st *sqlite3.Stmt) (err error) {
		seq = st.ColumnInt64(5)
		row, err = rowOf(st)
		return err
	}, kind, id)
	if err == nil && seq == 0 {
		err = store.ErrNotFound
	}
	return seq, row, err
}

func (x sqlTx) Put(kind string, row store.Row) (int64, error) {
	text, err := json.Marshal(append([]string{}, row.Keys...))
	if err != nil {
		return 0, err
	}
	if row.Rev == 0 {
		if err := x.exec("INSERT INTO row (kind, id, rev, due, keys, data) VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT "+
			"DO NOTHING", kind, row.ID, row.Due, string(text), row.Data); err != nil {
			return 0, err
		}
		if x.Changes() == 0 {
			return 0, store.ErrConflict
		}
		return 1, x.reindex(kind, x.LastInsertRowID(), nil, row.Keys)
	}
	seq, old, err := x.load(kind, row.ID)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && old.Rev != row.Rev:
		return 0, store.ErrConflict
	case err != nil:
		return 0, err
	}
	if err := x.exec("UPDATE row SET rev = ?, due = ?, keys = ?, data = ? WHERE seq = ?", row.Rev+1, row.Due,
		string(text), row.Data, seq); err != nil {
		return 0, err
	}
	return row.Rev + 1, x.reindex(kind, seq, old.Keys, row.Keys)
}

func (x sqlTx) Delete(kind, id string, rev int64) error {
	seq, old, err := x.load(kind, id)
	if err == nil && old.Rev != rev {
		err = store.ErrConflict
	}
	if err != nil {
		return err
	}
	return errors.Join(x.exec("DELETE FROM row WHERE seq = ?", seq), x.reindex(kind, seq, old.Keys, nil))
}

func (x sqlTx) reindex(kind string, seq int64, from, to []string) error {
	var errs []error
	for _, key := range from {
		if !slices.Contains(to, key) {
			errs = append(errs, x.exec("DELETE FROM row_key WHERE kind = ? AND key = ? AND seq = ?", kind, key, seq))
		}
	}
	for _, key := range to {
		if !slices.Contains(from, key) {
			errs = append(errs, x.exec("INSERT INTO row_key (kind, key, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
				kind, key, seq))
		}
	}
	return errors.Join(errs...)
}

// among is where the rows with a key are, or "": through its own rows, not through everybody's.
func among(key string) string {
	if key == "" {
		return " FROM row WHERE row.kind = ?1 AND ?2 = ''"
	}
	return " FROM row_key CROSS JOIN row USING (seq) WHERE row_key.kind = ?1 AND row_key.key = ?2"
}

func (x sqlTx) Find(kind, key string, newest int) ([]store.Row, error) {
	rows, err := x.rows("SELECT "+rowColumns+among(key)+" ORDER BY seq DESC LIMIT ?3", kind, key, limit(newest))
	slices.Reverse(rows)
	return rows, err
}

func (x sqlTx) Page(kind, key, after string, most int) ([]store.Row, error) {
	var seq int64
	if after != "" {
		var err error
		if seq, _, err = x.load(kind, after); err != nil {
			return nil, err
		}
	}
	return x.rows("SELECT "+rowColumns+among(key)+" AND seq > ?3 ORDER BY seq LIMIT ?4", kind, key, seq, limit(most))
}

func (x sqlTx) Count(kind, key string) (n int, err error) {
	err = x.query("SELECT count(*)"+among(key), func(st *sqlite3.Stmt) error {
		n = st.ColumnInt(0)
		return nil
	}, kind, key)
	return n, err
}

func (x sqlTx) Due(kind, key string, until int64, most int) ([]store.Row, error) {
	return x.rows("SELECT "+rowColumns+among(key)+" AND row.due > 0 AND row.due <= ?3 ORDER BY row.due, seq LIMIT ?4",
		kind, key, until, limit(most))
}

func (x sqlTx) Kinds() (kinds []string, err error) {
	err = x.query("SELECT DISTINCT kind FROM row ORDER BY kind", func(st *sqlite3.Stmt) error {
		kinds = append(kinds, st.ColumnText(0))
		return nil
	})
	return kinds, err
}

func (x sqlTx) Clear(kind string) error {
	return errors.Join(x.exec("DELETE FROM row_key WHERE kind = ?", kind),
		x.exec("DELETE FROM row WHERE kind = ?", kind))
}

func (x sqlTx) Append(log string, data []byte) (seq int64, err error) {
	err = x.query("INSERT INTO log_end (name, seq) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET seq = seq + 1 "+
		"RETURNING seq", func(st *sqlite3.Stmt) error { seq = st.ColumnInt64(0); return nil }, log)
	if err != nil {
		return 0, err
	}
	return seq, x.exec("INSERT INTO log (name, seq, data) VALUES (?, ?, ?)", log, seq, data)
}

func (x sqlTx) List(log string, after int64, newest int) (entries []store.Entry, err error) {
	err = x.query("SELECT seq, data FROM log WHERE name = ? AND seq > ? ORDER BY seq DESC LIMIT ?",
		func(st *sqlite3.Stmt) error {
			entries = append(entries, store.Entry{Seq: st.ColumnInt64(0), Data: st.ColumnBlob(1, nil)})
			return nil
		}, log, after, limit(newest))
	slices.Reverse(entries)
	return entries, err
}

func (x sqlTx) Trim(log string, keep int) error {
	return x.exec("DELETE FROM log WHERE name = ?1 AND seq <= (SELECT seq FROM log_end WHERE name = ?1) - ?2", log,
		int64(keep))
}

// limit is n as SQLite wants it: a negative one is none.
func limit(n int) int64 {
	if n <= 0 {
		return -1
	}
	return int64(n)
}
