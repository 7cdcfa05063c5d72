package store

import (
	"bytes"
	"context"
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
	index map[string][]*record // by key, in insertion order; "" holds every row
	due   map[string][]*record // by key, by due time, then insertion order; "" holds every row
	seq   int64
}

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
		tab = &table{rows: map[string]*record{}, index: map[string][]*record{}, due: map[string][]*record{}}
		t.kinds[kind] = tab
	}
	old := tab.rows[row.ID]
	if (old == nil && row.Rev != 0) || (old != nil && row.Rev != old.Rev) {
		return 0, ErrConflict
	}
	next := &record{Row: row}
	next.Row = next.copy()
	next.Rev++
	if old != nil {
		next.seq = old.seq
		tab.remove(old)
	} else {
		tab.seq++
		next.seq = tab.seq
	}
	tab.insert(next)
	t.undo = append(t.undo, func() {
		tab.remove(next)
		if old != nil {
			tab.insert(old)
		}
	})
	return next.Rev, nil
}

func (t *memoryTx) Delete(kind, id string, rev int64) error {
	if !t.writable {
		return ErrReadOnly
	}
	tab := t.kinds[kind]
	if tab == nil || tab.rows[id] == nil {
		return ErrNotFound
	}
	old := tab.rows[id]
	if old.Rev != rev {
		return ErrConflict
	}
	tab.remove(old)
	t.undo = append(t.undo, func() { tab.insert(old) })
	return nil
}

func (t *memoryTx) Find(kind, key string, newest int) ([]Row, error) {
	tab := t.kinds[kind]
	if tab == nil {
		return nil, nil
	}
	return rowsOf(tail(tab.index[key], newest)), nil
}

func (t *memoryTx) Due(kind, key string, until int64, limit int) ([]Row, error) {
	tab := t.kinds[kind]
	if tab == nil {
		return nil, nil
	}
	due := tab.due[key]
	n, _ := slices.BinarySearchFunc(due, until, func(r *record, until int64) int {
		if r.Due <= until {
			return -1
		}
		return 1
	})
	if limit > 0 {
		n = min(n, limit)
	}
	return rowsOf(due[:n]), nil
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
	l.entries = slices.Clone(l.entries[len(l.entries)-keep:])
	t.undo = append(t.undo, func() { *l = before })
	return nil
}

func (t *table) insert(r *record) {
	t.rows[r.ID] = r
	for _, key := range r.indexKeys() {
		t.index[key] = insertSorted(t.index[key], r, bySeq)
		if r.Due > 0 {
			t.due[key] = insertSorted(t.due[key], r, byDue)
		}
	}
}

func (t *table) remove(r *record) {
	delete(t.rows, r.ID)
	for _, key := range r.indexKeys() {
		removeFrom(t.index, key, r, bySeq)
		removeFrom(t.due, key, r, byDue)
	}
}

func removeFrom(lists map[string][]*record, key string, r *record, cmp func(a, b *record) int) {
	if rest := removeSorted(lists[key], r, cmp); len(rest) > 0 {
		lists[key] = rest
	} else {
		delete(lists, key)
	}
}

func (r *record) indexKeys() []string {
	keys := append([]string{""}, r.Keys...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (r *record) copy() Row {
	row := r.Row
	row.Keys = slices.Clone(row.Keys)
	row.Data = bytes.Clone(row.Data)
	return row
}

func bySeq(a, b *record) int { return int(a.seq - b.seq) }

func byDue(a, b *record) int {
	switch {
	case a.Due < b.Due:
		return -1
	case a.Due > b.Due:
		return 1
	}
	return bySeq(a, b)
}

func insertSorted(list []*record, r *record, cmp func(a, b *record) int) []*record {
	i, _ := slices.BinarySearchFunc(list, r, cmp)
	return slices.Insert(list, i, r)
}

func removeSorted(list []*record, r *record, cmp func(a, b *record) int) []*record {
	i, found := slices.BinarySearchFunc(list, r, cmp)
	if !found {
		return list
	}
	return slices.Delete(list, i, i+1)
}

func rowsOf(list []*record) []Row {
	out := make([]Row, len(list))
	for i, r := range list {
		out[i] = r.copy()
	}
	return out
}

func tail[T any](list []T, n int) []T {
	if n > 0 && len(list) > n {
		return list[len(list)-n:]
	}
	return list
}
