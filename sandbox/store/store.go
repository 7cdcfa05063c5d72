// Package store is what a sandbox keeps its state in, and the store in memory.
//
// It knows nothing about WeChat Pay, and nothing of a sandbox: rows are small JSON
// documents with a revision, a few index keys and, for work that has to happen later, a
// due time; beside them there are logs. That is little enough for any database: a
// transaction writes by compare-and-set, so several processes may be on one; a view
// reads beside the writer; and due work is leased by moving its due time on, which only
// one of those who try it at once can do. Package storetest has the rules as tests.
//
// Start reading at [Store]; [NewMemory] is the shortest one there is.
package store

import (
	"context"
	"errors"
)

// Store keeps what the sandbox must not forget: sessions, contracts, orders,
// the notification outbox and the journal. This package brings [NewMemory], the
// binary brings an SQL one. Every store passes storetest.Run.
type Store interface {
	// Update runs f in a read-write transaction and commits when f returns nil.
	// When f returns an error nothing is kept and Update returns that error.
	//
	// A store may run f more than once (for example after a serialisation
	// failure) and may commit several updates together, so f must not have
	// effects outside the transaction that cannot be repeated. When Update
	// returns nil, what f wrote is as durable as this store ever makes it.
	Update(ctx context.Context, f func(Tx) error) error

	// View runs f on a consistent snapshot. Writing through its Tx fails with
	// [ErrReadOnly].
	View(ctx context.Context, f func(Tx) error) error

	// Close releases the store. Later calls fail with [ErrClosed].
	Close() error
}

// Gatherer is a Store that has several updates share a commit. A sandbox tells it how to find out
// how many calls it is answering, so that a commit can wait a moment for those that come to it.
type Gatherer interface{ Gather(underWay func() int) }

// Tx is one transaction. It sees its own writes, is used from one goroutine and
// is dead once the function it was handed to has returned.
type Tx interface {
	// Get returns the row, or [ErrNotFound].
	Get(kind, id string) (Row, error)

	// Put writes row with compare-and-set: row.Rev must be the stored revision,
	// 0 for a row that does not exist yet; otherwise Put returns [ErrConflict]
	// and writes nothing. The stored revision becomes row.Rev+1, which Put
	// returns. Keys and Due replace the former ones; the position in insertion
	// order stays.
	Put(kind string, row Row) (rev int64, err error)

	// Delete removes the row if its revision is rev; [ErrConflict] if it is
	// another one, [ErrNotFound] if there is no such row.
	Delete(kind, id string, rev int64) error

	// Find returns the rows of kind that carry key, in insertion order. An empty
	// key matches every row of kind. A newest above 0 keeps only that many of
	// the most recently inserted ones, still oldest first.
	Find(kind, key string, newest int) ([]Row, error)

	// Page returns the rows of kind that carry key and were inserted after the one with the id
	// after, in insertion order, at most limit of them (0: all); [ErrNotFound] if there is no row
	// of kind with that id. After "" is the first of all. An empty key matches every row of kind.
	Page(kind, key, after string, limit int) ([]Row, error)

	// Count is how many rows of kind carry key; an empty one matches every row of kind.
	Count(kind, key string) (int, error)

	// Due returns the rows of kind that carry key with 0 < Due <= until, earliest
	// first and in insertion order where equal, at most limit of them (0: all). An
	// empty key matches every row of kind.
	Due(kind, key string, until int64, limit int) ([]Row, error)

	// Kinds are the kinds of which there are rows, in the order of their names.
	Kinds() ([]string, error)

	// Clear removes every row of kind, also those that are damaged. Where there is none it does
	// nothing.
	Clear(kind string) error

	// Append adds an entry to the named log and returns its sequence number,
	// which only ever grows.
	Append(log string, data []byte) (seq int64, err error)

	// List returns the entries of the log with a sequence number above after,
	// oldest first. A newest above 0 keeps only that many of the last ones.
	List(log string, after int64, newest int) ([]Entry, error)

	// Trim drops all but the newest keep entries of the log.
	Trim(log string, keep int) error
}

// Row is one stored document. IDs are unique within a kind. Data belongs to the
// caller on the way in and on the way out: a store copies.
type Row struct {
	ID   string
	Rev  int64    // 0 before the first Put
	Keys []string // index keys for Find and Due; order and duplicates mean nothing
	Due  int64    // unix milliseconds at which something has to happen; 0 for never
	Data []byte   // JSON

	// Damage is what a store cannot read of a row that it found, as the end of a sentence about
	// the row; "" for nothing. It is never written, and what else such a row says counts for
	// nothing but ID. Other rows are read all the same.
	Damage string
}

// Entry is one line of a log.
type Entry struct {
	Seq  int64
	Data []byte
}

// The errors a store answers with; compare with errors.Is.
var (
	ErrNotFound = errors.New("store: there is no such row")
	ErrConflict = errors.New("store: the row was changed by another transaction")
	ErrReadOnly = errors.New("store: a view cannot be written")
	ErrClosed   = errors.New("sandbox: the store is closed")
)
