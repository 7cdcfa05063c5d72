package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A debit that was accepted while the payer could still owe it is not made once they are FORBIDDEN.
func TestSchoolChargesNobodyForbidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signSchool("A")
	payer := w.Payer(eduOpenID)
	w.ok(payer.RunOut())
	w.must("POST", debitSchool, schoolDebit(c.ID, "0"))
	for _, no := range []string{"1", "2"} {
		w.must("POST", debitSchool, with(schoolDebit(c.ID, no), "payment_mode", "SYNC"))
	}
	w.ok(payer.Fund(888))
	w.ok(w.Advance(time.Minute))
	if got := w.must("GET", debitSchool+"/out-trade-no/0?sub_mchid=1900000109", nil); got["trade_state"] != "PAY_FAIL" {
		t.Errorf("the debit that waited: got %v", got)
	}
	if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 888 || len(wallet.Debts) != 2 {
		t.Errorf("the payer has %+v, %v", wallet, err)
	}
}

// Debits that wait side by side are checked against the plan's limits and the payer's debts again
// when they are made.
func TestSchoolDebitsSideBySide(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]ledger.Limits{"a limit": {PerDay: 1000}, "debts": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ok(w.AddPlan(sandbox.DefaultMchID, ledger.Plan{
				ID: sandbox.DefaultEduPlanID, Product: ledger.EduSchoolPay, Owner: sandbox.DefaultSchoolID,
				NotifyURL: sandbox.DefaultNotifyURL, Limits: limits,
			}))
			c := w.signSchool("c1")
			paid, failure := 1, ledger.RiskRejected
			if name == "debts" {
				paid, failure = 2, ledger.TradeError
				w.ok(w.Payer(eduOpenID).RunOut())
			}
			for _, no := range []string{"no1", "no2", "no3", "no4"} {
				w.must("POST", debitSchool, schoolDebit(c.ID, no))
			}
			w.ok(w.Advance(time.Minute))
			w.received()
			debits, err := w.Debits()
			w.ok(err)
			for i, d := range debits {
				if i < paid && d.State != ledger.DebitPaid || i >= paid && (d.State != ledger.DebitFailed ||
					d.Failure != failure) {
					t.Errorf("debit %d is %s %s, and %d are to be paid", i, d.State, d.Failure, paid)
				}
			}
		})
	}
}
