package cli

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/evidence"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/stored"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// decryptOptions are the flags of `wxpay decrypt`.
type decryptOptions struct {
	credentials
	storedMessage
	field string
}

func newDecrypt(sys System) *cobra.Command {
	var o decryptOptions
	cmd := &cobra.Command{
		Use:   "decrypt FILE",
		Short: "Open what is sealed in a notification, or an encrypted field",
		Long: `decrypt prints what is sealed in a notification, and nothing else, to standard
output: the resource of APIv3 with the APIv3 key, the req_info of an APIv2 refund
with the APIv2 key. FILE, or - for standard input, has the forms that wxpay verify
reads; it may be the resource alone, or the answer of GET v3/certificates. Where
it does not open, standard error says why.

--field opens one encrypted field of an answer, such as a name, with the
merchant's private key: its base64, or - to read that from standard input.

Keys and settings are given as to wxpay call. Nothing is sent. Who sent a message
is for wxpay verify to say; where the headers are there, decrypt says so if their
signature is not right.

What comes out names the payer: keep it out of tickets, chats and logs.

The exit code is 0 where it opened, 1 where it did not, and 2 where the file or a
key cannot be read or is missing.`,
		Example: `  wxpay decrypt notification.txt --env-file production.env
  wxpay decrypt resource.json | jq .out_trade_no
  wxpay decrypt --field 'dGhpcyBpcyBub3Qg…'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("field") {
				return noArgs(cmd, args)
			}
			return o.args(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"headers", "body", "field"} {
				if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return usage("--%s is empty; give its value, or leave it out", name)
				}
			}
			return o.run(cmd.Context(), sys, args)
		},
	}
	o.storedMessage.addTo(cmd)
	cmd.Flags().StringVar(&o.field, "field", "", "an encrypted field in base64, or - for standard input")
	o.credentials.addTo(cmd)
	return cmd
}

func (o *decryptOptions) run(ctx context.Context, sys System, args []string) error {
	keys, err := o.keys(ctx, sys)
	if err != nil {
		return err
	}
	var plain []byte
	if o.field != "" {
		plain, err = o.openField(ctx, sys, keys)
	} else {
		var m *stored.Message
		if m, err = o.read(ctx, sys, args); err != nil {
			return err
		}
		plain, err = opened(sys, m, keys)
	}
	if err != nil {
		return err
	}
	if sys.Terminal {
		sys.note("this may name the payer: keep it out of tickets, chats and logs")
		plain = append(legible(plain), '\n')
	}
	if _, err := sys.Out.Write(plain); err != nil {
		return &failure{code: exitFailure, err: errorf("it cannot be printed: %w", err)}
	}
	return nil
}

// opened opens what is sealed in a message.
func opened(sys System, m *stored.Message, keys knownKeys) ([]byte, error) {
	var list struct {
		Data []struct {
			Sealed *wire.Resource `json:"encrypt_certificate"`
		} `json:"data"`
	}
	var bare wire.Resource
	switch {
	case json.Unmarshal(m.Body, &list) == nil && len(list.Data) > 0 && list.Data[0].Sealed != nil:
		var all []byte
		for _, one := range list.Data {
			plain, err := openedResource(sys, *one.Sealed, keys)
			if err != nil {
				return nil, err
			}
			all = append(append(all, strings.TrimSpace(string(plain))...), '\n')
		}
		return all, nil
	case json.Unmarshal(m.Body, &bare) == nil && bare.Ciphertext != "" && bare.Nonce != "":
		return openedResource(sys, bare, keys)
	}
	c := evidence.Judge(m, false, time.Time{}, keys.Known)
	plain := c.Verdict.Opened.Reveal()
	if plain != nil {
		if len(m.Header) > 0 && c.Standing != evidence.Genuine {
			sys.note("its signature is not proved: %v; see wxpay verify", problem(c.Verdict.Findings[0]))
		}
		return plain, nil
	}
	return nil, unopened(c.Verdict.Findings)
}

// openedResource opens a resource that stands alone.
func openedResource(sys System, r wire.Resource, keys knownKeys) ([]byte, error) {
	plain, _, f := explain.OpenResource(r, keys.Known)
	switch {
	case plain == nil:
		return nil, unopened([]explain.Finding{f})
	case f.Found():
		sys.note("%v", problem(f))
	}
	return plain, nil
}

// unopened is why something did not open: the finding that is about what is sealed, if there is
// one.
func unopened(findings []explain.Finding) error {
	for _, f := range findings {
		code := exitFailure
		switch {
		case f.ID == "resource-no-key" || f.ID == explain.Unknown && f.Case == "no-key":
			code = exitUsage
		case f.ID == "xml-malformed", strings.HasPrefix(f.ID, "envelope-"):
			code = exitUsage
		case strings.HasPrefix(f.ID, "resource-"), strings.HasPrefix(f.ID, "sealed-"),
			f.ID == explain.Unknown && (f.Case == "resource" || f.Case == "sealed" || f.Case == "size"):
		default:
			continue
		}
		return &failure{code: code, err: errorf("it does not open: %v", problem(f)), hint: text("%v", advised(f))}
	}
	return &failure{code: exitUsage, err: errorf("nothing is sealed in it"),
		hint: text("notifications of APIv3 have a resource, those of APIv2 refunds req_info; fields of answers are " +
			"opened with --field")}
}

// openField opens one field that was encrypted to the merchant's certificate.
func (o *decryptOptions) openField(ctx context.Context, sys System, keys knownKeys) ([]byte, error) {
	key, ok := keys.private.(crypto.Decrypter)
	if !ok {
		return nil, usage("the API private key is missing; give its file, apiclient_key.pem, as --key or " +
			"WXPAY_PRIVATE_KEY, or all settings at once with --env-file")
	}
	sealed := o.field
	if sealed == "-" {
		data, err := o.data(ctx, sys, "-")
		if err != nil {
			return nil, err
		}
		sealed = string(data)
	}
	sealed = strings.Trim(sealed, " \t\r\n\"'")
	plain, err := wire.DecryptOAEP(key, sealed)
	if err == nil {
		return []byte(plain), nil
	}
	return nil, unopenedField(key, sealed)
}

// unopenedField says why a field does not open.
func unopenedField(key crypto.Decrypter, sealed string) error {
	fail := func(why, hint error) error {
		return &failure{code: exitFailure, err: errorf("the field does not open: %w", why), hint: text("%v", hint)}
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	for _, other := range []string{strings.ReplaceAll(sealed, " ", "+"), strings.ReplaceAll(sealed, `\/`, "/"),
		strings.NewReplacer("-", "+", "_", "/").Replace(sealed)} {
		if err == nil {
			break
		}
		if _, err := wire.DecryptOAEP(key, other); err == nil {
			return fail(errorf("its base64 was changed: blanks for +, \\/ for /, or another alphabet"),
				errorf("give it as it came"))
		}
	}
	if err != nil {
		return fail(errorf("it is not base64"), errorf("give the field's value alone, whole"))
	}
	size := 0
	if public, ok := key.Public().(*rsa.PublicKey); ok {
		size = public.Size()
	}
	if len(raw) != size {
		return fail(errorf("it has %d bytes, and the private key opens %d", len(raw), size),
			errorf("give the field's value alone, whole"))
	}
	if _, err := key.Decrypt(rand.Reader, raw, &rsa.OAEPOptions{Hash: crypto.SHA256}); err == nil {
		return fail(errorf("it is encrypted with OAEP and SHA-256"), errorf("WeChat Pay's fields are encrypted with "+
			"OAEP and SHA-1 (RSA/ECB/OAEPWithSHA-1AndMGF1Padding)"))
	}
	return fail(errorf("it is not encrypted to this private key"), errorf("WeChat Pay encrypts to the API certificate "+
		"that is current: see that the key is its pair; what you encrypted yourself only WeChat Pay opens"))
}
