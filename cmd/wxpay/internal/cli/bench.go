package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/bench"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type benchOptions struct {
	credentials
	against, data, mix    string
	connections, requests int
	duration              time.Duration
	unsigned, durable     bool
	asJSON                bool
}

func newBench(sys System) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how many calls a sandbox answers on this machine",
		Long: `bench starts a sandbox in memory and drives it with signed calls that make
something new each: contracts are pre-signed, orders placed, contracts debited.
It prints how many were answered a second, how long that took, what went wrong,
and the ratio to the floor. Ctrl-C ends it, and prints what was measured.

The floor is what this machine's RSA allows: one signature verified and one made
for each request, and nothing else, as many at once as there are connections.
It is measured in this process before each slice of the load, a second long, so
that a machine that slows down slows both. Calls are signed before their slice
and answers verified after it: this costs the load nothing, but of the duration,
so that the load takes about half of that.

Each connection sends its next call when the last is answered. Times are of
calls that were answered as they should be, in a histogram of three digits
(HdrHistogram). Requests a second are a mean; the ratio is the median of the
slices, each compared with the floor just before it. That of processor time,
client and sandbox together, holds on a machine that does something else too.

With --durable or --data the sandbox keeps its state in SQLite, as wxpay sandbox
does, and every call waits for the disk (unless that folder is in memory too).
--against drives a sandbox that runs on this machine, with the credentials that
wxpay call would take, and no other server and no other machine: that would be
an attack. It keeps what the load has made.`,
		Example: `  wxpay bench
  wxpay bench --connections 64 --mix presign
  wxpay bench --durable --unsigned --json
  wxpay bench --against http://127.0.0.1:9970 --duration 30s`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, sys) },
	}
	f := cmd.Flags()
	f.IntVar(&o.connections, "connections", 8, "how many calls are under way at once, up to 1024")
	f.DurationVar(&o.duration, "duration", 10*time.Second, "how long it takes, without what comes before")
	f.IntVar(&o.requests, "requests", 100_000, "how many calls at most")
	f.StringVar(&o.mix, "mix", "presign,order,debit", "what is called, and how often beside the others, as in "+
		"presign=3,debit")
	f.BoolVar(&o.unsigned, unsignedFlag, false, "without signatures in either direction, to measure the rest; a "+
		"sandbox that runs has to be started with --unsigned too")
	f.BoolVar(&o.durable, "durable", false, "keep the state in SQLite, in a temporary folder")
	f.StringVar(&o.data, "data", "", "keep it in this folder, a data folder of wxpay sandbox, and leave it there")
	f.StringVar(&o.against, "against", "", "drive the sandbox that runs at this address of this machine")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object")
	o.addTo(cmd)
	_ = f.MarkHidden("host") // --against is
	aFolder(cmd, "data")
	oneOf(cmd, "mix", bench.Operations)
	return cmd
}

// check says what is wrong with the flags, and reads --mix.
func (o *benchOptions) check(cmd *cobra.Command) (map[bench.Operation]int, error) {
	changed := cmd.Flags().Changed
	switch {
	case o.connections < 1 || o.connections > 1024:
		return nil, usage("--connections is a number from 1 to 1024")
	case o.duration <= 0:
		return nil, usage("--duration is how long it takes, as in --duration 10s")
	case o.requests < 1:
		return nil, usage("--requests is how many calls at most, from 1")
	case changed("data") && o.data == "":
		return nil, usage("--data is empty; give a folder, or --durable for a temporary one")
	case changed("host"):
		return nil, usage("give the sandbox's address with --against")
	case changed("against") && (o.data != "" || o.durable):
		return nil, usage("--against drives a sandbox that runs: where it keeps its state was said there")
	}
	if !changed("against") {
		for variable, flag := range o.flags {
			if flag.Changed || o.envFile.Changed {
				return nil, usage("credentials, such as %s, go with --against: a sandbox that bench starts has its own",
					variable)
			}
		}
	} else if err := checkHere(o.against); err != nil {
		return nil, err
	}
	mix := map[bench.Operation]int{}
	for part := range strings.SplitSeq(o.mix, ",") {
		name, times, weighted := strings.Cut(strings.TrimSpace(part), "=")
		n, err := 1, error(nil)
		if weighted {
			n, err = strconv.Atoi(times)
		}
		known := slices.Contains(bench.Operations(), name)
		if _, twice := mix[bench.Operation(name)]; err != nil || n < 1 || n > 100 || !known || twice {
			return nil, usage("--mix takes each of %v once, with a number up to 100, as in --mix presign=3,debit",
				listed(bench.Operations()))
		}
		mix[bench.Operation(name)] = n
	}
	return mix, nil
}

