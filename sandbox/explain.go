package sandbox

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // to recognise a signature made with it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/http"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// explain says why a signature does not verify. No real service can, but the
// sandbox holds the public key: it opens the signature once, which yields the
// hash of whatever was signed, and then looks for the string with that hash
// among the mistakes people make. Opening also tells whose key it was.
func (e *engine) explain(r *http.Request, body []byte, a wire.Authorization, m *merchant) string {
	raw, spelling := decodeSignature(a.Signature)
	if raw == nil {
		return "the signature is not base64"
	}
	hash, name := openSignature(m.public, raw)
	if hash == nil {
		return e.otherKey(raw, m, r, body, a)
	}
	if name != "SHA-256" {
		return "the signature was made with " + name + ", want SHA-256"
	}
	for guess := range mistakes(r, body, a) {
		if sum := sha256.Sum256(guess.message); bytes.Equal(sum[:], hash) {
			if guess.what == "" { // the string is right, so its spelling is wrong
				return spelling
			}
			return guess.what
		}
	}
	return "the key is right, but another string was signed; compare truncated_sign_message in detail with yours, byte for byte, and make sure that the body you sign is the one you send"
}

// otherKey explains a signature that the merchant's key does not open at all.
func (e *engine) otherKey(raw []byte, m *merchant, r *http.Request, body []byte, a wire.Authorization) string {
	for _, other := range e.registry.all() {
		if hash, _ := openSignature(other.public, raw); hash != nil {
			return "signed with the private key of merchant " + other.MchID + ", not of " + m.MchID
		}
	}
	for _, key := range []crypto.Signer{e.keys.certKey, e.keys.publicKey} {
		if hash, _ := openSignature(key.Public().(*rsa.PublicKey), raw); hash != nil {
			return "signed with WeChat Pay's key instead of the merchant's"
		}
	}
	sum := sha256.Sum256(wire.AppendRequestMessage(nil, r.Method, requestURI(r), a.Timestamp, a.Nonce, body))
	if rsa.VerifyPSS(m.public, crypto.SHA256, sum[:], raw, nil) == nil {
		return "signed with RSA-PSS padding, want PKCS#1 v1.5"
	}
	if len(raw) != m.public.Size() {
		return "the signature has another length than the merchant's key makes: another key, or it was cut"
	}
	return "signed with a private key this sandbox does not know; use the one of API certificate " + m.serial
}

// decodeSignature reads base64 in the spellings people produce. spelling is what
// is wrong with it, "" for the right one.
func decodeSignature(s string) (raw []byte, spelling string) {
	// Hexadecimal first: its digits are base64 as well, but no signature is made
	// of these sixteen alone by chance.
	if raw, err := hex.DecodeString(s); err == nil {
		return raw, "the signature is hexadecimal, want standard base64"
	}
	if raw, err := base64.StdEncoding.Strict().DecodeString(s); err == nil && !strings.ContainsAny(s, "\r\n") {
		return raw, ""
	}
	for _, c := range []struct {
		encoding *base64.Encoding
		what     string
	}{
		{base64.StdEncoding, "the signature's base64 has line breaks or stray bits, want one line of standard base64"},
		{base64.RawStdEncoding, "the signature's base64 lacks its padding (=)"},
		{base64.URLEncoding, "the signature is URL-safe base64 (- and _), want standard base64 (+ and /)"},
		{base64.RawURLEncoding, "the signature is URL-safe base64 (- and _) without padding, want standard base64 (+ and /)"},
	} {
		if raw, err := c.encoding.DecodeString(s); err == nil {
			return raw, c.what
		}
	}
	// A + that went through form decoding is a space.
	if raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(s, " ", "+")); err == nil {
		return raw, "the signature has spaces where base64 has +: it was URL-decoded"
	}
	return nil, ""
}

// digestInfos are the prefixes PKCS#1 v1.5 puts before a hash.
var digestInfos = [...]struct {
	name   string
	prefix []byte
	size   int
}{
	{"SHA-256", []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}, sha256.Size},
	{"SHA-1", []byte{0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14}, sha1.Size},
	{"SHA-512", []byte{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}, sha512.Size},
	{"SHA-384", []byte{0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30}, sha512.Size384},
	{"MD5", []byte{0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10}, 16},
}

// openSignature undoes the RSA of a signature and returns the hash inside, nil
// when this key did not make it. This only explains; what decides is Verify.
func openSignature(key *rsa.PublicKey, raw []byte) (hash []byte, name string) {
	if len(raw) != key.Size() {
		return nil, ""
	}
	s := new(big.Int).SetBytes(raw)
	if s.Cmp(key.N) >= 0 {
		return nil, ""
	}
	block := s.Exp(s, big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, len(raw)))
	if block[0] != 0 || block[1] != 1 {
		return nil, ""
	}
	inside, ok := bytes.CutPrefix(bytes.TrimLeft(block[2:], "\xff"), []byte{0})
	if !ok {
		return nil, ""
	}
	for _, d := range digestInfos {
		if hash, ok := bytes.CutPrefix(inside, d.prefix); ok && len(hash) == d.size {
			return hash, d.name
		}
	}
	return inside, "a raw hash, without the PKCS#1 prefix"
}
