package cli

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
)

// downloadOptions are the flags of `wxpay download`.
type downloadOptions struct {
	callOptions
	output, hash string
}

func newDownload(sys System) *cobra.Command {
	var o downloadOptions
	cmd := &cobra.Command{
		Use:   "download PATH|URL -o FILE",
		Short: "Fetch a bill, a receipt or a picture, and check its hash",
		Long: `download asks the endpoint PATH for a file's address with a GET, and fetches the
file: it is checked against the hash that came with the address, and unpacked
where it is a packed bill. Or give a URL that an answer had, and its hash as
--hash. Of pictures and invoices WeChat Pay gives no hash.

The file appears under its name when all of it is there and right; until then it
has another name, and nothing is left of one that failed. -o - writes to
standard output, bit by bit and before the hash is known: look at the exit code.

Credentials and exit codes are those of wxpay call.`,
		Example: `  wxpay download v3/bill/tradebill -q bill_date=2026-09-01 -o bill.csv
  wxpay download 'v3/merchant-service/images/{media_id}' \
      --path media_id=BB04A5… -o picture.jpg
  wxpay download 'https://api.mch.weixin.qq.com/v3/billdownload/file?token=…' \
      --hash SHA1:79bb0f45fc4c… -o bill.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usage("download takes a path or a URL, as in: wxpay download v3/bill/tradebill -q bill_date=…")
			}
			return nil
		},
		ValidArgsFunction: pathsOf(func(k catalogue.Known) bool { return k.Method == "GET" && !isV2(k.SDKPath()) }),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), sys, args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "out", "o", "", "the file to write; - is standard output")
	f.StringVar(&o.hash, "hash", "", "hash_type:hash_value of the answer that had the URL, as in SHA1:79bb0f45fc4c…")
	f.StringArrayVarP(&o.paths, "path", "p", nil, "name=value fills the variable {name} of the path; may be repeated")
	f.StringArrayVarP(&o.queries, "query", "q", nil, "name=value adds to the query; may be repeated")
	f.DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait for each answer; 0 waits without limit")
	f.BoolVarP(&o.verbose, "verbose", "v", false,
		"say on standard error what was sent and how it was answered; never keys or signatures")
	o.addTo(cmd)
	aFile(cmd, "out")
	completes(cmd, "path", completeVariables(0))
	return cmd
}

// fileToFetch is what an answer says of a file.
type fileToFetch struct {
	URL        string `json:"download_url"`
	OtherURL   string `json:"url"`
	HashType   string `json:"hash_type"`
	HashValue  string `json:"hash_value"`
	EncryptKey string `json:"encrypt_key"`
	Nonce      string `json:"nonce"`
}

func (o *downloadOptions) run(ctx context.Context, sys System, from string) error {
	if o.output == "" {
		return usage("give the file to write, as in -o bill.csv")
	}
	if o.timeout < 0 {
		return usage("--timeout is negative; give how long to wait for each answer, as in --timeout 5m")
	}
	file, direct := fileToFetch{URL: from}, strings.Contains(from, "://")
	if o.hash != "" {
		var ok bool
		if file.HashType, file.HashValue, ok = strings.Cut(o.hash, ":"); !ok || !direct {
			return usage("--hash is hash_type:hash_value of a URL, as in --hash SHA1:79bb0f45fc4c…")
		}
	}
	var options []wxpay.Option
	path := from
	if !direct {
		var err error
		if path, options, err = o.options(from); err != nil {
			return err
		}
	}
	cfg, err := o.config(ctx, sys)
	if err != nil {
		return err
	}
	client, trace, err := o.client(cfg, catalogue.Exchange{})
	if err != nil {
		return err
	}
	started := time.Now()
	switch e := exchangeOf("GET", o.sentPath(from)); {
	case direct:
	case e.Kind == catalogue.KindFile && e.HashHeader == "":
		host := cfg.Host
		if host == "" {
			host = wxpay.DefaultHost
			if e.Host != "" {
				host = "https://" + e.Host
			}
		}
		file.URL = strings.TrimSuffix(host, "/") + "/" + strings.TrimPrefix(o.sentPath(from), "/")
	default:
		if file, err = addressOf(ctx, client.Chain(path), options); err != nil {
			return explainCall(err, trace.hint)
		}
	}
	err = o.fetch(ctx, sys, client, file)
	if o.verbose {
		trace.report(sys, time.Since(started))
	}
	var place *fs.PathError
	if errors.As(err, &place) {
		return &failure{code: exitFailure, err: err, hint: text("give another file with -o")}
	}
	if err != nil {
		return explainCall(err, trace.hint)
	}
	return nil
}

// addressOf asks for a file and gives what the answer says of it.
func addressOf(ctx context.Context, chain wxpay.Chain, options []wxpay.Option) (fileToFetch, error) {
	result, err := chain.Get(ctx, options...)
	if err != nil {
		return fileToFetch{}, err
	}
	var answer struct {
		fileToFetch
		List []fileToFetch `json:"download_bill_list"`
	}
	if err := result.Decode(&answer); err != nil {
		return fileToFetch{}, err
	}
	file := answer.fileToFetch
	if len(answer.List) > 1 {
		return file, usage("the answer has %d files; fetch each by its URL, which wxpay call prints", len(answer.List))
	}
	if len(answer.List) == 1 {
		file = answer.List[0]
	}
	if file.URL == "" {
		file.URL = file.OtherURL
	}
	if file.URL == "" {
		return file, &failure{code: exitFailure, err: errNoURL, hint: text("see what wxpay call GET prints")}
	}
	return file, nil
}

// fetch takes the file in, and says what covers it.
func (o *downloadOptions) fetch(ctx context.Context, sys System, client *wxpay.Client, file fileToFetch) error {
	var options []wxpay.Option
	if file.EncryptKey != "" {
		options = append(options, wxpay.SealedFile(file.EncryptKey, file.Nonce))
	}
	bar, end := progress(sys, sys.text("receiving"))
	defer end()
	options = append(options, bar)
	proof := text("%s checked", file.HashType)
	if file.HashType == "" {
		proof = text("WeChat Pay gives no hash of it: only TLS says who gave it")
	}
	if o.output == "-" {
		_, err := client.DownloadTo(ctx, sys.Out, file.URL, file.HashType, file.HashValue, options...)
		return err
	}
	n, err := client.DownloadFile(ctx, o.output, file.URL, file.HashType, file.HashValue, options...)
	if err != nil {
		return err
	}
	end()
	ofFile(sys, o.output, n, proof)
	return nil
}
