package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/internal/keyfile"
)

func newExport(sys System) *cobra.Command {
	var at adminFlags
	cmd := &cobra.Command{
		Use:   "export [file]",
		Short: "Write all that happened in a sandbox into one file",
		Long: `export writes all that happened in a running sandbox as one JSON document, to
a file or to standard output: contracts, orders, debits, refunds, payers with
their money, notifications and when they are due, holds, faults and the time.
wxpay import goes on from there, in the same sandbox or in another one.

The document has the merchants with their plans, and no key of anybody. It names
payers, and has in clear what travels encrypted, so the file is readable by this
user only. Two of them can be compared by any tool, for everything in it has an
order.`,
		Example: `  wxpay export half-told.json
  wxpay export | jq '.rows.contract[].data.state'`,
		Args:              atMostOneFile("export"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			admin, err := at.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			var answer json.RawMessage
			if err := admin.waiting(cmd.Context(), http.MethodGet, "export", nil, &answer); err != nil {
				return err
			}
			var doc bytes.Buffer
			if err := json.Indent(&doc, answer, "", "  "); err != nil {
				return err
			}
			doc.WriteByte('\n')
			if len(args) == 0 || args[0] == "-" {
				_, err = sys.Out.Write(doc.Bytes())
				return err
			}
			if err := writeWhole(args[0], doc.Bytes(), 0o600); err != nil {
				return &failure{code: exitFailure, err: errorf("cannot write the state: %w", err)}
			}
			sys.note("the state of the sandbox at %s is in %s", admin.base, args[0])
			return nil
		},
	}
	at.addTo(cmd)
	return cmd
}

func newImport(sys System) *cobra.Command {
	var at adminFlags
	cmd := &cobra.Command{
		Use:   "import file",
		Short: "Have a sandbox go on where another one was exported",
		Long: `import replaces all that happened in a running sandbox by what wxpay export
wrote, and goes on exactly there: contracts live on, notifications are sent when
they would have been, and the clock shows the time of the export. It takes one
moment, and nothing changes where the file is refused.

Merchants keep the keys that they have here, so that every program goes on as it
is; one that something in the file belongs to has to be known. A file that was
cut off or changed is refused: who changed it on purpose deletes its "sha256".
The journal stays as it is.`,
		Example: `  wxpay import half-told.json
  wxpay export --admin 127.0.0.1:9971 | wxpay import - --admin 127.0.0.1:9981`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("import takes one file, or - for standard input")
			}
			return nil
		},
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			doc, err := readDocument(cmd.Context(), sys, args[0])
			if err != nil {
				return err
			}
			admin, err := at.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			if err := admin.waiting(cmd.Context(), http.MethodPost, "import", verbatim(doc), nil); err != nil {
				return err
			}
			sys.note("the sandbox at %s goes on where that was exported", admin.base)
			return nil
		},
	}
	at.addTo(cmd)
	return cmd
}

func atMostOneFile(verb string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usage("%s takes one file, and got %q as well", verb, args[1])
		}
		return nil
	}
}

// verbatim is a body that is sent as it is, whatever it is: the sandbox says what is wrong with it.
type verbatim []byte

// readDocument reads what a sandbox is to be given: a file, or standard input.
func readDocument(ctx context.Context, sys System, name string) ([]byte, error) {
	if name != "-" {
		return readFile(ctx, text("the file"), name, aDocument)
	}
	return readInput(ctx, text("standard input"), aDocument, func(limit int64) ([]byte, error) {
		return keyfile.Bounded(sys.In, limit)
	})
}
