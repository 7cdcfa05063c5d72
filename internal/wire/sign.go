package wire

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// AppendRequestMessage appends the five lines that a request signs. The uri
// is the absolute path with the raw query exactly as sent; the body is the
// exact bytes sent, empty for a request without one.
func AppendRequestMessage(dst []byte, method, uri, timestamp, nonce string, body []byte) []byte {
	dst = append(dst, method...)
	dst = append(dst, '\n')
	dst = append(dst, uri...)
	dst = append(dst, '\n')
	return AppendReplyMessage(dst, timestamp, nonce, body)
}

// AppendReplyMessage appends the three lines that a reply or a notification
// signs. For a 204 the body is empty and the third line is a bare line feed.
func AppendReplyMessage(dst []byte, timestamp, nonce string, body []byte) []byte {
	dst = append(dst, timestamp...)
	dst = append(dst, '\n')
	dst = append(dst, nonce...)
	dst = append(dst, '\n')
	dst = append(dst, body...)
	return append(dst, '\n')
}

// AppendSignature appends the base64 PKCS#1 v1.5 signature of the message's
// SHA-256. The key may live anywhere a crypto.Signer can reach, an HSM
// included.
func AppendSignature(dst []byte, rand io.Reader, key crypto.Signer, message []byte) ([]byte, error) {
	// The digest rests where the signature will stand: handed to an interface,
	// an array of its own would escape.
	start, sum := len(dst), sha256.Sum256(message)
	dst = append(dst, sum[:]...)
	signature, err := key.Sign(rand, dst[start:], crypto.SHA256)
	if err != nil {
		return dst[:start], fmt.Errorf("sign with the private key: %w", err)
	}
	return base64.StdEncoding.AppendEncode(dst[:start], signature), nil
}

// Sign is AppendSignature as a string.
func Sign(rand io.Reader, key crypto.Signer, message []byte) (string, error) {
	signature, err := AppendSignature(nil, rand, key, message)
	return string(signature), err
}

// Errors of Verify, for callers that explain which one it was.
var (
	ErrProbe     = errors.New("the signature is a WECHATPAY/SIGNTEST/ probe, meant to be refused")
	ErrEncoding  = errors.New("the signature is not standard base64")
	ErrSignature = errors.New("the signature does not match the message and key")
)

// Verify checks a base64 PKCS#1 v1.5 SHA-256 signature. It fails with one of
// ErrProbe, ErrEncoding and ErrSignature.
func Verify(key *rsa.PublicKey, message []byte, signature string) error {
	if strings.HasPrefix(signature, ProbePrefix) {
		return ErrProbe
	}
	// Strict: one signature has one spelling. The buffer on the stack holds
	// the signatures of keys up to 4096 bits without an allocation.
	var buf [512]byte
	raw := buf[:]
	if n := base64.StdEncoding.DecodedLen(len(signature)); n > len(raw)+2 {
		return ErrEncoding
	}
	if strings.ContainsAny(signature, "\r\n") {
		return ErrEncoding
	}
	raw, err := base64.StdEncoding.Strict().AppendDecode(raw[:0], []byte(signature))
	if err != nil {
		return ErrEncoding
	}
	sum := sha256.Sum256(message)
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) != nil {
		return ErrSignature
	}
	return nil
}

const alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// AppendNonce appends 32 letters and digits drawn from rand.
func AppendNonce(dst []byte, rand io.Reader) ([]byte, error) {
	const digits, draw = 32, 48
	start := len(dst)
	dst = append(dst, make([]byte, digits+draw)...)
	// The draws land behind the digits in dst's own memory: a reader that is
	// an interface would make any other buffer escape.
	out, in := dst[start:start:start+digits], dst[start+digits:]
	for {
		if _, err := io.ReadFull(rand, in); err != nil {
			return dst[:start], fmt.Errorf("draw a nonce: %w", err)
		}
		for _, b := range in {
			// 62×4 values map evenly onto the alphabet; the last 8 are redrawn.
			if b < 248 {
				out = append(out, alphanumerics[b%62])
			}
			if len(out) == digits {
				return dst[:start+digits], nil
			}
		}
	}
}

// Nonce is AppendNonce as a string.
func Nonce(rand io.Reader) (string, error) {
	nonce, err := AppendNonce(nil, rand)
	return string(nonce), err
}

// SerialHex writes a certificate's serial number as WeChat Pay and openssl do: the upper case
// hexadecimal of its bytes, 40 digits for the certificates that WeChat Pay issues.
// https://github.com/wechatpay-apiv3/wechatpay-go/pull/46
func SerialHex(cert *x509.Certificate) string {
	return fmt.Sprintf("%X", cert.SerialNumber.Bytes())
}

// SameSerial compares the numbers that two serials stand for: neither the case of letters counts
// nor a leading zero, which some SDKs leave out.
func SameSerial(a, b string) bool {
	return strings.EqualFold(strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0"))
}
