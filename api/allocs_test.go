//go:build !race

package api_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/api"
)

// The chain and the index are made where a call is written, so making one costs next to nothing.
func TestAllocsOfTheTree(t *testing.T) {
	c, _ := recording(t)
	index := api.Index(c) // made once
	var kept string
	for name, row := range map[string]struct {
		most float64
		make func()
	}{
		"api.V3":    {2, func() { kept = api.V3(c).EduPapay.Contracts.Presign.Path() }},
		"api.V2":    {2, func() { kept = api.V2(c).Papay.QueryContract.Path() }},
		"api.Index": {0, func() { kept = index["v3/edu-papay/contracts/presign"].String() }},
	} {
		n := testing.AllocsPerRun(100, row.make)
		t.Logf("%s: %v allocations", name, n)
		if n > row.most {
			t.Errorf("%s (%s) takes %v allocations, at most %v are allowed", name, kept, n, row.most)
		}
	}
}
