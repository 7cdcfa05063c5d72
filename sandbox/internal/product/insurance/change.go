package insurance

import (
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What may be changed of the periods of a policy, and when it may be renewed.

const (
	changesFrom, changesUntil = 8 * time.Hour, 19 * time.Hour // of the day, for both
	maxChanges                = 3                             // of a contract, ever
	maxRenewed                = 12                            // periods
	// percent between the old term's last amount and the new ones
	maxVariation = 50
)

// modify lowers the amounts of periods that are not paid. The call
// repeats every period of the term, as it was agreed upon but for the amounts.
// https://pay.weixin.qq.com/doc/v3/merchant/4012987596
func modify(c *engine.Call) (engine.Document, error) {
	contract, err := toChange(c, "")
	if err != nil {
		return nil, err
	}
	if err := mayModify(c, contract); err != nil {
		return nil, err
	}
	list := policyPeriods(c)
	changed, err := changedPeriods(c, contract, list)
	if err != nil {
		return nil, err
	}
	out := engine.Document{}
	for _, i := range changed {
		b := &term(contract)[i]
		if !b.BookedAt.IsZero() {
			out["cancel_scheduled_policy_period_id"] = engine.Integer(b.ID)
			b.BookedAt, b.Booked, b.From = time.Time{}, 0, ""
		}
		b.Amount = list[i].Amount
	}
	after := []engine.Document{}
	for _, b := range term(contract) {
		after = append(after, engine.Document{"policy_period_id": engine.Integer(b.ID), "estimated_deduct_date": b.Date,
			"estimated_deduct_amount": engine.CNY(b.Amount)})
	}
	out["policy_periods"] = after
	contract.Policy.Changed = append(contract.Policy.Changed, c.Now)
	return out, rows.Put(c.Tx, contract)
}

// mayModify says whether anything may be changed now.
func mayModify(c *engine.Call, contract *rows.Contract) error {
	term := term(contract)
	no := func(message, hint string) error { return engine.InvalidRequest(message).Hinting(hint) }
	if !contract.Live() {
		return c.Product.Gone().Hinting("the contract is " + string(contract.State))
	}
	if contract.State == ledger.ContractTerminatePending {
		return leaving()
	}
	if len(term) == 0 {
		return no("协议没有扣费周期", "the contract was signed without periods")
	}
	_, last := debits.RulesOf(c.Step, ledger.Insurance, "").Booking.Days(&term[len(term)-1])
	times := contract.Policy.Changed
	switch {
	case contract.Pending != "":
		return no("扣款请求已受理，请稍后再修改", "a debit of this contract has not ended")
	case !clock.Within(c.Now, changesFrom, changesUntil):
		return no("当前不在可修改时间段内", "periods may be changed from 08:00 to 19:00 in Beijing, where it is "+
			clock.Hhmm(clock.HourOf(c.Now)))
	case clock.Midnight(c.Now).After(last):
		return no("当前不在可修改时间段内", "the last period can no longer be booked: nothing is left to change")
	case len(times) >= maxChanges:
		return no("修改次数超过限制", "the periods of a contract are changed three times at most")
	case len(times) > 0 && clock.DateOf(times[len(times)-1]) == clock.DateOf(c.Now):
		return no("修改次数超过限制", "the periods of a contract are changed once a day at most")
	case len(term) > 1 && term[0].Amount < term[1].Amount && term[0].Amount > 0 && term[0].PaidAt.IsZero():
		return no("首期扣费未完结，不能修改后续扣费周期",
			"the first period is the cheaper one: it has to be paid before the others are changed")
	}
	return nil
}

// changedPeriods are the indexes in the term of what the call changes.
func changedPeriods(c *engine.Call, contract *rows.Contract, list []ledger.Booking) (changed []int, err error) {
	term := term(contract)
	if len(list) != len(term) {
		return nil, engine.BadField("/policy_periods", "扣费周期列表与签约时不一致").
			Hinting("repeat every period of the term: a change is of amounts only")
	}
	for i := range list {
		if list[i].ID != term[i].ID || list[i].Date != term[i].Date {
			return nil, badPeriod(i, "policy_period_id", list[i].ID,
				"numbers and dates must be as agreed upon: a change is of amounts only")
		}
		if list[i].Amount == term[i].Amount {
			continue
		}
		if err := mayLower(c, i, &term[i], list[i].Amount); err != nil {
			return nil, err
		}
		if len(changed) > 0 && list[changed[0]].Amount != list[i].Amount {
			return nil, badPeriod(i, "estimated_deduct_amount", engine.FenText(list[i].Amount),
				"one call has one new amount")
		}
		if discounted := term[0].Amount > 0 && term[0].Amount < term[i].Amount; i == 1 && discounted &&
			list[i].Amount <= term[0].Amount {
			return nil, badPeriod(i, "estimated_deduct_amount", engine.FenText(list[i].Amount),
				"the second period has to cost more than the first, which was the cheaper one")
		}
		changed = append(changed, i)
	}
	if len(changed) == 0 {
		return nil, engine.InvalidRequest("扣费周期没有变化").Hinting("every amount is as it was")
	}
	return changed, nil
}

// mayLower says whether period i, b, may cost only amount.
func mayLower(c *engine.Call, i int, b *ledger.Booking, amount int64) error {
	state := b.State(c.Now)
	first, last := debits.RulesOf(c.Step, ledger.Insurance, "").Booking.Days(b)
	cancel, _ := c.Body["allow_cancel_scheduled"].(bool)
	today := clock.Midnight(c.Now)
	no := func(hint string) error { return badPeriod(i, "estimated_deduct_amount", engine.FenText(amount), hint) }
	switch {
	case amount > b.Amount:
		return no("amounts can only fall")
	case amount == 0:
		return no("a period cannot become free")
	case state != ledger.NotBooked && state != ledger.Booked:
		return no("the period is " + string(state))
	case state == ledger.Booked && !cancel:
		return engine.InvalidRequest("扣费周期已预约，不允许修改").Hinting("period " + b.ID +
			" is booked: to cancel its booking send allow_cancel_scheduled")
	case state == ledger.Booked && (today.Before(first) || !today.Before(last.AddDate(0, 0, -1))):
		return engine.InvalidRequest("扣费周期已预约，不允许修改").Hinting("period " + b.ID +
			" is booked, and it is too late to book it anew")
	}
	return nil
}

// renew adds another term to a contract that is TO_BE_RENEWED.
// https://pay.weixin.qq.com/docs/merchant/apis/insurance-entrusted-payment/insurance/apply-renew-contract.html
func renew(c *engine.Call) (engine.Document, error) {
	contract, err := toChange(c, "")
	if err != nil {
		return nil, err
	}
	if why := renewable(c.Step, contract); why != "" {
		return nil, engine.InvalidRequest("当前协议不可续期").Hinting(why)
	}
	if !clock.Within(c.Now, changesFrom, changesUntil) {
		return nil, engine.InvalidRequest("当前不在可续期时间段内").
			Hinting("contracts are renewed from 08:00 to 19:00 in Beijing, where it is " +
				clock.Hhmm(clock.HourOf(c.Now)))
	}
	list := policyPeriods(c)
	if err := mayRenewWith(c, contract, list); err != nil {
		return nil, err
	}
	contract.Policy.Term = len(contract.Bookings)
	contract.Bookings = append(contract.Bookings, list...)
	endAfterTerm(c.Step, contract)
	if err := rows.Put(c.Tx, contract); err != nil {
		return nil, err
	}
	return nil, contracts.Notify(c.Step, c.Product, contract, renewed, true)
}

var renewed = engine.Event{EventType: "INSURANCE_ENTRUST.RENEW", OriginalType: "insurance_entrust",
	Summary: "保险委托代扣续期完成通知"}

// mayRenewWith checks the periods of another term against those of the last.
func mayRenewWith(c *engine.Call, contract *rows.Contract, list []ledger.Booking) error {
	last := contract.Bookings[len(contract.Bookings)-1]
	switch {
	case len(list) > maxRenewed:
		return engine.BadField("/policy_periods", "续期的扣费周期总量需在1到12之间").Hinting("a term has twelve periods at most")
	case number(list[0].ID) <= number(last.ID):
		return badPeriod(0, "policy_period_id", list[0].ID, "numbers go on after "+last.ID)
	case list[0].Date <= clock.DateOf(c.Now):
		return badPeriod(0, "estimated_deduct_date", list[0].Date, "the first period must lie after today")
	}
	most := last.Amount/100*maxVariation + last.Amount%100*maxVariation/100 // no product of amounts fits for sure
	for i, p := range list {
		if off := p.Amount - last.Amount; p.Amount == 0 || max(off, -off) > most {
			return badPeriod(i, "estimated_deduct_amount", engine.FenText(p.Amount),
				"it may differ by half at most from the last period's, "+engine.FenText(last.Amount)+" fen")
		}
	}
	return checkPeriodOrder(list, frequencyOf(c.PlanOf(contract)), 1)
}

// renewable says why a contract is not TO_BE_RENEWED, "" when it is. It follows
// from what happened and the time.
func renewable(s *engine.Step, c *rows.Contract) string {
	term := term(c)
	if c.State != ledger.ContractSigned || len(term) == 0 {
		return "the contract is " + string(c.State)
	}
	from, until := renewalDays(s, c)
	today := clock.Midnight(s.Now)
	last := &term[len(term)-1]
	state := last.State(s.Now)
	switch {
	case !renewsItself(c):
		return "it was signed without can_auto_insure and can_auto_reinsure"
	case !slices.ContainsFunc(term, func(b ledger.Booking) bool { return !b.PaidAt.IsZero() }):
		return "no period of the term was paid"
	case state == ledger.Booked:
		return "the last period is booked and not debited: that may still be done"
	case state == ledger.BookingExpired && !last.BookedAt.IsZero() && !last.Failed:
		return "the last period was booked, and its debit never asked for"
	case today.Before(from) || today.After(until):
		return "this term is renewed from " + clock.DateOf(from) + " to " + clock.DateOf(until)
	}
	return ""
}

// renewalDays are the first and the last day on which the running term may be
// renewed: the thirty days before the next period of the template would be due.
func renewalDays(s *engine.Step, c *rows.Contract) (from, until time.Time) {
	term := term(c)
	last := clock.StartOf(term[len(term)-1].Date)
	until = last.AddDate(0, 0, frequencyOf(s.PlanOf(c)))
	return until.AddDate(0, 0, -29), until
}

// renewsItself says whether the payer agreed to further terms.
func renewsItself(c *rows.Contract) bool {
	asked := engine.DecodeBody(c.Request)
	return asked["can_auto_insure"] == true || asked["can_auto_reinsure"] == true
}

// term is the periods that run; nil for a contract that was signed without any.
func term(c *rows.Contract) []ledger.Booking {
	if c.Policy == nil {
		return nil
	}
	return c.Bookings[c.Policy.Term:]
}

// endAfterTerm has a contract end by itself when the days of its last period's debit are over and,
// where the payer agreed to further terms, those of the renewal. When WeChat Pay ends it is not
// documented.
func endAfterTerm(s *engine.Step, c *rows.Contract) {
	term := term(c)
	if len(term) == 0 {
		return
	}
	c.EndsAt = clock.StartOf(term[len(term)-1].Date).AddDate(0, 0, periodLastDay+1)
	if renewsItself(c) {
		if _, until := renewalDays(s, c); !until.Before(c.EndsAt) {
			c.EndsAt = until.AddDate(0, 0, 1)
		}
	}
}
