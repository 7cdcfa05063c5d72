package contracts

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// SignByPaying is the page after a payment: a contract the order was placed with
// (PaySign) is signed, a pay-redirect presign becomes an offer to sign. Whatever
// keeps the payer from it, the payment stands and nobody is told.
func SignByPaying(s *engine.Step, r *ledger.Receipt, o *rows.Order, openid string) error {
	session, err := prompt(s, o)
	switch {
	case err != nil:
	case session.PaySign:
		var c *rows.Contract
		c, err = Sign(s, session, openid)
		r.Contract = c.View()
	default:
		r.Prompt, err = page(s, session, openid)
	}
	if stop := (*ledger.PageError)(nil); errors.As(err, &stop) {
		if stop.Reason != ledger.PageNoPrompt {
			r.Obstacle = stop
		}
		return nil
	}
	return err
}

func PromptOf(s *engine.Step, prepayID string) (*rows.Session, error) {
	o, err := s.OrderByPrepay(prepayID)
	if err != nil {
		return nil, NotAnOrder(err)
	}
	return prompt(s, o)
}
