package main

import (
	"path/filepath"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

func TestStores(t *testing.T) {
	t.Parallel()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) store.Store {
				s, err := e.open(filepath.Join(t.TempDir(), "db"))
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}
