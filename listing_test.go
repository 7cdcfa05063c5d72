package wxpay_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// entry is one of a list, sealed with key.
func entry(t testing.TB, key, text string) string {
	t.Helper()
	sealer, err := wire.NewAEAD(key)
	if err != nil {
		t.Fatal(err)
	}
	const nonce, about = "61f9c719728a", "certificate"
	return entryOf(wire.Algorithm, nonce, sealer.Seal(nonce, about, []byte(text)), "2099-01-01T00:00:00+08:00")
}

func entryOf(algorithm, nonce, sealed, end string) string {
	return `{"serial_no":"5157F0","effective_time":"2018-06-08T10:34:56+08:00","expire_time":"` + end +
		`","encrypt_certificate":{"algorithm":"` + algorithm + `","nonce":"` + nonce +
		`","associated_data":"certificate","ciphertext":"` + sealed + `"}}`
}

func listOf(entries ...string) string { return `{"data":[` + strings.Join(entries, ",") + `]}` }

// signedBy signs a body as a holder of a key would.
func signedBy(t testing.TB, key *rsa.PrivateKey, serial, body string) *http.Response {
	t.Helper()
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	signature, err := wire.Sign(rand.Reader, key, wire.AppendReplyMessage(nil, timestamp, "nonce", []byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set(wire.HeaderTimestamp, timestamp)
	h.Set(wire.HeaderNonce, "nonce")
	h.Set(wire.HeaderSerial, serial)
	h.Set(wire.HeaderSignature, signature)
	return reply(200, h, body)
}

// keyless is a client that knows no key of WeChat Pay's, and whose calls get one answer.
func keyless(t testing.TB, answer func() *http.Response) *wxpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.PlatformKeys = nil
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return answer(), nil
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Nothing counts of a list that somebody else wrote, or that is not what WeChat Pay writes: neither
// the certificates in it that are good, nor those beside them.
func TestHostileListsOfCertificates(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	good := string(certificate(t, platform, 0xABC, now.Add(-time.Hour), now.Add(time.Hour)))
	strangers := string(certificate(t, stranger, 0xDEF, now.Add(-time.Hour), now.Add(time.Hour)))
	ended := string(certificate(t, platform, 0xABC, now.Add(-2*time.Hour), now.Add(-time.Hour)))
	another := strings.Repeat("k", wire.KeySize)
	sealed := entry(t, testAPIv3Key, good)
	huge := strings.Repeat(" ", 256<<10)
	for name, c := range map[string]struct {
		body, says string
		by         *rsa.PrivateKey // signs it
		serial     string
	}{
		"good":           {listOf(sealed), "", platform, "0ABC"},
		"two":            {listOf(sealed, entry(t, testAPIv3Key, strangers)), "", stranger, "DEF"},
		"one twice":      {listOf(sealed, sealed), "", platform, "ABC"},
		"beside another": {listOf(entryOf("AEAD_SM4_GCM", "", "", ""), sealed), "", platform, "ABC"},
		"a stranger signs, and names one that is in it": {listOf(sealed), "signature check", stranger, "ABC"},
		"a stranger signs, and names their own":         {listOf(sealed), "neither in it", stranger, "DEF"},
		"sealed by a stranger": {listOf(entry(t, another, strangers)), "entry 1", stranger,
			"DEF"},
		"one of them sealed by a stranger": {listOf(sealed, entry(t, another, strangers)), "entry 2", platform,
			"ABC"},
		"ended":          {listOf(entry(t, testAPIv3Key, ended)), "expired by this machine's clock", platform, "ABC"},
		"no certificate": {listOf(entry(t, testAPIv3Key, "nothing")), "not one in PEM", platform, "ABC"},
		"a private key":  {listOf(entry(t, testAPIv3Key, privatePEM(t, platform))), "not one in PEM", platform, "ABC"},
		"PEM of nothing": {listOf(entry(t, testAPIv3Key, certificateOf("nothing"))), "does not hold", platform,
			"ABC"},
		"a short key":     {listOf(entry(t, testAPIv3Key, short(t))), "1024 bits", platform, "ABC"},
		"an elliptic key": {listOf(entry(t, testAPIv3Key, ofCurve(t))), "not RSA", platform, "ABC"},
		"in a notification": {listOf(entry(t, testAPIv3Key, "{\"attach\":\""+good+"\"}")), "not one in PEM",
			platform, "ABC"},
		"a nonce of 11 bytes": {listOf(entryOf(wire.Algorithm, "61f9c719728", "AAAA", "")), "12 bytes", platform,
			"ABC"},
		"another nonce": {listOf(strings.Replace(sealed, "61f9", "61f8", 1)), "entry 1", platform, "ABC"},
		"no base64": {listOf(entryOf(wire.Algorithm, "61f9c719728a", "!", "")), "entry 1", platform,
			"ABC"},
		"only another algorithm": {listOf(entryOf("AEAD_SM4_GCM", "", "", "")), "sealed with AEAD_AES", platform,
			"ABC"},
		"an empty list":     {listOf(), "ParsePublicKey", platform, "ABC"},
		"no list":           {`{"data":null}`, "ParsePublicKey", platform, "ABC"},
		"a list of numbers": {`{"data":[1]}`, "not the JSON", platform, "ABC"},
		"no JSON":           {`<html>`, "not the JSON", platform, "ABC"},
		"empty":             {``, "not the JSON", platform, "ABC"},
		"huge":              {listOf(sealed) + huge, "256 KiB", platform, "ABC"},
		"very many":         {listOf(slicesOf(21, sealed)...), "more than 20", platform, "ABC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := keyless(t, func() *http.Response { return signedBy(t, c.by, c.serial, c.body) })
			found, err := client.Certificates(bg)
			if c.says == "" {
				if err != nil || len(found) == 0 || client.Keys().Current().ID == "" {
					t.Errorf("got %d certificates, %v", len(found), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || len(found) > 0 {
				t.Errorf("got %d certificates, %v, want an error saying %q", len(found), err, c.says)
			}
			if e := (*wxpay.KeyError)(nil); !errors.As(err, &e) || wxpay.OutcomeUnknown(err) {
				t.Errorf("got a %T", err)
			}
			if key := client.Keys().Current(); key.ID != "" {
				t.Errorf("%s is trusted", key.ID)
			}
		})
	}
}

// What is signed too long ago, or not at all, is no list either.
func TestListsOfCertificatesThatNobodySigned(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	now := time.Now()
	body := listOf(entry(t, testAPIv3Key, string(certificate(t, platform, 0xABC, now.Add(-time.Hour),
		now.Add(time.Hour)))))
	for name, change := range map[string]func(http.Header){
		"unsigned": func(h http.Header) { h.Del(wire.HeaderSignature) },
		"nameless": func(h http.Header) { h.Del(wire.HeaderSerial) },
		"old":      func(h http.Header) { h.Set(wire.HeaderTimestamp, strconv.FormatInt(now.Unix()-301, 10)) },
	} {
		client := keyless(t, func() *http.Response {
			r := signedBy(t, platform, "ABC", body)
			change(r.Header)
			return r
		})
		if _, err := client.Certificates(bg); err == nil || client.Keys().Current().ID != "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	large := keyless(t, func() *http.Response {
		r := reply(200, nil, "")
		r.ContentLength = 1 << 40
		return r
	})
	if _, err := large.Certificates(bg); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a list of a terabyte: got %v", err)
	}
}

// A list gives a certificate an earlier end than its own before it is replaced.
func TestAListShortensACertificate(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	now := time.Now()
	sealed := entry(t, testAPIv3Key, string(certificate(t, platform, 0xABC, now.Add(-time.Hour),
		now.Add(100*24*time.Hour))))
	end := now.Add(24 * time.Hour).Truncate(time.Second)
	body := listOf(strings.Replace(sealed, "2099-01-01T00:00:00+08:00", end.Format(time.RFC3339), 1))
	client := keyless(t, func() *http.Response { return signedBy(t, platform, "ABC", body) })
	if _, err := client.Certificates(bg); err != nil {
		t.Fatal(err)
	}
	if got := client.Keys().Current(); !got.NotAfter.Equal(end) {
		t.Errorf("it ends at %s, want %s", got.NotAfter, end)
	}
}

// Whatever a list is, nothing of it is trusted that the APIv3 key did not seal.
func FuzzListsOfCertificates(f *testing.F) {
	_, platform := testKey()
	now := time.Now()
	good := listOf(entry(f, testAPIv3Key, string(certificate(f, platform, 0xABC, now.Add(-time.Hour),
		now.Add(time.Hour)))))
	for _, seed := range []string{good, listOf(), `{"data":[{}]}`, `{"data":[null,{"encrypt_certificate":[]}]}`, `[`,
		listOf(entryOf(wire.Algorithm, "61f9c719728a", "AAAA", "x"))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		client := keyless(t, func() *http.Response { return signedBy(t, platform, "ABC", body) })
		found, err := client.Certificates(bg)
		if (err == nil) != (len(found) > 0) {
			t.Fatalf("got %d certificates, %v", len(found), err)
		}
		for _, c := range found {
			if !platform.PublicKey.Equal(c.PublicKey) {
				t.Fatalf("%s is trusted", c.SerialNumber)
			}
		}
	})
}

func slicesOf(n int, s string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

func certificateOf(der string) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(der)}))
}

func privatePEM(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// ofCurve is a certificate with an elliptic key, and short one of a key of 1024 bits.
func ofCurve(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return certificateOf(string(der))
}

func short(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return string(certificate(t, key, 1, time.Now(), time.Now().Add(time.Hour)))
}
