package wire_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

func TestSealOpens(t *testing.T) {
	t.Parallel()
	a, err := wire.NewAEAD(strings.Repeat("k", wire.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	sealed := a.Seal("0123456789ab", "contract", []byte("plain"))
	if got, err := a.Open("0123456789ab", "contract", sealed); err != nil || string(got) != "plain" {
		t.Fatalf("got %q, %v", got, err)
	}
	for name, c := range map[string]struct {
		nonce, data, sealed string
		want                error
	}{
		"another nonce":  {"0123456789ac", "contract", sealed, wire.ErrOpen},
		"another data":   {"0123456789ab", "", sealed, wire.ErrOpen},
		"a long nonce":   {"0123456789abc", "contract", sealed, wire.ErrNonceSize},
		"not base64":     {"0123456789ab", "contract", "***", wire.ErrCiphertext},
		"URL base64":     {"0123456789ab", "contract", "-_-_", wire.ErrCiphertext},
		"only a tag cut": {"0123456789ab", "contract", "AAAA", wire.ErrCiphertext},
	} {
		if _, err := a.Open(c.nonce, c.data, c.sealed); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := wire.NewAEAD("short"); err == nil {
		t.Error("a key of 5 bytes was taken")
	}
}

func TestOAEPRoundTrip(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := wire.EncryptOAEP(rand.Reader, &key.PublicKey, "李四")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := wire.DecryptOAEP(key, sealed); err != nil || got != "李四" {
		t.Fatalf("got %q, %v", got, err)
	}
	for _, bad := range []string{"", "***", "AAAA", sealed[:len(sealed)-8] + "AAAAAAA="} {
		if _, err := wire.DecryptOAEP(key, bad); err == nil {
			t.Errorf("%d characters of nonsense decrypted", len(bad))
		}
	}
}

func TestVerifyNamesTheFailure(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	message := wire.AppendReplyMessage(nil, "1700000000", "N", nil)
	if want := "1700000000\nN\n\n"; string(message) != want {
		t.Fatalf("a 204 signs %q, want %q", message, want)
	}
	signature, err := wire.Sign(rand.Reader, key, message)
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.Verify(&key.PublicKey, message, signature); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		message   []byte
		signature string
		want      error
	}{
		"a probe": {message, wire.ProbePrefix + signature, wire.ErrProbe},
		"URL-safe alphabet": {message, strings.NewReplacer("+", "-", "/", "_").Replace(signature) +
			"-_", wire.ErrEncoding},
		"a line feed":     {message, signature[:64] + "\n" + signature[64:], wire.ErrEncoding},
		"far too long":    {message, strings.Repeat("A", 64<<10), wire.ErrEncoding},
		"empty":           {message, "", wire.ErrSignature},
		"another message": {append([]byte("x"), message...), signature, wire.ErrSignature},
	} {
		if err := wire.Verify(&key.PublicKey, c.message, c.signature); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestNonce(t *testing.T) {
	t.Parallel()
	// Bytes from 248 up are redrawn, so a source of them first still yields 32.
	source := bytes.NewReader(append(bytes.Repeat([]byte{255}, 48), bytes.Repeat([]byte{61, 62, 247}, 16)...))
	got, err := wire.Nonce(source)
	if want := strings.Repeat("9A9", 11)[:32]; err != nil || got != want {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
	if _, err := wire.Nonce(strings.NewReader("short")); err == nil {
		t.Error("a dry source gave a nonce")
	}
}
