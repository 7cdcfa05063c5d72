package debits

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// Exempt says whether an order that is being paid needs no password, and counts
// it towards the contract's limits. Beyond them, or when the contract has ended
// since, WeChat asks for it and the payment is an ordinary one.
func Exempt(s *engine.Step, o *rows.Order) (bool, error) {
	if o.Exempt == "" {
		return false, nil
	}
	contract, err := rows.Get[rows.Contract](s.Tx, o.Exempt)
	if err != nil || !s.InForce(contract) {
		return false, err
	}
	p, err := s.ProductOf(contract, contract.Product)
	if err != nil {
		return false, err
	}
	why, _ := overLimits(s, p.Exempt, o.Total, contract)
	if why != "" || contract.Usage.Spent(LimitsOf(s.PlanOf(contract), p.Exempt)) {
		return false, nil
	}
	contract.Usage.DayAttempts++
	contract.Usage.Succeed(o.Total)
	return true, rows.Put(s.Tx, contract)
}
