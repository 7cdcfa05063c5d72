package cli

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// uploadOptions are the flags of `wxpay upload`.
type uploadOptions struct {
	callOptions
	to      string
	members []string
}

func newUpload(sys System) *cobra.Command {
	var o uploadOptions
	cmd := &cobra.Command{
		Use:   "upload FILE --to PATH",
		Short: "Send a file: a picture, a video, an invoice, a list",
		Long: `upload sends a file as a form to the endpoint that --to names, verifies the
answer and prints it as wxpay call does.

The name and the hash of the file are filled in, and signed in place of the
body, as the endpoint wants them. What it wants besides is given with --member:
name=value for a string, name:=value for JSON. A file that is too large, or
whose name ends in something else than the endpoint takes, is not sent.

Credentials and exit codes are those of wxpay call.`,
		Example: `  wxpay upload licence.jpg --to v3/merchant/media/upload
  wxpay upload shop.mp4 --to v3/merchant/media/video_upload
  wxpay upload users.csv --to 'v3/marketing/bank/packages/{package_id}/tasks' \
      --path package_id=8473295 --member bank_type=ICBC_DEBIT`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usage("upload takes a file, as in: wxpay upload licence.jpg --to v3/merchant/media/upload")
			}
			return nil
		},
		ValidArgsFunction: completeFile,
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), sys, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "path of the endpoint, as in v3/merchant/media/upload")
	f.StringArrayVarP(&o.members, "member", "m", nil,
		"name=value, or name:=JSON, is said of the file besides; may be repeated")
	f.StringArrayVarP(&o.paths, "path", "p", nil, "name=value fills the variable {name} of the path; may be repeated")
	f.DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait for the answer; 0 waits without limit")
	f.BoolVar(&o.mtls, "mtls", false,
		"show the API certificate (--cert) in the TLS handshake; done unasked where an upload is known to need it")
	f.BoolVar(&o.raw, "raw", false, "print the answer byte for byte")
	f.BoolVarP(&o.verbose, "verbose", "v", false,
		"say on standard error what was sent and how it was answered; never keys or signatures")
	o.addTo(cmd)
	completes(cmd, "to", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return completePath(typed, takesFile)
	})
	return cmd
}

func (o *uploadOptions) run(ctx context.Context, sys System, name string) error {
	if o.to == "" {
		return usage("give the endpoint, as in --to v3/merchant/media/upload; these take files:\n  %s",
			strings.Join(uploads(), "\n  "))
	}
	if o.timeout < 0 {
		return usage("--timeout is negative; give how long to wait for the answer, as in --timeout 5m")
	}
	path, options, err := o.options(o.to)
	if err != nil {
		return err
	}
	for _, m := range o.members {
		name, value, ok := strings.Cut(m, "=")
		if !ok || strings.TrimSuffix(name, ":") == "" {
			return usage("--member takes a name and a value, as in --member bank_type=ICBC_DEBIT, or JSON, as in " +
				"--member item_id:=5")
		}
		var said any = value
		if member, isJSON := strings.CutSuffix(name, ":"); isJSON {
			if !json.Valid([]byte(value)) {
				return usage("--member %s is not JSON; write = for a string", printable(member))
			}
			name, said = member, json.RawMessage(value)
		}
		options = append(options, wxpay.Member(name, said))
	}
	sent := o.sentPath(o.to)
	e := exchangeOf("POST", sent)
	cfg, err := o.config(ctx, sys)
	if err != nil {
		return err
	}
	client, trace, err := o.client(cfg, e)
	if err != nil {
		return err
	}
	if e.Kind != catalogue.KindUpload {
		warnOfPath(sys, "POST", path, sent, text("Uploading it all the same"))
		sys.note("it is not known which form is taken there; sending the file and a " +
			"meta with filename and sha256, as most want it")
	}
	if o.mtls {
		options = append(options, wxpay.MTLS())
	}
	bar, end := progress(sys, sys.text("sending"))
	started := time.Now()
	result, err := client.Chain(path).Upload(ctx, wxpay.FileAt(name), append(options, bar)...)
	end()
	if o.verbose {
		trace.report(sys, time.Since(started))
	}
	if err != nil {
		return explainCall(err, trace.hint)
	}
	if said := trace.hint.Through(result.Quiet); said.String() != "" { // a sandbox let something pass
		sys.hint("%s", said)
	}
	return o.show(sys, result, isV2(path))
}

// uploads are the paths that take files.
func uploads() (paths []string) {
	for _, k := range catalogue.AllKnown() {
		if takesFile(k) {
			paths = append(paths, k.SDKPath())
		}
	}
	return paths
}

func takesFile(k catalogue.Known) bool { return k.Exchange().Kind == catalogue.KindUpload }

// errNoURL is an answer without the address of a file.
var errNoURL = errorf("the answer has no download_url")

// ofFile says that a file is there.
func ofFile(sys System, name string, n int64, proof lang.Text) {
	say(sys, sys.paintErr().green(sys.text("saved:  ")), sys.text("%s, %d bytes; %v", printable(name), n, proof))
}
