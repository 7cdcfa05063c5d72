package debits

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// exemptLimits are those of payments without a password; beyond them, or when
// the contract has ended since, WeChat asks for it and the payment is an ordinary
// one. https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var exemptLimits = ledger.Limits{PerDebit: 50000, PerDay: 250000, SuccessesPerDay: 5}

// Exempt says whether an order that is being paid needs no password, and counts
// it towards the contract's limits.
func Exempt(s *engine.Step, o *rows.Order) (bool, error) {
	if o.Exempt == "" {
		return false, nil
	}
	contract, err := rows.Get[rows.Contract](s.Tx, o.Exempt)
	if err != nil || !s.InForce(contract) {
		return false, err
	}
	why, _ := overLimits(s, exemptLimits, o.Total, contract)
	if why != "" || contract.Usage.Spent(LimitsOf(s.PlanOf(contract), exemptLimits)) {
		return false, nil
	}
	contract.Usage.DayAttempts++
	contract.Usage.Succeed(o.Total)
	return true, rows.Put(s.Tx, contract)
}
