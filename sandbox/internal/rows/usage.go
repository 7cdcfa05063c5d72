package rows

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// usage counts a contract's debits, so that limits cost no search.
type usage struct {
	Day          string `json:"day,omitempty"` // the counters of a day are of this one
	DayAttempts  int    `json:"day_attempts,omitempty"`
	DaySuccesses int    `json:"day_successes,omitempty"`
	DayAmount    int64  `json:"day_amount,omitempty"` // fen
	// DayTries are of debits that may be tried again, by id; not in the debits, for of one that
	// nobody knows the outcome of there is no row.
	DayTries        map[string]int `json:"day_tries,omitempty"`
	Period          int            `json:"period,omitempty"` // since signing, from 0
	PeriodSuccesses int            `json:"period_successes,omitempty"`
	Successes       int            `json:"successes,omitempty"` // ever
}

// At is the usage seen on the day and in the period of now.
func (u usage) At(now, signed time.Time, periodDays int) usage {
	if today := clock.DateOf(now); u.Day != today {
		u.Day, u.DayAttempts, u.DaySuccesses, u.DayAmount, u.DayTries = today, 0, 0, 0, nil
	}
	if period := clock.DaysFrom(signed, now) / periodDays; u.Period != period {
		u.Period, u.PeriodSuccesses = period, 0
	}
	return u
}

// Allows says why one more successful debit of this amount is too much, "" when it is not.
func (u usage) Allows(l ledger.Limits, amount int64) (why DebitProblem, hint string) {
	over := func(n, limit int) bool { return limit > 0 && n >= limit }
	switch {
	case l.PerDebit > 0 && amount > l.PerDebit:
		return ProblemAmount, "the amount is over the plan's limit for one debit"
	case l.PerDay > 0 && amount > l.PerDay-u.DayAmount:
		return ProblemAmount, "together with today's other debits the amount is over the plan's limit for a day"
	case over(u.DaySuccesses, l.SuccessesPerDay):
		return ProblemCount, "the plan allows no more successful debits today"
	case over(u.PeriodSuccesses, l.SuccessesPerPeriod):
		return ProblemCount, "the plan allows no more successful debits in this period"
	}
	return "", ""
}

// Spent says whether the day's attempts are.
func (u usage) Spent(l ledger.Limits) bool {
	return l.AttemptsPerDay > 0 && u.DayAttempts >= l.AttemptsPerDay
}

// Attempt counts one attempt, whatever comes of it; again says that the debit may be tried again.
func (u *usage) Attempt(id string, again bool) {
	u.DayAttempts++
	if again {
		if u.DayTries == nil {
			u.DayTries = map[string]int{}
		}
		u.DayTries[id]++
	}
}

func (u *usage) Succeed(amount int64) {
	u.DaySuccesses++
	u.PeriodSuccesses++
	u.Successes++
	u.DayAmount = Plus(u.DayAmount, amount)
}

// DebitProblem is a reason to refuse a debit. What it is called on the wire differs
// from product to product.
type DebitProblem string

const (
	ProblemGone      DebitProblem = "no live contract"
	ProblemExpired   DebitProblem = "contract expired"
	ProblemParty     DebitProblem = "another party's contract"
	ProblemHours     DebitProblem = "outside the hours"
	ProblemNotice    DebitProblem = "not announced"
	ProblemBooking   DebitProblem = "not booked for today"
	ProblemAmount    DebitProblem = "amount over a limit"
	ProblemUnequal   DebitProblem = "amount not the agreed one"
	ProblemCount     DebitProblem = "too often"
	ProblemPending   DebitProblem = "another debit is pending"
	ProblemClosed    DebitProblem = "number closed"
	ProblemChanged   DebitProblem = "number used with other parameters"
	ProblemPaid      DebitProblem = "number paid"     // only refused where answers has it; else the same outcome again
	ProblemAccepted  DebitProblem = "number accepted" // likewise
	ProblemWrongPlan DebitProblem = "plan of another kind"
)
