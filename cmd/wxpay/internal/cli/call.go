package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
)

// callOptions are the flags of `wxpay call`.
type callOptions struct {
	credentials
	data                   string
	paths, queries, header []string
	encrypt                []string
	timeout                time.Duration
	verbose, raw, mtls     bool
	resolve                bool
}

var (
	callMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	variable    = regexp.MustCompile(`\{\+?(\w+)\}`)
)

func newCall(sys System) *cobra.Command {
	var o callOptions
	cmd := &cobra.Command{
		Use:   "call METHOD PATH",
		Short: "Make one signed call to any endpoint",
		Long: `call signs one call, sends it, verifies the answer and prints it: the JSON to
standard output, errors to standard error.

The path is written as in the documents, with or without its leading slash.
Variables are filled with --path, or written into the path as they are.

Fields that WeChat Pay wants encrypted, such as names and numbers of identity
cards, are given in clear. Those of a typed endpoint (wxpay endpoints --typed)
are encrypted unasked. Of the other endpoints wxpay does not know which they
are: name each with --encrypt, or it is sent in clear. Wechatpay-Serial says to
which key they are encrypted.

Paths that begin with v2/ speak APIv2: the JSON given with --data becomes signed
XML (XML is taken as well), and the answer's fields are printed as JSON. mch_id,
nonce_str and sign are filled in. Pages are not called: see wxpay url. The bill
of v2/pay/downloadbill is text, printed to the byte; --raw leaves it packed.

Files are sent with wxpay upload, and bills and receipts fetched with wxpay
download.

The APIv3 and APIv2 keys are read from WXPAY_APIV3_KEY and WXPAY_APIV2_KEY or
the env file only, since a command line shows in every list of processes.

WXPAY_PLAIN_HTTP=true lets WXPAY_HOST begin with http:// where it is not of this
machine, for a sandbox in another container; never for WeChat Pay's own hosts.

An env file is UTF-8 text: NAME=value a line, with or without export before it,
and comments that start with #, also behind a value and a blank. Any other line
is an error, and so is a variable that is set twice, a name that begins with
WXPAY_ and is none of these, one that is nearly one of these where that is not
set, and a WXPAY_HOST without a value: a call whose host was not recognised
would go to WeChat Pay itself.

Where no setting is given at all, neither by a flag nor by a variable, not even
an empty one, wxpay-sandbox/wxpay.env in the current folder is read if it is
there, and standard error says so and names the host.

On a terminal the JSON is indented, and characters that steer one are written
out (\u009b); a pipe or a file gets the answer byte for byte, as --raw does.

The exit code says what became of the call: see wxpay --help. Where it leaves
that open, standard error names the query that tells. --resolve asks it, and the
exit code then is 0 where the call took effect, with the query's answer on
standard output, 3 where it did not, and 4 where nobody knows yet.`,
		Example: `  wxpay call POST v3/edu-papay/contracts/presign -d @body.json
  wxpay call GET 'v3/edu-papay/contracts/id/{contract_id}' \
      --path contract_id=2021… --query appid=wx8888888888888888
  echo '{"contract_termination_remark":"bye"}' |
      wxpay call POST v3/…/terminate -d @-
  wxpay call POST v2/papay/querycontract \
      -d '{"appid":"wx…","contract_id":"Wx…","version":"1.0"}'
  wxpay call POST v2/pay/downloadbill \
      -d '{"appid":"wx…","bill_date":"20260901","tar_type":"GZIP"}' > bill.csv
  wxpay call POST v3/profitsharing/receivers/add --encrypt /name -d @body.json
  wxpay call GET v3/certificates --env-file ~/merchant.env`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("call takes a method and a path, as in: wxpay call GET v3/certificates")
			}
			return nil
		},
		ValidArgsFunction: completeCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmptied(cmd); err != nil {
				return err
			}
			return o.run(cmd.Context(), sys, strings.ToUpper(args[0]), args[1])
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.data, "data", "d", "", "JSON to send, or for v2/ XML; @file reads a file, @- standard input")
	f.StringArrayVarP(&o.paths, "path", "p", nil, "name=value fills the variable {name} of the path; may be repeated")
	f.StringArrayVarP(&o.queries, "query", "q", nil, "name=value adds to the query; may be repeated")
	f.StringArrayVarP(&o.header, "header", "H", nil,
		"'Name: value' sets a header, such as 'Accept-Language: en'; may be repeated")
	f.StringArrayVar(&o.encrypt, "encrypt", nil,
		"JSON pointer of a field to encrypt, as in /payee/*/name; may be repeated, and needed where no type knows it")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for the answer; 0 waits without limit")
	f.BoolVar(&o.raw, "raw", false, "print the answer byte for byte, which for v2/ is XML, or a bill as it was packed")
	f.BoolVar(&o.mtls, "mtls", false,
		"show the API certificate (--cert) in the TLS handshake; done unasked where a call is known to need it")
	f.BoolVar(&o.resolve, "resolve", false,
		"where the call fails, ask by its numbers what became of it")
	f.BoolVarP(&o.verbose, "verbose", "v", false,
		"say on standard error what was sent and how it was answered; never keys or signatures")
	o.addTo(cmd)
	fileBehindAt(cmd, "data")
	completes(cmd, "path", completeVariables(1))
	return cmd
}

