package sandbox_test

import (
	"math"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Sums of money that do not fit are refused or stop at what fits, and never turn negative.
func TestMoneyDoesNotWrapAround(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	w.ok(w.Payer(openID).Fund(100))
	b := combineDebitBody(c, "D1")
	for i, fen := range []int64{math.MaxInt64, 100} {
		b["sub_orders"].([]any)[i].(object)["amount"] = object{"total_amount": fen, "currency": "CNY"}
	}
	w.refused(400, "PARAM_ERROR", "POST", combineDebits, b)
	w.ok(w.Payer(openID).Fund(math.MaxInt64))
	if wallet, err := w.Payer(openID).Wallet(); err != nil || wallet.Balance != math.MaxInt64 {
		t.Errorf("got %+v, %v", wallet, err)
	}
}

// A mode or a limit that cannot be is refused: a misspelled one would let debits pass that the
// right one stops.
func TestPlansThatMakeNoSense(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t)
	for _, p := range []ledger.Plan{{Mode: "b"}, {Amount: -1}, {MinPercent: 101}, {Limits: ledger.Limits{PerDay: -1}},
		{NotifyURL: "yourapp.com"}, {NotifyURL: "https://u:p@yourapp.com"}} {
		p.ID, p.Product = "2", ledger.Papay
		if err := s.AddPlan(sandbox.DefaultMchID, p); err == nil {
			t.Errorf("took %+v", p)
		}
	}
}
