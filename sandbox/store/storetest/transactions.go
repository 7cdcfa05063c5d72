package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

func ownWrites(t *testing.T, s under) {
	s.update(func(tx store.Tx) error {
		if _, err := tx.Put("c", store.Row{ID: "1", Keys: []string{"k"}, Due: 7, Data: []byte(`{}`)}); err != nil {
			return err
		}
		row, err := tx.Get("c", "1")
		if err != nil || row.Rev != 1 {
			t.Errorf("Get of an own write: revision %d, %v", row.Rev, err)
		}
		found, _ := tx.Find("c", "k", 0)
		s.want("Find of an own write", ids(found), "1")
		due, _ := tx.Due("c", "", 7, 0)
		s.want("Due of an own write", ids(due), "1")
		tx.Append("j", []byte(`{}`))
		if entries, _ := tx.List("j", 0, 0); len(entries) != 1 {
			t.Errorf("List of an own append: %d entries, want 1", len(entries))
		}
		return nil
	})
}

func changeEverything(tx store.Tx) error {
	row, err := tx.Get("c", "kept")
	if err != nil {
		return err
	}
	row.Data, row.Keys, row.Due = []byte(`{"changed":1}`), []string{"new"}, 99
	_, err1 := tx.Put("c", row)
	_, err2 := tx.Put("c", store.Row{ID: "fresh", Keys: []string{"old"}, Data: []byte(`{}`)})
	err3 := tx.Delete("c", "gone", 1)
	_, err4 := tx.Append("j", []byte(`{"n":2}`))
	return errors.Join(err1, err2, err3, err4, tx.Trim("j", 1))
}

func (s under) wantUnchanged() {
	s.t.Helper()
	row, err := s.get("c", "kept")
	if err != nil || row.Rev != 1 || string(row.Data) != `{"n":1}` || row.Due != 5 {
		s.t.Errorf("the changed row: got %+v, %v, want it as it was", row, err)
	}
	s.want("by the old key", s.find("c", "old", 0), "kept gone")
	s.want("by the new key", s.find("c", "new", 0), "")
	s.want("due", s.due("c", 100, 0), "kept")
	s.view(func(tx store.Tx) {
		if entries, _ := tx.List("j", 0, 0); len(entries) != 1 || string(entries[0].Data) != `{"n":1}` {
			s.t.Errorf("the log: got %v, want only what was there", entries)
		}
	})
}

func (s under) fill() {
	s.put("c", store.Row{ID: "kept", Keys: []string{"old"}, Due: 5, Data: []byte(`{"n":1}`)})
	s.put("c", store.Row{ID: "gone", Keys: []string{"old"}, Data: []byte(`{}`)})
	s.update(func(tx store.Tx) error { _, err := tx.Append("j", []byte(`{"n":1}`)); return err })
}

func rollsBack(t *testing.T, s under) {
	s.fill()
	sorry := errors.New("sorry")
	err := s.Update(context.Background(), func(tx store.Tx) error {
		return errors.Join(changeEverything(tx), sorry)
	})
	if !errors.Is(err, sorry) {
		t.Errorf("Update: got %v, want the error of the function", err)
	}
	s.wantUnchanged()
}

func panicRollsBack(t *testing.T, s under) {
	s.fill()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		s.Update(context.Background(), func(tx store.Tx) error {
			changeEverything(tx)
			panic("sorry")
		})
	}()
	s.wantUnchanged()
	s.put("c", store.Row{ID: "after", Data: []byte(`{}`)})
}

func viewCannotWrite(t *testing.T, s under) {
	s.fill()
	s.view(func(tx store.Tx) {
		_, put := tx.Put("c", store.Row{ID: "new", Data: []byte(`{}`)})
		_, appended := tx.Append("j", []byte(`{}`))
		for what, err := range map[string]error{"Put": put, "Append": appended, "Delete": tx.Delete("c", "gone", 1),
			"Trim": tx.Trim("j", 0), "Clear": tx.Clear("c")} {
			if !errors.Is(err, store.ErrReadOnly) {
				t.Errorf("%s in a view: got %v, want ErrReadOnly", what, err)
			}
		}
	})
	s.wantUnchanged()
}

func viewIsSnapshot(t *testing.T, s under) {
	s.fill()
	started, finished := make(chan bool), make(chan bool)
	s.view(func(tx store.Tx) {
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

func concurrentUpdates(t *testing.T, s under) {
	const workers, rounds = 8, 25
	s.put("c", store.Row{ID: "sum", Data: []byte(`0`)})
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for r := range rounds {
				for {
					err := s.Update(context.Background(), func(tx store.Tx) error {
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
						_, err = tx.Put("c", store.Row{ID: fmt.Sprint("w", w, "-", r), Keys: []string{"work"},
							Data: []byte(`{}`)})
						return err
					})
					if errors.Is(err, store.ErrConflict) {
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

func oneInsertWins(t *testing.T, s under) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx store.Tx) error {
				_, err := tx.Put("claim", store.Row{ID: "code", Data: []byte(`{}`)})
				return err
			})
			if err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			} else if !errors.Is(err, store.ErrConflict) {
				t.Errorf("a losing insert: got %v, want ErrConflict", err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d inserts of the same row succeeded, want 1", won)
	}
}

func cancelled(t *testing.T, s under) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	write := func(tx store.Tx) error {
		_, err := tx.Put("c", store.Row{ID: "1", Data: []byte(`{}`)})
		return err
	}
	if err := s.Update(ctx, write); !errors.Is(err, context.Canceled) {
		t.Errorf("Update: got %v, want context.Canceled", err)
	}
	if err := s.View(ctx, func(store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View: got %v, want context.Canceled", err)
	}
	s.want("rows", s.find("c", "", 0), "")
}

func closed(t *testing.T, s under) {
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	nothing := func(store.Tx) error { return nil }
	if err := s.Update(context.Background(), nothing); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update: got %v, want ErrClosed", err)
	}
	if err := s.View(context.Background(), nothing); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View: got %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

func awkwardTexts(t *testing.T, s under) {
	for _, text := range []string{`' OR 1=1 --`, `%`, `a"b\c`, "空 格", "😀", "a:b:c", strings.Repeat("k", 500)} {
		s.put("c", store.Row{ID: text, Keys: []string{"key " + text}, Data: []byte(`{}`)})
		if row, err := s.get("c", text); err != nil || row.ID != text {
			t.Errorf("Get(%q): got %q, %v", text, row.ID, err)
		}
		s.want("by key", s.find("c", "key "+text, 0), text)
	}
	if _, err := s.get("c", "A:b:c"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ids are compared exactly, got %v", err)
	}
}