func (o *callOptions) run(ctx context.Context, sys System, method, path string) error {
	if !slices.Contains(callMethods, method) {
		return usage("there is no such method; there are %s", strings.Join(callMethods, ", "))
	}
	if o.timeout < 0 {
		return usage("--timeout is negative; give how long to wait for the answer, as in --timeout 30s")
	}
	v2 := isV2(path)
	sent := o.sentPath(path)
	if v2 {
		if err := methodOfV2(method, path, sent); err != nil {
			return err
		}
	}
	body, err := readBody(ctx, sys, o.data, v2)
	if err != nil {
		return err
	}
	if v2 && body == nil && method == "POST" {
		return usage("an APIv2 call has a body; give its fields with --data")
	}
	if body != nil && (method == "GET" || method == "DELETE" && !deletesWithBody(sent)) {
		return usage("%s takes no body; --data is for POST, PUT and PATCH, --query for %s", method, method)
	}
	if exchangeOf(method, sent).Kind == catalogue.KindUpload {
		return usage("%s takes a file; send it with: wxpay upload FILE --to %s", sent, path)
	}
	path, options, err := o.options(path)
	if err != nil {
		return err
	}
	cfg, err := o.config(ctx, sys)
	if err != nil {
		return err
	}
	op := described(method, sent)
	if op != nil {
		if op.SignType != "" {
			options = append(options, wxpay.SignType(op.SignType))
		}
		if fields := op.EncryptedBody(); len(fields) > 0 {
			options = append(options, wxpay.Sensitive(fields...))
		}
	}
	cfg.Attempts = 1 // what came of it is shown, and not smoothed out
	client, trace, err := o.client(cfg, exchangeOf(method, sent))
	if err != nil {
		return err
	}
	warnOfPath(sys, method, path, sent, text("Calling it all the same"))
	if body != nil && !v2 && (op == nil || op.Body == nil) {
		sys.note("wxpay does not know which fields travel encrypted there, and " +
			"encrypts none but those of --encrypt")
	}

	started := time.Now()
	result, err := send(ctx, client.Chain(path), method, body, options)
	if o.verbose {
		trace.report(sys, time.Since(started))
	}
	if err != nil {
		return o.learn(ctx, sys, client, op, explainCall(err, trace.hint), err)
	}
	if said := trace.hint.Through(result.Quiet); said.String() != "" { // a sandbox let something pass
		sys.hint("%s", said)
	}
	noteProof(sys, result)
	return o.show(sys, result, v2)
}

// noteProof says of an answer that it is not signed, or what of it is.
func noteProof(sys System, result *wxpay.Result) {
	switch {
	case !result.Verified():
		sys.note("WeChat Pay signs no answer to this call: only TLS says who gave it")
	case result.Hash() != "":
		sys.note("WeChat Pay signs the %s of this answer, and it is right", result.Hash())
	}
}

// client is the client of one call, which trace watches.
func (o *callOptions) client(cfg wxpay.Config, e catalogue.Exchange) (*wxpay.Client, *trace, error) {
	t := &trace{to: oneAtATime()}
	if o.mtls = o.mtls || e.MTLS; o.mtls {
		var err error
		if t.to, err = mutualTLS(cfg); err != nil {
			return nil, nil, err
		}
	}
	cfg.HTTPClient = &http.Client{Transport: t, Timeout: o.timeout}
	if o.timeout == 0 {
		cfg.HTTPClient.Timeout = -1 // none; of 0 the SDK makes a minute
	}
	client, err := newClient(cfg)
	return client, t, err
}

