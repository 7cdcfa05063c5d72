package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func newCalm(sys System) *cobra.Command {
	var at adminFlags
	cmd := &cobra.Command{
		Use:   "calm",
		Short: "Have nothing go wrong in a sandbox any more",
		Long: `calm disarms every fault of a running sandbox, those of --chaos and those that
were armed on its admin, and says how many there were. What they have done
already stays done: a notification that was lost does not come.

wxpay sandbox --calm starts without faults.`,
		Example: `  wxpay calm`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			admin, err := at.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			var said struct {
				Disarmed int `json:"disarmed"`
			}
			if err := admin.call(cmd.Context(), http.MethodPost, "calm", nil, &said); err != nil {
				return err
			}
			if said.Disarmed == 0 {
				sys.note("no fault was armed")
				return nil
			}
			_, err = fmt.Fprintln(sys.Out, sys.text("disarmed: %d", said.Disarmed))
			return err
		},
	}
	at.addTo(cmd)
	return cmd
}
