package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// which of a sandbox's notifications are meant.
type which struct{ event, state, about, mchID string }

func (w *which) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.event, "type", "", "only those of this event type")
	f.StringVar(&w.state, "state", "", "only those in this state: "+strings.Join(states(), ", "))
	f.StringVar(&w.about, "contract", "", "only those about the contract, order, debit or refund with this id")
	f.StringVar(&w.mchID, "mchid", "", "only those of this merchant")
	completeEvents(cmd, "type")
	oneOf(cmd, "state", states)
}

// states are those that a notification can be in.
func states() (out []string) {
	for _, s := range []ledger.PushState{ledger.PushPending, ledger.PushDelivered, ledger.PushGivenUp, ledger.PushHeld,
		ledger.PushLost, ledger.PushUndeliverable} {
		out = append(out, string(s))
	}
	return out
}

func (w *which) check() error {
	if w.event != "" {
		if err := checkEvent(w.event); err != nil {
			return err
		}
	}
	if w.state = strings.ToUpper(w.state); w.state != "" && !slices.Contains(states(), w.state) {
		return usage("--state is one of %v", listed(states()))
	}
	return nil
}

// query asks the admin for a page of them.
func (w *which) query(after string) string {
	q := url.Values{"limit": {"500"}}
	for name, value := range map[string]string{"event_type": w.event, "state": w.state, "about": w.about,
		"mchid": w.mchID, "after": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return "pushes?" + q.Encode()
}

// each goes through those that are meant, oldest first.
func (w *which) each(ctx context.Context, admin *adminClient, do func(*ledger.Push)) error {
	for after := ""; ; {
		var page struct {
			Data []*ledger.Push `json:"data"`
			Next string         `json:"next"`
		}
		if err := admin.call(ctx, http.MethodGet, w.query(after), nil, &page); err != nil {
			return err
		}
		for _, p := range page.Data {
			do(p)
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}

// findPush finds the notification whose id is, or begins with, what was given.
func findPush(ctx context.Context, admin *adminClient, id string) (*ledger.Push, error) {
	found := new(ledger.Push)
	err := admin.call(ctx, http.MethodGet, "pushes/"+url.PathEscape(id), nil, found)
	if !isMissing(err) {
		return found, err
	}
	var near []*ledger.Push
	if len(id) >= 4 {
		if err := new(which).each(ctx, admin, func(p *ledger.Push) {
			if strings.HasPrefix(p.ID, id) {
				near = append(near, p)
			}
		}); err != nil {
			return nil, err
		}
	}
	switch len(near) {
	case 1:
		return near[0], nil
	case 0:
		return nil, &failure{code: exitFailure, err: errorf("there is no notification with the id %q", id),
			hint: text("wxpay events lists them; the first four characters of an id are enough")}
	}
	return nil, usage("%d notifications have an id that begins with %q: give more of it", len(near), id)
}

type eventsOptions struct {
	adminFlags
	which
	limit             int
	asJSON, printBody bool
}

func newEvents(sys System) *cobra.Command {
	var o eventsOptions
	cmd := &cobra.Command{
		Use:   "events [id]",
		Short: "List a sandbox's notifications, or show one with its attempts",
		Long: `events lists the notifications of a running sandbox, the newest last: the time,
the event, the id, the state, how often it was sent, the last answer, and when
it is sent next. Given an id, or at least its first four characters, it shows
that notification with every attempt.`,
		Example: `  wxpay events
  wxpay events --type ENTRUST.SIGN --state GIVEN_UP
  wxpay events --contract 202009103252816529 --json
  wxpay events 871e11be
  wxpay events 871e11be --print-body`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s takes one id, and got %q as well", cmd.CommandPath(), args[1])
			}
			return nil
		},
		ValidArgsFunction: o.completeIDs(sys, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.limit < 1 {
				return usage("--limit is a whole number from 1")
			}
			admin, err := o.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return o.one(cmd.Context(), sys, admin, args[0])
			}
			return o.all(cmd.Context(), sys, admin)
		},
	}
	cmd.Flags().IntVar(&o.limit, "limit", 20, "how many to list, the newest")
	cmd.Flags().BoolVar(&o.printBody, "print-body", false,
		"print what each notification says, in clear; it names the payer")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print an object a line")
	o.which.addTo(cmd)
	o.adminFlags.addTo(cmd)
	return cmd
}

