package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// paymentCode is the code on a payer's phone that a merchant scans, 付款码. It
// pays once, within a minute.
type paymentCode struct {
	rev
	ID        string    `json:"id"`
	OpenID    string    `json:"openid"`
	ExpiresAt time.Time `json:"expires_at"`
	Used      bool      `json:"used,omitempty"`
}

func (p *paymentCode) kind() string { return "payment-code" }

func (p *paymentCode) row() store.Row { return store.Row{ID: p.ID} }

// showCode makes a code for the payer.
func (s *step) showCode(openid string) (authCode string, err error) {
	code := &paymentCode{OpenID: openid, ExpiresAt: s.now.Add(codeLife)}
	if code.ID, err = s.free("payment code", s.random.paymentCode, s.rowOf(code.kind())); err != nil {
		return "", err
	}
	return code.ID, put(s.Tx, code)
}

const codeLife = time.Minute
