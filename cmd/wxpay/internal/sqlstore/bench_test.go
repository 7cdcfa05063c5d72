package sqlstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// row is about what the sandbox writes for one request.
var row = []byte(
	`{"kind":"presign","out_contract_code":"wxwtdk20200910100000","plan_id":12535,"state":"OPEN","expires":"2026-11-21T12:00:00+08:00","notify_url":"https://yourapp.com/notify"}`)

func insert(s store.Store, n int64) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		_, err := tx.Put("contract", store.Row{ID: fmt.Sprint(n), Keys: []string{"user:1", fmt.Sprint("code:", n)},
			Due: n, Data: row})
		return err
	})
}

// One writer waits for the disk each time.
func BenchmarkDurableRow(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "sandbox.db"))
	var n int64
	b.ReportAllocs()
	for b.Loop() {
		n++
		if err := insert(s, n); err != nil {
			b.Fatal(err)
		}
	}
}

// Many writers share it.
func BenchmarkDurableRowShared(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "sandbox.db"))
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := insert(s, n.Add(1)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "sandbox.db"))
	if err := insert(s, 1); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		err := s.View(context.Background(), func(tx store.Tx) error {
			_, err := tx.Get("contract", "1")
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
