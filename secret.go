package wxpay

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Config that is printed while a program starts, or a Client in a dump of
// somebody's struct, must not put keys into a log. fmt calls no method of a
// value in an unexported field, so a method that prints nothing is not enough:
// whatever is secret stands behind a function, which no printer calls.

// Secret is a key that is a string: an APIv3 or APIv2 key. Make one with
// [NewSecret], or decode one: flags, JSON, YAML and environment loaders that
// know [encoding.TextUnmarshaler] fill it in. The zero value is no key.
//
// However it is printed, logged or marshalled, alone or inside anything else,
// a Secret shows whether there is a key and nothing of it. [Secret.Reveal] is
// the only way to its content; compare what it gives, for two Secrets do not
// compare with ==.
type Secret struct{ reveal func() string }

// NewSecret takes a key as it is. An empty string is no key.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{func() string { return text }}
}

// Reveal is the key itself, "" where there is none.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero says that there is no key.
func (s Secret) IsZero() bool { return s.reveal == nil }

// hiddenSecret is what a Secret prints.
const hiddenSecret = "(secret)"

// Format prints "(secret)", or "(none)" where there is no key.
func (s Secret) Format(f fmt.State, _ rune) {
	if s.IsZero() {
		_, _ = io.WriteString(f, "(none)")
		return
	}
	_, _ = io.WriteString(f, hiddenSecret)
}

// MarshalText is "(secret)", or nothing where there is no key: what is
// marshalled ends up in logs and dumps. Write Reveal where a key must be kept.
func (s Secret) MarshalText() ([]byte, error) {
	if s.IsZero() {
		return nil, nil
	}
	return []byte(hiddenSecret), nil
}

// UnmarshalText takes the text as [NewSecret] does. What MarshalText wrote is
// refused: it is no longer a key.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == hiddenSecret {
		return errors.New("wxpay: this is what a marshalled Secret looks like, not a key: write Secret.Reveal where " +
			"keys are kept")
	}
	*s = NewSecret(string(text))
	return nil
}

// privateKey is a private key that was read from PEM.
type privateKey struct{ reveal func() *rsa.PrivateKey }

func newPrivateKey(key *rsa.PrivateKey) *privateKey {
	return &privateKey{func() *rsa.PrivateKey { return key }}
}

func (k *privateKey) Public() crypto.PublicKey { return k.reveal().Public() }

func (k *privateKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.reveal().Sign(rand, digest, opts)
}

func (k *privateKey) Decrypt(rand io.Reader, sealed []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	return k.reveal().Decrypt(rand, sealed, opts)
}

// Format prints that there is a key, and nothing of it.
func (k *privateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hiddenSecret) }

// MarshalText is what Format prints.
func (k *privateKey) MarshalText() ([]byte, error) { return []byte(hiddenSecret), nil }

func (c Config) summary() string {
	return fmt.Sprintf("wxpay.Config{MchID: %q, SerialNo: %q, PlatformKeys: [%s], Host: %q, …}", c.MchID, c.SerialNo,
		idsOf(c.PlatformKeys), withoutUser(c.Host))
}

// withoutUser is an address without user and password, which New refuses.
func withoutUser(address string) string {
	at := strings.LastIndex(address, "@")
	if at < 0 {
		return address
	}
	scheme, _, there := strings.Cut(address[:at], "://")
	if !there {
		return "…" + address[at:]
	}
	return scheme + "://…" + address[at:]
}

// Format prints who the merchant is and which platform keys there are, and no
// secret.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.summary()) }

// MarshalText is what Format prints, for JSON and logs.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.summary()), nil }

// Format prints whom the client calls as and where, and no secret.
func (c Client) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "wxpay.Client{MchID: %q, Host: %q, …}", c.mchID, strings.TrimSuffix(c.host.String(), "://"))
}
