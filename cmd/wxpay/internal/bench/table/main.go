// Command table prints what script/bench sandbox promises: the sandbox in memory and on SQLite,
// signed and not, and stripe-mock, at several numbers of connections, in one run. They take turns
// round by round.
//
// server.go starts them and gives each its load. Start reading at run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/bench"
)

const legend = `
Calls a second over loopback, each connection sending its next call when the
last is answered. A call to the sandbox is a pre-sign with a new code, so that a
row is kept; one to stripe-mock is POST /v1/customers. Client and server share
this machine's processors. Calls are signed before they are timed and answers
verified afterwards: the client's cryptography counts nowhere.

The floor is one RSA signature verified and one made, as many at once as there
are connections, measured before each round; "/ floor" is the median of the
rounds. The bare server is net/http doing that for each call: what it lacks of 1
is what HTTP, loopback and the client take. With signing on, client, server and
floor are one process, and "by processor" compares the processor time of a call,
the client's included, with the floor's: it leaves waiting for the disk out, and
holds on a machine that does something else too. With signing off, sandbox and
stripe-mock are processes of their own. SQLite is WAL with FULL sync, in %s.
`

func main() {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		exit(serve(os.Args[2], os.Args[3]))
	}
	connections := flag.String("connections", "1,8,64", "numbers of connections")
	rounds := flag.Int("rounds", 8, "how many rounds of a second each server gets at each")
	stripe := flag.String("stripe-mock", "", "the program; without it there is no such row")
	data := flag.String("data", os.TempDir(), "where SQLite's folder is made; one in memory waits for no disk")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, os.Stdout, *connections, *rounds, *stripe, *data))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context, out io.Writer, connections string, rounds int, stripe, data string) (err error) {
	folder, err := os.MkdirTemp(data, "wxpay-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	servers, cfg, err := startAll(ctx, folder, stripe)
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	floor, err := bench.NewFloor(cfg.PrivateKey)
	if err != nil {
		return err
	}
	plain, err := startBare(floor)
	if err != nil {
		return err
	}
	servers = append([]*server{plain}, servers...)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, strings.Join([]string{"connections", "signing", "server", "requests/s", "/ floor", "by processor",
		"/ stripe-mock", "p50 ms", "p99 ms", "errors", ""}, "\t"))
	for part := range strings.SplitSeq(connections, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return fmt.Errorf("-connections has %q in it", part)
		}
		fmt.Fprintf(os.Stderr, "%d connections\n", n)
		results, err := compare(ctx, servers, floor, n, rounds)
		if err != nil {
			return err
		}
		rows(w, n, servers, results)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, legend, data)
	return err
}

// compare has the servers take turns, in another order each round.
func compare(ctx context.Context, servers []*server, floor *bench.Floor, connections, rounds int) ([]bench.Result,
	error) {
	benches := make([]*bench.Bench, len(servers))
	for i, s := range servers {
		benches[i] = bench.New(s.address, connections, s.load, floor)
		defer benches[i].Close()
		if err := benches[i].Warm(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for range rounds {
		for _, i := range rand.Perm(len(servers)) {
			if err := benches[i].Round(ctx, 1<<30, time.Now().Add(time.Minute)); err != nil {
				return nil, fmt.Errorf("%s: %w", servers[i].name, err)
			}
		}
	}
	results := make([]bench.Result, len(servers))
	for i, b := range benches {
		results[i] = b.Result()
	}
	return results, nil
}

func rows(w io.Writer, connections int, servers []*server, results []bench.Result) {
	floor, stripe := 0.0, 0.0
	for i, r := range results {
		floor += r.Floor / float64(len(results))
		if servers[i].signing == none {
			stripe = r.Rate
		}
	}
	fmt.Fprintf(w, "%d\ton\tfloor\t%.0f\t1\t1\t\t\t\t\t\n", connections, floor)
	for i, r := range results {
		toFloor, byProcessor, toStripe := "", "", ""
		if servers[i].signing == "on" {
			toFloor, byProcessor = fmt.Sprintf("%.3f", r.Ratio), fmt.Sprintf("%.3f", r.ProcessorRatio)
		} else if stripe > 0 {
			toStripe = fmt.Sprintf("%.2f", r.Rate/stripe)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%.0f\t%s\t%s\t%s\t%.2f\t%.2f\t%d\t\n", connections, servers[i].signing,
			servers[i].name, r.Rate, toFloor, byProcessor, toStripe, r.Latency.P50, r.Latency.P99, r.Failed())
	}
}
