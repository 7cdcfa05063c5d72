package sandbox

import (
	"fmt"
)

// The keys here are made up, but whoever sees them in a log cannot know that, and
// what prints a merchant of the sandbox today prints a real one tomorrow. So keys
// are [wxpay.Secret], and types with keys print as more than a list of secrets.

// merchantWithKeys is a Merchant as it is kept and handed out.
type merchantWithKeys struct {
	Merchant
	APIv3Key   string `json:"api_v3_key,omitempty"`
	APIv2Key   string `json:"api_v2_key,omitempty"`
	PrivateKey string `json:"private_key,omitempty"`
}

func withKeys(m Merchant) merchantWithKeys {
	return merchantWithKeys{m, m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), m.PrivateKey.Reveal()}
}

func (s savedKeys) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.savedKeys{MchID: %q, …}", s.MchID)
}

func (s savedFormer) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.savedFormer{MchID: %q, …}", s.MchID)
}

func (s savedCertificate) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.savedCertificate{serial: %q, From: %s, …}", s.serial(), s.From)
}

// Format prints that it is there: what is behind it changes meanwhile, and holds keys.
func (e *engine) Format(f fmt.State, _ rune) { fmt.Fprint(f, "sandbox.engine{…}") }

// MarshalText is what Format prints.
func (e *engine) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(e)), nil }
