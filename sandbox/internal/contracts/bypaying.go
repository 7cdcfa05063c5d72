package contracts

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// ByPaying finds the contract that an order was placed with, for a payer who leaves it off.
func ByPaying(s *engine.Step, o *rows.Order) (*rows.Session, error) {
	session, err := offered(s, o)
	if err == nil && (session == nil || !session.PaySign) {
		err = &ledger.PageError{Reason: ledger.PageNoPrompt,
			Message: "This payment comes with no contract that could be left off."}
	}
	return session, err
}

// offered is the session that comes with an order, nil for none: the latest call decides.
func offered(s *engine.Step, o *rows.Order) (*rows.Session, error) {
	sessions, err := rows.Find[rows.Session](s.Tx, "prepay:"+o.PrepayID, 0)
	if err != nil || len(sessions) == 0 {
		return nil, err
	}
	return sessions[len(sessions)-1], nil
}

// Waits says whether a payer may still agree to a session: it lives, and so does the order that it
// is agreed to by paying, if it came with one. Nobody may agree to none.
func Waits(s *engine.Step, session *rows.Session) (bool, error) {
	if session == nil {
		return false, nil
	}
	if session.State(s.Now) != ledger.SessionWaiting || !session.PaySign {
		return session.State(s.Now) == ledger.SessionWaiting, nil
	}
	o, err := s.OrderByPrepay(session.PrepayID)
	if errors.As(err, new(*engine.Refusal)) {
		return false, nil
	}
	return err == nil && o.StateAt(s.Now) == ledger.OrderNotPaid && s.Now.Before(o.PrepayExpiresAt), err
}

// LeaveOff has a payer pay without the contract: nobody hears of it, and there is no way back. The
// session ends, so that another order may come with a contract of the same code.
func LeaveOff(s *engine.Step, session *rows.Session) error {
	session.DeclinedAt, session.ExpiresAt = s.Now, s.Now
	return rows.Put(s.Tx, session)
}

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
	session, err := prompt(s, o)
	if err == nil && session.PaySign { // which was agreed to by paying, or never
		err = noOffer()
	}
	return session, err
}

func noOffer() *ledger.PageError {
	return &ledger.PageError{Reason: ledger.PageNoPrompt, Message: "This payment comes with no offer to sign."}
}

// prompt finds the offer to sign that an order's payment page shows, which is
// there only if the order was paid while the session lived.
func prompt(s *engine.Step, o *rows.Order) (*rows.Session, error) {
	session, err := offered(s, o)
	switch {
	case err != nil:
		return nil, err
	case session == nil:
		return nil, noOffer()
	case o.State != ledger.OrderPaid:
		return nil, &ledger.PageError{Reason: ledger.PageNoPrompt,
			Message: "The offer to sign appears only after the payment."}
	}
	return session, nil
}
