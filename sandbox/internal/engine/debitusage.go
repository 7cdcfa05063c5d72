package engine

import (
	"time"

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

// at is the usage seen on the day and in the period of now.
func (u usage) at(now, signed time.Time, periodDays int) usage {
	if today := DateOf(now); u.Day != today {
		u.Day, u.DayAttempts, u.DaySuccesses, u.DayAmount, u.DayTries = today, 0, 0, 0, nil
	}
	if period := DaysFrom(signed, now) / periodDays; u.Period != period {
		u.Period, u.PeriodSuccesses = period, 0
	}
	return u
}

// allows says why one more successful debit of this amount is too much, "" when it is not.
func (u usage) allows(l ledger.Limits, amount int64) (why debitProblem, hint string) {
	over := func(n, limit int) bool { return limit > 0 && n >= limit }
	switch {
	case l.PerDebit > 0 && amount > l.PerDebit:
		return problemAmount, "the amount is over the plan's limit for one debit"
	case l.PerDay > 0 && amount > l.PerDay-u.DayAmount:
		return problemAmount, "together with today's other debits the amount is over the plan's limit for a day"
	case over(u.DaySuccesses, l.SuccessesPerDay):
		return ProblemCount, "the plan allows no more successful debits today"
	case over(u.PeriodSuccesses, l.SuccessesPerPeriod):
		return ProblemCount, "the plan allows no more successful debits in this period"
	}
	return "", ""
}

// spent says whether the day's attempts are.
func (u usage) spent(l ledger.Limits) bool {
	return l.AttemptsPerDay > 0 && u.DayAttempts >= l.AttemptsPerDay
}

// attempt counts one attempt, whatever comes of it.
func (u *usage) attempt(r *DebitRules, d *DebitRow) {
	u.DayAttempts++
	if r.Again > 0 {
		if u.DayTries == nil {
			u.DayTries = map[string]int{}
		}
		u.DayTries[d.ID]++
	}
}

func (u *usage) succeed(amount int64) {
	u.DaySuccesses++
	u.PeriodSuccesses++
	u.Successes++
	u.DayAmount = Plus(u.DayAmount, amount)
}
