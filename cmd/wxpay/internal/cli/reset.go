package cli

import (
	"net/http"

	"github.com/spf13/cobra"
)

func newReset(sys System) *cobra.Command {
	var at adminFlags
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Take back all that happened in a sandbox",
		Long: `reset makes a running sandbox what it was when it was first started, in one
moment and while it runs. Contracts, orders, debits and refunds are gone, payers
with their money, notifications and what holds them back, faults and the
journal; the clock shows the time again. Ids of before are unknown from then
on, and numbers may be used again.

Merchants, plans, keys, certificates and forwards stay, also those that were
added since, and so does whoever listens: a program that is set up for the
sandbox goes on as it is. What --chaos armed is armed again.

There is no way back: wxpay export keeps what there is.`,
		Example: `  wxpay reset
  wxpay export before.json && wxpay reset`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			admin, err := at.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			// It waits for whoever walks through time.
			if err := admin.waiting(cmd.Context(), http.MethodPost, "reset", nil, nil); err != nil {
				return err
			}
			sys.note("the sandbox at %s is as new; its merchants and keys are what they were", admin.base)
			return nil
		},
	}
	at.addTo(cmd)
	return cmd
}
