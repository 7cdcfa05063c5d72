// Package bench drives a server on this machine with calls that were made before, one after the
// other on each connection, and compares what it does in a second with the RSA of the same calls.
//
// A round is: calls are made and signed; the floor is measured, which is verifying a request and
// signing a reply and nothing else; the calls go out and their answers are kept; the answers are
// verified. Only the third is the time of the load, so that the client's cryptography counts
// nowhere. Rounds are short, and each is compared with the floor just before it, so that a machine
// that slows down slows both. The floor comes before and not behind, where what a server has put
// off would slow it and flatter the server.
//
// line.go is a connection, which goes nowhere but to this machine; floor.go the floor; calls.go has
// the calls to a sandbox, prepare.go what has to be there before them; result.go is what is told in
// the end. The package knows the SDK, its wire and the sandbox. Start reading at [Bench.Round].
package bench

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// Load is what a server is driven with. Neither method runs in the time of the load.
type Load interface {
	// Make writes n calls, each as it goes over the line, or fewer when the context is done.
	Make(ctx context.Context, n int) ([][]byte, error)
	// Judge says what is wrong with an answer, "" if nothing is. It may run at the same time as
	// itself.
	Judge(answer *http.Response, body []byte) string
}

// slice is how long the load of a round is meant to take, and mostCalls what it has at most.
const (
	slice     = time.Second
	mostCalls = 20_000
)

// Bench is one measurement. It is for one goroutine.
type Bench struct {
	load  Load
	floor *Floor
	lines []*line
	rate  float64       // of the last round, all answers included
	last  time.Duration // of the whole last round
	tally
}

// New prepares a measurement of what listens at address, a host and a port of this machine.
func New(address string, connections int, load Load, floor *Floor) *Bench {
	b := &Bench{load: load, floor: floor, tally: newTally()}
	for range connections {
		b.lines = append(b.lines, &line{address: address})
	}
	return b
}

// Close closes the connections.
func (b *Bench) Close() {
	for _, l := range b.lines {
		l.close()
	}
}

// Warm opens the connections and finds out how many calls a round takes. It is not measured.
func (b *Bench) Warm(ctx context.Context) error {
	calls, err := b.load.Make(ctx, max(32, 4*len(b.lines)))
	if err != nil {
		return err
	}
	answers, took, err := b.drive(ctx, calls, time.Time{})
	b.rate = float64(len(answers)) / took.Seconds()
	return err
}

// Round sends some calls, as many as take a second, or fewer when fewer are left or the time
// ends. An error says that no more rounds make sense; what was measured until then counts.
func (b *Bench) Round(ctx context.Context, left int, until time.Time) error {
	began := time.Now()
	n := min(max(int(b.rate*slice.Seconds()), 2*len(b.lines)), mostCalls)
	if remains := time.Until(until); b.last > 0 && remains < b.last {
		n = max(int(float64(n)*remains.Seconds()/b.last.Seconds()), len(b.lines))
	}
	calls, err := b.load.Make(ctx, min(n, left))
	if err != nil {
		return err
	}
	r := round{}
	r.floor, r.floorUses = b.floor.Measure(len(b.lines))
	before := processorTime()
	answers, took, err := b.drive(ctx, calls, until)
	r.took, r.uses = took, processorTime()-before
	b.judge(answers)
	b.count(answers, r)
	if len(answers) > 0 {
		b.rate = float64(len(answers)) / took.Seconds()
	}
	b.last = time.Since(began)
	return errors.Join(err, ctx.Err())
}

// answer is what came of a call.
type answer struct {
	took     time.Duration
	response *http.Response
	body     []byte
	kind     string // what is wrong with it
}

// drive sends the calls over all connections and gives the answers, in no order. It ends early when
// the context is done, the time is over, or the server cannot be reached at all.
func (b *Bench) drive(ctx context.Context, calls [][]byte, until time.Time) ([]answer, time.Duration, error) {
	var (
		next    atomic.Int64
		workers sync.WaitGroup
		failed  atomic.Pointer[error]
		answers = make([][]answer, len(b.lines))
		limit   = time.Now().Add(patience)
	)
	if !until.IsZero() {
		limit = until.Add(patience)
	}
	// Who interrupts wants to see what was measured soon, also where a server does not answer.
	defer context.AfterFunc(ctx, func() {
		for _, l := range b.lines {
			l.hurry(time.Now().Add(time.Second))
		}
	})()
	began := time.Now()
	for i, l := range b.lines {
		workers.Go(func() {
			answers[i] = make([]answer, 0, 2*len(calls)/len(b.lines)+1)
			for ctx.Err() == nil && failed.Load() == nil && (until.IsZero() || time.Now().Before(until)) {
				n := int(next.Add(1)) - 1
				if n >= len(calls) {
					return
				}
				a, err := l.call(ctx, calls[n], limit)
				if ctx.Err() != nil && (err != nil || a.kind != "") {
					return // it was interrupted, and shows nothing
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				answers[i] = append(answers[i], a)
			}
		})
	}
	workers.Wait()
	took := time.Since(began)
	var all []answer
	for _, some := range answers {
		all = append(all, some...)
	}
	if err := failed.Load(); err != nil {
		return all, took, lang.Errorf("the server cannot be reached: %w", *err)
	}
	return all, took, nil
}

// judge looks at the answers, on all processors: verifying takes RSA.
func (b *Bench) judge(answers []answer) {
	each(len(answers), func(i int) {
		if a := &answers[i]; a.kind == "" {
			a.kind = b.load.Judge(a.response, a.body)
		}
	})
}

// each runs f for 0 to n-1 on all processors.
func each(n int, f func(i int)) {
	var (
		next    atomic.Int64
		workers sync.WaitGroup
	)
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	workers.Wait()
}
