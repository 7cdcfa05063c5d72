package cli

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
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
}

// Format prints that there are keys.
func (platformPEM) Format(f fmt.State, _ rune) { fmt.Fprint(f, "platformPEM{…}") }

func (k platformPEM) material() *ledger.KeyMaterial {
	return &ledger.KeyMaterial{
		PlatformCertificate: k.PlatformCertificate, PlatformKey: wxpay.NewSecret(k.PlatformKey),
		PublicKeyKey: wxpay.NewSecret(k.PublicKeyKey),
	}
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
	old, known := ring.Merchants[m.MchID]
	if ring.Platform != nil && known {
		m.APIv3Key, m.APIv2Key = wxpay.NewSecret(old.APIv3Key), wxpay.NewSecret(old.APIv2Key)
		m.Certificate, m.PrivateKey = old.Certificate, wxpay.NewSecret(old.PrivateKey)
		if old.APIv2Key != "" {
			return ring.Platform.material(), nil
		}
	}
	if ring.Platform == nil {
		made, err := sandbox.GenerateKeys()
		if err != nil {
			return nil, err
		}
		ring.Platform = &platformPEM{made.PlatformCertificate, made.PlatformKey.Reveal(), made.PublicKeyKey.Reveal()}
	}
	if err := sandbox.GenerateMerchantKeys(m); err != nil {
		return nil, err
	}
	if ring.Merchants == nil {
		ring.Merchants = map[string]merchantKeys{}
	}
	ring.Merchants[m.MchID] = merchantKeys{m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), m.Certificate,
		m.PrivateKey.Reveal()}
	text, err := json.MarshalIndent(ring, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := f.write(keyringName, string(text)+"\n"); err != nil {
		return nil, errorf("cannot keep the keys: %w", err)
	}
	return ring.Platform.material(), nil
}

// handout is what a merchant's program needs to know of a running sandbox: the
// one JSON line of `wxpay sandbox --json`. Its names are kept from one version
// to the next.
type handout struct {
	URL                 string `json:"url"`
	AdminURL            string `json:"admin_url"`
	MchID               string `json:"mchid"`
	SerialNo            string `json:"serial_no"`
	PublicKeyID         string `json:"public_key_id"`
	Data                string `json:"data"`
	EnvFile             string `json:"env_file"`
	PrivateKey          string `json:"private_key"`
	Certificate         string `json:"certificate"`
	PublicKey           string `json:"public_key"`
	PlatformCertificate string `json:"platform_certificate"`
	KeyMode             string `json:"key_mode"`
	Faults              int    `json:"faults,omitempty"` // armed ones
	Unsigned            bool   `json:"unsigned,omitempty"`
	Clock               string `json:"clock,omitempty"` // the time there, where it was moved from the machine's
}

// handOut writes the merchant's key material, as the sandbox has it by now, under
// the names the merchant console gives it, and the env file.
func (f folder) handOut(s *sandbox.Sandbox, mchid string) (handout, error) {
	cfg, err := s.ClientConfigFor(mchid)
	if err != nil {
		return handout{}, &failure{code: exitFailure, err: err,
			hint: text("somebody registered its certificate on the admin and kept the key, " +
				"so there is nothing to hand out: use another merchant with --mchid, or a new folder with --data")}
	}
	var m ledger.Merchant
	for _, one := range s.Merchants() {
		if one.MchID == mchid {
			m = one
		}
	}
	h := handout{
		URL: s.URL(), AdminURL: s.AdminURL(), MchID: mchid, SerialNo: cfg.SerialNo, Data: f.path,
		EnvFile: f.file(envFileName), KeyMode: m.KeyMode.String(),
		PrivateKey: f.file("apiclient_key.pem"), Certificate: f.file("apiclient_cert.pem"), Faults: len(s.Faults()),
	}
	if now := s.Clock().Now(); time.Until(now).Abs() > time.Minute {
		h.Clock = now.Format(time.RFC3339)
	}
	// A start that is cut off between two files leaves what the next one can prove: the key
	// is in the keyring or the database, and the certificate says itself what it is.
	names := []string{envFileName, "apiclient_key.pem", "apiclient_cert.pem"}
	files := map[string]string{"apiclient_key.pem": m.PrivateKey.Reveal(), "apiclient_cert.pem": m.Certificate}
	put := func(name, text string) { names, files[name] = append(names, name), text }
	certificates := s.PlatformCertificates()
	for _, k := range cfg.PlatformKeys {
		if !k.NotAfter.IsZero() {
			name := "wechatpay_" + k.ID + ".pem"
			put(name, certificates[k.ID])
			if h.PlatformCertificate == "" { // the one that signs now comes first
				h.PlatformCertificate = f.file(name)
			}
			continue
		}
		h.PublicKeyID, h.PublicKey = k.ID, f.file("pub_key.pem")
		text, err := publicPEM(k)
		if err != nil {
			return h, err
		}
		put("pub_key.pem", text)
	}
	files[envFileName] = h.env(m.APIv3Key.Reveal(), m.APIv2Key.Reveal())
	if err := f.checkAgain(s, names); err != nil {
		return h, err
	}
	for _, name := range names {
		if err := f.write(name, files[name]); err != nil {
			return h, errorf("cannot hand out the merchant's keys: %w", err)
		}
	}
	return h, nil
}

func (h handout) env(apiV3, apiV2 string) string {
	text := envBegins + " In a shell: set -a; . " + shellWord(h.EnvFile) + "; set +a\n"
	for _, v := range [][2]string{
		{"WXPAY_HOST", h.URL}, {adminVariable, h.AdminURL}, {"WXPAY_MCHID", h.MchID}, {"WXPAY_SERIAL_NO", h.SerialNo},
		{"WXPAY_PRIVATE_KEY", h.PrivateKey}, {"WXPAY_CERTIFICATE", h.Certificate},
		{"WXPAY_PUBLIC_KEY_ID", h.PublicKeyID},
		{"WXPAY_PUBLIC_KEY", h.PublicKey}, {"WXPAY_PLATFORM_CERTIFICATE", h.PlatformCertificate}, {apiV3Key, apiV3},
		{apiV2Key, apiV2},
	} {
		if v[1] != "" { // a key that the merchant does not have in its key mode
			text += envLine(v[0], v[1])
		}
	}
	return text
}

// publicPEM writes a platform key as the merchant console's pub_key.pem.
func publicPEM(k wxpay.PlatformKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(k.Key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}
