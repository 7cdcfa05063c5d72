// Package storetest is the conformance suite of [sandbox.Store]: every store,
// in memory or over SQL, runs the same tests. A rule that one store needs is a
// rule all of them keep, so extend the suite here and not in one store's tests.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

// Run exercises the stores that open returns, a fresh and empty one per call.
// The suite closes them.
func Run(t *testing.T, open func(t *testing.T) sandbox.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, store)
	}{
		{"put and get", putAndGet},
		{"put compares revisions", putComparesRevisions},
		{"put copies", putCopies},
		{"delete", deleteRow},
		{"find by key in insertion order", findInOrder},
		{"find follows changed keys", findFollowsKeys},
		{"due in time order", dueInOrder},
		{"logs", logs},
		{"a transaction sees its own writes", ownWrites},
		{"an error rolls everything back", rollsBack},
		{"a panic rolls everything back", panicRollsBack},
		{"a view cannot write", viewCannotWrite},
		{"a view is a snapshot", viewIsSnapshot},
		{"concurrent updates lose nothing", concurrentUpdates},
		{"one of many inserts wins", oneInsertWins},
		{"a cancelled context", cancelled},
		{"a closed store", closed},
		{"awkward texts", awkwardTexts},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() { s.Close() })
			c.test(t, store{t, s})
		})
	}
}

// store shortens what the tests do all the time.
type store struct {
	t *testing.T
	sandbox.Store
}

func (s store) update(f func(sandbox.Tx) error) {
	s.t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		s.t.Fatalf("Update: %v", err)
	}
}

func (s store) view(f func(sandbox.Tx)) {
	s.t.Helper()
	if err := s.View(context.Background(), func(tx sandbox.Tx) error { f(tx); return nil }); err != nil {
		s.t.Fatalf("View: %v", err)
	}
}

func (s store) put(kind string, row sandbox.Row) (rev int64) {
	s.t.Helper()
	s.update(func(tx sandbox.Tx) (err error) {
		rev, err = tx.Put(kind, row)
		return err
	})
	return rev
}

func (s store) get(kind, id string) (row sandbox.Row, err error) {
	s.t.Helper()
	s.view(func(tx sandbox.Tx) { row, err = tx.Get(kind, id) })
	return row, err
}

func (s store) find(kind, key string, newest int) string {
	s.t.Helper()
	var rows []sandbox.Row
	s.view(func(tx sandbox.Tx) {
		var err error
		if rows, err = tx.Find(kind, key, newest); err != nil {
			s.t.Errorf("Find(%q, %q, %d): %v", kind, key, newest, err)
		}
	})
	return ids(rows)
}

func (s store) due(kind string, until int64, limit int) string {
	s.t.Helper()
	var rows []sandbox.Row
	s.view(func(tx sandbox.Tx) {
		var err error
		if rows, err = tx.Due(kind, until, limit); err != nil {
			s.t.Errorf("Due(%q, %d, %d): %v", kind, until, limit, err)
		}
	})
	return ids(rows)
}

