package debits

import (
	"strconv"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What a plan allows, of debits and of payments without a password alike.

// testLimits are those of test templates, 0.10 CNY a debit and 100 a day.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var testLimits = ledger.Limits{PerDebit: 10, SuccessesPerDay: 100}

// LimitsOf are the limits of a plan, which may be nil, the product's where it sets none, and of
// what both allow no more than a test plan may.
func LimitsOf(plan *ledger.Plan, product ledger.Limits) ledger.Limits {
	l := product
	if plan != nil {
		l = eachLimit(plan.Limits, product, func(own, other int64) int64 {
			engine.SetDefault(&own, other)
			return own
		})
		if plan.Test {
			l = eachLimit(l, testLimits, stricter)
		}
	}
	engine.SetDefault(&l.PeriodDays, 30)
	return l
}

// stricter is the lower of two limits, of which 0 is none.
func stricter(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

func eachLimit(a, b ledger.Limits, of func(a, b int64) int64) ledger.Limits {
	count := func(a, b int) int { return int(of(int64(a), int64(b))) }
	return ledger.Limits{
		PerDebit:           of(a.PerDebit, b.PerDebit),
		PerDay:             of(a.PerDay, b.PerDay),
		SuccessesPerDay:    count(a.SuccessesPerDay, b.SuccessesPerDay),
		SuccessesPerPeriod: count(a.SuccessesPerPeriod, b.SuccessesPerPeriod),
		AttemptsPerDay:     count(a.AttemptsPerDay, b.AttemptsPerDay),
		PeriodDays:         count(a.PeriodDays, b.PeriodDays),
	}
}

// usualFor are the limits that a product has for a contract whose plan sets none.
func usualFor(s *engine.Step, r *engine.DebitRules, contract *rows.Contract) ledger.Limits {
	l := r.Limits
	if plan := s.PlanOf(contract); plan == nil || !plan.Test {
		engine.SetDefault(&l.SuccessesPerDay, r.Daily[modeOf(s, r, contract)])
	}
	return l
}

// overLimits says why an amount is too much beside those that were paid under a contract, "" when
// it is not. The limits are those of the product.
func overLimits(s *engine.Step, product ledger.Limits, amount int64, contract *rows.Contract) (why rows.DebitProblem,
	hint string) {
	plan := s.PlanOf(contract)
	usageNow(s, contract)
	if plan != nil && plan.Amount > 0 && amount != plan.Amount && contract.Usage.Successes > 0 {
		return rows.ProblemUnequal, "debits of this plan are of exactly " + strconv.FormatInt(plan.Amount, 10) + " fen"
	}
	return contract.Usage.Allows(LimitsOf(plan, product), amount)
}

// usageNow has a contract's counters count the day and the period that it is.
func usageNow(s *engine.Step, contract *rows.Contract) {
	// No product sets how long a period is.
	days := LimitsOf(s.PlanOf(contract), ledger.Limits{}).PeriodDays
	contract.Usage = contract.Usage.At(s.Now, contract.SignedAt, days)
}
