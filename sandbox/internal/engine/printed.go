package engine

import (
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The keys here are made up, but whoever sees them in a log cannot know that, and
// what prints a merchant of the sandbox today prints a real one tomorrow. So keys
// are [wxpay.Secret], and types with keys print as more than a list of secrets.

// merchantWithKeys is a Merchant as it is kept and handed out.
type merchantWithKeys struct {
	ledger.Merchant
	APIv3Key   string `json:"api_v3_key,omitempty"`
	APIv2Key   string `json:"api_v2_key,omitempty"`
	PrivateKey string `json:"private_key,omitempty"`
}

func WithKeys(m ledger.Merchant) merchantWithKeys {
	return merchantWithKeys{m, m.APIv3Key.Reveal(), m.APIv2Key.Reveal(), m.PrivateKey.Reveal()}
}

func (s SavedKeys) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.savedKeys{MchID: %q, …}", s.MchID)
}

func (s savedFormer) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.savedFormer{MchID: %q, …}", s.MchID)
}

// Format prints that it is there: what is behind it changes meanwhile, and holds keys.
func (e *Engine) Format(f fmt.State, _ rune) { fmt.Fprint(f, "sandbox.engine{…}") }

// MarshalText is what Format prints.
func (e *Engine) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(e)), nil }