// options reads the repeated flags. A query written into the path is taken out
// of it: it is signed either way, but only here can it be escaped.
func (o *callOptions) options(path string) (string, []wxpay.Option, error) {
	var options []wxpay.Option
	if strings.Contains(path, "://") {
		return "", nil, usage("give the path alone, as in v3/certificates; the host is --host or WXPAY_HOST")
	}
	path, rawQuery, _ := strings.Cut(path, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return "", nil, usage("the query in the path is malformed; use --query name=value")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			options = append(options, wxpay.Query(name, value))
		}
	}
	for _, set := range []struct {
		flag, separator, example string
		values                   []string
		option                   func(name, value string) wxpay.Option
	}{
		{"path", "=", "contract_id=202102285929035611", o.paths, wxpay.Path},
		{"query", "=", "appid=wx8888888888888888", o.queries, wxpay.Query},
		{"header", ":", "'Accept-Language: en'", o.header, wxpay.Header},
	} {
		for _, v := range set.values {
			name, value, ok := strings.Cut(v, set.separator)
			if name = strings.TrimSpace(name); !ok || name == "" {
				return "", nil, usage("--%s takes a name and a value, as in --%s %s", set.flag, set.flag, set.example)
			}
			if set.separator == ":" {
				value = strings.TrimSpace(value)
			}
			options = append(options, set.option(name, value))
		}
	}
	for _, pointer := range o.encrypt {
		if !strings.HasPrefix(pointer, "/") || len(pointer) == 1 {
			return "", nil, usage("--encrypt takes a JSON pointer, as in --encrypt /name")
		}
		options = append(options, wxpay.Encrypt(pointer))
	}
	return path, options, nil
}

func send(ctx context.Context, chain wxpay.Chain, method string, body any, options []wxpay.Option) (*wxpay.Result,
	error) {
	switch method {
	case "GET":
		return chain.Get(ctx, options...)
	case "POST":
		return chain.Post(ctx, body, options...)
	case "PUT":
		return chain.Put(ctx, body, options...)
	case "PATCH":
		return chain.Patch(ctx, body, options...)
	}
	if body != nil {
		return chain.DeleteWith(ctx, body, options...)
	}
	return chain.Delete(ctx, options...)
}

// show prints what was answered, byte for byte unless a person is reading.
func (o *callOptions) show(sys System, result *wxpay.Result, v2 bool) error {
	if len(result.Body) == 0 {
		if o.verbose || sys.ErrTerminal {
			fmt.Fprintln(sys.Err, sys.text("HTTP %d, without a body", result.Status))
		}
		return nil
	}
	body := result.Body
	if text := result.Text(); text != nil { // a bill, which is a file and printed to the byte
		if !o.raw {
			body = text
		}
		return o.write(sys, body)
	}
	if v2 && !o.raw && !json.Valid(body) {
		var err error
		if body, err = fieldsJSON(result); err != nil {
			return err
		}
	}
	if !v2 && (!result.Verified() || result.Hash() != "") { // a file, which is printed to the byte
		return o.write(sys, body)
	}
	if pretty := new(bytes.Buffer); !o.raw && sys.Terminal && json.Indent(pretty, body, "", "  ") == nil {
		body = pretty.Bytes()
	}
	return o.write(sys, append(bytes.TrimRight(body, "\n"), '\n'))
}

func (o *callOptions) write(sys System, answer []byte) error {
	if sys.Terminal && !o.raw {
		answer = legible(answer)
	}
	if _, err := sys.Out.Write(answer); err != nil {
		return &failure{code: exitUnknown, hint: text("query what became of it"),
			err: errorf("the call succeeded, and its answer cannot be printed: %w", err)}
	}
	return nil
}

func completeCall(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return slices.DeleteFunc(slices.Clone(callMethods), func(m string) bool {
			return !strings.HasPrefix(m, strings.ToUpper(typed))
		}), cobra.ShellCompDirectiveNoFileComp
	case 1:
		return completePath(typed, func(k catalogue.Known) bool {
			return strings.EqualFold(k.Method, args[0]) && !slices.Contains([]catalogue.Kind{catalogue.KindUpload,
				catalogue.KindPage, catalogue.KindNotification}, k.Exchange().Kind)
		})
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeVariables completes --path with the variables of the path that was given, which among the
// arguments is the one at the index.
func completeVariables(index int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) (out []string, _ cobra.ShellCompDirective) {
		if len(args) > index {
			for _, v := range variable.FindAllStringSubmatch(args[index], -1) {
				out = append(out, v[1]+"=")
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
