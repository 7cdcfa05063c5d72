package wxpay_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
)

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	merchant, platform := testKey()
	now := time.Now()
	own, err := wxpay.ParseCertificate(certificate(t, merchant, 42, now.Add(-time.Hour), now.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	expired, err := wxpay.ParseCertificate(certificate(t, merchant, 42, now.Add(-2*time.Hour), now.Add(-time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	others, err := wxpay.ParseCertificate(certificate(t, platform, 43, now.Add(-time.Hour), now.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	ownAsPlatform, err := wxpay.ParsePlatformCertificate(certificate(t, merchant, 42, now.Add(-time.Hour),
		now.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	elliptic256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := testConfig().PlatformKeys
	for name, c := range map[string]struct {
		change func(*wxpay.Config)
		field  string
		says   string
	}{
		"no merchant":          {func(c *wxpay.Config) { c.MchID = "" }, "MchID", "missing; it is the digits"},
		"an appid as merchant": {func(c *wxpay.Config) { c.MchID = "wx8888888888888888" }, "MchID", "digits"},
		"no private key":       {func(c *wxpay.Config) { c.PrivateKey = nil }, "PrivateKey", "apiclient_key.pem"},
		"an elliptic key":      {func(c *wxpay.Config) { c.PrivateKey = elliptic256 }, "PrivateKey", "not RSA"},
		"no serial":            {func(c *wxpay.Config) { c.SerialNo = "" }, "SerialNo", "40 hexadecimal digits"},
		"a public key's id": {func(c *wxpay.Config) { c.SerialNo = testPlatformID }, "SerialNo",
			"WeChat Pay's public key"},
		"serial of another": {func(c *wxpay.Config) { c.Certificate = own }, "SerialNo",
			"leave SerialNo empty"},
		"key of another": {func(c *wxpay.Config) { c.Certificate, c.SerialNo = others, "" }, "PrivateKey",
			"does not belong"},
		"an expired certificate": {func(c *wxpay.Config) { c.Certificate, c.SerialNo = expired, "" }, "Certificate",
			"expired"},
		"own certificate as theirs": {func(c *wxpay.Config) { c.PlatformKeys = []wxpay.PlatformKey{ownAsPlatform} },
			"PlatformKeys", "merchant's own"},
		"own public key as theirs": {func(c *wxpay.Config) {
			c.PlatformKeys = []wxpay.PlatformKey{{ID: testPlatformID, Key: &merchant.PublicKey}}
		}, "PlatformKeys", "merchant's own"},
		"one platform key twice": {func(c *wxpay.Config) { c.PlatformKeys = append(good[:1:1], good[0]) },
			"PlatformKeys", "twice"},
		"a platform key without id": {func(c *wxpay.Config) {
			c.PlatformKeys = []wxpay.PlatformKey{
				{Key: good[0].Key}}
		}, "PlatformKeys", "no ID"},
		"a platform id without key": {func(c *wxpay.Config) { c.PlatformKeys = []wxpay.PlatformKey{{ID: "X"}} },
			"PlatformKeys", "no Key"},
		"APIv3 key of 31 bytes": {func(c *wxpay.Config) { c.APIv3Key = wxpay.NewSecret(testAPIv3Key[1:]) },
			"APIv3Key", "has 32 bytes, this one 31"},
		"no APIv3 key": {func(c *wxpay.Config) { c.APIv3Key = wxpay.Secret{} }, "APIv3Key",
			"API security"},
		"an APIv2 key of 5": {func(c *wxpay.Config) { c.APIv2Key = wxpay.NewSecret("short") }, "APIv2Key",
			"32 characters, this one 5"},
		"a bad global host":     {func(c *wxpay.Config) { c.GlobalHost = "apihk" }, "GlobalHost", "scheme"},
		"a host without scheme": {func(c *wxpay.Config) { c.Host = "api.mch.weixin.qq.com" }, "Host", "scheme"},
		"a host with a path": {func(c *wxpay.Config) { c.Host = "https://api.mch.weixin.qq.com/v3" }, "Host",
			"without a path"},
		"a host with a user": {func(c *wxpay.Config) { c.Host = "https://a:b@api.mch.weixin.qq.com" }, "Host",
			"scheme and a host"},
		"plain http to the world": {func(c *wxpay.Config) { c.Host = "http://api.mch.weixin.qq.com" }, "Host",
			"https"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig()
			c.change(&cfg)
			_, err := wxpay.New(cfg)
			var e *wxpay.ConfigError
			if !errors.As(err, &e) || e.Field != c.field || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want one of %s saying %q", err, c.field, c.says)
			}
			if strings.Contains(err.Error(), testAPIv3Key[1:]) {
				t.Fatalf("the error prints the APIv3 key: %v", err)
			}
		})
	}
}

func TestNewTakesTheSerialFromTheCertificate(t *testing.T) {
	t.Parallel()
	merchant, _ := testKey()
	cert, err := wxpay.ParseCertificate(certificate(t, merchant, 0xABC, time.Now().Add(-time.Hour),
		time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	for _, serial := range []string{"", strings.Repeat("0", 37) + "abc"} {
		cfg := testConfig()
		cfg.Certificate, cfg.SerialNo = cert, serial
		if _, err := wxpay.New(cfg); err != nil {
			t.Errorf("serial %q: %v", serial, err)
		}
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", "vectors", "keys", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	want, err := wxpay.ParsePrivateKey(read("merchant-pkcs8.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"PKCS#1":                     read("merchant-pkcs1.pem"),
		"with a BOM":                 append([]byte("\ufeff"), read("merchant-pkcs8.pem")...),
		"with CRLF":                  []byte(strings.ReplaceAll(string(read("merchant-pkcs8.pem")), "\n", "\r\n")),
		"with text above":            append([]byte("Bag Attributes\n"), read("merchant-pkcs8.pem")...),
		"in one line":                []byte(strings.ReplaceAll(string(read("merchant-pkcs8.pem")), "\n", `\n`)),
		"behind its certificate":     append(read("merchant-certificate.pem"), read("merchant-pkcs8.pem")...),
		"PKCS#1 under PKCS#8's name": []byte(strings.ReplaceAll(string(read("merchant-pkcs1.pem")), "RSA ", "")),
	} {
		got, err := wxpay.ParsePrivateKey(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !want.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(got.Public()) {
			t.Errorf("%s: another key came out", name)
		}
	}
}

func TestParseKeysSaysWhatItFound(t *testing.T) {
	t.Parallel()
	merchant, _ := testKey()
	small := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{0x30, 0x03, 0x02, 0x01, 0x00}})
	elliptic256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(elliptic256)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&elliptic256.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := certificate(t, merchant, 1, time.Now(), time.Now().Add(time.Hour))
	file := func(names ...string) []byte {
		data, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, names...)...))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	sealed := func(name string) []byte { return file("sealedkeys", name) }
	vector := func(name string) []byte { return file("vectors", "keys", name) }
	private := func(data []byte) error { _, err := wxpay.ParsePrivateKey(data); return err }
	public := func(data []byte) error { _, err := wxpay.ParsePublicKey(testPlatformID, data); return err }
	platform := func(data []byte) error { _, err := wxpay.ParsePlatformCertificate(data); return err }
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"an empty file": {private(nil), "empty"},
		"PKCS#12": {private(sealed("apiclient_cert.p12")), "it is a PKCS#12 file, such as apiclient_cert.p12; use " +
			"apiclient_key.pem"},
		"a certificate in PKCS#12": {platform(sealed("apiclient_cert.p12")), "it is a PKCS#12 file"},
		"a password":               {private(sealed("pkcs8.pem")), "encrypted with a password; decrypt it first"},
		"a password, DER":          {private(sealed("pkcs8.der")), "encrypted with a password"},
		"a password, older":        {private(sealed("traditional.pem")), "encrypted with a password"},
		"two keys":                 {private(append(small, small...)), `it has 2 PEM blocks "RSA PRIVATE KEY"`},
		"two certificates":         {platform(append(cert, cert...)), `it has 2 PEM blocks "CERTIFICATE"`},
		"a name":                   {private([]byte("apiclient_key.pem\n")), "Load functions read files"},
		"a public key":             {private(vector("merchant-public.pem")), `it is a PEM block "PUBLIC KEY"`},
		"a key of SSH": {private(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY"})),
			`it is a PEM block "OPENSSH PRIVATE KEY"`},
		"no PEM at all":                {private([]byte("hello")), "no PEM block"},
		"base64 without its lines":     {private([]byte("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")), "no PEM block"},
		"a certificate as private key": {private(cert), `PEM block "CERTIFICATE"`},
		"a damaged private key":        {private(small), "does not hold a private key"},
		"an elliptic private key": {private(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
			Bytes: der})), "not RSA"},
		"a certificate as public key": {public(cert), "is for ParsePlatformCertificate"},
		"an elliptic public key": {public(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})),
			"not RSA"},
		"a damaged public key": {public(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY",
			Bytes: spki[:9]})), "does not hold a public key"},
		"a damaged certificate": {platform(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
			Bytes: spki})), "does not hold a certificate"},
		"a private key as a certificate": {platform(small), "apiclient_cert.pem is your own"},
		"a public key under a serial": {func() error {
			_, err := wxpay.ParsePublicKey("5157F09E",
				nil)
			return err
		}(), "PUB_KEY_ID_"},
		"a public key's id without its digit": {func() error {
			_, err := wxpay.ParsePublicKey("PUB_KEY_ID_",
				nil)
			return err
		}(), "PUB_KEY_ID_"},
	} {
		var e *wxpay.KeyError
		if !errors.As(c.err, &e) || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, c.err, c.says)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key.pem")
	if _, err := wxpay.LoadPrivateKey(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"LoadPrivateKey":          func() error { _, err := wxpay.LoadPrivateKey(path); return err }(),
		"LoadCertificate":         func() error { _, err := wxpay.LoadCertificate(path); return err }(),
		"LoadPublicKey":           func() error { _, err := wxpay.LoadPublicKey(testPlatformID, path); return err }(),
		"LoadPlatformCertificate": func() error { _, err := wxpay.LoadPlatformCertificate(path); return err }(),
	} {
		var e *wxpay.KeyError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v does not name the file", name, err)
		}
	}
}
