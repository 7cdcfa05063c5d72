package wxpay_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
)

// What files, secrets and terminals put around a number or a key is refused, not sent.
func TestNewTakesNumbersAlone(t *testing.T) {
	t.Parallel()
	good := testConfig().PlatformKeys
	for name, c := range map[string]struct {
		change      func(*wxpay.Config)
		field, says string
	}{
		"a serial and a line end":   {func(c *wxpay.Config) { c.SerialNo += "\n" }, "SerialNo", "white space"},
		"a serial with colons":      {func(c *wxpay.Config) { c.SerialNo = "51:57:F0" }, "SerialNo", "without colons"},
		"a serial that is none":     {func(c *wxpay.Config) { c.SerialNo = "serial=51" }, "SerialNo", "digits alone"},
		"a serial that is too long": {func(c *wxpay.Config) { c.SerialNo += "5" }, "SerialNo", "more than 40"},
		"a merchant and a blank":    {func(c *wxpay.Config) { c.MchID += " " }, "MchID", "white space"},
		"an APIv3 key and a line end": {func(c *wxpay.Config) {
			c.APIv3Key = wxpay.NewSecret(testAPIv3Key + "\n")
		}, "APIv3Key", "white space"},
		"an APIv2 key and a line end": {func(c *wxpay.Config) {
			c.APIv2Key = wxpay.NewSecret(testAPIv2Key + "\r\n")
		}, "APIv2Key", "white space"},
		"a platform id and a blank": {func(c *wxpay.Config) {
			c.PlatformKeys = []wxpay.PlatformKey{{ID: testPlatformID + " ", Key: good[0].Key}}
		}, "PlatformKeys", "white space"},
		"one certificate twice, in other letters": {func(c *wxpay.Config) {
			c.PlatformKeys = []wxpay.PlatformKey{{ID: "0ABC", Key: good[0].Key}, {ID: "abc", Key: good[0].Key}}
		}, "PlatformKeys", "twice"},
		"own certificate in other letters": {func(c *wxpay.Config) {
			c.SerialNo, c.PlatformKeys = "abc", []wxpay.PlatformKey{{ID: "0ABC", Key: good[0].Key}}
		}, "PlatformKeys", "merchant's own"},
	} {
		cfg := testConfig()
		c.change(&cfg)
		_, err := wxpay.New(cfg)
		var e *wxpay.ConfigError
		if !errors.As(err, &e) || e.Field != c.field || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want one of %s saying %q", name, err, c.field, c.says)
		}
	}
}

// A public key may come as PKCS#1, and a platform certificate beside the one that issued it.
func TestParsePublicHalves(t *testing.T) {
	t.Parallel()
	merchant, platform := testKey()
	want := &platform.PublicKey
	pkcs1 := x509.MarshalPKCS1PublicKey(want)
	for _, kind := range []string{"RSA PUBLIC KEY", "PUBLIC KEY"} {
		data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: pkcs1})
		if got, err := wxpay.ParsePublicKey(testPlatformID, data); err != nil || !want.Equal(got.Key) {
			t.Errorf("PKCS#1 as %s: %v", kind, err)
		}
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(9), IsCA: true, BasicConstraintsValid: true}
	issuer, err := x509.CreateCertificate(rand.Reader, template, template, &merchant.PublicKey, merchant)
	if err != nil {
		t.Fatal(err)
	}
	own := certificate(t, platform, 0xabc, time.Now(), time.Now().Add(time.Hour))
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuer}), own...)
	if got, err := wxpay.ParsePlatformCertificate(chain); err != nil || !want.Equal(got.Key) || got.ID != "0ABC" {
		t.Errorf("a chain: got %s, %v", got.ID, err)
	}
}

// A serial number is a number: neither letters' case nor zeros before it make another of it.
func TestSerialsAreNumbers(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	for _, id := range []string{"abc", "ABC", "00ABC"} {
		cfg := testConfig()
		cfg.PlatformKeys = []wxpay.PlatformKey{{ID: id, Key: &platform.PublicKey}}
		cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			r := signedReply(200, `{}`)
			r.Header.Set("Wechatpay-Serial", "0AbC")
			return r, nil
		})}
		client, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Chain("v3/x").Get(bg); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}
