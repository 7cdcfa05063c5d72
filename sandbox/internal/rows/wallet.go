package rows

import (
	"math"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Wallet is a Wallet as the store has it, with what the rules need to know.
type Wallet struct {
	Rev
	ledger.Wallet
	// DebtsAt is when Debts last changed.
	DebtsAt time.Time `json:"debts_at,omitzero"`
}

func (w *Wallet) RowKind() string { return "wallet" }

func (w *Wallet) Row() store.Row { return store.Row{ID: w.Person} }

// sound finds what nobody can go on from.
func (w *Wallet) sound() error {
	if w.Balance < 0 {
		return Misread(w, "has %d fen in it", w.Balance)
	}
	return nil
}

// Owes counts what a person owes under a product.
func (w *Wallet) Owes(p ledger.Product) (n int) {
	for _, id := range w.Debts {
		if strings.HasPrefix(id, string(p)+"|") {
			n++
		}
	}
	return n
}

// Is says whether a merchant's idea of who they are is right.
func (w *Wallet) Is(name, idNumber string) bool {
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
