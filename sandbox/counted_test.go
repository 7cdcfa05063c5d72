package sandbox_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// counted is a store that counts what is asked of it, but for its logs: the journal is written
// whenever there is time.
type counted struct {
	store.Store
	calls, rows atomic.Int64
}

func newCounted() *counted { return &counted{Store: store.NewMemory()} }

func (c *counted) reset() {
	c.calls.Store(0)
	c.rows.Store(0)
}

func (c *counted) String() string {
	return fmt.Sprintf("%d calls about %d rows", c.calls.Load(), c.rows.Load())
}

func (c *counted) Update(ctx context.Context, f func(store.Tx) error) error {
	return c.Store.Update(ctx, func(tx store.Tx) error { return f(countedTx{tx, c}) })
}

func (c *counted) View(ctx context.Context, f func(store.Tx) error) error {
	return c.Store.View(ctx, func(tx store.Tx) error { return f(countedTx{tx, c}) })
}

type countedTx struct {
	store.Tx
	counted *counted
}

func (c countedTx) count(rows int) {
	c.counted.calls.Add(1)
	c.counted.rows.Add(int64(rows))
}

func (c countedTx) Get(kind, id string) (store.Row, error) {
	c.count(1)
	return c.Tx.Get(kind, id)
}

func (c countedTx) Put(kind string, row store.Row) (int64, error) {
	c.count(1)
	return c.Tx.Put(kind, row)
}

func (c countedTx) Delete(kind, id string, rev int64) error {
	c.count(1)
	return c.Tx.Delete(kind, id, rev)
}

func (c countedTx) Find(kind, key string, newest int) ([]store.Row, error) {
	rows, err := c.Tx.Find(kind, key, newest)
	c.count(len(rows))
	return rows, err
}

func (c countedTx) Page(kind, key, after string, limit int) ([]store.Row, error) {
	rows, err := c.Tx.Page(kind, key, after, limit)
	c.count(len(rows))
	return rows, err
}

func (c countedTx) Due(kind, key string, until int64, limit int) ([]store.Row, error) {
	rows, err := c.Tx.Due(kind, key, until, limit)
	c.count(len(rows))
	return rows, err
}
