package storetest_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) sandbox.Store { return sandbox.NewMemory() })
}

func TestUnwritableWhileItWorks(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) sandbox.Store {
		return &storetest.Unwritable{Store: sandbox.NewMemory()}
	})
}
