package store

import (
	"bytes"
	"context"
	"iter"
	"math"
	"slices"
	"sync"
)

// NewMemory returns a store that lives in this process and dies with it. One
// writer at a time, any number of readers. It is what [New] uses.
func NewMemory() Store {
	return &memory{kinds: map[string]*table{}, logs: map[string]*log{}}
}

type memory struct {
	mu     sync.RWMutex
	closed bool
	kinds  map[string]*table
	logs   map[string]*log
}

type table struct {
	rows  map[string]*record
	index map[string]ordered // by key, in insertion order; "" holds every row
	due   map[string]ordered // by key, by due time, then insertion order; "" holds every row
	seq   int64
}

func newTable() *table {
	return &table{rows: map[string]*record{}, index: map[string]ordered{}, due: map[string]ordered{}}
}

// record is a row in its place in insertion order. One with revision 0 is in no table.
type record struct {
	Row
	seq int64
}

type log struct {
	entries []Entry
	seq     int64
}

func (m *memory) Update(ctx context.Context, f func(Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	// Writes go straight to the tables and leave their inverse behind, so that
	// an update costs what it touches. A panic in f rolls back as well.
	tx := &memoryTx{memory: m, writable: true}
	done := false
	defer func() {
		if !done || err != nil {
			tx.rollback()
		}
		tx.memory = nil
	}()
	err = f(tx)
	done = true
	return err
}

func (m *memory) View(ctx context.Context, f func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return ErrClosed
	}
	tx := &memoryTx{memory: m}
	defer func() { tx.memory = nil }()
	return f(tx)
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

type memoryTx struct {
	*memory
	writable bool
	undo     []func()
}

func (t *memoryTx) rollback() {
	for _, f := range slices.Backward(t.undo) {
		f()
	}
}

func (t *memoryTx) Get(kind, id string) (Row, error) {
	if tab := t.kinds[kind]; tab != nil {
		if r := tab.rows[id]; r != nil {
			return r.copy(), nil
		}
	}
	return Row{}, ErrNotFound
}

func (t *memoryTx) Put(kind string, row Row) (int64, error) {
	if !t.writable {
		return 0, ErrReadOnly
	}
	tab := t.kinds[kind]
	if tab == nil {
		tab = newTable()
		t.kinds[kind] = tab
	}
	r := tab.rows[row.ID]
	if r == nil {
		r = &record{seq: tab.seq + 1}
	}
	if row.Rev != r.Rev {
		return 0, ErrConflict
	}
	tab.seq = max(tab.seq, r.seq)
	row = row.copy()
	row.Rev++
	t.change(tab, r, row)
	return row.Rev, nil
}

func (t *memoryTx) Delete(kind, id string, rev int64) error {
	if !t.writable {
		return ErrReadOnly
	}
	tab := t.kinds[kind]
	if tab == nil || tab.rows[id] == nil {
		return ErrNotFound
	}
	r := tab.rows[id]
	if r.Rev != rev {
		return ErrConflict
	}
	t.change(tab, r, Row{})
	return nil
}

// change makes another row of a record, and leaves the inverse behind.
func (t *memoryTx) change(tab *table, r *record, to Row) {
	was := r.Row
	tab.change(r, to)
	t.undo = append(t.undo, func() { tab.change(r, was) })
}

func (t *memoryTx) Find(kind, key string, newest int) ([]Row, error) {
	tab := t.kinds[kind]
	if tab == nil {
		return nil, nil
	}
	all := tab.index[key]
	return rowsOf(all.from(all.newest(newest)), 0, forEver), nil
}

func (t *memoryTx) Page(kind, key, after string, limit int) ([]Row, error) {
	tab, last := t.kinds[kind], &record{}
	if after != "" {
		if tab == nil || tab.rows[after] == nil {
			return nil, ErrNotFound
		}
		last = tab.rows[after]
	}
	if tab == nil {
		return nil, nil
	}
	all := tab.index[key]
	run, at, found := all.find(last, bySeq)
	if found {
		at++
	}
	return rowsOf(all.from(run, at), limit, forEver), nil
}

func (t *memoryTx) Count(kind, key string) (n int, err error) {
	if tab := t.kinds[kind]; tab != nil {
		for _, run := range tab.index[key] {
			n += len(run)
		}
	}
	return n, nil
}

func (t *memoryTx) Due(kind, key string, until int64, limit int) ([]Row, error) {
	tab := t.kinds[kind]
	if tab == nil {
		return nil, nil
	}
	return rowsOf(tab.due[key].from(0, 0), limit, until), nil
}

func (t *memoryTx) Kinds() (kinds []string, err error) {
	for kind, tab := range t.kinds {
		if len(tab.rows) > 0 {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds, nil
}

func (t *memoryTx) Clear(kind string) error {
	if !t.writable {
		return ErrReadOnly
	}
	if old := t.kinds[kind]; old != nil {
		t.kinds[kind] = newTable()
		t.undo = append(t.undo, func() { t.kinds[kind] = old })
	}
	return nil
}

func (t *memoryTx) Append(name string, data []byte) (int64, error) {
	if !t.writable {
		return 0, ErrReadOnly
	}
	l := t.logs[name]
	if l == nil {
		l = &log{}
		t.logs[name] = l
	}
	before := *l
	l.seq++
	l.entries = append(l.entries, Entry{l.seq, bytes.Clone(data)})
	t.undo = append(t.undo, func() { *l = before })
	return l.seq, nil
}

func (t *memoryTx) List(name string, after int64, newest int) ([]Entry, error) {
	l := t.logs[name]
	if l == nil {
		return nil, nil
	}
	from, _ := slices.BinarySearchFunc(l.entries, after+1, func(e Entry, seq int64) int { return int(e.Seq - seq) })
	out := slices.Clone(tail(l.entries[from:], newest))
	for i := range out {
		out[i].Data = bytes.Clone(out[i].Data)
	}
	return out, nil
}

func (t *memoryTx) Trim(name string, keep int) error {
	if !t.writable {
		return ErrReadOnly
	}
	l := t.logs[name]
	if l == nil || len(l.entries) <= keep {
		return nil
	}
	before := *l
	l.entries = l.entries[len(l.entries)-keep:] // what is left out goes when the list next grows
	t.undo = append(t.undo, func() { *l = before })
	return nil
}

// change makes another row of a record, and moves it in the lists that it is not in as it was: most
// changes of state leave keys and due time alone.
func (t *table) change(r *record, to Row) {
	was := r.Row
	for key := range was.keys() {
		if !to.has(key) {
			removeFrom(t.index, key, r, bySeq)
		}
		if was.Due > 0 && (!to.has(key) || to.Due != was.Due) {
			removeFrom(t.due, key, r, byDue)
		}
	}
	if r.Row = to; to.Rev > 0 {
		t.rows[to.ID] = r
	} else {
		delete(t.rows, was.ID)
	}
	for key := range to.keys() {
		if !was.has(key) {
			t.index[key] = t.index[key].with(r, bySeq)
		}
		if to.Due > 0 && (!was.has(key) || to.Due != was.Due) {
			t.due[key] = t.due[key].with(r, byDue)
		}
	}
}

func removeFrom(lists map[string]ordered, key string, r *record, by order) {
	if rest := lists[key].without(r, by); len(rest) > 0 {
		lists[key] = rest
	} else {
		delete(lists, key)
	}
}

// keys are those that the row is found by.
func (r Row) keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		if r.Rev == 0 || !yield("") {
			return
		}
		for _, key := range r.Keys {
			if !yield(key) {
				return
			}
		}
	}
}

func (r Row) has(key string) bool { return r.Rev > 0 && (key == "" || slices.Contains(r.Keys, key)) }

func (r Row) copy() Row {
	r.Keys = slices.Clone(r.Keys)
	r.Data = bytes.Clone(r.Data)
	return r
}

const forEver = math.MaxInt64

// rowsOf are copies of the first of these that are due by then or never, at most limit of them
// (0: all).
func rowsOf(records iter.Seq[*record], limit int, until int64) []Row {
	out := []Row{}
	for r := range records {
		if r.Due > until {
			break
		}
		if out = append(out, r.Row.copy()); len(out) == limit {
			break
		}
	}
	return out
}

func tail[T any](list []T, n int) []T {
	if n > 0 && len(list) > n {
		return list[len(list)-n:]
	}
	return list
}
