package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

func pages(t *testing.T, s under) {
	pageOf := func(key, after string, limit int) string {
		var rows []store.Row
		var err error
		s.view(func(tx store.Tx) { rows, err = tx.Page("c", key, after, limit) })
		if err != nil {
			return err.Error()
		}
		return ids(rows)
	}
	page := func(after string, limit int) string { return pageOf("", after, limit) }
	count := func(kind, key string) (n int) {
		s.view(func(tx store.Tx) {
			var err error
			if n, err = tx.Count(kind, key); err != nil {
				t.Error(err)
			}
		})
		return n
	}
	s.want("of nothing", page("", 0), "")
	s.want("nothing", fmt.Sprint(count("c", "")), "0")
	for _, id := range []string{"m", "a", "z", "b"} {
		s.put("c", store.Row{ID: id, Keys: []string{"k"}, Data: []byte(`{}`)})
		s.put("other", store.Row{ID: "x" + id, Data: []byte(`{}`)})
	}
	s.put("c", store.Row{ID: "a", Rev: 1, Data: []byte(`{"again":1}`)})
	s.want("from the first on", page("", 2), "m a")
	s.want("the next", page("a", 2), "z b")
	s.want("after the last", page("b", 2), "")
	s.want("without a limit", page("m", 0), "a z b")
	s.want("after one of another kind", page("xa", 2), store.ErrNotFound.Error())
	s.update(func(tx store.Tx) error { return tx.Delete("c", "z", 1) })
	s.want("after one was deleted", page("a", 2), "b")
	s.want("all", fmt.Sprint(count("c", ""), count("other", ""), count("none", "")), "3 4 0")
	s.want("with a key", pageOf("k", "", 0), "m b")
	s.want("with a key, after one without", pageOf("k", "a", 0), "b")
	s.want("with a key, the first", pageOf("k", "", 1), "m")
	s.want("with another", pageOf("none", "", 0), "")
	s.want("those with keys", fmt.Sprint(count("c", "k"), count("c", "none"), count("none", "k")), "2 0 0")
	s.want("after that one", page("z", 2), store.ErrNotFound.Error())
}

// model is what a store must come to, without any cleverness.
type model struct {
	rows map[string]store.Row
	at   map[string]int // in insertion order
	next int
}

func (m *model) clone() *model {
	return &model{rows: maps.Clone(m.rows), at: maps.Clone(m.at), next: m.next}
}

func (m *model) put(row store.Row) {
	if row.Rev == 0 {
		m.next++
		m.at[row.ID] = m.next
	}
	row.Rev++
	m.rows[row.ID] = row
}

// found are the ids of the rows with a key in an order, those alone that are due where it is that.
func (m *model) found(key string, due bool) string {
	var out []store.Row
	for _, row := range m.rows {
		if (key == "" || slices.Contains(row.Keys, key)) && (!due || row.Due > 0) {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b store.Row) int {
		if due && a.Due != b.Due {
			return cmp.Compare(a.Due, b.Due)
		}
		return cmp.Compare(m.at[a.ID], m.at[b.ID])
	})
	return ids(out)
}

// change does something to one row, here and there.
func (m *model) change(tx store.Tx, r *rand.Rand) error {
	id := fmt.Sprint("row", r.IntN(2000))
	row, known := m.rows[id]
	if known && r.IntN(4) == 0 {
		delete(m.rows, id)
		return tx.Delete("c", id, row.Rev)
	}
	row.ID, row.Data = id, []byte(`{}`)
	if !known || r.IntN(2) == 0 {
		row.Keys = []string{"all", fmt.Sprint("k", r.IntN(5))}
	}
	if !known || r.IntN(2) == 0 {
		row.Due = r.Int64N(50)
	}
	rev, err := tx.Put("c", row)
	if m.put(row); err == nil && rev != m.rows[id].Rev {
		err = fmt.Errorf("revision %d, want %d", rev, m.rows[id].Rev)
	}
	return err
}

