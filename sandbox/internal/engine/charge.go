package engine

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Wallet is a person's, a new one when they have none.
func (s *Step) Wallet(person string) (*rows.Wallet, error) {
	w, err := rows.Get[rows.Wallet](s.Tx, person)
	if errors.Is(err, store.ErrNotFound) {
		return &rows.Wallet{Wallet: ledger.Wallet{Person: person}}, nil
	}
	return w, err
}

// Charge takes money from a person, or says why it cannot. Only a wallet that
// changes is written.
func (s *Step) Charge(person string, fen int64) (ledger.Failure, error) {
	w, err := s.Wallet(person)
	if err != nil {
		return "", err
	}
	switch {
	case len(w.FailNext) > 0:
		failure := w.FailNext[0]
		w.FailNext = w.FailNext[1:]
		return failure, rows.Put(s.Tx, w)
	case !w.Limited:
		return "", nil
	case w.Balance < fen:
		return ledger.NotEnough, nil
	}
	w.Balance -= fen
	return "", rows.Put(s.Tx, w)
}

// GiveBack returns money to a person whose money counts.
func (s *Step) GiveBack(person string, fen int64) error {
	w, err := s.Wallet(person)
	if err != nil || !w.Limited {
		return err
	}
	w.Balance = rows.Plus(w.Balance, fen)
	return rows.Put(s.Tx, w)
}
