package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Every bucket is flat; see key.
var (
	byID   = []byte("row")     // kind, id: the row
	bySeq  = []byte("seq")     // kind, seq: id
	byKey  = []byte("key")     // kind, key, seq: id
	byDue  = []byte("due")     // kind, due, seq: id
	logs   = []byte("log")     // name, seq: data
	logEnd = []byte("log_end") // name: seq
)

// bolt reads and writes in the open transaction itself.
type bolt struct {
	*bbolt.DB
	tx *bbolt.Tx
}

func openBolt(path string) (store.Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(t *bbolt.Tx) (err error) {
		for _, name := range [][]byte{byID, bySeq, byKey, byDue, logs, logEnd} {
			if _, failed := t.CreateBucketIfNotExists(name); failed != nil {
				err = failed
			}
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &group{file: &bolt{DB: db}}, nil
}

func (b *bolt) begin() (err error) {
	b.tx, err = b.Begin(true)
	return err
}

func (b *bolt) commit() error { return b.tx.Commit() }
func (b *bolt) close() error  { return b.Close() }

func (b *bolt) view(f func(store.Tx) error) error {
	return b.View(func(t *bbolt.Tx) error { return f(&boltTx{Tx: t}) })
}

func (b *bolt) member(f func(store.Tx) error) (err error) {
	x := &boltTx{Tx: b.tx}
	kept := false
	defer func() {
		for _, undo := range slices.Backward(x.undo) {
			if !kept {
				err = errors.Join(err, undo())
			}
		}
	}()
	err = f(x)
	kept = err == nil
	return err
}

// boltTx remembers how to undo what it wrote, for there are no savepoints.
type boltTx struct {
	*bbolt.Tx
	undo []func() error
}

// set puts a value, or removes the key where value is nil.
func (x *boltTx) set(bucket, key, value []byte) error {
	b := x.Bucket(bucket)
	write := func(value []byte) error {
		if value == nil {
			return b.Delete(key)
		}
		return b.Put(key, value)
	}
	old := bytes.Clone(b.Get(key))
	x.undo = append(x.undo, func() error { return write(old) })
	return write(value)
}

// key is strings, each behind its length, then numbers.
func key(parts ...any) (out []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(p))), p...)
		case int64:
			out = binary.BigEndian.AppendUint64(out, uint64(p))
		}
	}
	return out
}

// number is the first one in what is left of a key, 0 where nothing is.
func number(b []byte) int64 {
	if len(b) == 0 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

// forward gives what has, behind this prefix, a number of these.
func (x *boltTx) forward(bucket, prefix []byte, from, to int64) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := x.Bucket(bucket).Cursor()
		k, v := c.Seek(append(bytes.Clone(prefix), key(from)...))
		for bytes.HasPrefix(k, prefix) && number(k[len(prefix):]) <= to && yield(k, v) {
			k, v = c.Next()
		}
	}
}

// backward gives what has this prefix and a number, the last one first.
func (x *boltTx) backward(bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := x.Bucket(bucket).Cursor()
		before := c.Prev
		if k, _ := c.Seek(append(bytes.Clone(prefix), 0xff)); k == nil { // above every number
			before = c.Last
		}
		k, v := before()
		for bytes.HasPrefix(k, prefix) && yield(k, v) {
			k, v = c.Prev()
		}
	}
}

// load finds a row: seq, rev, due, the number of keys, each behind its length, and the data.
func (x *boltTx) load(kind, id string) (seq int64, r store.Row, err error) {
	b := x.Bucket(byID).Get(key(kind, id))
	if b == nil {
		return 0, r, store.ErrNotFound
	}
	next := func() int64 { v, n := binary.Varint(b); b = b[n:]; return v }
	r.ID = id
	seq, r.Rev, r.Due = next(), next(), next()
	for range next() {
		n := next()
		r.Keys = append(r.Keys, string(b[:n]))
		b = b[n:]
	}
	r.Data = bytes.Clone(b)
	return seq, r, nil
}

// replace writes a row and what leads to it. One with no Rev is none.
func (x *boltTx) replace(kind, id string, seq int64, old, r store.Row) error {
	var value []byte
	if r.Rev > 0 {
		for _, v := range []int64{seq, r.Rev, r.Due, int64(len(r.Keys))} {
			value = binary.AppendVarint(value, v)
		}
		for _, k := range r.Keys {
			value = append(binary.AppendVarint(value, int64(len(k))), k...)
		}
		value = append(value, r.Data...)
	}
	return errors.Join(x.lead(kind, seq, old, nil), x.lead(kind, seq, r, []byte(id)),
		x.set(byID, key(kind, id), value))
}

