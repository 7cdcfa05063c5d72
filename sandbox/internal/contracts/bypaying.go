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

// prompt finds the offer to sign that an order's payment page shows, which is
// there only if the order was paid while the session lived.
func prompt(s *engine.Step, o *rows.Order) (*rows.Session, error) {
	sessions, err := rows.Find[rows.Session](s.Tx, "prepay:"+o.PrepayID, 0)
	if err != nil {
		return nil, err
	}
	none := &ledger.PageError{Reason: ledger.PageNoPrompt, Message: "This payment comes with no offer to sign."}
	if len(sessions) == 0 {
		return nil, none
	}
	session := sessions[len(sessions)-1] // the latest call decides what is offered
	if o.State != ledger.OrderPaid {
		return nil, &ledger.PageError{Reason: ledger.PageNoPrompt,
			Message: "The offer to sign appears only after the payment."}
	}
	return session, nil
}
