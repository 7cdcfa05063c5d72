package storetest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// ErrUnwritable is what an [Unwritable] store answers a commit with.
var ErrUnwritable = errors.New("storetest: the disk is full")

// Unwritable is a store whose commits fail while Broken is true: the work of the
// transaction runs to its end and is then lost, as on a full disk. Reading works.
type Unwritable struct {
	store.Store
	Broken atomic.Bool
}

// Update runs f and, while the store is broken, throws its work away.
func (u *Unwritable) Update(ctx context.Context, f func(store.Tx) error) error {
	return u.Store.Update(ctx, func(tx store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		if u.Broken.Load() {
			return ErrUnwritable
		}
		return nil
	})
}

var _ store.Store = (*Unwritable)(nil)
