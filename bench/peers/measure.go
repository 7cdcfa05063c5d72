package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// run is one contestant at one kind of work.
type run struct {
	name  string
	work  func() error
	times []time.Duration
	alloc float64
	bytes float64
}

// measured does every run rounds times, one operation at a time, in an order drawn for each round.
func measured(w *world, rounds int, renew func(), runs []*run) {
	for _, r := range runs {
		r.times = make([]time.Duration, 0, rounds)
		for range 20 { // connections, pools and caches
			must(r.work())
		}
	}
	order := numbers(len(runs))
	for range rounds {
		if time.Since(w.signedAt) > fresh {
			renew()
		}
		for _, i := range shuffled(order) {
			began := time.Now()
			err := runs[i].work()
			runs[i].times = append(runs[i].times, time.Since(began))
			must(err)
		}
	}
	for _, r := range runs {
		r.alloc, r.bytes = allocated(r.work)
	}
}

// allocated is what one operation allocates in this process: the least of a few averages, for a
// timer or a connection of net/http may fall into one.
func allocated(work func() error) (allocs, bytes float64) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const operations = 50
	allocs, bytes = math.Inf(1), math.Inf(1)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range operations {
			must(work())
		}
		runtime.ReadMemStats(&after)
		allocs = min(allocs, float64(after.Mallocs-before.Mallocs)/operations)
		bytes = min(bytes, float64(after.TotalAlloc-before.TotalAlloc)/operations)
	}
	return math.Floor(allocs), bytes
}

func (r *run) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(r.times))
	return sorted[int(q*float64(len(sorted)-1))]
}

// over is the median of the differences to another run within a round.
func (r *run) over(other *run) time.Duration {
	differences := make([]time.Duration, len(r.times))
	for i := range differences {
		differences[i] = r.times[i] - other.times[i]
	}
	slices.Sort(differences)
	return differences[len(differences)/2]
}

// table prints runs beside the first of them.
func table(title, floor string, runs []*run) {
	fmt.Printf("\n%s\n\n", title)
	fmt.Printf("| | median | middle half | / %s | over it | allocs | KiB |\n|---|---|---|---|---|---|---|\n", floor)
	for _, r := range runs {
		median := r.quantile(0.5)
		fmt.Printf("| %s | %s | %s–%s | %.3f | %s | %.0f | %.1f |\n", r.name, micro(median), micro(r.quantile(0.25)),
			micro(r.quantile(0.75)), float64(median)/float64(runs[0].quantile(0.5)), signed(r.over(runs[0])), r.alloc,
			r.bytes/1024)
	}
}

func micro(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d)/1e3) }

func signed(d time.Duration) string { return fmt.Sprintf("%+.1f µs", float64(d)/1e3) }

// crowd is how many calls a second so many goroutines make, in slices of a fifth of a second in
// an order drawn anew each time.
func crowd(w *world, goroutines, slices int, renew func(), runs []*run) []float64 {
	const length = 200 * time.Millisecond
	made := make([]float64, len(runs))
	order := numbers(len(runs))
	for range slices {
		if time.Since(w.signedAt) > fresh {
			renew()
		}
		for _, i := range shuffled(order) {
			made[i] += slice(goroutines, length, runs[i].work)
		}
	}
	for i := range made {
		made[i] /= float64(slices)
	}
	return made
}

// slice is the rate of one slice.
func slice(goroutines int, length time.Duration, work func() error) float64 {
	var (
		group sync.WaitGroup
		done  atomic.Int64
		began = time.Now()
	)
	for range goroutines {
		group.Go(func() {
			for time.Since(began) < length {
				must(work())
				done.Add(1)
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// shuffled draws another order.
func shuffled(order []int) []int {
	for i := range order {
		j := i + draw(len(order)-i)
		order[i], order[j] = order[j], order[i]
	}
	return order
}
