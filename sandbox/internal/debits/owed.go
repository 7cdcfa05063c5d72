package debits

import (
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// advance notes that WeChat Pay paid for a payer without money.
func advance(s *engine.Step, d *rows.Debit) error {
	w, err := s.Wallet(d.Person)
	if err != nil {
		return err
	}
	d.Advanced = true
	return Owe(s, w, d)
}

// Owe adds a debit to what a person owes, once.
func Owe(s *engine.Step, w *rows.Wallet, d *rows.Debit) error {
	if !slices.Contains(w.Debts, d.ID) {
		w.Debts, w.DebtsAt = append(w.Debts, d.ID), s.Now
	}
	return rows.Put(s.Tx, w)
}

// Forgive lowers what a payer owes of a debit by money of it that goes back, for that they never
// paid. What is left of the money is theirs.
func Forgive(s *engine.Step, d *rows.Debit, fen int64) (left int64, err error) {
	w, err := s.Wallet(d.Person)
	if err != nil || !slices.Contains(w.Debts, d.ID) {
		return fen, err
	}
	off := min(fen, d.Owed())
	d.Forgiven += off
	if err := rows.Put(s.Tx, d); err != nil || d.Owed() > 0 {
		return fen - off, err
	}
	if err := Clear(s, d); err != nil {
		return 0, err
	}
	return fen - off, cleared(s, d)
}

// cleared tells the product that a debit is owed no more.
func cleared(s *engine.Step, d *rows.Debit) error {
	r, err := s.RulesFor(d)
	if err != nil || r.Cleared == nil {
		return err
	}
	return r.Cleared(s, d)
}

// Clear takes a debit off what a person owes.
func Clear(s *engine.Step, d *rows.Debit) error {
	w, err := s.Wallet(d.Person)
	if err != nil || !slices.Contains(w.Debts, d.ID) {
		return err
	}
	w.Debts, w.DebtsAt = slices.DeleteFunc(w.Debts, func(id string) bool { return id == d.ID }), s.Now
	return rows.Put(s.Tx, w)
}

// Repay settles what the person owes, one debit after the other.
func Repay(s *engine.Step, person string) error {
	w, err := s.Wallet(person)
	if err != nil {
		return err
	}
	if len(w.Debts) == 0 {
		return &ledger.PageError{Reason: ledger.PageUsed, Message: "There is nothing to repay."}
	}
	settled := false
	var unread error // of one merchant's debit, which does not keep the others' from being settled
	for at := 0; at < len(w.Debts); {
		d, err := rows.Get[rows.Debit](s.Tx, w.Debts[at])
		if errors.Is(err, store.ErrNotFound) {
			err = rows.Damaged(d.RowKind(), w.Debts[at], "is owed by a payer, and not there")
		}
		if rows.IsMisread(err) {
			unread = err
			at++
			continue
		}
		if err != nil {
			return err
		}
		if w.Limited && w.Balance < d.Owed() {
			return &ledger.PageError{Reason: ledger.PageNoMoney, Message: "There is not enough money for this."}
		}
		if w.Limited {
			w.Balance -= d.Owed()
		}
		w.Debts, w.DebtsAt = slices.Delete(slices.Clone(w.Debts), at, at+1), s.Now
		d.RepaidAt = s.Now
		if err := s.PutAll(w, d); err != nil {
			return err
		}
		if err := cleared(s, d); err != nil {
			return err
		}
		if w, err = s.Wallet(person); err != nil { // the product may have written it
			return err
		}
		settled = true
	}
	if !settled {
		return unread
	}
	return nil
}
