package engine

import (
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// execute charges the payer and settles what follows: the contract's counters,
// the notice or booking it used up, the notification. A sync debit is executed
// in its call, any other when the clock gets to ExecuteAt.
func (s *Step) execute(r *DebitRules, d *DebitRow, contract *ContractRow) error {
	failure, err := s.take(r, d, contract)
	if err != nil {
		return err
	}
	if failure == ledger.SystemFailure && r.Sync {
		if err := Put(s.Tx, contract); err != nil { // the attempt counts
			return err
		}
		return Committed(systemError().
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
	}
	if err := s.PutAll(d, contract); err != nil {
		return err
	}
	if err := s.notifyDebit(r, d); err != nil {
		return err
	}
	if r.Settled != nil {
		if err := r.Settled(s, d, contract); err != nil {
			return err
		}
	}
	if d.State == ledger.DebitPaid && r.Booking != nil && r.Booking.once &&
		s.modeOf(r, contract) == ledger.DebitScheduled &&
		contract.Live() {
		return s.Terminate(contract, ledger.BySystem, "扣费完成，自动解约")
	}
	return nil
}

// take is every charge under a contract, a first payment's too: checked against the contract and
// the limits, charged, written down.
func (s *Step) take(r *DebitRules, d *DebitRow, contract *ContractRow) (ledger.Failure, error) {
	failure, err := s.tryCharge(r, d, contract)
	if err != nil || failure != "" {
		return failure, err
	}
	return "", s.paid(r, d, contract)
}

// tryCharge takes the money from the payer, or from WeChat Pay for them. What was true when the
// debit was accepted may be no more: the contract ended, other debits were made meanwhile.
func (s *Step) tryCharge(r *DebitRules, d *DebitRow, contract *ContractRow) (ledger.Failure, error) {
	if !s.inForce(contract) {
		return ledger.ContractGone, nil
	}
	if why, _ := s.overLimits(r.Limits, d.Total, contract); why != "" {
		return ledger.RiskRejected, nil
	}
	failure, err := s.charge(d.Person, d.Total)
	if err != nil || failure != ledger.NotEnough || r.Advances == 0 {
		return failure, err
	}
	return s.advance(d, r.Advances)
}

// paid writes success down, in the debit and in what it used up.
func (s *Step) paid(r *DebitRules, d *DebitRow, contract *ContractRow) (err error) {
	d.State = ledger.DebitPaid
	if d.TransactionID, err = s.NewTransactionID(); err != nil {
		return err
	}
	for i := range d.Parts {
		if d.Parts[i].TransactionID, err = s.NewTransactionID(); err != nil {
			return err
		}
	}
	s.usageNow(contract)
	contract.Usage.succeed(d.Total)
	if n := contract.Notice; noticeOpen(n, s.Now) && !s.Now.Before(n.From) {
		n.Closed = true
	}
	if b := contract.Booking(d.ScheduleID); b != nil {
		b.DebitID, b.Paid, b.PaidAt = d.ID, d.Total, s.Now
	}
	return nil
}

// notifyDebit writes the notification of a debit's outcome, if the product has
// one for it.
func (s *Step) notifyDebit(r *DebitRules, d *DebitRow) error {
	e := r.Paid
	if d.State == ledger.DebitFailed {
		e = r.Failed
	}
	if e.EventType == "" {
		return nil
	}
	return s.Notify(&PushRow{Push: ledger.Push{MchID: d.MchID, URL: d.NotifyURL, Event: e.EventType,
		OriginalType: e.OriginalType, Summary: e.Summary, Resource: EncodeJSON(r.Resource(d)), About: d.ID},
		Retries: r.Retries})
}

// debitDue charges a debit whose time has come.
func (s *Step) debitDue(d *DebitRow) error {
	contract, err := s.contractUnder(d)
	if err != nil {
		return err
	}
	r, err := s.rulesFor(d)
	if err != nil {
		return err
	}
	if d.State != ledger.DebitAccepted {
		return Misread(d, "is due, and has ended as %s", d.State)
	}
	return s.execute(r, d, contract)
}

// release lets the contract of a debit under way be debited again.
func (s *Step) release(d *DebitRow) error {
	contract, err := s.contractUnder(d)
	if err != nil || contract.Pending != d.ID {
		return err
	}
	contract.Pending = ""
	return Put(s.Tx, contract)
}
