// Package storetest is the conformance suite of [store.Store]: every store,
// in memory or over SQL, runs the same tests. A rule that one store needs is a
// rule all of them keep, so extend the suite here and not in one store's tests.
//
// It knows package store and no store in particular. Start reading at [Run], whose table names
// the rules.
package storetest

import (
	"context"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Run exercises the stores that open returns, a fresh and empty one per call.
// The suite closes them.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, under)
	}{
		{"put and get", putAndGet},
		{"put compares revisions", putComparesRevisions},
		{"put copies", putCopies},
		{"delete", deleteRow},
		{"find by key in insertion order", findInOrder},
		{"find follows changed keys", findFollowsKeys},
		{"pages in insertion order", pages},
		{"due in time order", dueInOrder},
		{"due by key", dueByKey},
		{"due within an update", dueWithin},
		{"many rows in their order", manyRows},
		{"kinds, and clearing one", clearKind},
		{"logs", logs},
		{"a transaction sees its own writes", ownWrites},
		{"an error rolls everything back", rollsBack},
		{"a panic rolls everything back", panicRollsBack},
		{"what is rolled back is where it was", rollsBackInPlace},
		{"a view cannot write", viewCannotWrite},
		{"a view is a snapshot", viewIsSnapshot},
		{"concurrent updates lose nothing", concurrentUpdates},
		{"one of many inserts wins", oneInsertWins},
		{"a cancelled context", cancelled},
		{"a closed store", closed},
		{"awkward strings", awkwardTexts},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() { s.Close() })
			c.test(t, under{t, s})
		})
	}
}

// under is the store under test. It shortens what the tests do all the time.
type under struct {
	t *testing.T
	store.Store
}

func (s under) update(f func(store.Tx) error) {
	s.t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		s.t.Fatalf("Update: %v", err)
	}
}

func (s under) view(f func(store.Tx)) {
	s.t.Helper()
	if err := s.View(context.Background(), func(tx store.Tx) error { f(tx); return nil }); err != nil {
		s.t.Fatalf("View: %v", err)
	}
}

func (s under) put(kind string, row store.Row) (rev int64) {
	s.t.Helper()
	s.update(func(tx store.Tx) (err error) {
		rev, err = tx.Put(kind, row)
		return err
	})
	return rev
}

func (s under) get(kind, id string) (row store.Row, err error) {
	s.t.Helper()
	s.view(func(tx store.Tx) { row, err = tx.Get(kind, id) })
	return row, err
}

func (s under) find(kind, key string, newest int) string {
	s.t.Helper()
	var rows []store.Row
	s.view(func(tx store.Tx) {
		var err error
		if rows, err = tx.Find(kind, key, newest); err != nil {
			s.t.Errorf("Find(%q, %q, %d): %v", kind, key, newest, err)
		}
	})
	return ids(rows)
}

func (s under) due(kind string, until int64, limit int) string {
	s.t.Helper()
	return s.dueOf(kind, "", until, limit)
}

func (s under) dueOf(kind, key string, until int64, limit int) string {
	s.t.Helper()
	var rows []store.Row
	s.view(func(tx store.Tx) {
		var err error
		if rows, err = tx.Due(kind, key, until, limit); err != nil {
			s.t.Errorf("Due(%q, %q, %d, %d): %v", kind, key, until, limit, err)
		}
	})
	return ids(rows)
}

func ids(rows []store.Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

func (s under) want(what, got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