func ids(rows []sandbox.Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

func (s store) want(what, got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func putAndGet(t *testing.T, s store) {
	if _, err := s.get("contract", "c1"); !errors.Is(err, sandbox.ErrNotFound) {
		t.Errorf("Get before Put: got %v, want ErrNotFound", err)
	}
	row := sandbox.Row{ID: "c1", Keys: []string{"k1", "k2"}, Due: 1_700_000_000_123, Data: []byte(`{"a":"用户A"}`)}
	if rev := s.put("contract", row); rev != 1 {
		t.Errorf("first Put: revision %d, want 1", rev)
	}
	got, err := s.get("contract", "c1")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	slices.Sort(got.Keys)
	if got.ID != "c1" || got.Rev != 1 || got.Due != row.Due || string(got.Data) != string(row.Data) || !slices.Equal(got.Keys, row.Keys) {
		t.Errorf("Get: got %+v, want what was put with revision 1", got)
	}
	if _, err := s.get("order", "c1"); !errors.Is(err, sandbox.ErrNotFound) {
		t.Errorf("the same id in another kind: got %v, want ErrNotFound", err)
	}
	s.put("order", sandbox.Row{ID: "c1", Data: []byte(`{}`)})
}

func putComparesRevisions(t *testing.T, s store) {
	try := func(what string, rev int64, want error) {
		t.Helper()
		err := s.Update(context.Background(), func(tx sandbox.Tx) error {
			_, err := tx.Put("c", sandbox.Row{ID: "1", Rev: rev, Data: []byte(`{}`)})
			return err
		})
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	try("revision 3 of a row that does not exist", 3, sandbox.ErrConflict)
	try("insert", 0, nil)
	try("insert again", 0, sandbox.ErrConflict)
	try("update of revision 1", 1, nil)
	try("update of revision 1 again", 1, sandbox.ErrConflict)
	try("update of revision 2", 2, nil)

	// A conflict writes nothing and does not spoil the transaction.
	s.update(func(tx sandbox.Tx) error {
		if _, err := tx.Put("c", sandbox.Row{ID: "1", Rev: 1, Data: []byte(`{"lost":1}`)}); !errors.Is(err, sandbox.ErrConflict) {
			t.Errorf("stale Put: got %v, want ErrConflict", err)
		}
		_, err := tx.Put("c", sandbox.Row{ID: "2", Data: []byte(`{}`)})
		return err
	})
	if row, _ := s.get("c", "1"); row.Rev != 3 || string(row.Data) != `{}` {
		t.Errorf("after conflicts: got revision %d, %s, want revision 3, {}", row.Rev, row.Data)
	}
	if _, err := s.get("c", "2"); err != nil {
		t.Errorf("a write after a handled conflict is lost: %v", err)
	}
}

func putCopies(t *testing.T, s store) {
	data, keys := []byte(`{"n":1}`), []string{"k"}
	s.put("c", sandbox.Row{ID: "1", Keys: keys, Data: data})
	data[5], keys[0] = '9', "x"
	row, _ := s.get("c", "1")
	s.want("after the caller changed its slice", string(row.Data)+row.Keys[0], `{"n":1}k`)
	row.Data[5] = '9'
	row, _ = s.get("c", "1")
	s.want("after the reader changed its slice", string(row.Data), `{"n":1}`)
}

func deleteRow(t *testing.T, s store) {
	s.put("c", sandbox.Row{ID: "1", Keys: []string{"k"}, Due: 5, Data: []byte(`{}`)})
	for _, c := range []struct {
		id   string
		rev  int64
		want error
	}{{"1", 2, sandbox.ErrConflict}, {"nope", 1, sandbox.ErrNotFound}, {"1", 1, nil}, {"1", 1, sandbox.ErrNotFound}} {
		err := s.Update(context.Background(), func(tx sandbox.Tx) error { return tx.Delete("c", c.id, c.rev) })
		if !errors.Is(err, c.want) {
			t.Errorf("Delete(%s, revision %d): got %v, want %v", c.id, c.rev, err, c.want)
		}
	}
	s.want("by key", s.find("c", "k", 0), "")
	s.want("all", s.find("c", "", 0), "")
	s.want("due", s.due("c", 10, 0), "")
	if rev := s.put("c", sandbox.Row{ID: "1", Data: []byte(`{}`)}); rev != 1 {
		t.Errorf("insert after delete: revision %d, want 1", rev)
	}
}

func findInOrder(t *testing.T, s store) {
	// Ids in an order that neither sorting nor hashing gives.
	for _, id := range []string{"m", "a", "z", "b"} {
		s.put("c", sandbox.Row{ID: id, Keys: []string{"user:1", "user:1", "id:" + id}, Data: []byte(`{}`)})
		s.put("other", sandbox.Row{ID: "x" + id, Keys: []string{"user:1"}, Data: []byte(`{}`)})
	}
	s.put("c", sandbox.Row{ID: "n", Data: []byte(`{}`)})
	s.want("by key", s.find("c", "user:1", 0), "m a z b")
	s.want("by its own key", s.find("c", "id:z", 0), "z")
	s.want("the newest two", s.find("c", "user:1", 2), "z b")
	s.want("more than there are", s.find("c", "user:1", 9), "m a z b")
	s.want("every row", s.find("c", "", 0), "m a z b n")
	s.want("the newest of every row", s.find("c", "", 1), "n")
	s.want("a prefix is not a match", s.find("c", "user:", 0), "")
	s.want("an unknown kind", s.find("nope", "", 0), "")

	s.put("c", sandbox.Row{ID: "m", Rev: 1, Keys: []string{"user:1"}, Data: []byte(`{"again":1}`)})
	s.want("after an update of the first", s.find("c", "user:1", 0), "m a z b")
}

func findFollowsKeys(t *testing.T, s store) {
	s.put("c", sandbox.Row{ID: "1", Keys: []string{"live"}, Due: 10, Data: []byte(`{}`)})
	s.put("c", sandbox.Row{ID: "1", Rev: 1, Keys: []string{"dead"}, Data: []byte(`{}`)})
	s.want("the former key", s.find("c", "live", 0), "")
	s.want("the new key", s.find("c", "dead", 0), "1")
	s.want("the former due time", s.due("c", 100, 0), "")
	s.put("c", sandbox.Row{ID: "1", Rev: 2, Data: []byte(`{}`)})
	s.want("no key at all", s.find("c", "dead", 0), "")
	s.want("every row", s.find("c", "", 0), "1")
}

func dueInOrder(t *testing.T, s store) {
	for _, r := range []sandbox.Row{{ID: "late", Due: 300}, {ID: "b", Due: 100}, {ID: "never"}, {ID: "a", Due: 100}, {ID: "mid", Due: 200}} {
		r.Data = []byte(`{}`)
		s.put("p", r)
	}
	s.want("before anything", s.due("p", 99, 0), "")
	s.want("at the very moment", s.due("p", 100, 0), "b a")
	s.want("limited", s.due("p", 250, 2), "b a")
	s.want("unlimited", s.due("p", 1000, 0), "b a mid late")
	s.put("p", sandbox.Row{ID: "b", Rev: 1, Due: 400, Data: []byte(`{}`)})
	s.want("after one moved", s.due("p", 1000, 0), "a mid late b")
}

func logs(t *testing.T, s store) {
	var seqs []int64
	s.update(func(tx sandbox.Tx) error {
		for i := range 5 {
			seq, err := tx.Append("j", fmt.Appendf(nil, `{"n":%d}`, i))
			if err != nil {
				return err
			}
			seqs = append(seqs, seq)
		}
		_, err := tx.Append("k", []byte(`{"other":1}`))
		return err
	})
	list := func(after int64, newest int) string {
		var out []string
		s.view(func(tx sandbox.Tx) {
			entries, err := tx.List("j", after, newest)
			if err != nil {
				t.Errorf("List: %v", err)
			}
			for _, e := range entries {
				out = append(out, string(e.Data))
			}
		})
		return strings.Join(out, " ")
	}
	s.want("everything", list(0, 0), `{"n":0} {"n":1} {"n":2} {"n":3} {"n":4}`)
	s.want("after the third", list(seqs[2], 0), `{"n":3} {"n":4}`)
	s.want("the newest two", list(0, 2), `{"n":3} {"n":4}`)
	s.want("the newest after the third", list(seqs[2], 1), `{"n":4}`)
	s.want("after the last", list(seqs[4], 0), ``)

	s.update(func(tx sandbox.Tx) error { return tx.Trim("j", 2) })
	s.want("trimmed", list(0, 0), `{"n":3} {"n":4}`)
	s.update(func(tx sandbox.Tx) error { return errors.Join(tx.Trim("j", 0), tx.Trim("none", 3)) })
	s.want("emptied", list(0, 0), ``)
	s.update(func(tx sandbox.Tx) error {
		seq, err := tx.Append("j", []byte(`{}`))
		if seq <= seqs[4] {
			t.Errorf("a sequence number was used twice: %d after %d", seq, seqs[4])
		}
		return err
	})
}

func ownWrites(t *testing.T, s store) {
	s.update(func(tx sandbox.Tx) error {
		if _, err := tx.Put("c", sandbox.Row{ID: "1", Keys: []string{"k"}, Due: 7, Data: []byte(`{}`)}); err != nil {
			return err
		}
		row, err := tx.Get("c", "1")
		if err != nil || row.Rev != 1 {
			t.Errorf("Get of an own write: revision %d, %v", row.Rev, err)
		}
		found, _ := tx.Find("c", "k", 0)
		s.want("Find of an own write", ids(found), "1")
		due, _ := tx.Due("c", 7, 0)
		s.want("Due of an own write", ids(due), "1")
		tx.Append("j", []byte(`{}`))
		if entries, _ := tx.List("j", 0, 0); len(entries) != 1 {
			t.Errorf("List of an own append: %d entries, want 1", len(entries))
		}
		return nil
	})
}

func changeEverything(tx sandbox.Tx) error {
	row, err := tx.Get("c", "kept")
	if err != nil {
		return err
	}
	row.Data, row.Keys, row.Due = []byte(`{"changed":1}`), []string{"new"}, 99
	_, err1 := tx.Put("c", row)
	_, err2 := tx.Put("c", sandbox.Row{ID: "fresh", Keys: []string{"old"}, Data: []byte(`{}`)})
	err3 := tx.Delete("c", "gone", 1)
	_, err4 := tx.Append("j", []byte(`{"n":2}`))
	return errors.Join(err1, err2, err3, err4, tx.Trim("j", 1))
}

func (s store) wantUnchanged() {
	s.t.Helper()
	row, err := s.get("c", "kept")
	if err != nil || row.Rev != 1 || string(row.Data) != `{"n":1}` || row.Due != 5 {
		s.t.Errorf("the changed row: got %+v, %v, want it as it was", row, err)
	}
	s.want("by the old key", s.find("c", "old", 0), "kept gone")
	s.want("by the new key", s.find("c", "new", 0), "")
	s.want("due", s.due("c", 100, 0), "kept")
	s.view(func(tx sandbox.Tx) {
		if entries, _ := tx.List("j", 0, 0); len(entries) != 1 || string(entries[0].Data) != `{"n":1}` {
			s.t.Errorf("the log: got %v, want only what was there", entries)
		}
	})
}

func (s store) fill() {
	s.put("c", sandbox.Row{ID: "kept", Keys: []string{"old"}, Due: 5, Data: []byte(`{"n":1}`)})
	s.put("c", sandbox.Row{ID: "gone", Keys: []string{"old"}, Data: []byte(`{}`)})
	s.update(func(tx sandbox.Tx) error { _, err := tx.Append("j", []byte(`{"n":1}`)); return err })
}

func rollsBack(t *testing.T, s store) {
	s.fill()
	sorry := errors.New("sorry")
	err := s.Update(context.Background(), func(tx sandbox.Tx) error {
		return errors.Join(changeEverything(tx), sorry)
	})
	if !errors.Is(err, sorry) {
		t.Errorf("Update: got %v, want the error of the function", err)
	}
	s.wantUnchanged()
}

func panicRollsBack(t *testing.T, s store) {
	s.fill()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		s.Update(context.Background(), func(tx sandbox.Tx) error {
			changeEverything(tx)
			panic("sorry")
		})
	}()
	s.wantUnchanged()
	s.put("c", sandbox.Row{ID: "after", Data: []byte(`{}`)})
}

func viewCannotWrite(t *testing.T, s store) {
	s.fill()
	s.view(func(tx sandbox.Tx) {
		_, put := tx.Put("c", sandbox.Row{ID: "new", Data: []byte(`{}`)})
		_, appended := tx.Append("j", []byte(`{}`))
		for what, err := range map[string]error{"Put": put, "Append": appended, "Delete": tx.Delete("c", "gone", 1), "Trim": tx.Trim("j", 0)} {
			if !errors.Is(err, sandbox.ErrReadOnly) {
				t.Errorf("%s in a view: got %v, want ErrReadOnly", what, err)
			}
		}
	})
	s.wantUnchanged()
}

func viewIsSnapshot(t *testing.T, s store) {
	s.fill()
	started, finished := make(chan bool), make(chan bool)
	s.view(func(tx sandbox.Tx) {
		before, _ := tx.Get("c", "kept")
		go func() {
			defer close(finished)
			close(started)
			s.Update(context.Background(), changeEverything)
		}()
		<-started
		// Whether the writer waits for this view or not is the store's affair;
		// what the view sees must not change under it.
		after, _ := tx.Get("c", "kept")
		found, _ := tx.Find("c", "old", 0)
		if after.Rev != before.Rev || ids(found) != "kept gone" {
			t.Errorf("the view saw another transaction: revision %d, %s", after.Rev, ids(found))
		}
	})
	<-finished
	if row, _ := s.get("c", "kept"); row.Rev != 2 {
		t.Errorf("after the view: revision %d, want the writer's 2", row.Rev)
	}
}

func concurrentUpdates(t *testing.T, s store) {
	const workers, rounds = 8, 25
	s.put("c", sandbox.Row{ID: "sum", Data: []byte(`0`)})
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for r := range rounds {
				for {
					err := s.Update(context.Background(), func(tx sandbox.Tx) error {
						row, err := tx.Get("c", "sum")
						if err != nil {
							return err
						}
						var n int
						fmt.Sscan(string(row.Data), &n)
						row.Data = fmt.Append(nil, n+1)
						if _, err := tx.Put("c", row); err != nil {
							return err
						}
						_, err = tx.Put("c", sandbox.Row{ID: fmt.Sprint("w", w, "-", r), Keys: []string{"work"}, Data: []byte(`{}`)})
						return err
					})
					if errors.Is(err, sandbox.ErrConflict) {
						continue // allowed: the caller tries again
					}
					if err != nil {
						t.Errorf("Update: %v", err)
					}
					break
				}
			}
		})
	}
	wg.Wait()
	row, _ := s.get("c", "sum")
	s.want("the sum", string(row.Data), fmt.Sprint(workers*rounds))
	if n := len(strings.Fields(s.find("c", "work", 0))); n != workers*rounds {
		t.Errorf("rows: got %d, want %d", n, workers*rounds)
	}
}