// checkHere refuses what is not of this machine, before anything is dialled.
func checkHere(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" || u.Port() == "" || u.User != nil || u.Path != "" && u.Path != "/" ||
		u.RawQuery != "":
		return usage("--against wants the address of a sandbox, such as http://127.0.0.1:9970")
	case !isLoopback(u.Hostname()):
		return usage("--against is another machine, and load on it would be an attack: bench drives a sandbox on " +
			"this one, such as http://127.0.0.1:9970")
	}
	return nil
}

func (o *benchOptions) run(cmd *cobra.Command, sys System) (err error) {
	mix, err := o.check(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	var (
		cfg   wxpay.Config
		admin string
		what  lang.Text
	)
	if o.against != "" {
		cfg, admin, err = o.running(ctx, sys)
		what = text("The sandbox at %s", o.against)
	} else {
		var s *sandbox.Sandbox
		var end func() error
		if s, what, end, err = o.start(); err == nil {
			defer func() { err = errors.Join(err, end()) }()
			cfg, admin = s.ClientConfig(), s.AdminURL()
		}
	}
	if err != nil {
		return err
	}
	calls, err := bench.NewCalls(cfg, mix, o.unsigned)
	if err != nil {
		return err
	}
	floor, err := bench.NewFloor(cfg.PrivateKey)
	if err != nil {
		return err
	}
	switch err := calls.Prepare(ctx, admin, o.connections); {
	case ctx.Err() != nil:
		return &failure{code: exitFailure, err: errorf("it was interrupted before anything was measured")}
	case err != nil:
		return &failure{code: exitUsage, err: err}
	}
	b := bench.New(calls.Address(), o.connections, calls, floor)
	defer b.Close()
	problem := o.measure(ctx, sys, b)
	r := b.Result()
	if o.against != "" {
		r.ProcessorRatio = 0 // the sandbox's is not in it
	}
	if err := o.print(sys, what, r, ctx.Err() != nil); err != nil || problem != nil {
		return errors.Join(problem, err)
	}
	if r.Failed() > 0 || r.Requests == 0 {
		return &failure{code: exitFailure, err: errorf("%d of %d calls were not answered as they should be",
			r.Failed(), r.Failed()+r.Requests)}
	}
	return nil
}

// start starts a sandbox for the measurement. end removes what it has left.
func (o *benchOptions) start() (s *sandbox.Sandbox, what lang.Text, end func() error, err error) {
	what, end = text("A sandbox in memory"), func() error { return nil }
	cfg := sandbox.Config{Merchants: []ledger.Merchant{sandbox.DefaultMerchant()}, Unsigned: o.unsigned}
	data := o.data
	if data == "" && o.durable {
		if data, err = os.MkdirTemp("", "wxpay-bench-"); err != nil {
			return nil, what, nil, errorf("cannot make a folder for the database: %w", err)
		}
		end = func() error { return os.RemoveAll(data) }
	}
	if data != "" {
		what = text("A sandbox on SQLite")
		if _, err := openState(data, &cfg); err != nil {
			return nil, what, nil, errors.Join(err, end())
		}
	}
	if s, err = sandbox.Start(cfg); err != nil {
		if cfg.Store != nil {
			cfg.Store.Close()
		}
		return nil, what, nil, errors.Join(err, end())
	}
	remove := end
	return s, what, func() error { return errors.Join(s.Close(), remove()) }, nil
}

// running is the client's setup for a sandbox that runs, and where its admin is.
func (o *benchOptions) running(ctx context.Context, sys System) (cfg wxpay.Config, admin string,
	err error) {
	if cfg, err = o.config(ctx, sys); err != nil {
		return cfg, "", err
	}
	cfg.Host = strings.TrimSuffix(o.against, "/")
	get, err := o.lookup(ctx, sys)
	if err != nil {
		return cfg, "", err
	}
	admin = strings.TrimSuffix(get(adminVariable), "/")
	if strings.Contains(o.mix, string(bench.Debit)) && checkHere(admin) != nil {
		return cfg, "", &failure{code: exitUsage,
			hint: text("give the sandbox's env file, or leave debit out of --mix"),
			err: errorf("debits need a payer to agree first, and no admin of this machine is known for that (%s)",
				adminVariable)}
	}
	return cfg, admin, nil
}

// measure makes rounds until the time or the calls are used up, or it is interrupted.
func (o *benchOptions) measure(ctx context.Context, sys System, b *bench.Bench) error {
	bar := progressbar.DefaultSilent(o.duration.Milliseconds())
	if sys.ErrTerminal && !o.asJSON {
		bar = progressbar.NewOptions64(o.duration.Milliseconds(), progressbar.OptionSetWriter(sys.Err),
			progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish())
	}
	err := b.Warm(ctx)
	began := time.Now()
	until := began.Add(o.duration)
	for err == nil && time.Now().Before(until) {
		r := b.Result()
		left := int64(o.requests) - r.Requests - r.Failed()
		if left <= 0 {
			break
		}
		bar.Describe(sys.text("%6.0f requests/s", r.Rate))
		_ = bar.Set64(max(time.Since(began).Milliseconds(), o.duration.Milliseconds()*(int64(o.requests)-left)/
			int64(o.requests)))
		err = b.Round(ctx, int(left), until)
	}
	_ = bar.Finish()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// measured is what --json prints. Its names are kept from one version to the next.
type measured struct {
	bench.Result
	Connections int    `json:"connections"`
	Signed      bool   `json:"signed"`
	Mix         string `json:"mix"`
	Server      string `json:"server"`
	Interrupted bool   `json:"interrupted,omitempty"`
}

func (o *benchOptions) print(sys System, what lang.Text, r bench.Result, interrupted bool) error {
	if o.asJSON {
		return json.NewEncoder(sys.Out).Encode(measured{r, o.connections, !o.unsigned, o.mix, what.String(),
			interrupted})
	}
	signed := sys.text("signed")
	if o.unsigned {
		signed = sys.text("unsigned")
	}
	paint := sys.paintOut()
	fmt.Fprintf(sys.Out, "%s\n\n", sys.text("%s, %d connections, %s: %s", paint.bold(what.In(sys.lang)), o.connections,
		signed, o.mix))
	line := func(name, value string) {
		fmt.Fprintf(sys.Out, "  %s %s\n", paint.dim(lang.Pad(name, 10)), value)
	}
	line(sys.text("requests"), sys.text("%.0f a second (%d in %.1f s of load)", r.Rate, r.Requests, r.Seconds))
	line(sys.text("latency"), sys.text("p50 %.3g ms, p99 %.3g ms, p99.9 %.3g ms, at most %.3g ms", r.Latency.P50,
		r.Latency.P99, r.Latency.P999, r.Latency.Max))
	line(sys.text("floor"), sys.text("%.0f a second: one signature verified and one made", r.Floor))
	byProcessor := ""
	if r.ProcessorRatio > 0 {
		byProcessor = sys.text(", %.2f by processor time", r.ProcessorRatio)
	}
	line(sys.text("ratio"), sys.text("%.2f of the floor%s", r.Ratio, byProcessor))
	if len(r.Errors) == 0 {
		line(sys.text("errors"), sys.text("none"))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Errors)) {
		line(sys.text("errors"), fmt.Sprintf("%d %s", r.Errors[kind], paint.red(printable(bench.Kind(kind, sys.lang)))))
	}
	if interrupted {
		fmt.Fprintf(sys.Out, "\n%s\n", sys.text("Interrupted: this is what was measured until then."))
	}
	return nil
}
