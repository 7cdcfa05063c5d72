package sandbox

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// walletRow is a Wallet as the store has it, with what the rules need to know.
type walletRow struct {
	rev
	Wallet
	// DebtsAt is when Debts last changed.
	DebtsAt time.Time `json:"debts_at,omitzero"`
}

func (w *walletRow) kind() string   { return "wallet" }
func (w *walletRow) row() store.Row { return store.Row{ID: w.Person} }

// wallet is a person's, a new one when they have none.
func (s *step) wallet(person string) (*walletRow, error) {
	w, err := get[walletRow](s.Tx, person)
	if errors.Is(err, store.ErrNotFound) {
		return &walletRow{Wallet: Wallet{Person: person}}, nil
	}
	return w, err
}

// charge takes money from a person, or says why it cannot. Only a wallet that
// changes is written.
func (s *step) charge(person string, fen int64) (Failure, error) {
	w, err := s.wallet(person)
	if err != nil {
		return "", err
	}
	switch {
	case len(w.FailNext) > 0:
		failure := w.FailNext[0]
		w.FailNext = w.FailNext[1:]
		return failure, put(s.Tx, w)
	case !w.Limited:
		return "", nil
	case w.Balance < fen:
		return NotEnough, nil
	}
	w.Balance -= fen
	return "", put(s.Tx, w)
}

// giveBack returns money to a person whose money counts.
func (s *step) giveBack(person string, fen int64) error {
	w, err := s.wallet(person)
	if err != nil || !w.Limited {
		return err
	}
	w.Balance = plus(w.Balance, fen)
	return put(s.Tx, w)
}

// advance notes that WeChat Pay paid for a payer without money, unless they owe as many debits of
// the product as they may.
func (s *step) advance(d *debitRow, most int) (Failure, error) {
	w, err := s.wallet(d.Person)
	if err != nil {
		return "", err
	}
	if w.owes(d.Product) >= most {
		return NotEnough, nil
	}
	d.Advanced = true
	return "", s.owe(w, d)
}

// owe adds a debit to what a person owes, once.
func (s *step) owe(w *walletRow, d *debitRow) error {
	if !slices.Contains(w.Debts, d.ID) {
		w.Debts, w.DebtsAt = append(w.Debts, d.ID), s.now
	}
	return put(s.Tx, w)
}

// forgive lowers what a payer owes of a debit by money of it that goes back, for that they never
// paid. What is left of the money is theirs.
func (s *step) forgive(d *debitRow, fen int64) (left int64, err error) {
	w, err := s.wallet(d.Person)
	if err != nil || !slices.Contains(w.Debts, d.ID) {
		return fen, err
	}
	off := min(fen, d.owed())
	d.Forgiven += off
	if err := put(s.Tx, d); err != nil || d.owed() > 0 {
		return fen - off, err
	}
	if err := s.clear(d); err != nil {
		return 0, err
	}
	return fen - off, s.cleared(d)
}

// cleared tells the product that a debit is owed no more.
func (s *step) cleared(d *debitRow) error {
	r, err := s.rulesFor(d)
	if err != nil || r.cleared == nil {
		return err
	}
	return r.cleared(s, d)
}

// clear takes a debit off what a person owes.
func (s *step) clear(d *debitRow) error {
	w, err := s.wallet(d.Person)
	if err != nil || !slices.Contains(w.Debts, d.ID) {
		return err
	}
	w.Debts, w.DebtsAt = slices.DeleteFunc(w.Debts, func(id string) bool { return id == d.ID }), s.now
	return put(s.Tx, w)
}

// owes counts what a person owes under a product.
func (w *walletRow) owes(p Product) (n int) {
	for _, id := range w.Debts {
		if strings.HasPrefix(id, string(p)+"|") {
			n++
		}
	}
	return n
}

// repay settles what the person owes, one debit after the other.
func (s *step) repay(person string) error {
	w, err := s.wallet(person)
	if err != nil {
		return err
	}
	if len(w.Debts) == 0 {
		return &PageError{Reason: PageUsed, Message: "There is nothing to repay."}
	}
	for len(w.Debts) > 0 {
		d, err := get[debitRow](s.Tx, w.Debts[0])
		if errors.Is(err, store.ErrNotFound) {
			return &misreadRow{d.kind(), w.Debts[0], "is owed by a payer, and not there"}
		}
		if err != nil {
			return err
		}
		if w.Limited && w.Balance < d.owed() {
			return &PageError{Reason: PageNoMoney, Message: "There is not enough money for this."}
		}
		if w.Limited {
			w.Balance -= d.owed()
		}
		w.Debts, w.DebtsAt = w.Debts[1:], s.now
		d.RepaidAt = s.now
		if err := s.putAll(w, d); err != nil {
			return err
		}
		if err := s.cleared(d); err != nil {
			return err
		}
		if w, err = s.wallet(person); err != nil { // the product may have written it
			return err
		}
	}
	return nil
}

// is says whether a merchant's idea of who they are is right.
func (w *walletRow) is(name, idNumber string) bool {
	matches := func(known, said string) bool { return known == "" || said == "" || known == said }
	return matches(w.Name, name) && matches(w.IDNumber, idNumber)
}

// plus adds two amounts, none of them negative; what is too much for an int64 is as much as that
// holds.
func plus(a, b int64) int64 { return a + min(b, math.MaxInt64-a) }

// belowPercent says whether part is less than so many percent of whole.
func belowPercent(part, whole, percent int64) bool {
	return part < whole/100*percent+(whole%100*percent+99)/100
}
