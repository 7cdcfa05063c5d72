package cli

import (
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

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
	PlatformSerialNo    string `json:"platform_serial_no"`
	CertificateP12      string `json:"certificate_p12"` // with its key; the password is the merchant's number
	Authority           string `json:"authority"`       // of the sandbox's TLS, for who calls it by https
	TrustStore          string `json:"trust_store"`     // the same for Java; the password is "changeit"
	NodeScript          string `json:"node_script"`     // for node --require
	PHPIni              string `json:"php_ini"`         // its folder is for PHP_INI_SCAN_DIR
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
		CertificateP12: f.file(p12Name), Authority: f.file(authorityName), TrustStore: f.file(trustStoreName),
		NodeScript: f.file(nodeName), PHPIni: f.file(phpName),
	}
	if now := s.Clock().Now(); time.Until(now).Abs() > time.Minute {
		h.Clock = now.Format(time.RFC3339)
	}
	// A start that is cut off between two files leaves what the next one can prove: the key
	// is in the keyring or the database, and the certificate says itself what it is.
	names := []string{envFileName, "apiclient_key.pem", "apiclient_cert.pem"}
	files := map[string]string{"apiclient_key.pem": m.PrivateKey.Reveal(), "apiclient_cert.pem": m.Certificate}
	put := func(name, text string) { names, files[name] = append(names, name), text }
	put(authorityName, s.Authority())
	bundle, err := merchantP12(m)
	if err != nil {
		return h, err
	}
	put(p12Name, bundle)
	trusted, err := trustStore(s.Authority())
	if err != nil {
		return h, err
	}
	put(trustStoreName, trusted)
	script, err := nodeFile(h.URL)
	if err != nil {
		return h, err
	}
	put(nodeName, script)
	put(phpName, phpFile(h.Authority))
	certificates := s.PlatformCertificates()
	for _, k := range cfg.PlatformKeys {
		if !k.NotAfter.IsZero() {
			name := "wechatpay_" + k.ID + ".pem"
			put(name, certificates[k.ID])
			if h.PlatformCertificate == "" { // the one that signs now comes first
				h.PlatformCertificate, h.PlatformSerialNo = f.file(name), k.ID
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
		{"WXPAY_PUBLIC_KEY", h.PublicKey}, {"WXPAY_PLATFORM_CERTIFICATE", h.PlatformCertificate},
		{platformSerial, h.PlatformSerialNo}, {apiV3Key, apiV3}, {apiV2Key, apiV2},
		{p12Variable, h.CertificateP12}, {authorityVariable, h.Authority}, {trustStoreVariable, h.TrustStore},
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
