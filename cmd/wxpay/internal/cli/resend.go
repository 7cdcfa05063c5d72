package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type resendOptions struct {
	adminFlags
	which
	all, asJSON, printBody bool
}

func newResend(sys System) *cobra.Command {
	var o resendOptions
	cmd := &cobra.Command{
		Use:   "resend [id]...",
		Short: "Have a sandbox send notifications again",
		Long: `resend makes a running sandbox send notifications again at once, whatever their
state: delivered, given up or held back. Each keeps its id, as it does when
WeChat Pay sends it again, and is sealed and signed anew. Give ids, or at least
their first four characters, or --all for every one that --type, --state,
--contract and --mchid select.

It prints every answer. The exit code is 1 if a notification was not taken.`,
		Example: `  wxpay resend 871e11be
  wxpay resend --all --state GIVEN_UP
  wxpay resend --all --type ENTRUST.TERMINATE --contract 202009103252816529`,
		Args: func(_ *cobra.Command, args []string) error {
			if o.all == (len(args) > 0) {
				return &failure{code: exitUsage, err: errorf("wxpay resend takes ids of notifications, or --all"),
					hint: text("wxpay events lists them")}
			}
			return nil
		},
		ValidArgsFunction: o.completeIDs(sys, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return o.run(cmd.Context(), sys, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "every notification that the other flags select")
	f.BoolVar(&o.printBody, "print-body", false, "print what each notification says, in clear; it names the payer")
	f.BoolVar(&o.asJSON, "json", false, "print an object for each attempt")
	o.which.addTo(cmd)
	o.adminFlags.addTo(cmd)
	return cmd
}

func (o *resendOptions) run(ctx context.Context, sys System, args []string) error {
	if !o.all && o.which != (which{}) {
		return usage("--type, --state, --contract and --mchid go with --all, not with ids")
	}
	admin, err := o.client(ctx, sys)
	if err != nil {
		return err
	}
	var ids []string
	for _, arg := range args { // all of them are found before any is sent
		p, err := findPush(ctx, admin, arg)
		if err != nil {
			return err
		}
		ids = append(ids, p.ID)
	}
	if o.all {
		if err := o.each(ctx, admin, func(p *ledger.Push) { ids = append(ids, p.ID) }); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return &failure{code: exitFailure, err: errorf("there are no such notifications"),
			hint: text("wxpay events lists them")}
	}
	_, cursor, err := admin.since(ctx, "", 0)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := admin.call(ctx, http.MethodPost, "pushes/"+url.PathEscape(id)+"/retry", struct{}{}, nil); err != nil {
			return err
		}
	}
	out := &deliveries{sys: sys, asJSON: o.asJSON, bodies: o.printBody, admin: admin}
	return orNot(out.outcomes(ctx, cursor, ids))
}
