package sandbox

import (
	"cmp"
	"time"
)

// bookingRules are when a debit on an agreed day may be booked.
// https://pay.weixin.qq.com/doc/v3/merchant/4012978414
type bookingRules struct {
	daysBefore  int           // how many days before its day
	daysAfter   int           // how many days after its day still; with any, the debit may follow from the next day
	from, until time.Duration // in which hours
	// once: the contract is for one debit. It ends when that is paid, and at
	// ends o'clock of the next day when it is not.
	once bool
	ends time.Duration
	// anyAmount lets a booking differ from what was agreed at signing.
	anyAmount bool
}

// days are the first and the last day on which b may be booked.
func (r *bookingRules) days(b *Booking) (first, last time.Time) {
	day := startOf(b.Date)
	first = day.AddDate(0, 0, -r.daysBefore)
	if r.daysAfter == 0 {
		return first, first
	}
	return first, day.AddDate(0, 0, r.daysAfter)
}

// scheduledBooking is the one of 预约扣费.
func scheduledBooking() *bookingRules {
	return &bookingRules{daysBefore: 1, from: bookingsFrom, until: bookingsUntil, once: true,
		ends: 8 * time.Hour}
}

// firstDay and lastDay are the days between which a booking may be debited.
func firstDay(b *Booking) string { return cmp.Or(b.From, b.Date) }
func lastDay(b *Booking) string  { return cmp.Or(b.Until, b.Date) }

// booking finds one of the contract's bookings, or nil.
func (c *contractRow) booking(id string) *Booking {
	for i := range c.Bookings {
		if c.Bookings[i].ID == id {
			return &c.Bookings[i]
		}
	}
	return nil
}

// endAfterBookings has a contract of one debit end by itself the morning after
// its day. Products call it from signed.
func (c *contractRow) endAfterBookings(r *bookingRules) {
	for _, b := range c.Bookings {
		if end := startOf(b.Date).AddDate(0, 0, 1).Add(r.ends); end.After(c.EndsAt) {
			c.EndsAt = end
		}
	}
}

// book books one of a contract's debits for its day. amount is in fen.
func (c *call) book(contract *contractRow, id string, amount int64) (*Booking, error) {
	r := c.rulesOf(contract.Product, "")
	if !contract.live() {
		return nil, r.refuse(problemGone, "the contract has ended: "+string(contract.State))
	}
	b := contract.booking(id)
	if b == nil {
		return nil, invalidRequest("该协议未约定预约扣费").hinting("the contract was signed without such a schedule")
	}
	first, last := r.booking.days(b)
	switch state := b.State(c.now); {
	case state == Booked && b.Booked == amount:
		return b, nil // the same again
	case state != NotBooked:
		return nil, invalidRequest("当前预约状态不允许预约").hinting("the booking is " + string(state) +
			", and a contract is booked once")
	case midnight(c.now).Before(first) || midnight(c.now).After(last) || !within(c.now, r.booking.from,
		r.booking.until):
		days := "on " + dateOf(first)
		if !first.Equal(last) {
			days = "from " + dateOf(first) + " to " + dateOf(last)
		}
		return nil, invalidRequest("不在可预约时间内").
			hinting("this debit is booked " + days + ", between " + hhmm(r.booking.from) + " and " +
				hhmm(r.booking.until) + " in Beijing")
	case amount != b.Amount && !r.booking.anyAmount:
		return nil, invalidRequest("预约金额与签约时约定的金额不一致").
			hinting("the amount must be exactly the estimated_deduct_amount of the contract")
	}
	b.BookedAt, b.Booked = c.now, amount
	if r.booking.daysAfter > 0 {
		b.From = dateOf(c.now.AddDate(0, 0, 1))
	}
	return b, put(c.Tx, contract)
}
