package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/keyfile"
	"github.com/wxpay-go/wxpay/sandbox"
)

func newSeed(sys System) *cobra.Command {
	var at adminFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "seed file",
		Short: "Have there be in a sandbox what a file names: merchants, plans, payers …",
		Long: `seed lays in a running sandbox what a JSON file names and is not there yet:
merchants, plans, payers with their money, contracts that are signed already,
and faults. All of it or, where something is wrong, nothing; it then says which
member is wrong and what would be right. What is there stays, so to lay the same
file twice changes nothing. Nobody is notified.

wxpay sandbox --seed lays it at the start, and again after wxpay reset. Money is
in fen.`,
		Example: `  wxpay sandbox --seed seed.json
  wxpay seed seed.json
  echo '{"payers": [{"openid": "oPoor", "money": 100}]}' | wxpay seed -
  cat > seed.json <<'END'
  {"plans": [{"product": "papay", "id": "42",
              "notify_url": "https://yourapp.com/notify"}],
   "contracts": [{"product": "papay", "plan_id": "42", "openid": "oRich",
                  "out_contract_code": "A1",
                  "signed_at": "2026-01-01T10:00:00+08:00"}],
   "merchants": [{"mchid": "1900000130", "appids": ["wx1234567890abcdef"]}],
   "faults": [{"name": "duplicated", "event_type": "TRANSACTION.SUCCESS"}]}
  END`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("seed takes one file, or - for standard input")
			}
			return nil
		},
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			read := func(limit int64) ([]byte, error) { return keyfile.Read(args[0], limit) }
			if args[0] == "-" {
				read = func(limit int64) ([]byte, error) { return keyfile.Bounded(sys.In, limit) }
			}
			doc, err := readInput(cmd.Context(), text("the seed"), aSeed, read)
			if err != nil {
				return err
			}
			admin, err := at.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			var said sandbox.Seeded
			if err := admin.call(cmd.Context(), http.MethodPost, "seed", verbatim(doc), &said); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(sys.Out).Encode(said)
			}
			return tellSeeded(sys, said)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one object")
	at.addTo(cmd)
	return cmd
}

// tellSeeded prints a line for each sort of thing that the file has.
func tellSeeded(sys System, said sandbox.Seeded) error {
	laid, there := reflect.ValueOf(said.Laid), reflect.ValueOf(said.There)
	for i := range laid.NumField() {
		name := laid.Type().Field(i).Tag.Get("json")
		if laid.Field(i).Int()+there.Field(i).Int() == 0 {
			continue
		}
		if _, err := fmt.Fprintln(sys.Out, lang.Pad(name, 10), sys.text("%d laid, %d there already",
			laid.Field(i).Int(), there.Field(i).Int())); err != nil {
			return err
		}
	}
	return nil
}
