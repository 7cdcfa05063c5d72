package cli

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/keyfile"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// certificatesOptions are the flags of `wxpay certificates`.
type certificatesOptions struct {
	credentials
	out    string
	asJSON bool
}

func newCertificates(sys System) *cobra.Command {
	var o certificatesOptions
	cmd := &cobra.Command{
		Use:   "certificates",
		Short: "Download, verify and save WeChat Pay's certificates",
		Long: `certificates downloads WeChat Pay's platform certificates, opens them with the
APIv3 key, verifies the answer, and saves each as wechatpay_SERIAL.pem. Nothing
is needed but the merchant's own keys; settings are given as to wxpay call.

A file that is there already is left alone; where it holds something else,
nothing is saved and the exit code is 1.

A program needs none of these files: a wxpay.Client downloads certificates by
itself. They are for other programs, and for a receiver without a private key.

A merchant who has WeChat Pay's public key and no certificates gets a 404, and
is told where the public key is.

The exit code is 5 where what came cannot be shown to be WeChat Pay's, as with
the wrong APIv3 key: see wxpay --help.`,
		Example: `  wxpay certificates
  wxpay certificates --out keys --env-file ~/merchant.env
  wxpay certificates --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.out == "" {
				return usage("--out is empty; give a folder, or leave it out for the current one")
			}
			return o.run(cmd.Context(), sys)
		},
	}
	cmd.Flags().StringVarP(&o.out, "out", "o", ".", "folder to save them in; it is made where there is none")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print one JSON array")
	o.addTo(cmd)
	aFolder(cmd, "out")
	return cmd
}

// savedCertificate is one of the JSON form; its names are kept from one version to the next.
type savedCertificate struct {
	Serial    string    `json:"serial"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	DaysLeft  int       `json:"days_left"`
	File      string    `json:"file"`
	Saved     bool      `json:"saved"` // false where the file was there already
	text      []byte
}

func (o *certificatesOptions) run(ctx context.Context, sys System) error {
	cfg, err := o.config(ctx, sys)
	if err != nil {
		return err
	}
	client, err := newClient(cfg)
	if err != nil {
		return err
	}
	list, err := client.Certificates(ctx)
	if err != nil {
		return explainCertificates(err)
	}
	saved, err := save(o.out, list)
	if err != nil {
		return &failure{code: exitFailure, err: errorf("cannot save the certificates: %w", err),
			hint: text("give another folder with --out")}
	}
	if o.asJSON {
		e := json.NewEncoder(sys.Out)
		e.SetIndent("", "  ")
		return e.Encode(saved)
	}
	for _, c := range saved {
		did := sys.text("saved")
		if !c.Saved {
			did = sys.text("there already")
		}
		fmt.Fprintln(sys.Out, sys.text("%s  %s to %s, %d days left  %s", c.File, c.NotBefore.Format(time.DateOnly),
			c.NotAfter.Format(time.DateOnly), c.DaysLeft, did))
	}
	return nil
}

// save writes what is not there yet, or nothing where a file holds something else.
func save(folder string, list []*x509.Certificate) ([]savedCertificate, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	saved := make([]savedCertificate, 0, len(list))
	for _, c := range list {
		serial := wire.SerialHex(c)
		one := savedCertificate{Serial: serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
			DaysLeft: int(time.Until(c.NotAfter).Hours() / 24), File: filepath.Join(folder, "wechatpay_"+serial+".pem"),
			text: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})}
		there, err := keyfile.Read(one.File, keyfile.Limit)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			one.Saved = true
		case err != nil:
			return nil, err
		case !holds(there, c):
			return nil, errorf("%s is there and holds something else", one.File)
		}
		saved = append(saved, one)
	}
	for _, one := range saved {
		if one.Saved {
			if err := writeWhole(one.File, one.text, 0o644); err != nil { // everybody may read it
				return nil, err
			}
		}
	}
	return saved, nil
}

// holds tells whether a file is the certificate, however it is written.
func holds(text []byte, c *x509.Certificate) bool {
	there, err := wxpay.ParseCertificate(text)
	return err == nil && bytes.Equal(there.Raw, c.Raw)
}

// explainCertificates gives the end of a download its exit code.
func explainCertificates(err error) error {
	var (
		missing *wxpay.KeyError
		refused *wxpay.Error
		lost    *wxpay.TransportError
		request *wxpay.RequestError
	)
	if !errors.As(err, &missing) {
		return err
	}
	code := exitUnproven
	switch {
	case errors.As(err, &refused) && refused.Verified:
		code = exitRefused
	case errors.As(err, &refused), errors.As(err, &lost):
		code = exitUnknown
	case errors.As(err, &request):
		code = exitUsage
	}
	return &failure{code: code, err: errorf("no certificates: %s", missing.Problem),
		hint: text("%s", missing.Hint)}
}
