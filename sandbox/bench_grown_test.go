package sandbox_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// BenchmarkGrown is what everyday work costs in a sandbox with a thousand contracts, each of which
// was debited, and beside it in one with a hundred thousand.
func BenchmarkGrown(b *testing.B) {
	sizes := grownSizes()
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

// BenchmarkBacklog is a Settle that sends a notification about every contract.
func BenchmarkBacklog(b *testing.B) {
	for _, size := range grownSizes() {
		b.Run(size.name, func(b *testing.B) {
			g := grow(b, store.NewMemory(), size.contracts)
			for b.Loop() {
				b.StopTimer()
				for i := range size.contracts {
					g.ok(g.Redeliver(g.notification(i)))
				}
				b.StartTimer()
				g.ok(g.Settle())
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(size.contracts), "µs/notification")
		})
	}
}

type grownSize struct {
	name      string
	contracts int
}

func grownSizes() []grownSize {
	return []grownSize{{"contracts=1k", 1000}, {"contracts=100k", 100_000}}
}
