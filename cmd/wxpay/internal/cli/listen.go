package cli

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type listenOptions struct {
	adminFlags
	to, from          string
	events            []string
	asJSON, printBody bool
	wait              bool
}

func newListen(sys System) *cobra.Command {
	var o listenOptions
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Have a sandbox's notifications sent to your program, and watch",
		Long: `listen sends the notifications of a running sandbox to a program on this
machine, whatever their address, and prints a line for each attempt: the time,
the event, its id, what your program answered, and when the next attempt is. It
shows them all: those of calls and payers, retries, wxpay trigger and wxpay
resend, of APIv3 and APIv2.

If the address has a path, all notifications go to that path; otherwise each
keeps its own. Addresses on this machine are called as they are. A forward that
the sandbox is configured with comes first; --from takes it over. Ctrl-C ends
listen, and the sandbox sends notifications where it did before.`,
		Example: `  wxpay listen --forward-to http://127.0.0.1:8080
  wxpay listen --forward-to http://127.0.0.1:8080/wechat/notify
  wxpay listen --forward-to http://127.0.0.1:8080 --from https://yourapp.com
  wxpay listen --events ENTRUST.SIGN,ENTRUST.TERMINATE --print-body
  wxpay listen --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), sys) },
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "forward-to", "", "your program's address, such as http://127.0.0.1:8080; without it listen "+
		"only prints")
	f.StringVar(&o.from, "from", everyAddress, "the beginning of the addresses whose notifications are sent there; "+
		"* is every address that is not on this machine")
	f.StringSliceVar(&o.events, "events", nil, "only these event types, separated by commas")
	f.BoolVar(&o.printBody, "print-body", false, "print what each notification says, in clear; it names the payer")
	f.BoolVar(&o.asJSON, "json", false, "print an object a line")
	f.BoolVar(&o.wait, "wait", false, "wait for the sandbox to be started")
	o.addTo(cmd)
	completeEvents(cmd, "events")
	return cmd
}

// everyAddress is the prefix of every address that is not on this machine.
const everyAddress = "*"

// again is how often a sandbox that does not answer is asked.
const again = time.Second

func (o *listenOptions) run(ctx context.Context, sys System) error {
	if err := o.check(); err != nil {
		return err
	}
	admin, err := o.client(ctx, sys)
	if err != nil {
		return err
	}
	l := &listening{listenOptions: o, sys: sys, admin: admin,
		out: &deliveries{sys: sys, asJSON: o.asJSON, bodies: o.printBody, admin: admin}}
	defer l.leave()
	for first := true; ; first = false {
		err := l.listen(ctx, first)
		gone := notReached{}
		switch {
		case ctx.Err() != nil:
			return nil // as it is meant to end
		case !errors.As(err, &gone) || first && !o.wait:
			return err
		case !l.waits:
			l.waits = true
			sys.note("no sandbox answers at %s; waiting for it", admin.base)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(again):
		}
	}
}

func (o *listenOptions) check() error {
	if o.to != "" && !strings.Contains(o.to, "://") {
		o.to = "http://" + o.to // as in localhost:8080
	}
	if u, err := url.Parse(o.to); o.to != "" && (err != nil || u.Host == "" || u.RawQuery != "") {
		return usage("--forward-to is no address such as http://127.0.0.1:8080")
	}
	if o.to == "" && o.from != everyAddress {
		return usage("--from needs --forward-to, which says where they are sent")
	}
	if o.from == "" {
		return usage("--from is empty; give the beginning of an address such as https://yourapp.com, or leave it out")
	}
	for _, e := range o.events {
		if err := checkEvent(e); err != nil {
			return err
		}
	}
	return nil
}

// checkEvent refuses a type that no notification of the sandbox has.
func checkEvent(name string) error {
	var known []string
	for _, e := range sandbox.TriggerEvents() {
		known = append(known, e.Event)
	}
	if slices.Contains(known, name) {
		return nil
	}
	return &failure{code: exitUsage, err: errorf("there is no event %q", name),
		hint: text("wxpay trigger --list has all of them, such as %v", listed(nearest(name, known)))}
}

// listening is a listener while it runs.
type listening struct {
	*listenOptions
	sys    System
	admin  *adminClient
	out    *deliveries
	id     string // of what it laid, "" for nothing
	cursor string
	waits  bool
}

// listen lays the route and prints what comes until the sandbox is gone or ctx ends.
func (l *listening) listen(ctx context.Context, first bool) error {
	_, next, err := l.admin.since(ctx, "", 0) // from now on, and from what laying the route brings
	if err != nil {
		return err
	}
	if l.cursor == "" {
		l.cursor = next
	}
	if err := l.lay(ctx); err != nil {
		return err
	}
	if l.waits {
		l.waits, first = false, true
	}
	if first {
		l.say(ctx)
	}
	for {
		var list []delivery
		if list, l.cursor, err = l.since(ctx); err != nil {
			return err
		}
		for _, one := range list {
			if len(l.events) > 0 && !slices.Contains(l.events, one.Notification.Event) {
				continue
			}
			if _, err := l.out.tell(ctx, one); err != nil {
				return err
			}
		}
	}
}

// since waits for what comes next.
func (l *listening) since(ctx context.Context) ([]delivery, string, error) {
	list, next, err := l.admin.sinceFor(ctx, l.cursor, 30*time.Second, l.id)
	if err != nil {
		next = l.cursor
	}
	return list, next, err
}

func (l *listening) lay(ctx context.Context) error {
	if l.to == "" {
		return nil
	}
	if l.id != "" { // a sandbox that was only slow still has it
		if err := l.lift(ctx); err != nil {
			return err
		}
	}
	u, err := url.Parse(l.to)
	if err != nil {
		return err
	}
	var laid ledger.Listener
	if err := l.admin.call(ctx, http.MethodPost, "listeners", ledger.Listener{Prefix: l.from, Target: l.to,
		Exact: strings.Trim(u.Path, "/") != "", Events: l.events}, &laid); err != nil {
		return err
	}
	l.id = laid.ID
	return nil
}

// say says on standard error what goes where, so that nobody waits for what does not come.
func (l *listening) say(ctx context.Context) {
	switch {
	case l.to == "":
		l.sys.note("watching the sandbox at %s; Ctrl-C ends this", l.admin.base)
	case l.from == everyAddress:
		l.sys.note("all notifications go to %s; Ctrl-C ends this", l.to)
	default:
		l.sys.note("notifications for %s go to %s; Ctrl-C ends this", l.from, l.to)
	}
	if l.printBody {
		l.sys.note("notifications name the payer: use made-up people only")
	}
	var forwards map[string]string
	if l.to == "" || l.from != everyAddress || l.admin.call(ctx, http.MethodGet, "forwards", nil, &forwards) != nil {
		return
	}
	for prefix, to := range forwards {
		if prefix != everyAddress {
			l.sys.note("the sandbox is configured to send those for %s to %s; --from %s takes them over", prefix, to,
				prefix)
		}
	}
}

// lift takes back what was laid, if it is there.
func (l *listening) lift(ctx context.Context) error {
	err := l.admin.call(ctx, http.MethodDelete, "listeners/"+url.PathEscape(l.id), nil, nil)
	if isMissing(err) {
		return nil
	}
	return err
}

// leave takes the route back.
func (l *listening) leave() {
	if l.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := l.lift(ctx)
	switch gone := (notReached{}); {
	case err == nil, errors.As(err, &gone): // a sandbox that has ended has forgotten it
		l.sys.note("the sandbox sends notifications where it did before")
	default:
		l.sys.note("the sandbox still sends notifications to %s: %v", l.to, err)
	}
}
