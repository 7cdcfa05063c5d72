// Package explain says which mistake a signature shows.
//
// No real service can: it knows the public key only, and says that the signature is
// wrong. Who checks as well knows both sides' keys, or at least the string that should
// have been signed, and can try what people usually get wrong. These are pure functions
// of keys, request and body: they know nothing of a sandbox, nor of HTTP's server.
//
// Start reading at [Signature] for APIv3 and at [Sign] for APIv2; the mistakes stand in
// mistakes.go, the most frequent first, and what they may cost in budget.go.
package explain

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
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Keys are what is known of a merchant.
type Keys struct {
	MchID        string
	Serial       string // of the API certificate
	Public       *rsa.PublicKey
	APIv3, APIv2 string
}

// Request is a signed request of APIv3, as it came over the wire.
type Request struct {
	Method, URI, Host string
	Body              []byte
	wire.Authorization
}

// message is the string that should have been signed, but for what is put in its place.
func (r Request) message(method, uri, timestamp, nonce string, body []byte) []byte {
	return wire.AppendRequestMessage(nil, method, uri, timestamp, nonce, body)
}

// Signature says why the signature of a request does not verify. It opens the signature
// with the merchant's public key once, which yields the hash of whatever was signed,
// and then looks for the string with that hash among the mistakes people make. Opening
// also tells whose key it was: that of one of the others, or of WeChat Pay.
func Signature(r Request, own Keys, others []Keys, platform ...*rsa.PublicKey) string {
	raw, spelling := decodeSignature(r.Signature)
	if raw == nil {
		return "the signature is not base64"
	}
	hash, name := openSignature(own.Public, raw)
	if hash == nil {
		return otherKey(raw, r, own, others, platform)
	}
	if name != "SHA-256" {
		return "the signature was made with " + name + ", want SHA-256"
	}
	left := wholeBudget
	for guess := range mistakes(r, &left) {
		if sum := sha256.Sum256(guess.message); bytes.Equal(sum[:], hash) {
			if guess.what == "" { // the string is right, so its spelling is wrong
				return spelling
			}
			return guess.what
		}
	}
	if left.spent() {
		return tooLarge
	}
	return "the key is right, but another string was signed; compare truncated_sign_message in detail with yours, " +
		"byte for byte, and make sure that the body you sign is the one you send"
}

// otherKey explains a signature that the merchant's key does not open at all.
func otherKey(raw []byte, r Request, own Keys, others []Keys, platform []*rsa.PublicKey) string {
	for _, other := range others {
		if hash, _ := openSignature(other.Public, raw); hash != nil {
			return "signed with the private key of merchant " + other.MchID + ", not of " + own.MchID
		}
	}
	for _, key := range platform {
		if hash, _ := openSignature(key, raw); hash != nil {
			return "signed with WeChat Pay's key instead of the merchant's"
		}
	}
	sum := sha256.Sum256(r.message(r.Method, r.URI, r.Timestamp, r.Nonce, r.Body))
	if rsa.VerifyPSS(own.Public, crypto.SHA256, sum[:], raw, nil) == nil {
		return "signed with RSA-PSS padding, want PKCS#1 v1.5"
	}
	if len(raw) != own.Public.Size() {
		return "the signature has another length than the merchant's key makes: another key, or it was cut"
	}
	return "signed with a private key this sandbox does not know; use the one of API certificate " + own.Serial
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
		{base64.RawURLEncoding, "the signature is URL-safe base64 (- and _) without padding, want standard base64 " +
			"(+ and /)"},
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
	{"SHA-256", []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20}, sha256.Size},
	{"SHA-1", []byte{0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
		sha1.Size},
	{"SHA-512", []byte{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
		0x00, 0x04, 0x40}, sha512.Size},
	{"SHA-384", []byte{0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05,
		0x00, 0x04, 0x30}, sha512.Size384},
	{"MD5", []byte{0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04,
		0x10}, 16},
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
