package wire_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

func TestMadeBy(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := wire.Sign(rand.Reader, key, []byte("a message"))
	if err != nil {
		t.Fatal(err)
	}
	if !wire.MadeBy(&key.PublicKey, signature) {
		t.Error("a signature is not said to be made with its key")
	}
	if wire.MadeBy(&other.PublicKey, signature) {
		t.Error("a signature is said to be made with another key")
	}
	ones := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x01", 256)))
	large := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 256)))
	for _, s := range []string{"", "%", "AAAA", ones, large, signature[4:]} {
		if wire.MadeBy(&key.PublicKey, s) {
			t.Errorf("%.8q is said to be a signature", s)
		}
	}
	if wire.MadeBy(&rsa.PublicKey{N: key.N}, signature) {
		t.Error("a key without an exponent is said to have signed")
	}
}

func FuzzMadeBy(f *testing.F) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 256)))
	f.Add("")
	f.Fuzz(func(t *testing.T, signature string) {
		if wire.MadeBy(&key.PublicKey, signature) {
			t.Errorf("%q was made without the key", signature)
		}
	})
}
