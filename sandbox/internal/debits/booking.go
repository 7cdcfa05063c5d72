package debits

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Book books one of a contract's debits for its day. amount is in fen.
func Book(c *engine.Call, contract *rows.Contract, id string, amount int64) (*ledger.Booking, error) {
	r := RulesOf(c.Step, contract.Product, "")
	if !contract.Live() {
		return nil, r.Refuse(rows.ProblemGone, "the contract has ended: "+string(contract.State))
	}
	b := contract.Booking(id)
	if b == nil {
		return nil, engine.InvalidRequest("该协议未约定预约扣费").Hinting("the contract was signed without such a schedule")
	}
	first, last := r.Booking.Days(b)
	switch state := b.State(c.Now); {
	case state == ledger.Booked && b.Booked == amount:
		return b, nil // the same again
	case state != ledger.NotBooked:
		return nil, engine.InvalidRequest("当前预约状态不允许预约").Hinting("the booking is " + string(state) +
			", and a contract is booked once")
	case clock.Midnight(c.Now).Before(first) || clock.Midnight(c.Now).After(last) ||
		!clock.Within(c.Now, r.Booking.From, r.Booking.Until):
		days := "on " + clock.DateOf(first)
		if !first.Equal(last) {
			days = "from " + clock.DateOf(first) + " to " + clock.DateOf(last)
		}
		return nil, engine.InvalidRequest("不在可预约时间内").
			Hinting("this debit is booked " + days + ", between " + clock.Hhmm(r.Booking.From) + " and " +
				clock.Hhmm(r.Booking.Until) + " in Beijing")
	case amount != b.Amount && !r.Booking.AnyAmount:
		return nil, engine.InvalidRequest("预约金额与签约时约定的金额不一致").
			Hinting("the amount must be exactly the estimated_deduct_amount of the contract")
	}
	b.BookedAt, b.Booked = c.Now, amount
	if r.Booking.DaysAfter > 0 {
		b.From = clock.DateOf(c.Now.AddDate(0, 0, 1))
	}
	return b, rows.Put(c.Tx, contract)
}
