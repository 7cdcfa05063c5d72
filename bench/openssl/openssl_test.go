//go:build cgo

package openssl_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/bench/openssl"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A client whose calls OpenSSL signs.
func Example() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer wechat.Close()
	cfg := wechat.ClientConfig()

	signer, err := openssl.New([]byte(wechat.Merchants()[0].PrivateKey.Reveal()))
	if err != nil {
		log.Fatal(err)
	}
	cfg.PrivateKey = signer
	c, err := wxpay.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	result, err := c.Chain("v3/certificates").Get(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Status)
	// Output: 200
}

func TestItSignsAsGoDoes(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	signer, err := openssl.New(inPEM(t, key))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "a", "another message"} {
		digest := sha256.Sum256([]byte(text))
		theirs, err := signer.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		if err != nil || string(ours) != string(theirs) {
			t.Errorf("of %q the signatures differ (%v)", text, err)
		}
	}
}

func TestWhatIsNoKey(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "-----BEGIN", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if signer, err := openssl.New([]byte(text)); err == nil || signer != nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestWhatItDoesNotSign(t *testing.T) {
	t.Parallel()
	signer, err := openssl.New(inPEM(t, newKey(t)))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	for name, sign := range map[string]func() ([]byte, error){
		"another digest": func() ([]byte, error) { return signer.Sign(nil, digest[:20], crypto.SHA1) },
		"a short digest": func() ([]byte, error) { return signer.Sign(nil, digest[:31], crypto.SHA256) },
		"PSS": func() ([]byte, error) {
			return signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{Hash: crypto.SHA256})
		},
	} {
		if signature, err := sign(); err == nil || signature != nil {
			t.Errorf("%s was signed", name)
		}
	}
}

func newKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func inPEM(tb testing.TB, key *rsa.PrivateKey) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func BenchmarkSign(b *testing.B) {
	key := newKey(b)
	signer, err := openssl.New(inPEM(b, key))
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("message"))
	for name, sign := range map[string]func() ([]byte, error){
		"crypto_rsa": func() ([]byte, error) { return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]) },
		"openssl":    func() ([]byte, error) { return signer.Sign(nil, digest[:], crypto.SHA256) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sign(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
