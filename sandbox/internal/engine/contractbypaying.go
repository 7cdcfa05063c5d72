package engine

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// SignByPaying is the page after a payment: a contract the order was placed with
// (PaySign) is signed, a pay-redirect presign becomes an offer to sign. Whatever
// keeps the payer from it, the payment stands and nobody is told.
func (s *Step) SignByPaying(r *ledger.Receipt, o *OrderRow, openid string) error {
	session, err := s.prompt(o)
	switch {
	case err != nil:
	case session.PaySign:
		var c *ContractRow
		c, err = s.Sign(session, openid)
		r.Contract = c.View()
	default:
		r.Prompt, err = s.page(session, openid)
	}
	if stop := (*ledger.PageError)(nil); errors.As(err, &stop) {
		if stop.Reason != ledger.PageNoPrompt {
			r.Obstacle = stop
		}
		return nil
	}
	return err
}

// exemptLimits are those of payments without a password; beyond them, or when
// the contract has ended since, WeChat asks for it and the payment is an ordinary
// one. https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var exemptLimits = ledger.Limits{PerDebit: 50000, PerDay: 250000, SuccessesPerDay: 5}

// Exempt says whether an order that is being paid needs no password, and counts
// it towards the contract's limits.
func (s *Step) Exempt(o *OrderRow) (bool, error) {
	if o.Exempt == "" {
		return false, nil
	}
	contract, err := Get[ContractRow](s.Tx, o.Exempt)
	if err != nil || !s.inForce(contract) {
		return false, err
	}
	why, _ := s.overLimits(exemptLimits, o.Total, contract)
	if why != "" || contract.Usage.spent(LimitsOf(s.PlanOf(contract), exemptLimits)) {
		return false, nil
	}
	contract.Usage.DayAttempts++
	contract.Usage.succeed(o.Total)
	return true, Put(s.Tx, contract)
}

func (s *Step) PromptOf(prepayID string) (*SessionRow, error) {
	o, err := s.OrderByPrepay(prepayID)
	if err != nil {
		return nil, NotAnOrder(err)
	}
	return s.prompt(o)
}