func (o *eventsOptions) all(ctx context.Context, sys System, admin *adminClient) error {
	var list []*ledger.Push
	older := 0
	if err := o.each(ctx, admin, func(p *ledger.Push) {
		if list = append(list, p); len(list) > o.limit {
			list, older = list[1:], older+1
		}
	}); err != nil {
		return err
	}
	for _, p := range list {
		if err := o.line(sys, p); err != nil {
			return err
		}
	}
	switch {
	case len(list) == 0:
		sys.note("there are no such notifications")
	case older > 0:
		sys.note("there are %d older ones: --limit lists more", older)
	}
	return nil
}

// line prints one in a line, or two with what it says.
func (o *eventsOptions) line(sys System, p *ledger.Push) error {
	if !o.printBody {
		p.Resource = nil
	}
	if o.asJSON {
		return json.NewEncoder(sys.Out).Encode(p)
	}
	paint := sys.paintOut()
	state := lang.Pad(string(p.State), len(ledger.PushUndeliverable))
	parts := []string{paint.dim(shortTime(p.CreatedAt, time.Now())), lang.Pad(printable(p.Event), eventColumns),
		paint.dim(p.ID), colourOf(paint, p.State)(state), sys.sentSoFar(p)}
	if !p.NextAt.IsZero() {
		parts = append(parts, sys.text("again at %s", shortTime(p.NextAt, time.Now())))
	}
	if p.Triggered {
		parts = append(parts, paint.dim(sys.text("triggered")))
	}
	_, err := fmt.Fprintln(sys.Out, strings.Join(parts, "  "))
	if err == nil && o.printBody {
		_, err = fmt.Fprintf(sys.Out, "  %s\n", legible(p.Resource))
	}
	return err
}

// sentSoFar is how often it was sent, and what was answered last.
func (s System) sentSoFar(p *ledger.Push) string {
	n := len(p.Attempts)
	if n == 0 || p.State == ledger.PushUndeliverable {
		return s.text("not sent")
	}
	last := p.Attempts[n-1]
	switch {
	case last.Open:
		return s.text("sent %d×, not answered yet", n)
	case last.Status == 0:
		return s.text("sent %d×, no answer", n)
	}
	v := (&deliveries{sys: s}).verdict(delivery{Notification: *p, Attempt: last})
	return s.text("sent %d×, answered %s", n, v.word)
}

func colourOf(p paint, state ledger.PushState) func(string) string {
	switch state {
	case ledger.PushDelivered:
		return p.green
	case ledger.PushPending, ledger.PushHeld:
		return p.yellow
	}
	return p.red
}

// one shows a notification with its attempts.
func (o *eventsOptions) one(ctx context.Context, sys System, admin *adminClient, id string) error {
	p, err := findPush(ctx, admin, id)
	if err != nil {
		return err
	}
	if !o.printBody {
		p.Resource = nil
	}
	if o.asJSON {
		return json.NewEncoder(sys.Out).Encode(p)
	}
	paint := sys.paintOut()
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(sys.Out, "  %s  %s\n", paint.dim(lang.Pad(name, 12)), value)
		}
	}
	fmt.Fprintf(sys.Out, "%s  %s\n", paint.bold(printable(p.Event)), printable(p.Summary))
	row("id", p.ID)
	row("mchid", printable(p.MchID))
	row("url", printable((&traffic{sys: sys}).destination(p.URL)))
	row("about", printable(withoutIDs(p.About)))
	row("created_at", p.CreatedAt.In(beijing).Format(time.RFC3339))
	row("state", colourOf(paint, p.State)(string(p.State)))
	row("problem", printable(withoutIDs(p.Problem)))
	row("schedule", p.Schedule)
	if !p.NextAt.IsZero() {
		row("next_at", p.NextAt.In(beijing).Format(time.RFC3339))
	}
	if p.Triggered {
		row("triggered", sys.text("by hand: what it says never happened"))
	}
	out := &deliveries{sys: sys}
	for _, a := range p.Attempts {
		v := out.verdict(delivery{Notification: *p, Attempt: a})
		if a.Open {
			v = verdict{true, sys.text("not answered yet"), ""}
		}
		colour := paint.green
		if !v.good {
			colour = paint.red
		}
		fmt.Fprintf(sys.Out, "  %s  %s  %s\n", paint.dim(lang.Pad(strconv.Itoa(a.No), 3)),
			a.At.In(beijing).Format(time.RFC3339), colour(v.word))
	}
	if o.printBody {
		fmt.Fprintf(sys.Out, "%s\n", legible(p.Resource))
	}
	return nil
}
