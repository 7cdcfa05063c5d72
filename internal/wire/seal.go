package wire

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // RSA-OAEP with SHA-1 is what WeChat Pay documents.
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// Algorithm names the only cipher of resources and downloaded certificates.
const Algorithm = "AEAD_AES_256_GCM"

// KeySize and NonceSize are the sizes AEAD_AES_256_GCM takes, in bytes.
const (
	KeySize   = 32
	NonceSize = 12
)

// Errors of AEAD.Open, for callers that explain which one it was.
var (
	ErrNonceSize  = errors.New("the nonce is not 12 bytes")
	ErrCiphertext = errors.New("the ciphertext is not standard base64 or too short")
	ErrOpen       = errors.New("the ciphertext does not open under this key, nonce and associated data")
)

// AEAD seals and opens with one APIv3 key. It is safe for concurrent use. The
// cipher, whose schedule begins with the key, stands behind a function, where
// nothing that prints a struct finds it.
type AEAD struct{ gcm func() cipher.AEAD }

// NewAEAD takes the 32 bytes of an APIv3 key as they are.
func NewAEAD(apiV3Key string) (*AEAD, error) {
	if len(apiV3Key) != KeySize {
		return nil, fmt.Errorf("an APIv3 key has %d bytes, this one %d", KeySize, len(apiV3Key))
	}
	block, err := aes.NewCipher([]byte(apiV3Key))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &AEAD{func() cipher.AEAD { return gcm }}, nil
}

// Seal returns base64 of ciphertext and tag. The nonce must be 12 bytes and
// never used twice under one key; a nonce of another size panics, as it can
// only be a mistake of the program.
func (a *AEAD) Seal(nonce, associatedData string, plain []byte) string {
	return base64.StdEncoding.EncodeToString(a.gcm().Seal(nil, []byte(nonce), plain, []byte(associatedData)))
}

// Open returns what Seal sealed. It fails with one of ErrNonceSize,
// ErrCiphertext and ErrOpen.
func (a *AEAD) Open(nonce, associatedData, ciphertext string) ([]byte, error) {
	if len(nonce) != NonceSize {
		return nil, ErrNonceSize
	}
	// One buffer holds all three: an interface's arguments go to the heap.
	buf := append(append(make([]byte, 0, len(nonce)+len(associatedData)+len(ciphertext)), nonce...), associatedData...)
	head := len(buf)
	buf, err := base64.StdEncoding.AppendDecode(buf, []byte(ciphertext))
	if err != nil || len(buf)-head < a.gcm().Overhead() {
		return nil, ErrCiphertext
	}
	raw := buf[head:]
	plain, err := a.gcm().Open(raw[:0], buf[:NonceSize], raw, buf[NonceSize:head])
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// EncryptOAEP encrypts one sensitive field for the holder of key.
func EncryptOAEP(random io.Reader, key *rsa.PublicKey, plain string) (string, error) {
	sealed, err := rsa.EncryptOAEP(sha1.New(), random, key, []byte(plain), nil)
	if err != nil {
		return "", fmt.Errorf("encrypt a sensitive field: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// DecryptOAEP reads one sensitive field. The error never says at which step
// it failed, so that it tells an attacker nothing.
func DecryptOAEP(key crypto.Decrypter, sealed string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", errDecrypt
	}
	plain, err := key.Decrypt(rand.Reader, raw, &rsa.OAEPOptions{Hash: crypto.SHA1})
	if err != nil {
		return "", errDecrypt
	}
	return string(plain), nil
}

var errDecrypt = errors.New("the field does not decrypt under this key")
