package sandbox

// execute charges the payer and settles what follows: the contract's counters,
// the notice or booking it used up, the notification. A sync debit is executed
// in its call, any other when the clock gets to ExecuteAt.
func (s *step) execute(r *debitRules, d *debitRow, contract *contractRow) error {
	failure, err := s.take(r, d, contract)
	if err != nil {
		return err
	}
	if failure == SystemFailure && r.sync {
		if err := put(s.Tx, contract); err != nil { // the attempt counts
			return err
		}
		return committed(systemError().
			hinting("the payer was told to fail so; nothing was debited, the same call may be tried again"))
	}
	d.EndedAt = s.now
	if contract.Pending == d.ID {
		contract.Pending = ""
	}
	if failure == "" {
		d.Failure, d.Closed = "", false // of an earlier try
	} else {
		d.State, d.Failure, d.Closed = DebitFailed, failure, failure != SystemFailure
		contract.FailedAt = s.now
	}
	if err := s.putAll(d, contract); err != nil {
		return err
	}
	if err := s.notifyDebit(r, d); err != nil {
		return err
	}
	if r.settled != nil {
		if err := r.settled(s, d, contract); err != nil {
			return err
		}
	}
	if d.State == DebitPaid && r.booking != nil && r.booking.once && s.modeOf(r, contract) == DebitScheduled &&
		contract.live() {
		return s.terminate(contract, BySystem, "扣费完成，自动解约")
	}
	return nil
}

// take is every charge under a contract, a first payment's too: checked against the contract and
// the limits, charged, written down.
func (s *step) take(r *debitRules, d *debitRow, contract *contractRow) (Failure, error) {
	failure, err := s.tryCharge(r, d, contract)
	if err != nil || failure != "" {
		return failure, err
	}
	return "", s.paid(r, d, contract)
}

// tryCharge takes the money from the payer, or from WeChat Pay for them. What was true when the
// debit was accepted may be no more: the contract ended, other debits were made meanwhile.
func (s *step) tryCharge(r *debitRules, d *debitRow, contract *contractRow) (Failure, error) {
	if !contract.live() {
		return ContractGone, nil
	}
	if why, _ := s.overLimits(r, d, contract); why != "" {
		return RiskRejected, nil
	}
	failure, err := s.charge(d.Person, d.Total)
	if err != nil || failure != NotEnough || r.advances == 0 {
		return failure, err
	}
	return s.advance(d, r.advances)
}

// paid writes success down, in the debit and in what it used up.
func (s *step) paid(r *debitRules, d *debitRow, contract *contractRow) (err error) {
	d.State = DebitPaid
	if d.TransactionID, err = s.newTransactionID(); err != nil {
		return err
	}
	for i := range d.Parts {
		if d.Parts[i].TransactionID, err = s.newTransactionID(); err != nil {
			return err
		}
	}
	contract.Usage = contract.Usage.at(s.now, contract.SignedAt, s.limitsOf(r, contract).PeriodDays)
	contract.Usage.succeed(d.Total)
	if n := contract.Notice; noticeOpen(n, s.now) && !s.now.Before(n.From) {
		n.Closed = true
	}
	if b := contract.booking(d.ScheduleID); b != nil {
		b.DebitID, b.Paid, b.PaidAt = d.ID, d.Total, s.now
	}
	return nil
}

// notifyDebit writes the notification of a debit's outcome, if the product has
// one for it.
func (s *step) notifyDebit(r *debitRules, d *debitRow) error {
	e := r.paid
	if d.State == DebitFailed {
		e = r.failed
	}
	if e.eventType == "" {
		return nil
	}
	return s.notify(&pushRow{Push: Push{MchID: d.MchID, URL: d.NotifyURL, Event: e.eventType,
		OriginalType: e.originalType, Summary: e.summary, Resource: encodeJSON(r.resource(d)), About: d.ID},
		retries: r.retries})
}

// debitDue charges a debit whose time has come.
func (s *step) debitDue(d *debitRow) error {
	contract, err := s.contractUnder(d)
	if err != nil {
		return err
	}
	r, err := s.rulesFor(d)
	if err != nil {
		return err
	}
	return s.execute(r, d, contract)
}

// release lets the contract of a debit under way be debited again.
func (s *step) release(d *debitRow) error {
	contract, err := s.contractUnder(d)
	if err != nil || contract.Pending != d.ID {
		return err
	}
	contract.Pending = ""
	return put(s.Tx, contract)
}
