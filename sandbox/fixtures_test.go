package sandbox_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// testFile is one of the published keys.
func testFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testkeys/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pinnedKeys are the published ones, to start without the wait for fresh ones.
func pinnedKeys(t testing.TB) *ledger.KeyMaterial {
	t.Helper()
	secret := func(name string) wxpay.Secret { return wxpay.NewSecret(testFile(t, name)) }
	return &ledger.KeyMaterial{PlatformCertificate: testFile(t, "platform_cert.pem"),
		PlatformKey: secret("platform_key.pem"), PublicKeyKey: secret("public_key.pem")}
}

var fixtureKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// tenpayCertificate looks like one of WeChat Pay's own making.
func tenpayCertificate(t testing.TB) string {
	t.Helper()
	name := pkix.Name{CommonName: "Tenpay.com Root CA", Organization: []string{"Tenpay.com"}}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: name, Issuer: name,
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, fixtureKey().Public(), fixtureKey())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
