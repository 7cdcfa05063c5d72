package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// dryStore is a store that can report what is written to it instead of keeping it.
type dryStore struct {
	store.Store
	mu    sync.Mutex // the journal is written behind everybody's back
	dry   bool
	wrote []written // since then
}

// written is a row that was put or deleted.
type written struct {
	kind, id string
	data     []byte // nil of a deleted one
}

func (w written) String() string { return "the " + w.kind + " " + w.id }

// of says whether the row is the merchant's: it says so itself, or names the merchant in its id.
func (w written) of(mchid string) bool {
	var row struct {
		MchID string `json:"mchid"`
	}
	if w.data != nil && json.Unmarshal(w.data, &row) == nil && row.MchID != "" {
		return row.MchID == mchid
	}
	return strings.Contains(w.id, mchid)
}

// dryRun does something that leaves nothing in the store, and returns what would have been written.
func (s *dryStore) dryRun(do func()) []written {
	s.mu.Lock()
	s.dry, s.wrote = true, nil
	s.mu.Unlock()
	do()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dry = false
	return s.wrote
}

var errDryRun = errors.New("a dry run")

func (s *dryStore) Update(ctx context.Context, f func(store.Tx) error) error {
	s.mu.Lock()
	dry := s.dry
	s.mu.Unlock()
	if !dry {
		return s.Store.Update(ctx, f)
	}
	tx := &watchedTx{}
	err := s.Store.Update(ctx, func(inner store.Tx) error {
		*tx = watchedTx{Tx: inner}
		if err := f(tx); err != nil {
			return err
		}
		return errDryRun
	})
	if !errors.Is(err, errDryRun) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote = append(s.wrote, tx.wrote...)
	return nil
}

type watchedTx struct {
	store.Tx
	wrote []written
}

func (t *watchedTx) Put(kind string, row store.Row) (int64, error) {
	t.wrote = append(t.wrote, written{kind, row.ID, row.Data})
	return t.Tx.Put(kind, row)
}

func (t *watchedTx) Delete(kind, id string, rev int64) error {
	t.wrote = append(t.wrote, written{kind: kind, id: id})
	return t.Tx.Delete(kind, id, rev)
}
