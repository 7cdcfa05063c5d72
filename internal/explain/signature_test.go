package explain_test

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

func std(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// signatureCalls have the right string, and a signature that is made or written wrongly.
func (w *world) signatureCalls() []call {
	raw := func(padded []byte) []byte { // RSA and nothing else
		m := new(big.Int).SetBytes(padded)
		return m.Exp(m, w.key.D, w.key.N).FillBytes(make([]byte, 256))
	}
	type1 := func(inside []byte) []byte {
		return slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 256-3-len(inside)), []byte{0}, inside)
	}
	pss := func(hash crypto.Hash, salt int) func(string) []byte {
		return func(message string) []byte {
			h := hash.New()
			h.Write([]byte(message))
			s, err := rsa.SignPSS(rand.Reader, w.key, hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: salt})
			w.ok(err)
			return s
		}
	}
	mac := func(key string) func(string) []byte {
		return func(message string) []byte {
			m := hmac.New(sha256.New, []byte(key))
			m.Write([]byte(message))
			return m.Sum(nil)
		}
	}
	short := func(l lines) string { return l.timestamp } // what fits into a block
	plain := func(s string) []byte { return []byte(s) }
	getShort := func(c call) call { c.method, c.uri = "GET", "/v3/certificates"; return c }
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	w.ok(err)
	platform := w.platformKey()
	return []call{
		{is: "signature-not-base64", spell: func([]byte) string { return "!!!" }},
		{is: "signature-hex", spell: hex.EncodeToString},
		{is: "signature-hex", spell: func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }},
		{is: "signature-hex-inside", spell: func(b []byte) string { return std([]byte(hex.EncodeToString(b))) }},
		{is: "signature-twice", spell: func(b []byte) string { return std([]byte(std(b))) }},
		{is: "signature-url-safe", spell: base64.URLEncoding.EncodeToString},
		{is: "signature-url-safe+signature-unpadded", spell: base64.RawURLEncoding.EncodeToString},
		{is: "signature-unpadded", spell: base64.RawStdEncoding.EncodeToString},
		{is: "signature-bits", spell: func(b []byte) string {
			s := std(b)
			next := map[byte]string{'A': "B", 'Q': "R", 'g': "h", 'w': "x"}[s[len(s)-3]]
			return s[:len(s)-3] + next + "=="
		}},
		{is: "signature-escaped", spell: func(b []byte) string { s := std(b); return s[:76] + `\n` + s[76:] }},
		{is: "signature-percent", spell: func(b []byte) string { return url.QueryEscape(std(b)) }},
		{is: "signature-quoted", spell: func(b []byte) string { return "'" + std(b) + "'" }},
		{is: "signature-reversed", spell: func(b []byte) string { slices.Reverse(b); return std(b) }},
		{is: "signature-length", spell: func(b []byte) string { return std(b[:len(b)-6]) }},
		{is: "signature-length", sign: func(s string) []byte { h := md5.Sum([]byte(s)); return h[:] }},
		{is: "hash-other", sign: w.rsa(w.key, crypto.SHA1)},
		{is: "hash-other", sign: w.rsa(w.key, crypto.MD5)},
		{is: "hash-other", sign: w.rsa(w.key, crypto.SHA224)},
		{is: "hash-other", sign: w.rsa(w.key, crypto.SHA384)},
		{is: "hash-other", sign: w.rsa(w.key, crypto.SHA512)},
		{is: "hash-other+body-left-out", sign: w.rsa(w.key, crypto.SHA1), signed: without},
		{is: "hash-unwrapped", sign: func(s string) []byte { return raw(type1(sha(s))) }},
		{is: "hash-unwrapped", sign: func(s string) []byte { return raw(type1([]byte(hex.EncodeToString(sha(s))))) }},
		getShort(call{is: "hash-unwrapped", sign: func(s string) []byte { return raw(type1([]byte(s))) }}),
		{is: "padding-none", sign: func(s string) []byte { return raw(sha(s)) }},
		{is: "unknown/padding", signed: short, sign: func(s string) []byte { return raw(type1(plain(s))) }},
		{is: "pss", sign: pss(crypto.SHA256, rsa.PSSSaltLengthAuto)},
		{is: "pss", sign: pss(crypto.SHA256, rsa.PSSSaltLengthEqualsHash)},
		{is: "pss", sign: pss(crypto.SHA1, rsa.PSSSaltLengthEqualsHash)},
		{is: "pss+body-left-out", sign: pss(crypto.SHA256, rsa.PSSSaltLengthAuto), signed: without},
		{is: "hmac", sign: mac(w.v3)},
		{is: "hmac", sign: mac(w.v2), spell: hex.EncodeToString},
		{is: "hmac+body-left-out", sign: mac(w.v3), signed: without},
		{is: "hash-only", sign: sha},
		{is: "hash-only", sign: sha, spell: hex.EncodeToString},
		{is: "key-replaced", sign: w.rsa(w.formerKey, crypto.SHA256)},
		{is: "key-replaced+body-left-out", sign: w.rsa(w.formerKey, crypto.SHA256), signed: without},
		{is: "key-of-other-merchant", sign: w.rsa(w.other, crypto.SHA256)},
		{is: "key-of-platform", sign: w.rsa(platform, crypto.SHA256)},
		{is: "unknown/key", sign: w.rsa(stranger, crypto.SHA256)},
		{is: "unknown/string", signed: func(l lines) string { return "hello" }},
	}
}

// without is the string of a request without its body.
func without(l lines) string { l.body = ""; return l.String() }

// platformKey is what the sandbox signs with.
func (w *world) platformKey() *rsa.PrivateKey {
	text, err := os.ReadFile("../../sandbox/testkeys/platform_key.pem")
	w.ok(err)
	return parseKey(w.t, text)
}

func TestSignaturesThatAreMadeWrongly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.each(t, w.signatureCalls())
}