// lead has everything about a row lead to this id, or to nothing.
func (x *boltTx) lead(kind string, seq int64, r store.Row, id []byte) error {
	if r.Rev == 0 {
		return nil
	}
	errs := []error{x.set(bySeq, key(kind, seq), id)}
	if r.Due > 0 {
		errs = append(errs, x.set(byDue, key(kind, r.Due, seq), id))
	}
	for _, k := range r.Keys {
		errs = append(errs, x.set(byKey, key(kind, k, seq), id))
	}
	return errors.Join(errs...)
}

func (x *boltTx) Get(kind, id string) (store.Row, error) {
	_, row, err := x.load(kind, id)
	return row, err
}

func (x *boltTx) Put(kind string, row store.Row) (int64, error) {
	seq, old, _ := x.load(kind, row.ID)
	if old.Rev != row.Rev { // 0 where there is none
		return 0, store.ErrConflict
	}
	if seq == 0 {
		next, err := x.Bucket(byID).NextSequence()
		if err != nil {
			return 0, err
		}
		seq = int64(next)
	}
	row.Rev++
	return row.Rev, x.replace(kind, row.ID, seq, old, row)
}

func (x *boltTx) Delete(kind, id string, rev int64) error {
	seq, old, err := x.load(kind, id)
	if err == nil && old.Rev != rev {
		err = store.ErrConflict
	}
	if err != nil {
		return err
	}
	return x.replace(kind, id, seq, old, store.Row{})
}

func (x *boltTx) Kinds() (kinds []string, err error) {
	c := x.Bucket(byID).Cursor()
	for k, _ := c.First(); k != nil; {
		kind := k[4 : 4+binary.BigEndian.Uint32(k)]
		kinds = append(kinds, string(kind))
		k, _ = c.Seek(append(key(string(kind)), 0xff)) // beyond the length of any id
	}
	slices.Sort(kinds)
	return kinds, nil
}

func (x *boltTx) Clear(kind string) error {
	all, err := x.Find(kind, "", 0)
	for i := 0; err == nil && i < len(all); i++ {
		err = x.Delete(kind, all[i].ID, all[i].Rev)
	}
	return err
}

// rows are those of some ids that carry a key, or "".
func (x *boltTx) rows(kind, k string, ids iter.Seq2[[]byte, []byte], most int) (rows []store.Row, err error) {
	for _, id := range ids {
		row, err := x.Get(kind, string(id))
		if err != nil {
			return nil, err
		}
		if k == "" || slices.Contains(row.Keys, k) {
			rows = append(rows, row)
		}
		if most > 0 && len(rows) == most {
			break
		}
	}
	return rows, nil
}

func (x *boltTx) Find(kind, k string, newest int) ([]store.Row, error) {
	ids := x.backward(bySeq, key(kind))
	if k != "" {
		ids = x.backward(byKey, key(kind, k))
	}
	rows, err := x.rows(kind, k, ids, newest)
	slices.Reverse(rows)
	return rows, err
}

func (x *boltTx) Page(kind, k, after string, most int) ([]store.Row, error) {
	var seq int64
	if after != "" {
		var err error
		if seq, _, err = x.load(kind, after); err != nil {
			return nil, err
		}
	}
	if k != "" {
		return x.rows(kind, k, x.forward(byKey, key(kind, k), seq+1, math.MaxInt64), most)
	}
	return x.rows(kind, "", x.forward(bySeq, key(kind), seq+1, math.MaxInt64), most)
}

func (x *boltTx) Count(kind, k string) (n int, err error) {
	ids := x.backward(bySeq, key(kind))
	if k != "" {
		ids = x.backward(byKey, key(kind, k))
	}
	for range ids {
		n++
	}
	return n, nil
}

func (x *boltTx) Due(kind, k string, until int64, most int) ([]store.Row, error) {
	return x.rows(kind, k, x.forward(byDue, key(kind), 1, until), most)
}

func (x *boltTx) Append(log string, data []byte) (int64, error) {
	seq := number(x.Bucket(logEnd).Get(key(log))) + 1
	return seq, errors.Join(x.set(logEnd, key(log), key(seq)), x.set(logs, key(log, seq), append([]byte{}, data...)))
}

func (x *boltTx) List(log string, after int64, newest int) (entries []store.Entry, err error) {
	for at, data := range x.backward(logs, key(log)) {
		seq := number(at[len(at)-8:])
		if seq <= after || newest > 0 && len(entries) == newest {
			break
		}
		entries = append(entries, store.Entry{Seq: seq, Data: bytes.Clone(data)})
	}
	slices.Reverse(entries)
	return entries, nil
}

func (x *boltTx) Trim(log string, keep int) error {
	var old [][]byte // not to be removed under the cursor
	for at := range x.forward(logs, key(log), 0, number(x.Bucket(logEnd).Get(key(log)))-int64(keep)) {
		old = append(old, bytes.Clone(at))
	}
	for _, at := range old {
		if err := x.set(logs, at, nil); err != nil {
			return err
		}
	}
	return nil
}
