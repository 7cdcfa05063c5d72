package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

func putAndGet(t *testing.T, s under) {
	if _, err := s.get("contract", "c1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get before Put: got %v, want ErrNotFound", err)
	}
	row := store.Row{ID: "c1", Keys: []string{"k1", "k2"}, Due: 1_700_000_000_123, Data: []byte(`{"a":"用户A"}`)}
	if rev := s.put("contract", row); rev != 1 {
		t.Errorf("first Put: revision %d, want 1", rev)
	}
	got, err := s.get("contract", "c1")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	slices.Sort(got.Keys)
	if got.ID != "c1" || got.Rev != 1 || got.Due != row.Due || string(got.Data) != string(row.Data) ||
		!slices.Equal(got.Keys, row.Keys) {
		t.Errorf("Get: got %+v, want what was put with revision 1", got)
	}
	if _, err := s.get("order", "c1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the same id in another kind: got %v, want ErrNotFound", err)
	}
	s.put("order", store.Row{ID: "c1", Data: []byte(`{}`)})
}

func putComparesRevisions(t *testing.T, s under) {
	try := func(what string, rev int64, want error) {
		t.Helper()
		err := s.Update(context.Background(), func(tx store.Tx) error {
			_, err := tx.Put("c", store.Row{ID: "1", Rev: rev, Data: []byte(`{}`)})
			return err
		})
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	try("revision 3 of a row that does not exist", 3, store.ErrConflict)
	try("insert", 0, nil)
	try("insert again", 0, store.ErrConflict)
	try("update of revision 1", 1, nil)
	try("update of revision 1 again", 1, store.ErrConflict)
	try("update of revision 2", 2, nil)

	// A conflict writes nothing and does not spoil the transaction.
	s.update(func(tx store.Tx) error {
		if _, err := tx.Put("c", store.Row{ID: "1", Rev: 1, Data: []byte(`{"lost":1}`)}); !errors.Is(err,
			store.ErrConflict) {
			t.Errorf("stale Put: got %v, want ErrConflict", err)
		}
		_, err := tx.Put("c", store.Row{ID: "2", Data: []byte(`{}`)})
		return err
	})
	if row, _ := s.get("c", "1"); row.Rev != 3 || string(row.Data) != `{}` {
		t.Errorf("after conflicts: got revision %d, %s, want revision 3, {}", row.Rev, row.Data)
	}
	if _, err := s.get("c", "2"); err != nil {
		t.Errorf("a write after a handled conflict is lost: %v", err)
	}
}

func putCopies(t *testing.T, s under) {
	data, keys := []byte(`{"n":1}`), []string{"k"}
	s.put("c", store.Row{ID: "1", Keys: keys, Data: data})
	data[5], keys[0] = '9', "x"
	row, _ := s.get("c", "1")
	s.want("after the caller changed its slice", string(row.Data)+row.Keys[0], `{"n":1}k`)
	row.Data[5] = '9'
	row, _ = s.get("c", "1")
	s.want("after the reader changed its slice", string(row.Data), `{"n":1}`)
}

func deleteRow(t *testing.T, s under) {
	s.put("c", store.Row{ID: "1", Keys: []string{"k"}, Due: 5, Data: []byte(`{}`)})
	for _, c := range []struct {
		id   string
		rev  int64
		want error
	}{{"1", 2, store.ErrConflict}, {"nope", 1, store.ErrNotFound}, {"1", 1, nil}, {"1", 1, store.ErrNotFound}} {
		err := s.Update(context.Background(), func(tx store.Tx) error { return tx.Delete("c", c.id, c.rev) })
		if !errors.Is(err, c.want) {
			t.Errorf("Delete(%s, revision %d): got %v, want %v", c.id, c.rev, err, c.want)
		}
	}
	s.want("by key", s.find("c", "k", 0), "")
	s.want("all", s.find("c", "", 0), "")
	s.want("due", s.due("c", 10, 0), "")
	if rev := s.put("c", store.Row{ID: "1", Data: []byte(`{}`)}); rev != 1 {
		t.Errorf("insert after delete: revision %d, want 1", rev)
	}
}

func findInOrder(t *testing.T, s under) {
	// Ids in an order that neither sorting nor hashing gives.
	for _, id := range []string{"m", "a", "z", "b"} {
		s.put("c", store.Row{ID: id, Keys: []string{"user:1", "user:1", "id:" + id}, Data: []byte(`{}`)})
		s.put("other", store.Row{ID: "x" + id, Keys: []string{"user:1"}, Data: []byte(`{}`)})
	}
	s.put("c", store.Row{ID: "n", Data: []byte(`{}`)})
	s.want("by key", s.find("c", "user:1", 0), "m a z b")
	s.want("by its own key", s.find("c", "id:z", 0), "z")
	s.want("the newest two", s.find("c", "user:1", 2), "z b")
	s.want("more than there are", s.find("c", "user:1", 9), "m a z b")
	s.want("every row", s.find("c", "", 0), "m a z b n")
	s.want("the newest of every row", s.find("c", "", 1), "n")
	s.want("a prefix is not a match", s.find("c", "user:", 0), "")
	s.want("an unknown kind", s.find("nope", "", 0), "")

	s.put("c", store.Row{ID: "m", Rev: 1, Keys: []string{"user:1"}, Data: []byte(`{"again":1}`)})
	s.want("after an update of the first", s.find("c", "user:1", 0), "m a z b")
}

func findFollowsKeys(t *testing.T, s under) {
	s.put("c", store.Row{ID: "1", Keys: []string{"live"}, Due: 10, Data: []byte(`{}`)})
	s.put("c", store.Row{ID: "1", Rev: 1, Keys: []string{"dead"}, Data: []byte(`{}`)})
	s.want("the former key", s.find("c", "live", 0), "")
	s.want("the new key", s.find("c", "dead", 0), "1")
	s.want("the former due time", s.due("c", 100, 0), "")
	s.put("c", store.Row{ID: "1", Rev: 2, Data: []byte(`{}`)})
	s.want("no key at all", s.find("c", "dead", 0), "")
	s.want("every row", s.find("c", "", 0), "1")
}

func dueInOrder(t *testing.T, s under) {
	for _, r := range []store.Row{{ID: "late", Due: 300}, {ID: "b", Due: 100}, {ID: "never"}, {ID: "a", Due: 100},
		{ID: "mid", Due: 200}} {
		r.Data = []byte(`{}`)
		s.put("p", r)
	}
	s.want("before anything", s.due("p", 99, 0), "")
	s.want("at the very moment", s.due("p", 100, 0), "b a")
	s.want("limited", s.due("p", 250, 2), "b a")
	s.want("unlimited", s.due("p", 1000, 0), "b a mid late")
	s.put("p", store.Row{ID: "b", Rev: 1, Due: 400, Data: []byte(`{}`)})
	s.want("after one moved", s.due("p", 1000, 0), "a mid late b")
}

func dueByKey(t *testing.T, s under) {
	for _, r := range []store.Row{
		{ID: "other", Due: 50, Keys: []string{"of:2"}}, {ID: "late", Due: 300, Keys: []string{"of:1"}},
		{ID: "b", Due: 100, Keys: []string{"of:1", "x", "of:1"}},
		{ID: "never", Keys: []string{"of:1"}}, {ID: "a", Due: 100, Keys: []string{"of:1"}}, {ID: "none", Due: 1},
	} {
		r.Data = []byte(`{}`)
		s.put("p", r)
	}
	s.put("q", store.Row{ID: "kind", Due: 1, Keys: []string{"of:1"}, Data: []byte(`{}`)})
	s.want("before anything", s.dueOf("p", "of:1", 99, 0), "")
	s.want("in time order", s.dueOf("p", "of:1", 300, 0), "b a late")
	s.want("limited", s.dueOf("p", "of:1", 300, 1), "b")
	s.want("another key", s.dueOf("p", "of:2", 300, 0), "other")
	s.want("a key that no row has", s.dueOf("p", "of:", 300, 0), "")
	s.want("every row", s.due("p", 300, 0), "none other b a late")
	s.put("p", store.Row{ID: "b", Rev: 1, Due: 400, Keys: []string{"of:1"}, Data: []byte(`{}`)})
	s.put("p", store.Row{ID: "a", Rev: 1, Due: 100, Keys: []string{"of:2"}, Data: []byte(`{}`)})
	s.put("p", store.Row{ID: "late", Rev: 1, Keys: []string{"of:1"}, Data: []byte(`{}`)})
	s.want("after one moved, one changed hands and one is over", s.dueOf("p", "of:1", 1000, 0), "b")
	s.want("whom it came to", s.dueOf("p", "of:2", 1000, 0), "other a")
}

func (s under) kinds() (said string) {
	s.t.Helper()
	s.view(func(tx store.Tx) {
		kinds, err := tx.Kinds()
		if err != nil {
			s.t.Errorf("Kinds: %v", err)
		}
		said = strings.Join(kinds, " ")
	})
	return said
}

func clearKind(t *testing.T, s under) {
	s.want("no kinds", s.kinds(), "")
	for _, kind := range []string{"b", "kind", "a"} {
		s.put(kind, store.Row{ID: "1", Keys: []string{"k"}, Due: 5, Data: []byte(`{"n":1}`)})
		s.put(kind, store.Row{ID: "2", Keys: []string{"k", "l"}, Due: 3, Data: []byte(`{"n":2}`)})
	}
	s.update(func(tx store.Tx) error { _, err := tx.Append("j", []byte(`{}`)); return err })
	s.want("kinds, and no logs", s.kinds(), "a b kind")

	sorry := errors.New("sorry")
	err := s.Update(context.Background(), func(tx store.Tx) error {
		if err := tx.Clear("kind"); err != nil {
			return err
		}
		_, err := tx.Put("kind", store.Row{ID: "1", Data: []byte(`{"n":3}`)})
		return errors.Join(sorry, err)
	})
	if !errors.Is(err, sorry) {
		t.Fatalf("Update: %v", err)
	}
	s.want("kinds after an undone clear", s.kinds(), "a b kind")
	s.want("by key after it", s.find("kind", "k", 0), "1 2")
	s.want("due after it", s.due("kind", 10, 0), "2 1")

	s.update(func(tx store.Tx) error {
		if err := errors.Join(tx.Clear("kind"), tx.Clear("none")); err != nil {
			return err
		}
		if kinds, err := tx.Kinds(); strings.Join(kinds, " ") != "a b" || err != nil {
			t.Errorf("Kinds within the transaction: %q, %v", kinds, err)
		}
		_, err := tx.Put("kind", store.Row{ID: "2", Keys: []string{"m"}, Due: 7, Data: []byte(`{"n":4}`)})
		return err
	})
	s.want("all", s.find("kind", "", 0), "2")
	s.want("by a key of what is gone", s.find("kind", "k", 0), "")
	s.want("by the key of what came", s.find("kind", "m", 0), "2")
	s.want("due", s.due("kind", 10, 0), "2")
	s.want("another kind", s.find("a", "l", 0), "2")
	if row, err := s.get("kind", "2"); err != nil || row.Rev != 1 || string(row.Data) != `{"n":4}` {
		t.Errorf("what came: %+v, %v", row, err)
	}
	if _, err := s.get("kind", "1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what is gone: %v", err)
	}
	s.view(func(tx store.Tx) {
		if entries, err := tx.List("j", 0, 0); len(entries) != 1 || err != nil {
			t.Errorf("the log has %d entries, %v", len(entries), err)
		}
	})
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.Clear("kind"), tx.Delete("a", "1", 1), tx.Delete("a", "2", 1))
	})
	s.want("kinds that have no rows any more", s.kinds(), "b")
}

func logs(t *testing.T, s under) {
	var seqs []int64
	s.update(func(tx store.Tx) error {
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
		s.view(func(tx store.Tx) {
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

	s.update(func(tx store.Tx) error { return tx.Trim("j", 2) })
	s.want("trimmed", list(0, 0), `{"n":3} {"n":4}`)
	s.update(func(tx store.Tx) error { return errors.Join(tx.Trim("j", 0), tx.Trim("none", 3)) })
	s.want("emptied", list(0, 0), ``)
	s.update(func(tx store.Tx) error {
		seq, err := tx.Append("j", []byte(`{}`))
		if seq <= seqs[4] {
			t.Errorf("a sequence number was used twice: %d after %d", seq, seqs[4])
		}
		return err
	})
}
