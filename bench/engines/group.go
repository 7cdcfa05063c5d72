package main

import (
	"context"
	"runtime"
	"sync"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// group is a store whose updates share commits, as those of sqlstore do. An update runs in its
// caller's goroutine, under the lock, in the open transaction; whoever opened that one commits it.
type group struct {
	file file

	mu     sync.Mutex // held by an update's function and by a commit
	batch  *batch     // nil while no transaction is open
	calls  sync.RWMutex
	closed bool
}

// file is what a group commits to. One goroutine at a time uses it, but for view.
type file interface {
	begin() error
	// member runs one update and undoes what it wrote if it fails or panics.
	member(f func(store.Tx) error) error
	commit() error
	view(f func(store.Tx) error) error
	close() error
}

// batch is the updates of one commit.
type batch struct {
	done chan struct{}
	err  error
}

func (g *group) Update(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.calls.RLock()
	defer g.calls.RUnlock()
	if g.closed {
		return store.ErrClosed
	}
	b, err := g.join(f)
	if err != nil {
		return err
	}
	<-b.done
	return b.err
}

func (g *group) join(f func(store.Tx) error) (*batch, error) {
	g.mu.Lock()
	if g.batch == nil {
		if err := g.file.begin(); err != nil {
			g.mu.Unlock()
			return nil, err
		}
		g.batch = &batch{done: make(chan struct{})}
		defer g.commit(g.batch)
	}
	defer g.mu.Unlock()
	return g.batch, g.file.member(f)
}

func (g *group) commit(b *batch) {
	runtime.Gosched() // those who can run may join
	g.mu.Lock()
	defer g.mu.Unlock()
	g.batch, b.err = nil, g.file.commit()
	close(b.done)
}

func (g *group) View(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.calls.RLock()
	defer g.calls.RUnlock()
	if g.closed {
		return store.ErrClosed
	}
	return g.file.view(func(tx store.Tx) error { return f(readOnly{tx}) })
}

func (g *group) Close() error {
	g.calls.Lock()
	defer g.calls.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	return g.file.close()
}

// readOnly is the transaction of a view.
type readOnly struct{ store.Tx }

func (readOnly) Put(string, store.Row) (int64, error) { return 0, store.ErrReadOnly }
func (readOnly) Delete(string, string, int64) error   { return store.ErrReadOnly }
func (readOnly) Append(string, []byte) (int64, error) { return 0, store.ErrReadOnly }
func (readOnly) Clear(string) error                   { return store.ErrReadOnly }
func (readOnly) Trim(string, int) error               { return store.ErrReadOnly }
