package sandbox

import "errors"

// signByPaying is the page after a payment: a contract the order was placed with
// (PaySign) is signed, a pay-redirect presign becomes an offer to sign. Whatever
// keeps the payer from it, the payment stands and nobody is told.
func (s *step) signByPaying(r *Receipt, openid string) error {
	session, err := s.prompt(r.Order)
	switch {
	case err != nil:
	case session.PaySign:
		r.Contract, err = s.sign(session, openid)
	default:
		r.Prompt, err = s.page(session, openid)
	}
	if stop := (*PageError)(nil); errors.As(err, &stop) {
		if stop.Reason != PageNoPrompt {
			r.Obstacle = stop
		}
		return nil
	}
	return err
}
