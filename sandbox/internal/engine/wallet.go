package engine

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// WalletRow is a Wallet as the store has it, with what the rules need to know.
type WalletRow struct {
	Rev
	ledger.Wallet
	// DebtsAt is when Debts last changed.
	DebtsAt time.Time `json:"debts_at,omitzero"`
}

func (w *WalletRow) RowKind() string { return "wallet" }
func (w *WalletRow) Row() store.Row  { return store.Row{ID: w.Person} }

// Wallet is a person's, a new one when they have none.
func (s *Step) Wallet(person string) (*WalletRow, error) {
	w, err := Get[WalletRow](s.Tx, person)
	if errors.Is(err, store.ErrNotFound) {
		return &WalletRow{Wallet: ledger.Wallet{Person: person}}, nil
	}
	return w, err
}

// charge takes money from a person, or says why it cannot. Only a wallet that
// changes is written.
func (s *Step) charge(person string, fen int64) (ledger.Failure, error) {
	w, err := s.Wallet(person)
	if err != nil {
		return "", err
	}
	switch {
	case len(w.FailNext) > 0:
		failure := w.FailNext[0]
		w.FailNext = w.FailNext[1:]
		return failure, Put(s.Tx, w)
	case !w.Limited:
		return "", nil
	case w.Balance < fen:
		return ledger.NotEnough, nil
	}
	w.Balance -= fen
	return "", Put(s.Tx, w)
}

// GiveBack returns money to a person whose money counts.
func (s *Step) GiveBack(person string, fen int64) error {
	w, err := s.Wallet(person)
	if err != nil || !w.Limited {
		return err
	}
	w.Balance = Plus(w.Balance, fen)
	return Put(s.Tx, w)
}

// advance notes that WeChat Pay paid for a payer without money, unless they owe as many debits of
// the product as they may.
func (s *Step) advance(d *DebitRow, most int) (ledger.Failure, error) {
	w, err := s.Wallet(d.Person)
	if err != nil {
		return "", err
	}
	if w.Owes(d.Product) >= most {
		return ledger.NotEnough, nil
	}
	d.Advanced = true
	return "", s.Owe(w, d)
}

// Owe adds a debit to what a person owes, once.
func (s *Step) Owe(w *WalletRow, d *DebitRow) error {
	if !slices.Contains(w.Debts, d.ID) {
		w.Debts, w.DebtsAt = append(w.Debts, d.ID), s.Now
	}
	return Put(s.Tx, w)
}

// forgive lowers what a payer owes of a debit by money of it that goes back, for that they never
// paid. What is left of the money is theirs.
func (s *Step) forgive(d *DebitRow, fen int64) (left int64, err error) {
	w, err := s.Wallet(d.Person)
	if err != nil || !slices.Contains(w.Debts, d.ID) {
		return fen, err
	}
	off := min(fen, d.owed())
	d.Forgiven += off
	if err := Put(s.Tx, d); err != nil || d.owed() > 0 {
		return fen - off, err
	}
	if err := s.Clear(d); err != nil {
		return 0, err
	}
	return fen - off, s.cleared(d)
}

// cleared tells the product that a debit is owed no more.
func (s *Step) cleared(d *DebitRow) error {
	r, err := s.rulesFor(d)
	if err != nil || r.Cleared == nil {
		return err
	}
	return r.Cleared(s, d)
}

// Clear takes a debit off what a person owes.
func (s *Step) Clear(d *DebitRow) error {
	w, err := s.Wallet(d.Person)
	if err != nil || !slices.Contains(w.Debts, d.ID) {
		return err
	}
	w.Debts, w.DebtsAt = slices.DeleteFunc(w.Debts, func(id string) bool { return id == d.ID }), s.Now
	return Put(s.Tx, w)
}

// Owes counts what a person owes under a product.
func (w *WalletRow) Owes(p ledger.Product) (n int) {
	for _, id := range w.Debts {
		if strings.HasPrefix(id, string(p)+"|") {
			n++
		}
	}
	return n
}

// Repay settles what the person owes, one debit after the other.
func (s *Step) Repay(person string) error {
	w, err := s.Wallet(person)
	if err != nil {
		return err
	}
	if len(w.Debts) == 0 {
		return &ledger.PageError{Reason: ledger.PageUsed, Message: "There is nothing to repay."}
	}
	for len(w.Debts) > 0 {
		d, err := Get[DebitRow](s.Tx, w.Debts[0])
		if errors.Is(err, store.ErrNotFound) {
			return &misreadRow{d.RowKind(), w.Debts[0], "is owed by a payer, and not there"}
		}
		if err != nil {
			return err
		}
		if w.Limited && w.Balance < d.owed() {
			return &ledger.PageError{Reason: ledger.PageNoMoney, Message: "There is not enough money for this."}
		}
		if w.Limited {
			w.Balance -= d.owed()
		}
		w.Debts, w.DebtsAt = w.Debts[1:], s.Now
		d.RepaidAt = s.Now
		if err := s.PutAll(w, d); err != nil {
			return err
		}
		if err := s.cleared(d); err != nil {
			return err
		}
		if w, err = s.Wallet(person); err != nil { // the product may have written it
			return err
		}
	}
	return nil
}

// is says whether a merchant's idea of who they are is right.
func (w *WalletRow) is(name, idNumber string) bool {
	matches := func(known, said string) bool { return known == "" || said == "" || known == said }
	return matches(w.Name, name) && matches(w.IDNumber, idNumber)
}

// Plus adds two amounts, none of them negative; what is too much for an int64 is as much as that
// holds.
func Plus(a, b int64) int64 { return a + min(b, math.MaxInt64-a) }

// BelowPercent says whether part is less than so many percent of whole.
func BelowPercent(part, whole, percent int64) bool {
	return part < whole/100*percent+(whole%100*percent+99)/100
}