func oneInsertWins(t *testing.T, s store) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx sandbox.Tx) error {
				_, err := tx.Put("claim", sandbox.Row{ID: "code", Data: []byte(`{}`)})
				return err
			})
			if err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			} else if !errors.Is(err, sandbox.ErrConflict) {
				t.Errorf("a losing insert: got %v, want ErrConflict", err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d inserts of the same row succeeded, want 1", won)
	}
}

func cancelled(t *testing.T, s store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	write := func(tx sandbox.Tx) error {
		_, err := tx.Put("c", sandbox.Row{ID: "1", Data: []byte(`{}`)})
		return err
	}
	if err := s.Update(ctx, write); !errors.Is(err, context.Canceled) {
		t.Errorf("Update: got %v, want context.Canceled", err)
	}
	if err := s.View(ctx, func(sandbox.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View: got %v, want context.Canceled", err)
	}
	s.want("rows", s.find("c", "", 0), "")
}

func closed(t *testing.T, s store) {
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	nothing := func(sandbox.Tx) error { return nil }
	if err := s.Update(context.Background(), nothing); !errors.Is(err, sandbox.ErrClosed) {
		t.Errorf("Update: got %v, want ErrClosed", err)
	}
	if err := s.View(context.Background(), nothing); !errors.Is(err, sandbox.ErrClosed) {
		t.Errorf("View: got %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

func awkwardTexts(t *testing.T, s store) {
	for _, text := range []string{`' OR 1=1 --`, `%`, `a"b\c`, "空 格", "😀", "a:b:c", strings.Repeat("k", 500)} {
		s.put("c", sandbox.Row{ID: text, Keys: []string{"key " + text}, Data: []byte(`{}`)})
		if row, err := s.get("c", text); err != nil || row.ID != text {
			t.Errorf("Get(%q): got %q, %v", text, row.ID, err)
		}
		s.want("by key", s.find("c", "key "+text, 0), text)
	}
	if _, err := s.get("c", "A:b:c"); !errors.Is(err, sandbox.ErrNotFound) {
		t.Errorf("ids are compared exactly, got %v", err)
	}
}
