package debits

import (
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// mayDebit checks a debit against the rules: when, what else is under way, how it
// was announced, how much, how often, and last what only the product knows. It
// returns how long the debit waits before the payer is charged. Which of two
// troubles WeChat Pay would name first is not documented.
func mayDebit(c *engine.Call, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) (wait time.Duration,
	err error) {
	mode := modeOf(c.Step, r, contract)
	fresh := r.Grace > 0 && c.Now.Before(contract.SignedAt.Add(r.Grace)) && contract.Notice == nil
	if !fresh && !anyHour(r, contract, mode) && !clock.Within(c.Now, r.From, r.Until) {
		return 0, r.Refuse(rows.ProblemHours, "debits may be asked for from "+clock.Hhmm(r.From)+
			" to "+clock.Hhmm(r.Until)+
			" in Beijing, where it is "+clock.Hhmm(clock.HourOf(c.Now))+"; At and Advance move a sandbox's clock")
	}
	if contract.Pending != "" && !r.Several {
		return 0, r.Refuse(rows.ProblemPending,
			"another debit of this contract has not ended; its out_trade_no ends in "+
				tailOf(contract.Pending))
	}
	wait = r.Delay
	switch {
	case mode == ledger.DebitScheduled:
		err = mayDebitBooking(c, r, d, contract)
	case fresh:
	case mode == ledger.DebitAfterADay:
		wait = 24 * time.Hour
	case mode == ledger.DebitNoticed:
		err = mayDebitNoticed(c, r, d, contract)
	}
	if err != nil {
		return 0, err
	}
	if err := mayDebitAmount(c, r, d, contract); err != nil {
		return 0, err
	}
	if r.Check != nil {
		if err := r.Check(c, d, contract); err != nil {
			return 0, err
		}
	}
	return wait, barred(c.Step, r, d, contract)
}

// barred is what the product's [engine.DebitRules.Bar] says.
func barred(s *engine.Step, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) error {
	if r.Bar == nil {
		return nil
	}
	return r.Bar(s, d, contract)
}

// anyHour says whether a contract is debited at any hour: one that was signed for one debit on an
// agreed day, and one of a product with modes whose mode announces nothing.
func anyHour(r *engine.DebitRules, contract *rows.Contract, mode ledger.DebitMode) bool {
	return r.Booking != nil && r.Booking.Once && len(contract.Bookings) > 0 ||
		r.Mode != "" && mode == ledger.DebitAtOnce
}

// modeOf is how a contract is debited: on its days, when it was signed with any;
// with notices for ever, once one was sent; else as its plan says, or the
// product.
func modeOf(s *engine.Step, r *engine.DebitRules, contract *rows.Contract) ledger.DebitMode {
	if r.Booking != nil && len(contract.Bookings) > 0 {
		return ledger.DebitScheduled
	}
	if contract.Noticed && r.Notice != nil {
		return ledger.DebitNoticed
	}
	if plan := s.PlanOf(contract); plan != nil && plan.Mode != "" {
		return plan.Mode
	}
	if r.Mode != "" {
		return r.Mode
	}
	return ledger.DebitAtOnce
}

// madeUpFor is how long after a debit that failed another needs no notice, of plans with MakeUp.
const madeUpFor = 14 * 24 * time.Hour

func mayDebitNoticed(c *engine.Call, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) error {
	plan, failed := c.PlanOf(contract), contract.FailedAt
	switch n := contract.Notice; {
	case plan != nil && plan.MakeUp && !failed.IsZero() && c.Now.Before(failed.Add(madeUpFor)):
		return nil
	case !engine.NoticeOpen(n, c.Now):
		return r.Refuse(rows.ProblemNotice,
			"no notice is open: send one first; a notice ends with the first debit that succeeds")
	case c.Now.Before(n.From):
		return r.Refuse(rows.ProblemNotice, "the notice was sent, and the debit may follow from "+
			n.From.Format(time.RFC3339))
	case n.Amount > 0 && d.Total > n.Amount:
		return r.Refuse(rows.ProblemAmount, "the amount is over the notice's estimated_amount, "+
			strconv.FormatInt(n.Amount, 10)+" fen")
	}
	return nil
}

func mayDebitBooking(c *engine.Call, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) error {
	b := contract.Booking(d.ScheduleID)
	switch {
	case b == nil:
		return r.Refuse(rows.ProblemBooking, "the contract has no such booking")
	case b.State(c.Now) == ledger.NotBooked:
		return r.Refuse(rows.ProblemBooking, "the debit was not booked: book it the day before")
	case b.State(c.Now) != ledger.Booked:
		return r.Refuse(rows.ProblemBooking, "the booking is "+string(b.State(c.Now)))
	case clock.DateOf(c.Now) < rows.FirstDay(b) || clock.DateOf(c.Now) > rows.LastDay(b):
		return r.Refuse(rows.ProblemBooking, "the debit is booked for "+rows.FirstDay(b)+" to "+rows.LastDay(b)+
			", and it is "+
			clock.DateOf(c.Now)+" in Beijing")
	case d.Total > b.Booked, b.Least == 0 && d.Total != b.Booked, d.Total < b.Least:
		return r.Refuse(rows.ProblemUnequal, "the booking is of "+strconv.FormatInt(b.Booked, 10)+" fen")
	}
	return nil
}

func mayDebitAmount(c *engine.Call, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) error {
	usual := usualFor(c.Step, r, contract)
	if why, hint := overLimits(c.Step, usual, d.Total, contract); why != "" {
		return r.Refuse(why, hint)
	}
	switch {
	case contract.Usage.Spent(LimitsOf(c.PlanOf(contract), usual)):
		return r.Refuse(rows.ProblemCount, "no more attempts are allowed today")
	case r.Again > 0 && contract.Usage.DayTries[d.ID] >= r.Again:
		return r.Refuse(rows.ProblemCount, "the same debit is tried "+strconv.Itoa(r.Again)+" times a day")
	}
	return nil
}

func tailOf(s string) string {
	if len(s) > 4 {
		return s[len(s)-4:]
	}
	return s
}
