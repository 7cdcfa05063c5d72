package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
)

// isV2 tells by the path as the chain writes it.
func isV2(path string) bool { return strings.HasPrefix(strings.TrimLeft(path, "/"), "v2/") }

// methodOfV2 refuses the methods that an APIv2 path does not take.
func methodOfV2(method, path, sent string) error {
	path = strings.Trim(path, "/")
	get := described("GET", sent)
	switch {
	case method == "POST" && get == nil, method == "GET" && get != nil && !get.Page:
		return nil
	case get == nil:
		return usage("%s takes POST: every APIv2 call with a body does", path)
	case get.Page:
		return &failure{code: exitUsage, err: usage("%s is a page that a payer opens in WeChat; it is not called",
			path), hint: text("wxpay url %s -d … prints its signed address", path)}
	}
	return &failure{code: exitUsage, err: usage("%s takes GET", path), hint: text("%s calls it", "wxpay call GET "+path+
		" -q name=value …")}
}

// mutualTLS shows the merchant's certificate to whoever asks for it.
func mutualTLS(cfg wxpay.Config) (http.RoundTripper, error) {
	if cfg.Certificate == nil {
		return nil, usage("this call shows the API certificate in the TLS handshake; give its file, " +
			"apiclient_cert.pem, as --cert or WXPAY_CERTIFICATE")
	}
	t := oneAtATime()
	t.TLSClientConfig.Certificates = []tls.Certificate{{Certificate: [][]byte{cfg.Certificate.Raw},
		PrivateKey: cfg.PrivateKey, Leaf: cfg.Certificate}}
	return t, nil
}

// oneAtATime is a transport for one call that goes out once: over HTTP/2 net/http
// sends a call again whose stream was reset.
func oneAtATime() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second,
		DialContext:     (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
	}
}

// fieldsJSON is an APIv2 answer as JSON, without its sign.
func fieldsJSON(result *wxpay.Result) ([]byte, error) {
	fields, err := result.Map()
	if err != nil {
		return nil, err
	}
	delete(fields, "sign")
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err = e.Encode(fields)
	return out.Bytes(), err
}

func newURL(sys System) *cobra.Command {
	var o credentials
	var data string
	cmd := &cobra.Command{
		Use:   "url PATH",
		Short: "Print the signed address of an APIv2 signing page",
		Long: `url signs the fields of an APIv2 page, which a payer opens in WeChat rather
than a program calls, and prints its address. Nothing is sent. mch_id, timestamp
and sign are filled in.`,
		Example: `  wxpay url v2/papay/entrustweb -d @fields.json
  wxpay endpoints get --product papay-v2`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("url takes a path, as in: wxpay url v2/papay/entrustweb -d @fields.json")
			}
			return nil
		},
		ValidArgsFunction: pathsOf(func(k catalogue.Known) bool { return k.Exchange().Kind == catalogue.KindPage }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmptied(cmd); err != nil {
				return err
			}
			return printURL(cmd.Context(), sys, &o, args[0], data)
		},
	}
	cmd.Flags().StringVarP(&data, "data", "d", "", "fields as JSON or XML; @file reads a file, @- standard input")
	o.addTo(cmd)
	fileBehindAt(cmd, "data")
	return cmd
}

func printURL(ctx context.Context, sys System, o *credentials, path, data string) error {
	if !isV2(path) {
		return usage("only paths that begin with v2/ are opened as a signed address, as in: wxpay url " +
			"v2/papay/entrustweb")
	}
	body, err := readBody(ctx, sys, data, true)
	if err != nil {
		return err
	}
	if body == nil {
		return usage("a signing page needs its fields; give them with --data")
	}
	sent := plainEscapes(path)
	op := described("GET", sent)
	called := ""
	switch {
	case op != nil && !op.Page:
		called = "GET " + path + " -q name=value …"
	case described("POST", sent) != nil:
		called = "POST " + path + " -d …"
	}
	if called != "" {
		return &failure{code: exitUsage, err: usage("%s is called, not opened", path), hint: text("%s calls it",
			"wxpay call "+called)}
	}
	cfg, err := o.config(ctx, sys)
	if err != nil {
		return err
	}
	client, err := newClient(cfg)
	if err != nil {
		return err
	}
	var options []wxpay.Option
	if op == nil {
		warnOfPath(sys, "GET", path, sent, text("Signing it all the same"))
	} else if op.SignType != "" {
		options = append(options, wxpay.SignType(op.SignType))
	}
	address, err := client.Chain(path).URL(body, options...)
	if err != nil {
		return explainUnsent(err)
	}
	_, err = fmt.Fprintln(sys.Out, address)
	return err
}
