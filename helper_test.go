package wxpay_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// The tests of this file's package that need a WeChat Pay use the sandbox.
// These helpers are for what a faithful sandbox cannot do: look at a request
// before it leaves, and answer with something genuine but unusual.

const (
	testAPIv3Key   = "0123456789abcdef0123456789ABCDEF"
	testPlatformID = "PUB_KEY_ID_0119000001092026010100000000000001"
)

var testKey = sync.OnceValues(func() (merchant, platform *rsa.PrivateKey) {
	keys := make([]*rsa.PrivateKey, 2)
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys[0], keys[1]
})

func testConfig() wxpay.Config {
	merchant, platform := testKey()
	return wxpay.Config{
		MchID: "1900000109", SerialNo: strings.Repeat("5", 40), PrivateKey: merchant,
		PlatformKeys: []wxpay.PlatformKey{{ID: testPlatformID, Key: &platform.PublicKey}},
		APIv3Key:     wxpay.NewSecret(testAPIv3Key), Host: "http://127.0.0.1:1",
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, // it never waits
	}
}

// transport is an http.RoundTripper made of a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// clientOver makes a client whose requests f answers.
func clientOver(t testing.TB, f transport) *wxpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.HTTPClient = &http.Client{Transport: f}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signedReply answers as WeChat Pay does, with a genuine signature.
func signedReply(status int, body string) *http.Response {
	_, platform := testKey()
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	signature, err := wire.Sign(rand.Reader, platform, wire.AppendReplyMessage(nil, timestamp, "nonce", []byte(body)))
	if err != nil {
		panic(err)
	}
	h := http.Header{}
	h.Set(wire.HeaderTimestamp, timestamp)
	h.Set(wire.HeaderNonce, "nonce")
	h.Set(wire.HeaderSerial, testPlatformID)
	h.Set(wire.HeaderSignature, signature)
	h.Set(wire.HeaderRequestID, "08F5-0")
	return reply(status, h, body)
}

func reply(status int, h http.Header, body string) *http.Response {
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: h, ContentLength: int64(len(body)),
		Body: io.NopCloser(strings.NewReader(body))}
}

// fastSigner has a real public key and a worthless signature, for tests that
// send more requests than RSA would let them.
type fastSigner struct{ public crypto.PublicKey }

func (s fastSigner) Public() crypto.PublicKey { return s.public }
func (s fastSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return bytes.Repeat([]byte{1}, 256), nil
}

// certificate makes a certificate of key with the given serial and life.
func certificate(t testing.TB, key *rsa.PrivateKey, serial int64, from, until time.Time) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"},
		NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

var bg = context.Background()

// second drops a call's value.
func second[T any](_ T, err error) error { return err }
