package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type triggerOptions struct {
	adminFlags
	set                       []string
	variants                  []string
	product, notifyURL, mchID string
	list, asJSON, printBody   bool
}

func newTrigger(sys System) *cobra.Command {
	var o triggerOptions
	cmd := &cobra.Command{
		Use:   "trigger event",
		Short: "Have a sandbox send any notification",
		Long: `trigger makes a running sandbox send a notification at once, sealed and signed
like a real one, with the time of the sandbox's clock, the merchant's numbers
and new ids. What it says never happened: there is no contract, order or
refund, and queries find nothing.

--list shows every event, the products that send it, and the variants of each:
  what it says     such as user, merchant or system, for who ended a contract
  for whom         partner, for a sub-merchant
  how much         minimal, without optional members
  how it is sent   forged, wrong-key, probe, stale, re-encoded, twice, late=30s
A message that must be refused is sent once. Only a probe is followed by the
genuine notification.

--set changes a member by its path. The member keeps its type, and amounts next
to it that were equal change with it. The exit code is 1 if the receiver did
not take the notification, or took one that it had to refuse.`,
		Example: `  wxpay trigger --list
  wxpay trigger ENTRUST.SIGN
  wxpay trigger TRANSACTION.SUCCESS --product papay --set amount.total=5
  wxpay trigger ENTRUST.TERMINATE --variant merchant,minimal
  wxpay trigger V2.PAYMENT --variant not-enough --set out_trade_no=T1
  wxpay trigger REFUND.SUCCESS --variant forged`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return usage("%s takes one event, and got %q as well", cmd.CommandPath(), args[1])
			case len(args) == 0 && !o.list:
				return &failure{code: exitUsage, err: errorf("no event is named"),
					hint: text("wxpay trigger --list has all of them")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.list {
				return o.show(sys, first(args))
			}
			return o.run(cmd.Context(), sys, args[0])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return eventsLike(typed), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.set, "set", nil, "PATH=VALUE: change a member, as in amount.total=5 or /amount/total=5; may "+
		"be repeated")
	f.StringSliceVar(&o.variants, "variant", nil, "what it says and how it is sent, separated by commas; see --list")
	f.StringVar(&o.product, "product", "", "the product that sends it, such as pay; without it the usual one")
	f.StringVar(&o.notifyURL, "notify-url", "", "where it goes; without it the address of the merchant's plan")
	f.StringVar(&o.mchID, "mchid", "", "the merchant it is for; without it the sandbox's first")
	f.BoolVar(&o.list, "list", false, "list all events, or the one given; needs no sandbox")
	f.BoolVar(&o.printBody, "print-body", false, "print what it says, in clear")
	f.BoolVar(&o.asJSON, "json", false, "print an object for each attempt, or with --list one array")
	o.addTo(cmd)
	completeVariants(cmd)
	return cmd
}

func (o *triggerOptions) run(ctx context.Context, sys System, event string) error {
	ask := ledger.Trigger{Event: event, Product: o.product, Variants: o.variants, NotifyURL: o.notifyURL,
		MchID: o.mchID, Set: map[string]any{}}
	if err := o.check(ask); err != nil {
		return err
	}
	for _, pair := range o.set {
		place, value, ok := strings.Cut(pair, "=")
		if !ok || place == "" {
			return usage("--set takes a path, = and a value, as in --set amount.total=5")
		}
		if _, twice := ask.Set[place]; twice {
			return usage("--set %s is given twice", place)
		}
		ask.Set[place] = value
	}
	admin, err := o.client(ctx, sys)
	if err != nil {
		return err
	}
	_, cursor, err := admin.since(ctx, "", 0)
	if err != nil {
		return err
	}
	var sent ledger.Push
	if err := admin.call(ctx, http.MethodPost, "events", ask, &sent); err != nil {
		return err
	}
	sys.note("what it says never happened: queries find nothing of it")
	out := &deliveries{sys: sys, asJSON: o.asJSON, bodies: o.printBody, admin: admin}
	return orNot(out.outcomes(ctx, cursor, []string{sent.ID}))
}

// check finds what no sandbox takes, and says it in the user's language.
func (o *triggerOptions) check(ask ledger.Trigger) error {
	if err := checkEvent(ask.Event); err != nil {
		return err
	}
	if ask.MchID != "" && !isMchID(ask.MchID) {
		return usage("--mchid is a merchant number, digits such as %s", sandbox.DefaultMchID)
	}
	var known []string // variants of any product: which one sends it says the sandbox
	for _, e := range sandbox.TriggerEvents() {
		for _, p := range e.Products {
			if e.Event == ask.Event {
				known = append(known, slices.Concat(p.Variants...)...)
			}
		}
	}
	for _, v := range ask.Variants {
		word, _, _ := strings.Cut(v, "=")
		if word == "" || !slices.Contains(known, word) {
			return &failure{code: exitUsage, err: errorf("%s has no variant %q", ask.Event, word),
				hint: text("wxpay trigger --list %s shows those that it has", ask.Event)}
		}
	}
	return nil
}

// show lists the events, or one.
func (o *triggerOptions) show(sys System, event string) error {
	list := sandbox.TriggerEvents()
	if event != "" {
		if err := checkEvent(event); err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(e ledger.TriggerEvent) bool { return e.Event != event })
	}
	if o.asJSON {
		return json.NewEncoder(sys.Out).Encode(list)
	}
	paint := sys.paintOut()
	for _, e := range list {
		fmt.Fprintln(sys.Out, paint.bold(e.Event))
		for _, p := range e.Products {
			about := p.Title
			if sys.lang != lang.Chinese {
				about, _, _ = strings.Cut(p.Description, ". ")
			}
			o.showProduct(sys, p, strings.TrimSuffix(about, "."))
		}
	}
	v3, v2 := comings(list)
	legend := func(about string, words []string) {
		if len(words) > 0 {
			fmt.Fprintf(sys.Out, "\n%s\n  %s\n", about, lang.Wrap(strings.Join(words, " | "), terminalWidth-2, "  "))
		}
	}
	legend(sys.text("Sent by APIv3, every event has these variants too; minimal leaves out optional members:"), v3)
	legend(sys.text("Sent by APIv2, every event has these:"), v2)
	return nil
}

// showProduct is a product that tells of an event, and what it can say: of each line one word.
func (o *triggerOptions) showProduct(sys System, p ledger.TriggerProduct, about string) {
	const column = 28
	indent := strings.Repeat(" ", column)
	room := max(terminalWidth, sys.Width) - column
	fmt.Fprintf(sys.Out, "  %s  %s\n", lang.Pad(p.Product, column-4), lang.Wrap(about, room, indent))
	for _, group := range p.Variants[:len(p.Variants)-1] {
		if group[0] != "" {
			said := lang.Wrap(strings.Join(group, " | "), room, indent)
			fmt.Fprintf(sys.Out, "%s%s\n", indent, sys.paintOut().dim(said))
		}
	}
}

// comings are the words for how notifications come, of either version.
func comings(list []ledger.TriggerEvent) (v3, v2 []string) {
	for _, e := range list {
		how := e.Products[0].Variants
		words := how[len(how)-1][1:]
		if strings.HasPrefix(e.Event, "V2.") {
			v2 = words
		} else {
			v3 = append([]string{"minimal"}, words...)
		}
	}
	return v3, v2
}
