package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type logsOptions struct {
	adminFlags
	follow, bodies, asJSON bool
	refused                bool
	newest                 int
	// Filters, which the sandbox reads.
	method, path, status, code, mchid, since string
}

func newLogs(sys System) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "List the calls a sandbox was sent, with bodies and why they were refused",
		Long: `logs prints the journal of a running sandbox: a line for each call with its
method, path, status and code, and in words what was wrong with it. With
--bodies the request and the reply follow as they were sent, queries too, but
for keys, signatures and what travels encrypted. Filters can be combined; all of
them have to fit.

With --follow it goes on with the calls that come, also when the sandbox is
stopped and started again, or reset. Times are the sandbox's clock's.`,
		Example: `  wxpay logs
  wxpay logs --follow --refused
  wxpay logs --bodies -n 1 --path '/v3/papay/*' --status 4xx
  wxpay logs --since 10m --code PARAM_ERROR --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.newest < 0 {
				return usage("-n is a whole number from 0")
			}
			return o.run(cmd.Context(), sys, cmd.Flags())
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with the calls that come")
	f.BoolVar(&o.bodies, "bodies", false, "print what was sent and answered; it names the payer")
	f.IntVarP(&o.newest, "newest", "n", 20, "how many there are at most, the newest; 0 for all that are kept")
	f.StringVar(&o.method, "method", "", "only calls by this method")
	f.StringVar(&o.path, "path", "", "only calls of this path, in which * and {name} stand for any part and a last * "+
		"for all that follow")
	f.StringVar(&o.status, "status", "", "only calls answered so, such as 404 or 4xx; 0 is what was cut off")
	f.StringVar(&o.code, "code", "", "only calls refused with this code, such as PARAM_ERROR")
	f.StringVar(&o.mchid, "mchid", "", "only calls of this merchant, also --merchant")
	f.BoolVar(&o.refused, "refused", false, "only calls that were refused or cut off; --refused=false for the others")
	f.StringVar(&o.since, "since", "", "only calls from then on: a time such as 2020-09-10T10:00:00+08:00, or how "+
		"long ago, such as 10m")
	f.BoolVar(&o.asJSON, "json", false, "print an object a line")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "merchant" {
			name = "mchid"
		}
		return pflag.NormalizedName(name)
	})
	oneOf(cmd, "method", func() []string {
		return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	})
	oneOf(cmd, "status", func() []string { return []string{"2xx", "3xx", "4xx", "5xx", "0"} })
	completes(cmd, "path", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return completePath(typed, func(catalogue.Known) bool { return true })
	})
	o.addTo(cmd)
	return cmd
}

// filters are those that were given.
func (o *logsOptions) filters(flags *pflag.FlagSet) url.Values {
	query := url.Values{}
	for _, name := range []string{"method", "path", "status", "code", "mchid", "since", "refused"} {
		if f := flags.Lookup(name); f.Changed {
			query.Set(name, f.Value.String())
		}
	}
	return query
}

// looked is what the admin answers to a look at the journal.
type looked struct {
	Data    []ledger.Exchange `json:"data"`
	Journal string            `json:"journal"`
}

// following is where a look at the journal goes on.
type following struct {
	*logsOptions
	sys     System
	admin   *adminClient
	query   url.Values
	journal string // the name of the one that was read, "" for none so far
	after   int64  // number of the last entry of it
	waits   bool
}

// followEvery is how often the sandbox is asked for what is new.
const followEvery = 300 * time.Millisecond

func (o *logsOptions) run(ctx context.Context, sys System, flags *pflag.FlagSet) error {
	admin, err := o.client(ctx, sys)
	if err != nil {
		return err
	}
	l := &following{logsOptions: o, sys: sys, admin: admin, query: o.filters(flags)}
	if o.bodies && !o.asJSON {
		sys.note("bodies name the payer: use made-up people only")
	}
	n, err := l.look(ctx)
	if err != nil || !o.follow {
		if err == nil && n == 0 {
			sys.note("there are no such calls")
		}
		return err
	}
	sys.note("following the sandbox at %s; Ctrl-C ends this", admin.base)
	for {
		wait := followEvery
		if l.waits {
			wait = again
		}
		select {
		case <-ctx.Done():
			return nil // as it is meant to end
		case <-time.After(wait):
		}
		gone := notReached{}
		_, err := l.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.As(err, &gone):
			return err
		case err != nil && !l.waits:
			sys.note("no sandbox answers at %s; waiting for it", admin.base)
		case err == nil && l.waits:
			sys.note("following the sandbox at %s; Ctrl-C ends this", admin.base)
		}
		l.waits = err != nil
	}
}

// look prints what is new and says how much that was. A journal of another name is read from its
// beginning: its numbers are its own.
func (l *following) look(ctx context.Context) (n int, err error) {
	for {
		query := url.Values{}
		for name, values := range l.query {
			query[name] = values
		}
		query.Set("newest", strconv.Itoa(l.newest))
		if l.journal != "" {
			query.Set("newest", "0")
			query.Set("after", strconv.FormatInt(l.after, 10))
		}
		var found looked
		if err := l.admin.call(ctx, http.MethodGet, "journal?"+query.Encode(), nil, &found); err != nil {
			return n, err
		}
		if found.Journal == "" {
			return n, &failure{code: exitFailure, err: errorf("the sandbox at %s is an earlier version", l.admin.base),
				hint: text("start it again with this wxpay")}
		}
		if l.journal != "" && found.Journal != l.journal {
			l.journal, l.after = found.Journal, 0
			continue
		}
		l.journal = found.Journal
		for i := range found.Data {
			if err := l.tell(&found.Data[i]); err != nil {
				return n, err
			}
			l.after = found.Data[i].Seq
			n++
		}
		return n, nil
	}
}

func (l *following) tell(x *ledger.Exchange) error {
	if l.asJSON {
		return l.object(x)
	}
	out := l.sys
	out.Err = l.sys.Out
	t := &traffic{sys: out, paint: l.sys.paintOut(), layout: "2006-01-02 15:04:05"}
	if x.Mistake != "" {
		x.Hint, x.HintZH = x.Hint+" ["+x.Mistake+"]", cmp.Or(x.HintZH, x.Hint)+" ["+x.Mistake+"]"
	}
	t.exchange(*x)
	if !l.bodies {
		return nil
	}
	if _, query, ok := strings.Cut(x.URI, "?"); ok {
		l.body("→ ?", query)
	}
	l.body("→ ", x.Body)
	l.body("← ", x.Reply)
	return nil
}

// body prints a body line by line, so that none passes for a call.
func (l *following) body(mark, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(l.sys.Out, "  %s%s\n", l.sys.paintOut().dim(mark), printable(strings.TrimRight(line, "\r\n")))
		mark = strings.Repeat(" ", len([]rune(mark)))
	}
}

// object is a call as the admin lists it, without bodies, headers and the query where they are not
// asked for.
func (l *following) object(x *ledger.Exchange) error {
	shown := struct {
		*ledger.Exchange
		Header http.Header `json:"header,omitempty"`
	}{x, x.Header}
	if !l.bodies {
		path, _, _ := strings.Cut(x.URI, "?")
		x.URI, _ = maskPath(path, x.Operation)
		x.Body, x.Reply, shown.Header = "", "", nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(shown); err != nil {
		return err
	}
	_, err := l.sys.Out.Write(legible(out.Bytes())) // what steers a terminal is escaped
	return err
}
