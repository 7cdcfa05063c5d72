package debits

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// execute charges the payer and settles what follows: the contract's counters,
// the notice or booking it used up, the notification. A sync debit is executed
// in its call, any other when the clock gets to ExecuteAt.
func execute(s *engine.Step, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) error {
	failure, err := take(s, r, d, contract)
	if err != nil {
		return err
	}
	if failure == ledger.SystemFailure && r.Sync {
		if err := rows.Put(s.Tx, contract); err != nil { // the attempt counts
			return err
		}
		return engine.Committed(engine.SystemError().
			Hinting("the payer was told to fail so; nothing was debited, the same call may be tried again"))
	}
	d.EndedAt = s.Now
	if contract.Pending == d.ID {
		contract.Pending = ""
	}
	if failure == "" {
		d.Failure, d.Closed = "", false // of an earlier try
	} else {
		d.State, d.Failure, d.Closed = ledger.DebitFailed, failure, failure != ledger.SystemFailure
		contract.FailedAt = s.Now
		if b := contract.Booking(d.ScheduleID); b != nil {
			b.Failed = true
		}
	}
	if err := s.PutAll(d, contract); err != nil {
		return err
	}
	if err := Notify(s, r, d); err != nil {
		return err
	}
	if r.Settled != nil {
		if err := r.Settled(s, d, contract); err != nil {
			return err
		}
	}
	if d.State == ledger.DebitPaid && r.Booking != nil && r.Booking.Once &&
		modeOf(s, r, contract) == ledger.DebitScheduled &&
		contract.Live() {
		return contracts.Terminate(s, contract, ledger.BySystem, "扣费完成，自动解约")
	}
	return nil
}

// take is every charge under a contract, a first payment's too: checked against the contract and
// the limits, charged, written down.
func take(s *engine.Step, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) (ledger.Failure, error) {
	failure, err := tryCharge(s, r, d, contract)
	if err != nil || failure != "" {
		return failure, err
	}
	return "", paid(s, r, d, contract)
}

// tryCharge takes the money from the payer, or from WeChat Pay for them. What was true when the
// debit was accepted may be no more: the contract ended, other debits were made meanwhile.
func tryCharge(s *engine.Step, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) (ledger.Failure, error) {
	if !s.InForce(contract) {
		return ledger.ContractGone, nil
	}
	if why, _ := overLimits(s, usualFor(s, r, contract), d.Total, contract); why != "" {
		return ledger.RiskRejected, nil
	}
	if b := contract.Booking(d.ScheduleID); b != nil && rows.LastDay(b) < clock.DateOf(d.CreatedAt) {
		return ledger.TradeError, nil // the booking was voided after the debit was accepted
	}
	if err := barred(s, r, d, contract); err != nil {
		if no := (*engine.Refusal)(nil); errors.As(err, &no) {
			return ledger.TradeError, nil
		}
		return "", err
	}
	failure, err := s.Charge(d.Person, d.Total)
	if plan := s.PlanOf(contract); err != nil || failure != ledger.NotEnough || !r.Advances ||
		plan != nil && plan.NoAdvance {
		return failure, err
	}
	return "", advance(s, d)
}

// paid writes success down, in the debit and in what it used up.
func paid(s *engine.Step, r *engine.DebitRules, d *rows.Debit, contract *rows.Contract) (err error) {
	d.State = ledger.DebitPaid
	if d.TransactionID, err = s.NewTransactionID(); err != nil {
		return err
	}
	for i := range d.Parts {
		if d.Parts[i].TransactionID, err = s.NewTransactionID(); err != nil {
			return err
		}
	}
	usageNow(s, contract)
	contract.Usage.Succeed(d.Total)
	contract.FailedAt = time.Time{} // it was made up for
	if n := contract.Notice; engine.NoticeOpen(n, s.Now) && !s.Now.Before(n.From) {
		n.Closed = true
	}
	if b := contract.Booking(d.ScheduleID); b != nil {
		b.Failed = false
		b.DebitID, b.Paid, b.PaidAt = d.ID, d.Total, s.Now
	}
	return nil
}

// Notify writes the notification of a debit's outcome, if the product has
// one for it.
func Notify(s *engine.Step, r *engine.DebitRules, d *rows.Debit) error {
	e := r.Paid
	if d.State == ledger.DebitFailed {
		e = r.Failed
	}
	if e.EventType == "" {
		return nil
	}
	return push.Notify(s, &push.Row{Push: ledger.Push{MchID: d.MchID, URL: d.NotifyURL, Event: e.EventType,
		OriginalType: e.OriginalType, Summary: e.Summary, Resource: rows.EncodeJSON(r.Resource(d)), About: d.ID},
		Retries: r.Retries})
}

// debitDue charges a debit whose time has come.
func debitDue(s *engine.Step, d *rows.Debit) error {
	contract, err := s.ContractUnder(d)
	if err != nil {
		return err
	}
	r, err := s.RulesFor(d)
	if err != nil {
		return err
	}
	if d.State != ledger.DebitAccepted {
		return rows.Misread(d, "is due, and has ended as %s", d.State)
	}
	return execute(s, r, d, contract)
}

// release lets the contract of a debit under way be debited again.
func release(s *engine.Step, d *rows.Debit) error {
	contract, err := s.ContractUnder(d)
	if err != nil || contract.Pending != d.ID {
		return err
	}
	contract.Pending = ""
	return rows.Put(s.Tx, contract)
}

// Due charges debits at their time.
func Due() engine.Timer {
	return engine.On(func(d *rows.Debit) time.Time { return d.ExecuteAt }, debitDue)
}
