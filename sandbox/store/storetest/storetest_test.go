package storetest_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}

func TestUnwritableWhileItWorks(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store {
		return &storetest.Unwritable{Store: store.NewMemory()}
	})
}