func (s under) wantModel(m *model) {
	s.t.Helper()
	for _, key := range []string{"", "all", "k0", "k1", "k2", "k3", "k4"} {
		all, due := m.found(key, false), m.found(key, true)
		s.want("find "+key, s.find("c", key, 0), all)
		s.want("due "+key, s.dueOf("c", key, 50, 0), due)
		list := strings.Fields(all)
		s.want("the newest of "+key, s.find("c", key, 300), strings.Join(list[max(0, len(list)-300):], " "))
		list = strings.Fields(due)
		s.want("the first due of "+key, s.dueOf("c", key, 50, 300), strings.Join(list[:min(len(list), 300)], " "))
	}
}

// manyRows changes rows at random, with transactions that are rolled back between those that are
// not, and compares every order with one that was sorted.
func manyRows(t *testing.T, s under) {
	r := rand.New(rand.NewPCG(1, 2))
	m := &model{rows: map[string]store.Row{}, at: map[string]int{}}
	sorry := errors.New("sorry")
	for round := range 12 {
		next := m.clone()
		err := s.Update(context.Background(), func(tx store.Tx) error {
			next = m.clone() // it may run again
			for range 400 {
				if err := next.change(tx, r); err != nil {
					return err
				}
			}
			if round%3 == 2 {
				return sorry
			}
			return nil
		})
		switch {
		case err == nil:
			m = next
		case !errors.Is(err, sorry):
			t.Fatal(err)
		}
		s.wantModel(m)
	}
}

func rollsBackInPlace(t *testing.T, s under) {
	for _, id := range []string{"a", "b", "c"} {
		s.put("c", store.Row{ID: id, Keys: []string{"k", "k"}, Due: 5, Data: []byte(`{}`)})
	}
	sorry := errors.New("sorry")
	err := s.Update(context.Background(), func(tx store.Tx) error {
		_, moved := tx.Put("c", store.Row{ID: "a", Rev: 1, Keys: []string{"other"}, Due: 9, Data: []byte(`{}`)})
		_, again := tx.Put("c", store.Row{ID: "a", Rev: 2, Keys: []string{"k"}, Data: []byte(`{}`)})
		deleted := tx.Delete("c", "b", 1)
		_, back := tx.Put("c", store.Row{ID: "b", Keys: []string{"k"}, Due: 5, Data: []byte(`{}`)})
		return errors.Join(moved, again, deleted, back, sorry)
	})
	if !errors.Is(err, sorry) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Update: got %v, want the error of the function alone", err)
	}
	s.want("by key", s.find("c", "k", 0), "a b c")
	s.want("by the key it had meanwhile", s.find("c", "other", 0), "")
	s.want("every row", s.find("c", "", 0), "a b c")
	s.want("due", s.dueOf("c", "k", 9, 0), "a b c")
	if row, err := s.get("c", "b"); err != nil || row.Rev != 1 {
		t.Errorf("the row that was deleted: revision %d, %v", row.Rev, err)
	}
}

// A store may keep in mind that nothing is due yet: not when something else is written, nor when
// what was moved away comes back.
func dueWithin(t *testing.T, s under) {
	due := func(tx store.Tx, key string, until int64) string {
		rows, err := tx.Due("c", key, until, 1)
		if err != nil {
			t.Fatal(err)
		}
		return ids(rows)
	}
	soon := func(what, want string) {
		s.update(func(tx store.Tx) error {
			s.want(what, due(tx, "", 10), want)
			s.want(what+", by its key", due(tx, "k", 10), want)
			return nil
		})
	}
	row := func(id string, rev, due int64) store.Row {
		return store.Row{ID: id, Rev: rev, Keys: []string{"k"}, Due: due, Data: []byte(`{}`)}
	}
	soon("of nothing", "")
	s.put("c", row("late", 0, 20))
	soon("before the first", "")
	s.put("c", row("soon", 0, 5))
	soon("after another was written", "soon")
	undone := errors.New("undone")
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		if _, err := tx.Put("c", row("soon", 1, 30)); err != nil {
			return err
		}
		s.want("when it was moved", due(tx, "", 10), "")
		return undone
	}); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	soon("when that was undone", "soon")
	s.update(func(tx store.Tx) error {
		if err := tx.Delete("c", "soon", 1); err != nil {
			return err
		}
		s.want("when it was deleted", due(tx, "", 10), "")
		_, err := tx.Put("c", row("again", 0, 4))
		s.want("in the same update", due(tx, "k", 10), "again")
		return err
	})
	soon("later", "again")
}
