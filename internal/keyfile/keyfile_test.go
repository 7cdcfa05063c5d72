package keyfile_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/keyfile"
)

func TestKeysAreNotRepeated(t *testing.T) {
	t.Parallel()
	keys := []string{
		"-----BEGIN PRIVATE KEY-----", "", "MIIEvQ\nIBADAN", "0123456789abcdef0123456789abcdef",
		"only-words-and-32-characters-yes", "\x30\x82\x04\xbd", "a\x00b",
	}
	random := make([]byte, 1200)
	for i := range 2000 {
		rand.Read(random)
		encoded := base64.StdEncoding.EncodeToString(random)
		keys = append(keys, encoded[:48+i%17], hex.EncodeToString(random[:12+i%20]), encoded,
			base64.URLEncoding.EncodeToString(random)[:32])
	}
	for _, key := range keys {
		_, err := keyfile.Read(key, keyfile.Limit)
		if no := (*keyfile.NotAName)(nil); !errors.As(err, &no) || len(key) > 8 &&
			strings.Contains(err.Error(), key[:8]) && !strings.HasPrefix(key, "-----") {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// Of a path the segments are judged, but not where they are Base64 that has slashes.
func TestPathsAreNoKeys(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"v3/pay/transactions/jsapi", "v3/papay/pay/transactions/apply", "v3/refund/domestic/refunds",
		"v3/ecommerce/refunds/apply", "hk/v3/transactions/jsapi",
		"v3/pay/transactions/out-trade-no/X", "/v3/pay/transactions/jsapi", "v2/pay/profitsharingorderamountquery",
		"PUB_KEY_ID_0114232134912410000000000000000060",
		"/tmp/tmp.aB3dE5fG7h", "./tmp.aB3dE5fG7h/data", "~/tmp.aB3dE5fG7h",
	} {
		if keyfile.LooksLikeAKey(path) {
			t.Errorf("%s is taken for a key", path)
		}
	}
	random := make([]byte, 48)
	for range 2000 {
		rand.Read(random)
		body := base64.StdEncoding.EncodeToString(random)
		for _, key := range []string{"/" + body, body[:20] + "/" + body[21:], "/" + body[:13] + "/" + body[14:],
			"v3/x/" + body, "./" + body} {
			if !keyfile.LooksLikeAKey(key) {
				t.Errorf("%s is taken for a path", key)
			}
		}
	}
}

func TestNamesAreRepeated(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"apiclient_key.pem", "key", "/run/secrets/wxpay_private_key", "./keys/1900000109/key",
		`C:\keys\apiclient_key.pem`, "商户私钥.pem",
		"/etc/wxpay/5157F09EFDC096DE15EBE81A47057A7232F1B8E1.pem",
		"wechatpay_5157F09EFDC096DE15EBE81A47057A7232F1B8E1.pem", "../a b/c d",
		"/Users/Alice/Wxpay Keys/MerchantKey", "WXPAY_V3_KEY", "/var/lib/WxPay2/key3",
	} {
		_, err := keyfile.Read(name, keyfile.Limit)
		if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	odd := filepath.Join(t.TempDir(), "0123456789abcdef0123456789ABCDEF") // a name like a key, and a file
	if err := os.WriteFile(odd, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := keyfile.Read(odd, keyfile.Limit); err != nil || string(data) != "x" {
		t.Errorf("got %q, %v", data, err)
	}
}

// The cause is told, and not the name.
func TestTheCauseIsTold(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "0123456789abcdef0123456789abcdef")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := keyfile.Read(folder, keyfile.Limit)
	if no := (*keyfile.NotAName)(nil); !errors.As(err, &no) || !strings.Contains(err.Error(), "is a directory") ||
		strings.Contains(err.Error(), "0123") {
		t.Errorf("a folder: %v", err)
	}
	_, err = keyfile.Read("0123456789abcdef0123456789abcdef", keyfile.Limit)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
