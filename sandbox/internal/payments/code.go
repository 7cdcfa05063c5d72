package payments

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// PaymentCode is the code on a payer's phone that a merchant scans, 付款码. It
// pays once, within a minute.
type PaymentCode struct {
	rows.Rev
	ID        string    `json:"id"`
	OpenID    string    `json:"openid"`
	ExpiresAt time.Time `json:"expires_at"`
	Used      bool      `json:"used,omitempty"`
}

func (p *PaymentCode) RowKind() string { return "payment-code" }

func (p *PaymentCode) Row() store.Row { return store.Row{ID: p.ID} }

// ShowCode makes a code for the payer.
func ShowCode(s *engine.Step, openid string) (authCode string, err error) {
	code := &PaymentCode{OpenID: openid, ExpiresAt: s.Now.Add(codeLife)}
	if code.ID, err = s.Free("payment code", s.Random.PaymentCode, s.RowOf(code.RowKind())); err != nil {
		return "", err
	}
	return code.ID, rows.Put(s.Tx, code)
}

const codeLife = time.Minute

func (p *PaymentCode) Owner() string { return "" }
