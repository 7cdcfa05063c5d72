package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type holdOptions struct {
	adminFlags
	hold         ledger.Hold
	list, asJSON bool
	order        string
	times        int
	printBody    bool
}

// of are the flags that say which notifications a hold or a release is of.
func (o *holdOptions) of(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.hold.Event, "type", "", "only those of this event type")
	cmd.Flags().StringVar(&o.hold.MchID, "mchid", "", "only those of this merchant")
	completeEvents(cmd, "type")
	o.addTo(cmd)
}

func (o *holdOptions) check() error {
	if o.hold.Event != "" {
		if err := checkEvent(o.hold.Event); err != nil {
			return err
		}
	}
	if o.hold.MchID != "" && !isMchID(o.hold.MchID) {
		return usage("--mchid is a merchant number, digits such as %s", sandbox.DefaultMchID)
	}
	return nil
}

func newHold(sys System) *cobra.Command {
	var o holdOptions
	cmd := &cobra.Command{
		Use:   "hold",
		Short: "Have a sandbox hold notifications back until they are released",
		Long: `hold makes a running sandbox hold back its notifications from now on, all or
some of them, retries included. wxpay release sends them: in the order they
came in, in another order, or more than once. WeChat Pay promises no order
either, so a receiver has to cope with that.

A hold stays in force when the sandbox is restarted. wxpay resend still sends a
notification that is held back.`,
		Example: `  wxpay hold
  wxpay hold --type ENTRUST.SIGN
  wxpay hold --list`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			admin, err := o.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			if !o.list {
				if err := admin.call(cmd.Context(), http.MethodPost, "holds", o.hold, nil); err != nil {
					return err
				}
			}
			return o.show(cmd.Context(), sys, admin)
		},
	}
	cmd.Flags().BoolVar(&o.list, "list", false, "only list what is held back")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print an object a line")
	o.of(cmd)
	return cmd
}

// show lists the holds in force, and how many notifications they keep back by now.
func (o *holdOptions) show(ctx context.Context, sys System, admin *adminClient) error {
	var holds struct {
		Data []ledger.Hold `json:"data"`
	}
	if err := admin.call(ctx, http.MethodGet, "holds", nil, &holds); err != nil {
		return err
	}
	var kept []ledger.Push
	if err := (&which{state: string(ledger.PushHeld)}).each(ctx, admin, func(p *ledger.Push) {
		kept = append(kept, *p)
	}); err != nil {
		return err
	}
	for _, h := range holds.Data {
		n := 0
		for i := range kept {
			if h.Keeps(&kept[i]) {
				n++
			}
		}
		var err error
		switch {
		case o.asJSON:
			err = json.NewEncoder(sys.Out).Encode(struct {
				ledger.Hold
				Kept int `json:"kept"`
			}{h, n})
		default:
			of := sys.text("every notification")
			if name := strings.TrimSpace(printable(h.Event) + " " + printable(h.MchID)); name != "" {
				of = name
			}
			_, err = fmt.Fprintln(sys.Out, sys.text("held back: %s, %d by now", of, n))
		}
		if err != nil {
			return err
		}
	}
	if len(holds.Data) == 0 {
		sys.note("nothing is held back")
	} else {
		sys.hint("wxpay release sends them")
	}
	return nil
}

func newRelease(sys System) *cobra.Command {
	var o holdOptions
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Send what wxpay hold keeps back, in any order, once or more",
		Long: `release ends holds and sends the notifications they held back, one at a time:
the next is sent when the last one was answered. With --type or --mchid it
releases only those, and a hold on more than that stays in force. With --times
2 all of them are sent, and then all of them again.

It prints every answer. The exit code is 1 if a notification was not taken; it
is then sent again on schedule.`,
		Example: `  wxpay release
  wxpay release --order reversed
  wxpay release --order shuffled --times 2
  wxpay release --type ENTRUST.SIGN`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return o.release(cmd.Context(), sys)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.order, "order", string(ledger.AsCame), "as-came, reversed or shuffled")
	f.IntVar(&o.times, "times", 1, "how often each is sent, from 1 to 100")
	f.BoolVar(&o.printBody, "print-body", false, "print what each notification says, in clear; it names the payer")
	f.BoolVar(&o.asJSON, "json", false, "print an object for each attempt")
	o.of(cmd)
	oneOf(cmd, "order", func() []string { return orders })
	return cmd
}

var orders = []string{string(ledger.AsCame), string(ledger.Reversed), string(ledger.Shuffled)}

func (o *holdOptions) release(ctx context.Context, sys System) error {
	switch {
	case !slices.Contains(orders, o.order):
		return usage("--order is one of %v", listed(orders))
	case o.times < 1 || o.times > 100:
		return usage("--times is a whole number from 1 to 100")
	}
	admin, err := o.client(ctx, sys)
	if err != nil {
		return err
	}
	_, cursor, err := admin.since(ctx, "", 0)
	if err != nil {
		return err
	}
	var released struct {
		Sent []string `json:"sent"`
	}
	// It takes as long as the receiver needs for all of them.
	if err := admin.waiting(ctx, http.MethodPost, "release", ledger.Release{Hold: o.hold,
		Order: ledger.ReleaseOrder(o.order), Times: o.times}, &released); err != nil {
		return err
	}
	if len(released.Sent) == 0 {
		sys.note("nothing was held back")
		return nil
	}
	out := &deliveries{sys: sys, asJSON: o.asJSON, bodies: o.printBody, admin: admin}
	return orNot(out.outcomes(ctx, cursor, released.Sent))
}
