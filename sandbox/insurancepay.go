package sandbox

import (
	"errors"
	"time"
)

// insuranceDebits: a period is booked from the day before its date to 28 days
// after it, and debited from the day after the booking to 29 days after its date.
// https://pay.weixin.qq.com/docs/merchant/apis/insurance-entrusted-payment/schedule/schedule-policy-period.html
func insuranceDebits() *debitRules {
	return &debitRules{
		mode:  DebitScheduled,
		delay: debitTakes,
		from:  8 * time.Hour, until: 20 * time.Hour,
		booking: &bookingRules{daysBefore: 1, daysAfter: periodLastDay - 1, from: bookingsFrom, until: bookingsUntil},
		check: func(_ *call, _ *debitRow, contract *contractRow) error {
			if contract.State == ContractTerminatePending {
				return leaving()
			}
			return nil
		},
		answers: answers{problemBooking: {code: "INVALID_REQUEST", message: "该扣费周期未预约，或不在可扣费期内"}},
		paid:    event{eventType: "TRANSACTION.SUCCESS", originalType: "transaction", summary: "支付成功"}, failed: event{eventType: "TRANSACTION.FAIL", originalType: "transaction", summary: "支付失败"},
		resource: papayTransaction, asOrder: papayOrder,
		retries: genericSchedule,
	}
}

// leaving refuses what would cost a payer who has asked to end their contract.
func leaving() *refusal {
	return invalidRequest("用户已申请解约，协议待解约").
		hinting("the contract is TERMINATE_PENDING: it ends unless the payer takes that back on the page the " +
			"query names")
}

// insuranceBook books a period. Booking one voids the booking of any before it
// that was not debited.
func insuranceBook(c *call) (document, error) {
	contract, err := c.insuranceToChange("")
	if err != nil {
		return nil, err
	}
	amount := fen(object(c.body, "scheduled_amount"), "total")
	switch {
	case contract.State == ContractTerminatePending:
		return nil, leaving()
	case amount == 0:
		return nil, badField("/scheduled_amount/total", "0", "预约金额需大于0")
	}
	b, err := c.book(contract, c.vars["policy_period_id"], amount)
	if err != nil {
		return nil, err
	}
	for i := range contract.Bookings {
		earlier := &contract.Bookings[i]
		if earlier == b {
			break
		}
		if earlier.State(c.now) == Booked {
			earlier.Until = dateOf(c.now.AddDate(0, 0, -1))
		}
	}
	return insurancePeriodOf(b, c.now), put(c.Tx, contract)
}

func insurancePeriod(c *call) (document, error) {
	contract, err := c.insuranceOwn("")
	var none *refusal
	switch {
	case errors.As(err, &none):
		return nil, notFound("RESOURCE_NOT_EXISTS", "协议不存在").hinting(none.hint)
	case err != nil:
		return nil, err
	}
	b := contract.booking(c.vars["policy_period_id"])
	if b == nil {
		return nil, notFound("RESOURCE_NOT_EXISTS", "扣费周期不存在").hinting("the contract has no period of this number")
	}
	return insurancePeriodOf(b, c.now), nil
}

// insurancePeriods lists the periods of a contract, those of past terms first.
func insurancePeriods(c *call) (document, error) {
	contract, err := c.contractOfPath(c.vars["plan_id"])
	if err != nil {
		return nil, err
	}
	if contract.State == ContractSignFailed {
		return nil, notFound("RESOURCE_NOT_EXISTS", "协议不存在").
			hinting("the contract could not be signed: it has no periods")
	}
	offset, limit := c.queryInt("offset", 0), c.queryInt("limit", 20)
	from := min(offset, len(contract.Bookings))
	rows := []document{}
	for _, b := range contract.Bookings[from:min(from+limit, len(contract.Bookings))] {
		row := insurancePeriodOf(&b, c.now)
		delete(row, "deduct_start_date")
		delete(row, "deduct_end_date")
		row["estimated_deduct_date"], row["estimated_deduct_amount"] = b.Date, cny(b.Amount)
		rows = append(rows, row)
	}
	return document{"data": rows, "offset": offset, "limit": limit, "total_count": len(contract.Bookings)}, nil
}

// insurancePeriodOf is what was booked and debited of a period.
func insurancePeriodOf(b *Booking, now time.Time) document {
	out := document{"policy_period_id": integer(b.ID), "policy_period_state": string(b.State(now))}
	if !b.BookedAt.IsZero() {
		out["scheduled_amount"] = cny(b.Booked)
		if state := b.State(now); state == Booked || state == BookingPaid {
			out["deduct_start_date"], out["deduct_end_date"] = firstDay(b), lastDay(b)
		}
	}
	if !b.PaidAt.IsZero() {
		out["deduct_amount"], out["deduct_date"] = cny(b.Paid), dateOf(b.PaidAt)
	}
	return out
}

// insuranceApply asks for the debit of a booked period. The reply says only that
// it was accepted; the outcome is notified, and found by the query of orders.
// https://pay.weixin.qq.com/docs/merchant/apis/insurance-entrusted-payment/deduct/create-transaction.html
func insuranceApply(c *call) (document, error) {
	contract, err := c.insuranceToChange(c.text("contract_id"))
	if err != nil {
		return nil, err
	}
	appid := c.text("appid")
	d, err := c.debit(&debitRow{Debit: Debit{
		ContractID: contract.ID, OutTradeNo: c.text("out_trade_no"), ScheduleID: c.text("policy_period_id"),
		Total: fen(object(c.body, "amount"), "total"),
		AppID: appid, OpenID: c.registry.person(contract.OpenID).openID(appid, contract.OpenID),
		Description: c.text("description"), Attach: c.text("attach"), NotifyURL: c.text("transaction_notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	return document{"out_trade_no": d.OutTradeNo, "amount": cny(d.Total)}, nil
}

// insuranceOwn finds one of the merchant's contracts by its id, that of the path
// when id is "". A plan in the path has to be the contract's.
func (c *call) insuranceOwn(id string) (*contractRow, error) {
	if id == "" {
		id = c.vars["contract_id"]
	}
	contract, err := c.anyContract(id)
	if err == nil && c.vars["plan_id"] != "" && c.vars["plan_id"] != contract.PlanID {
		return nil, c.product.gone().hinting("the contract is of another plan_id")
	}
	return contract, err
}

// insuranceToChange is insuranceOwn for calls that carry an appid.
func (c *call) insuranceToChange(id string) (*contractRow, error) {
	if err := c.checkAppID(); err != nil {
		return nil, err
	}
	return c.insuranceOwn(id)
}
