package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// folder is where a sandbox keeps its database and its keys, so that it is the
// same sandbox when it is started again.
type folder struct{ path string }

// openFolder makes the folder where there is none. It keeps itself out of
// version control: there are private keys in it.
func openFolder(path string) (folder, error) {
	if path == "" { // which would be the current folder, whatever is in it
		return folder{}, usage("--data is empty; give a folder for the database and the keys, as in --data %s",
			sandboxFolder)
	}
	absolute, err := filepath.Abs(path)
	if strings.ContainsFunc(absolute, unicode.IsControl) {
		return folder{}, usage("the name of the data folder %q has a line break or another control character in it; "+
			"give a name without with --data", absolute)
	}
	if err == nil {
		err = os.MkdirAll(absolute, 0o700)
	}
	f := folder{absolute}
	if err == nil {
		if err := f.check(); err != nil {
			return f, err
		}
		_ = os.Chmod(f.file(keyringName), 0o600) // there are private keys in it; it may be missing
		if _, missing := os.Lstat(f.file(ignoreName)); missing != nil {
			err = f.write(ignoreName, ignoreAll)
		}
	}
	if err != nil {
		return f, &failure{code: exitFailure, err: errorf("cannot use the data folder: %w", err),
			hint: text("choose a folder this user may write to with --data")}
	}
	return f, nil
}

func (f folder) file(name string) string { return filepath.Join(f.path, name) }

// write replaces a file as a whole, readable by this user only.
func (f folder) write(name, text string) error { return writeWhole(f.file(name), []byte(text), 0o600) }

// writeWhole puts a file in its place when all of it is written.
func writeWhole(name string, text []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails once it has its name
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}

// keyring is keys.json: what this imaginary WeChat Pay signs with, and by
// merchant number what it gave to merchants.
type keyring struct {
	Platform  *platformPEM            `json:"platform"`
	Merchants map[string]merchantKeys `json:"merchants"`
}

// platformPEM is a [ledger.KeyMaterial] as it is kept.
type platformPEM struct {
	PlatformCertificate string `json:"platform_certificate"`
	PlatformKey         string `json:"platform_key"`
	PublicKeyKey        string `json:"public_key_key"`
	Authority           string `json:"authority,omitempty"` // folders of earlier versions have none
	AuthorityKey        string `json:"authority_key,omitempty"`
}

// Format prints that there are keys.
func (platformPEM) Format(f fmt.State, _ rune) { fmt.Fprint(f, "platformPEM{…}") }

func (k platformPEM) material() *ledger.KeyMaterial {
	return &ledger.KeyMaterial{
		PlatformCertificate: k.PlatformCertificate, PlatformKey: wxpay.NewSecret(k.PlatformKey),
		PublicKeyKey: wxpay.NewSecret(k.PublicKeyKey),
		Authority:    k.Authority, AuthorityKey: wxpay.NewSecret(k.AuthorityKey),
	}
}

func platformOf(k *ledger.KeyMaterial) *platformPEM {
	return &platformPEM{PlatformCertificate: k.PlatformCertificate, PlatformKey: k.PlatformKey.Reveal(),
		PublicKeyKey: k.PublicKeyKey.Reveal(), Authority: k.Authority, AuthorityKey: k.AuthorityKey.Reveal()}
}

type merchantKeys struct {
	APIv3Key    string `json:"api_v3_key"`
	APIv2Key    string `json:"api_v2_key,omitempty"` // folders of earlier versions have none
	Certificate string `json:"certificate"`
	PrivateKey  string `json:"private_key"`
}

// Format prints that there are keys.
func (merchantKeys) Format(f fmt.State, _ rune) { fmt.Fprint(f, "merchantKeys{…}") }

const (
	keyringName  = "keys.json"
	databaseName = "sandbox.db"
	ignoreName   = ".gitignore"
	ignoreAll    = "*\n"
	envBegins    = "# Written by wxpay sandbox at every start."
)

// keys gives m the keys it had the last time, and makes what is missing.
func (f folder) keys(m *ledger.Merchant) (*ledger.KeyMaterial, error) {
	ring, _, err := f.keyring()
	if err != nil {
		return nil, err
	}
	if ring == nil {
		ring = &keyring{}
	}
	changed := false
	material := &ledger.KeyMaterial{}
	if ring.Platform != nil {
		material = ring.Platform.material()
	} else if material, err = sandbox.GenerateKeys(); err != nil {
		return nil, err
	}
	if err := sandbox.GenerateAuthority(material); err != nil {
		return nil, err
	}
	if now := platformOf(material); ring.Platform == nil || *now != *ring.Platform {
		ring.Platform, changed = now, true
	}
	old, known := ring.Merchants[m.MchID]
	if known {
		m.APIv3Key, m.APIv2Key = wxpay.NewSecret(old.APIv3Key), wxpay.NewSecret(old.APIv2Key)
		m.Certificate, m.PrivateKey = old.Certificate, wxpay.NewSecret(old.PrivateKey)
	}
	if err := sandbox.GenerateMerchantKeys(m); err != nil {
		return nil, err
	}
	if now := (merchantKeys{m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), m.Certificate,
		m.PrivateKey.Reveal()}); now != old {
		if ring.Merchants == nil {
			ring.Merchants = map[string]merchantKeys{}
		}
		ring.Merchants[m.MchID], changed = now, true
	}
	if !changed {
		return material, nil
	}
	text, err := json.MarshalIndent(ring, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := f.write(keyringName, string(text)+"\n"); err != nil {
		return nil, errorf("cannot keep the keys: %w", err)
	}
	return material, nil
}
