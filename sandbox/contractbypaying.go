package sandbox

import "errors"

// signByPaying is the page after a payment: a contract the order was placed with
// (PaySign) is signed, a pay-redirect presign becomes an offer to sign. Whatever
// keeps the payer from it, the payment stands and nobody is told.
func (s *step) signByPaying(r *Receipt, o *orderRow, openid string) error {
	session, err := s.prompt(o)
	switch {
	case err != nil:
	case session.PaySign:
		var c *contractRow
		c, err = s.sign(session, openid)
		r.Contract = c.view()
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

// exemptLimits are those of payments without a password; beyond them, or when
// the contract has ended since, WeChat asks for it and the payment is an ordinary
// one. https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var exemptLimits = Limits{PerDebit: 50000, PerDay: 250000, SuccessesPerDay: 5}

// exempt says whether an order that is being paid needs no password, and counts
// it towards the contract's limits.
func (s *step) exempt(o *orderRow) (bool, error) {
	if o.Exempt == "" {
		return false, nil
	}
	contract, err := get[contractRow](s.Tx, o.Exempt)
	if err != nil || !contract.live() {
		return false, err
	}
	limits := exemptLimits
	if plan := s.planOf(contract); plan != nil {
		limits = limitsOr(plan.Limits, limits)
	}
	contract.Usage = contract.Usage.at(s.now, contract.SignedAt, limitsOr(limits, Limits{}).PeriodDays)
	if why, _ := contract.Usage.allows(limits, o.Total); why != "" || contract.Usage.spent(limits) {
		return false, nil
	}
	contract.Usage.DayAttempts++
	contract.Usage.succeed(o.Total)
	return true, put(s.Tx, contract)
}

func (s *step) promptOf(prepayID string) (*sessionRow, error) {
	o, err := s.orderByPrepay(prepayID)
	if err != nil {
		return nil, notAnOrder(err)
	}
	return s.prompt(o)
}
