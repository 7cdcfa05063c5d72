package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

func open(t testing.TB, path string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	})
}
