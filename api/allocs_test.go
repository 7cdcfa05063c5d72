//go:build !race

package api_test

import (
	"runtime"
	"testing"

	"github.com/wxpay-go/wxpay/api"
)

// The chain is made where a call is written, so making one costs next to nothing.
func TestAllocsOfTheTree(t *testing.T) {
	c, _ := recording(t)
	index := api.Index(c) // made once
	var kept string
	for name, row := range map[string]struct {
		most float64
		make func()
	}{
		"api.V3":    {0, func() { kept = api.V3(c).EduPapay.Contracts.Presign.Path() }},
		"api.V2":    {0, func() { kept = api.V2(c).Papay.QueryContract.Path() }},
		"api.Index": {8, func() { kept = api.Index(c)["v3/edu-papay/contracts/presign"].String() }},
		"an entry":  {0, func() { kept = index["v3/edu-papay/contracts/presign"].String() }},
	} {
		n := testing.AllocsPerRun(100, row.make)
		t.Logf("%s: %v allocations", name, n)
		if n > row.most {
			t.Errorf("%s (%s) takes %v allocations, at most %v are allowed", name, kept, n, row.most)
		}
	}
}

// An index is kept beside its client. An entry of it is two pointers; the paths are there once.
func TestHeapOfTheIndex(t *testing.T) {
	c, _ := recording(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	index := api.Index(c)
	runtime.ReadMemStats(&after)
	if size := after.TotalAlloc - before.TotalAlloc; size > 96<<10 {
		t.Errorf("an index of %d paths takes %d bytes", len(index), size)
	}
}
