package sandbox

import (
	"strconv"
	"time"
)

// mayDebit checks a debit against the rules: when, what else is under way, how it
// was announced, how much, how often, and last what only the product knows. It
// returns how long the debit waits before the payer is charged. Which of two
// troubles WeChat Pay would name first is not documented.
func (c *call) mayDebit(r *debitRules, d *debitRow, contract *contractRow) (wait time.Duration, err error) {
	mode := c.modeOf(r, contract)
	fresh := r.grace > 0 && c.now.Before(contract.SignedAt.Add(r.grace)) && contract.Notice == nil
	if !fresh && !r.forOneDay(contract) && !within(c.now, r.from, r.until) {
		return 0, r.refuse(problemHours, "debits may be asked for from "+hhmm(r.from)+" to "+hhmm(r.until)+
			" in Beijing, where it is "+hhmm(hourOf(c.now))+"; At and Advance move a sandbox's clock")
	}
	if contract.Pending != "" && !r.several {
		return 0, r.refuse(problemPending, "another debit of this contract has not ended; its out_trade_no ends in "+
			tailOf(contract.Pending))
	}
	wait = r.delay
	switch {
	case mode == DebitScheduled:
		err = c.mayDebitBooking(r, d, contract)
	case fresh:
	case mode == DebitAfterADay:
		wait = 24 * time.Hour
	case mode == DebitNoticed:
		err = c.mayDebitNoticed(r, d, contract)
	}
	if err != nil {
		return 0, err
	}
	if err := c.mayDebitAmount(r, d, contract); err != nil {
		return 0, err
	}
	if r.check != nil {
		err = r.check(c, d, contract)
	}
	return wait, err
}

// forOneDay says whether a contract was signed for one debit on an agreed day,
// which may be asked for at any hour of it.
func (r *debitRules) forOneDay(contract *contractRow) bool {
	return r.booking != nil && r.booking.once && len(contract.Bookings) > 0
}

// modeOf is how a contract is debited: on its days, when it was signed with any;
// with notices for ever, once one was sent; else as its plan says, or the
// product.
func (s *step) modeOf(r *debitRules, contract *contractRow) DebitMode {
	if r.booking != nil && len(contract.Bookings) > 0 {
		return DebitScheduled
	}
	if contract.Noticed && r.notice != nil {
		return DebitNoticed
	}
	if plan := s.planOf(contract); plan != nil && plan.Mode != "" {
		return plan.Mode
	}
	if r.mode != "" {
		return r.mode
	}
	return DebitAtOnce
}

// planOf is a contract's plan, nil when the merchant has it no more.
func (s *step) planOf(contract *contractRow) *Plan {
	if m := s.registry.merchant(contract.MchID); m != nil {
		return m.plan(contract.Product, contract.PlanID)
	}
	return nil
}

func (c *call) mayDebitNoticed(r *debitRules, d *debitRow, contract *contractRow) error {
	switch n := contract.Notice; {
	case !noticeOpen(n, c.now):
		return r.refuse(problemNotice,
			"no notice is open: send one first; a notice ends with the first debit that succeeds")
	case c.now.Before(n.From):
		return r.refuse(problemNotice, "the notice was sent, and the debit may follow from "+
			n.From.Format(time.RFC3339))
	case n.Amount > 0 && d.Total > n.Amount:
		return r.refuse(problemAmount, "the amount is over the notice's estimated_amount, "+
			strconv.FormatInt(n.Amount, 10)+" fen")
	}
	return nil
}

func (c *call) mayDebitBooking(r *debitRules, d *debitRow, contract *contractRow) error {
	b := contract.booking(d.ScheduleID)
	switch {
	case b == nil:
		return r.refuse(problemBooking, "the contract has no such booking")
	case b.State(c.now) == NotBooked:
		return r.refuse(problemBooking, "the debit was not booked: book it the day before")
	case b.State(c.now) != Booked:
		return r.refuse(problemBooking, "the booking is "+string(b.State(c.now)))
	case dateOf(c.now) < firstDay(b) || dateOf(c.now) > lastDay(b):
		return r.refuse(problemBooking, "the debit is booked for "+firstDay(b)+" to "+lastDay(b)+", and it is "+
			dateOf(c.now)+" in Beijing")
	case d.Total > b.Booked, b.Least == 0 && d.Total != b.Booked, d.Total < b.Least:
		return r.refuse(problemUnequal, "the booking is of "+strconv.FormatInt(b.Booked, 10)+" fen")
	}
	return nil
}

func (c *call) mayDebitAmount(r *debitRules, d *debitRow, contract *contractRow) error {
	if why, hint := c.overLimits(r, d, contract); why != "" {
		return r.refuse(why, hint)
	}
	switch {
	case contract.Usage.spent(c.limitsOf(r, contract)):
		return r.refuse(problemCount, "no more attempts are allowed today")
	case r.again > 0 && contract.Usage.DayTries[d.ID] >= r.again:
		return r.refuse(problemCount, "the same debit is tried "+strconv.Itoa(r.again)+" times a day")
	}
	return nil
}

// overLimits says why a debit is too much beside those that were paid, "" when it is not.
func (s *step) overLimits(r *debitRules, d *debitRow, contract *contractRow) (why debitProblem, hint string) {
	plan, limits := s.planOf(contract), s.limitsOf(r, contract)
	contract.Usage = contract.Usage.at(s.now, contract.SignedAt, limits.PeriodDays)
	if plan != nil && plan.Amount > 0 && d.Total != plan.Amount && contract.Usage.Successes > 0 {
		return problemUnequal, "debits of this plan are of exactly " + strconv.FormatInt(plan.Amount, 10) + " fen"
	}
	return contract.Usage.allows(limits, d.Total)
}

// limitsOf are the limits of a contract's plan, and the product's where it sets none.
func (s *step) limitsOf(r *debitRules, contract *contractRow) Limits {
	limits := r.limits
	if plan := s.planOf(contract); plan != nil {
		limits = limitsOr(plan.Limits, limits)
		if plan.Test {
			limits = limitsOr(testLimits, limits)
		}
	}
	return limitsOr(limits, Limits{})
}

func tailOf(s string) string {
	if len(s) > 4 {
		return s[len(s)-4:]
	}
	return s
}
