package sandbox_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// BenchmarkGrown is what everyday work costs in a sandbox with a thousand contracts, each of which
// was debited, and beside it in one with a hundred thousand.
func BenchmarkGrown(b *testing.B) {
	sizes := []struct {
		name      string
		contracts int
	}{{"contracts=1k", 1000}, {"contracts=100k", 100_000}}
	worlds := make([]*grown, len(sizes))
	for _, cost := range grownCosts {
		for i, size := range sizes {
			b.Run(cost.name+"/"+size.name, func(run *testing.B) {
				for run.Loop() {
					if worlds[i] == nil || worlds[i].next >= size.contracts {
						run.StopTimer()
						worlds[i] = grow(b, store.NewMemory(), size.contracts)
						run.StartTimer()
					}
					worlds[i].t = run
					cost.do(worlds[i])
				}
			})
		}
	}
}
