package insurance

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// debits: a period is booked from the day before its date to 28 days
// after it, and debited from the day after the booking to 29 days after its date.
// https://pay.weixin.qq.com/docs/merchant/apis/insurance-entrusted-payment/schedule/schedule-policy-period.html
func rules() *engine.DebitRules {
	return &engine.DebitRules{
		Mode:  ledger.DebitScheduled,
		Delay: clock.DebitTakes,
		From:  8 * time.Hour, Until: 20 * time.Hour,
		Booking: &engine.BookingRules{DaysBefore: 1, DaysAfter: periodLastDay - 1, From: clock.BookingsFrom,
			Until: clock.BookingsUntil},
		Bar: func(_ *engine.Step, _ *rows.Debit, contract *rows.Contract) error {
			if contract.State == ledger.ContractTerminatePending {
				return leaving()
			}
			return nil
		},
		Answers:  engine.Answers{rows.ProblemBooking: {Code: "INVALID_REQUEST", Message: "该扣费周期未预约，或不在可扣费期内"}},
		Paid:     engine.Event{EventType: "TRANSACTION.SUCCESS", OriginalType: "transaction", Summary: "支付成功"},
		Failed:   engine.Event{EventType: "TRANSACTION.FAIL", OriginalType: "transaction", Summary: "支付失败"},
		Resource: debits.PapayTransaction, AsOrder: debits.PapayOrder,
		Retries: rows.GenericSchedule,
	}
}

// leaving refuses what would cost a payer who has asked to end their contract.
func leaving() *engine.Refusal {
	return engine.InvalidRequest("用户已申请解约，协议待解约").
		Hinting("the contract is TERMINATE_PENDING: it ends unless the payer takes that back on the page the " +
			"query names")
}

// book books a period. Booking one voids the booking of any before it
// that was not debited.
func book(c *engine.Call) (engine.Document, error) {
	contract, err := toChange(c, "")
	if err != nil {
		return nil, err
	}
	amount := engine.Fen(engine.Object(c.Body, "scheduled_amount"), "total")
	switch {
	case contract.State == ledger.ContractTerminatePending:
		return nil, leaving()
	case amount == 0:
		return nil, engine.BadField("/scheduled_amount/total", "预约金额需大于0")
	}
	b, err := debits.Book(c, contract, c.Vars["policy_period_id"], amount)
	if err != nil {
		return nil, err
	}
	for i := range contract.Bookings {
		earlier := &contract.Bookings[i]
		if earlier == b {
			break
		}
		if earlier.State(c.Now) == ledger.Booked {
			earlier.Until = clock.DateOf(c.Now.AddDate(0, 0, -1))
		}
	}
	return periodOf(b, c.Now), rows.Put(c.Tx, contract)
}

func insurancePeriod(c *engine.Call) (engine.Document, error) {
	contract, err := own(c, "")
	var none *engine.Refusal
	switch {
	case errors.As(err, &none):
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "协议不存在").Hinting(none.Hint)
	case err != nil:
		return nil, err
	}
	b := contract.Booking(c.Vars["policy_period_id"])
	if b == nil {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "扣费周期不存在").
			Hinting("the contract has no period of this number")
	}
	return periodOf(b, c.Now), nil
}

// insurancePeriods lists the periods of a contract, those of past terms first.
func insurancePeriods(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.OfPath(c, c.Vars["plan_id"])
	if err != nil {
		return nil, err
	}
	if contract.State == ledger.ContractSignFailed {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "协议不存在").
			Hinting("the contract could not be signed: it has no periods")
	}
	page, offset, limit := engine.PageOf(c, contract.Bookings)
	list := []engine.Document{}
	for _, b := range page {
		row := periodOf(&b, c.Now)
		delete(row, "deduct_start_date")
		delete(row, "deduct_end_date")
		row["estimated_deduct_date"], row["estimated_deduct_amount"] = b.Date, engine.CNY(b.Amount)
		list = append(list, row)
	}
	return engine.Document{"data": list, "offset": offset, "limit": limit, "total_count": len(contract.Bookings)}, nil
}

// periodOf is what was booked and debited of a period.
func periodOf(b *ledger.Booking, now time.Time) engine.Document {
	out := engine.Document{"policy_period_id": engine.Integer(b.ID), "policy_period_state": string(b.State(now))}
	if !b.BookedAt.IsZero() {
		out["scheduled_amount"] = engine.CNY(b.Booked)
		if state := b.State(now); state == ledger.Booked || state == ledger.BookingPaid {
			out["deduct_start_date"], out["deduct_end_date"] = rows.FirstDay(b), rows.LastDay(b)
		}
	}
	if !b.PaidAt.IsZero() {
		out["deduct_amount"], out["deduct_date"] = engine.CNY(b.Paid), clock.DateOf(b.PaidAt)
	}
	return out
}

// apply asks for the debit of a booked period. The reply says only that
// it was accepted; the outcome is notified, and found by the query of orders.
// https://pay.weixin.qq.com/docs/merchant/apis/insurance-entrusted-payment/deduct/create-transaction.html
func apply(c *engine.Call) (engine.Document, error) {
	contract, err := toChange(c, c.Text("contract_id"))
	if err != nil {
		return nil, err
	}
	d, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{
		ContractID: contract.ID, OutTradeNo: c.Text("out_trade_no"), ScheduleID: c.Text("policy_period_id"),
		Total:       engine.Fen(engine.Object(c.Body, "amount"), "total"),
		AppID:       c.Text("appid"),
		Description: c.Text("description"), Attach: c.Text("attach"), NotifyURL: c.Text("transaction_notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	return engine.Document{"out_trade_no": d.OutTradeNo, "amount": engine.CNY(d.Total)}, nil
}

// own finds one of the merchant's contracts by its id, that of the path
// when id is "". A plan in the path has to be the contract's.
func own(c *engine.Call, id string) (*rows.Contract, error) {
	if id == "" {
		id = c.Vars["contract_id"]
	}
	contract, err := contracts.Any(c, id)
	if err == nil && c.Vars["plan_id"] != "" && c.Vars["plan_id"] != contract.PlanID {
		return nil, c.Product.Gone().Hinting("the contract is of another plan_id")
	}
	return contract, err
}

// toChange is own for calls that carry an appid.
func toChange(c *engine.Call, id string) (*rows.Contract, error) {
	if err := c.CheckAppID(); err != nil {
		return nil, err
	}
	return own(c, id)
}
