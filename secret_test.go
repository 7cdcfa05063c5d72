package wxpay_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/leaktest"
)

// merchantPEM is the test merchant's private key, as a file has it.
func merchantPEM(t *testing.T) []byte {
	t.Helper()
	key, _ := testKey()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	key, _ := testKey()
	private, err := wxpay.ParsePrivateKey(merchantPEM(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	cfg.PrivateKey = private
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	const other = "AnotherKeyOfThe32BytesThatAreIn!"
	cfg.OtherAPIv3Keys = []wxpay.Secret{wxpay.NewSecret(other)}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{
		testAPIv3Key, testAPIv2Key, other, key.D.String(), key.Primes[0].String(), fmt.Sprintf("%x", key.D),
		strings.Split(string(merchantPEM(t)), "\n")[1],
	}
	leaktest.Check(t, cfg, secrets...)
	leaktest.Check(t, &cfg, secrets...)
	leaktest.Check(t, client, secrets...)
	leaktest.Check(t, *client, secrets...)
	leaktest.Check(t, client.Keys(), secrets...)
	leaktest.Check(t, *client.Keys(), secrets...)
	leaktest.Check(t, private, secrets...)
	leaktest.Check(t, cfg.APIv2Key, secrets...)
	leaktest.Check(t, client.Chain("v3/certificates"), secrets...)
	leaktest.Check(t, leaf.Bind(client), secrets...)
	leaktest.Check(t, api.V3(client), secrets...)
	leaktest.Check(t, edupapay.Of(client).Contracts.Presign, secrets...)
	promise := client.Chain("v3/certificates").GetAsync(bg)
	_, _ = promise.Wait(bg) // nobody is there to answer
	leaktest.Check(t, promise, secrets...)
	// A key of the caller's own is printed by its own type; a Client hides it.
	cfg.PrivateKey = key
	if client, err = wxpay.New(cfg); err != nil {
		t.Fatal(err)
	}
	leaktest.Check(t, client, secrets...)
	leaktest.Check(t, *client, secrets...)
	if got := fmt.Sprint(cfg); !strings.Contains(got, cfg.MchID) || !strings.Contains(got, testPlatformID) {
		t.Errorf("a Config prints as %s", got)
	}
}

func TestSecretIsReadAndNotWritten(t *testing.T) {
	t.Parallel()
	var mine struct {
		Key  wxpay.Secret `json:"key"`
		None wxpay.Secret `json:"none,omitzero"`
	}
	if err := json.Unmarshal([]byte(`{"key":"`+testAPIv3Key+`"}`), &mine); err != nil ||
		mine.Key.Reveal() != testAPIv3Key || !mine.None.IsZero() {
		t.Errorf("read %v %q", err, mine.Key.Reveal())
	}
	written, err := json.Marshal(mine)
	if err != nil || string(written) != `{"key":"(secret)"}` {
		t.Errorf("written as %s, %v", written, err)
	}
	if err := json.Unmarshal(written, &mine); err == nil || !strings.Contains(err.Error(), "Reveal") ||
		mine.Key.Reveal() != testAPIv3Key {
		t.Errorf("what was hidden was read back as %q, %v", mine.Key.Reveal(), err)
	}
	if got := fmt.Sprintf("%v %s %q", mine.Key, wxpay.Secret{}, &mine.Key); got != "(secret) (none) (secret)" {
		t.Errorf("printed as %s", got)
	}
	if !wxpay.NewSecret("").IsZero() || (wxpay.Secret{}).Reveal() != "" {
		t.Error("an empty string is a key")
	}
}

// What stands in place of a file's name is often the key itself.
func TestLoadersDoNotRepeatAKey(t *testing.T) {
	t.Parallel()
	text := string(merchantPEM(t))
	lines := strings.Split(strings.TrimSpace(text), "\n")
	body := strings.Join(lines[1:len(lines)-1], "")
	block, _ := pem.Decode([]byte(text))
	key, _ := testKey()
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"PEM": text, "PEM on one line": strings.Join(lines, " "), `PEM with \n`: strings.Join(lines, `\n`),
		"PEM without line ends": strings.Join(lines, ""),
		"quoted PEM":            `"` + text + `"`, "the first line": lines[0], "the last line": lines[len(lines)-1],
		"a line of the body": lines[2], "two lines": lines[2] + "\n" + lines[3],
		"base64": body, "base64 of the PEM": base64.StdEncoding.EncodeToString([]byte(text)),
		"DER": string(block.Bytes), "an APIv3 key": testAPIv3Key, "an APIv2 key": testAPIv2Key,
		"hexadecimal":  fmt.Sprintf("%x", block.Bytes),
		"a public key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), "nothing": "",
		"a line of the body, cut": lines[2][:48],
		"PKCS#1": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY",
			Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}
	loaders := map[string]func(string) error{
		"LoadPrivateKey":  func(s string) error { _, err := wxpay.LoadPrivateKey(s); return err },
		"LoadCertificate": func(s string) error { _, err := wxpay.LoadCertificate(s); return err },
		"LoadPublicKey": func(s string) error {
			_, err := wxpay.LoadPublicKey(testPlatformID,
				s)
			return err
		},
		"LoadPlatformCertificate": func(s string) error { _, err := wxpay.LoadPlatformCertificate(s); return err },
	}
	for loader, load := range loaders {
		for what, text := range texts {
			err := load(text)
			if _, ok := err.(*wxpay.KeyError); !ok || !strings.Contains(err.Error(), "name of a file") {
				t.Errorf("%s of %s: %v", loader, what, err)
				continue
			}
			for i := 0; i+8 <= len(text); i++ {
				if piece := text[i : i+8]; strings.Contains(err.Error(), piece) &&
					!strings.Contains("-----BEGIN PUBLIC KEY PRIVATE KEY-----", piece) {
					t.Errorf("%s of %s repeats %q: %v", loader, what, piece, err)
					break
				}
			}
		}
	}
	for _, name := range []string{
		"apiclient_key.pem", "/etc/wxpay/apiclient_key", "keys/wechatpay_5157F09EFDC096DE15EBE81A47057A7232F1B8E1.pem",
		filepath.Join(t.TempDir(), "a b", "商户私钥.pem"),
	} {
		if err := loaders["LoadPrivateKey"](name); !os.IsNotExist(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("the name of a file that is not there: %v", err)
		}
	}
	if _, err := wxpay.LoadPublicKey("pub_key.pem", testPlatformID); err == nil || !strings.Contains(err.Error(),
		"its id, the first argument") {
		t.Errorf("the id and the name in each other's place: %v", err)
	}
	odd := filepath.Join(t.TempDir(), testAPIv3Key+"ThisIsAFile") // a name like a key, and a file
	if err := os.WriteFile(odd, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := wxpay.LoadPrivateKey(odd)
	if err != nil || !loaded.Public().(*rsa.PublicKey).Equal(&key.PublicKey) {
		t.Errorf("a file with an odd name: %v", err)
	}
}
