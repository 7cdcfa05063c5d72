package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// advanced is a world where WeChat Pay has paid 100 fen for a payer, who has 1000 of their own
// since.
func advanced(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	owing(w)
	w.received()
	return w
}

func refundOf(no string, fen int) object {
	return object{"out_trade_no": "school0001", "sub_mchid": "1900000109", "out_refund_no": no,
		"amount": object{"refund": fen, "total": 100, "currency": "CNY"}}
}

// Whatever comes first, a payer has paid what the merchant kept once they owe nothing, and nothing
// before.
func TestRefundsAndRepaymentsInEveryOrder(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"repay 30 70", "repay 70 30", "30 repay 70", "70 repay 30", "30 70 repay",
		"100 repay", "repay 100"} {
		for how, wait := range map[string]time.Duration{"one after the other": time.Hour, "at once": 0} {
			t.Run(order+" "+how, func(t *testing.T) {
				t.Parallel()
				w := advanced(t)
				payer := w.Payer(eduOpenID)
				back, repaid := 0, false
				for _, what := range strings.Fields(order) {
					if what == "repay" {
						repaid = payer.Repay() == nil
					} else {
						var fen int
						_, err := fmt.Sscan(what, &fen)
						w.ok(err)
						w.must("POST", domestic, refundOf("r"+what, fen))
						back += fen
					}
					w.ok(w.Advance(wait))
					if wait > 0 {
						w.wantPaid(100-back, repaid || back == 100)
					}
				}
				w.ok(w.Advance(time.Hour))
				w.wantPaid(100-back, true)
			})
		}
	}
}

// wantPaid wants the payer to have paid so much of their 1000 fen, or to owe it.
func (w *world) wantPaid(fen int, paid bool) {
	w.t.Helper()
	balance, debts := 1000, 1
	if paid {
		balance, debts = 1000-fen, 0
	}
	wallet, err := w.Payer(eduOpenID).Wallet()
	w.ok(err)
	if wallet.Balance != int64(balance) || len(wallet.Debts) != debts {
		w.t.Errorf("the payer has %d fen and owes %d debits, want %d and %d", wallet.Balance, len(wallet.Debts),
			balance,
			debts)
	}
}

// A debt that a refund ends counts no more towards what is too much, and merchants hear of it. What
// did not go back is owed.
func TestARefundEndsADebt(t *testing.T) {
	t.Parallel()
	w := advanced(t)
	w.ok(w.Payer(eduOpenID).CloseNextRefund())
	w.must("POST", domestic, refundOf("closed", 100))
	w.ok(w.Advance(time.Hour))
	w.wantPaid(100, false)
	w.received()
	w.must("POST", domestic, refundOf("r1", 100))
	w.ok(w.Advance(time.Hour))
	w.wantPaid(0, true)
	told := false
	for _, n := range w.received() {
		told = told || n.Event == "EDU_SCHOOL_PAY.USER_DEBT_STATE_UPDATE" && n.Resource["debt_count"] == 0.0
		if n.Event == "TRANSACTION.PAY_BACK" {
			t.Error("a refund was told as a repayment")
		}
	}
	if !told {
		t.Error("nobody heard that nothing is owed any more")
	}
	w.page(w.Payer(eduOpenID).Repay(), ledger.PageUsed)
}
