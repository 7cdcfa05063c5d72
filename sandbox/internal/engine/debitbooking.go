package engine

import (
	"cmp"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// BookingRules are when a debit on an agreed day may be booked.
// https://pay.weixin.qq.com/doc/v3/merchant/4012978414
type BookingRules struct {
	DaysBefore  int           // how many days before its day
	DaysAfter   int           // how many days after its day still; with any, the debit may follow from the next day
	From, Until time.Duration // in which hours
	// once: the contract is for one debit. It ends when that is paid, and at
	// ends o'clock of the next day when it is not.
	once bool
	ends time.Duration
	// anyAmount lets a booking differ from what was agreed at signing.
	anyAmount bool
}

// Days are the first and the last day on which b may be booked.
func (r *BookingRules) Days(b *ledger.Booking) (first, last time.Time) {
	day := StartOf(b.Date)
	first = day.AddDate(0, 0, -r.DaysBefore)
	if r.DaysAfter == 0 {
		return first, first
	}
	return first, day.AddDate(0, 0, r.DaysAfter)
}

// ScheduledBooking is the one of 预约扣费.
func ScheduledBooking() *BookingRules {
	return &BookingRules{DaysBefore: 1, From: BookingsFrom, Until: BookingsUntil, once: true,
		ends: 8 * time.Hour}
}

// FirstDay and LastDay are the days between which a booking may be debited.
func FirstDay(b *ledger.Booking) string { return cmp.Or(b.From, b.Date) }
func LastDay(b *ledger.Booking) string  { return cmp.Or(b.Until, b.Date) }

// Booking finds one of the contract's bookings, or nil.
func (c *ContractRow) Booking(id string) *ledger.Booking {
	for i := range c.Bookings {
		if c.Bookings[i].ID == id {
			return &c.Bookings[i]
		}
	}
	return nil
}

// EndAfterBookings has a contract of one debit end by itself the morning after
// its day. Products call it from signed.
func (c *ContractRow) EndAfterBookings(r *BookingRules) {
	for _, b := range c.Bookings {
		if end := StartOf(b.Date).AddDate(0, 0, 1).Add(r.ends); end.After(c.EndsAt) {
			c.EndsAt = end
		}
	}
}

// Book books one of a contract's debits for its day. amount is in fen.
func (c *Call) Book(contract *ContractRow, id string, amount int64) (*ledger.Booking, error) {
	r := c.RulesOf(contract.Product, "")
	if !contract.Live() {
		return nil, r.Refuse(ProblemGone, "the contract has ended: "+string(contract.State))
	}
	b := contract.Booking(id)
	if b == nil {
		return nil, InvalidRequest("该协议未约定预约扣费").Hinting("the contract was signed without such a schedule")
	}
	first, last := r.Booking.Days(b)
	switch state := b.State(c.Now); {
	case state == ledger.Booked && b.Booked == amount:
		return b, nil // the same again
	case state != ledger.NotBooked:
		return nil, InvalidRequest("当前预约状态不允许预约").Hinting("the booking is " + string(state) +
			", and a contract is booked once")
	case Midnight(c.Now).Before(first) || Midnight(c.Now).After(last) || !Within(c.Now, r.Booking.From,
		r.Booking.Until):
		days := "on " + DateOf(first)
		if !first.Equal(last) {
			days = "from " + DateOf(first) + " to " + DateOf(last)
		}
		return nil, InvalidRequest("不在可预约时间内").
			Hinting("this debit is booked " + days + ", between " + Hhmm(r.Booking.From) + " and " +
				Hhmm(r.Booking.Until) + " in Beijing")
	case amount != b.Amount && !r.Booking.anyAmount:
		return nil, InvalidRequest("预约金额与签约时约定的金额不一致").
			Hinting("the amount must be exactly the estimated_deduct_amount of the contract")
	}
	b.BookedAt, b.Booked = c.Now, amount
	if r.Booking.DaysAfter > 0 {
		b.From = DateOf(c.Now.AddDate(0, 0, 1))
	}
	return b, Put(c.Tx, contract)
}
