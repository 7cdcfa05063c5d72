package sandbox

import (
	"fmt"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestRefunds(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{Sync: true}, ledger.Plan{})
	payer := l.Payer("payer")
	if err := payer.Fund(1000); err != nil {
		t.Fatal(err)
	}
	ask := func(no string, amount int64) *rows.Refund {
		return &rows.Refund{Refund: ledger.Refund{OutRefundNo: no, OutTradeNo: "1", Amount: amount, Total: 1000,
			NotifyURL: DefaultNotifyURL}}
	}
	_, err := l.refund(ask("r1", 100))
	l.refused(err, "RESOURCE_NOT_EXISTS")
	d, err := l.debit("1", 1000)
	l.refused(err, "")
	wrong := ask("r1", 100)
	wrong.Total = 999
	_, err = l.refund(wrong)
	l.refused(err, "INVALID_REQUEST")
	for range 2 { // the same call again is the same refund
		r, err := l.refund(ask("r1", 400))
		l.refused(err, "")
		if r.State != ledger.RefundProcessing || r.TransactionID != d.TransactionID || len(r.RefundID) != 28 {
			t.Errorf("got %+v", r)
		}
	}
	_, err = l.refund(ask("r1", 300))
	l.refused(err, "INVALID_REQUEST")
	_, err = l.refund(ask("r2", 601))
	l.refused(err, "INVALID_REQUEST")
	l.at(0, 10, 1)
	if w, err := payer.Wallet(); err != nil || w.Balance != 400 {
		t.Errorf("the payer has %+v, %v, want 400 fen back", w, err)
	}
	if err := payer.FailNextRefund(); err != nil {
		t.Fatal(err)
	}
	r := ask("r3", 1)
	r.OutTradeNo, r.TransactionID = "", d.TransactionID
	_, err = l.refund(r)
	l.refused(err, "")
	l.at(0, 10, 2)
	l.wantEvents("LAB.PAID1", "REFUND.SUCCESSr1", "REFUND.ABNORMALr3")
	if again, err := l.debit("1", 1000); err != nil || again.Word() != "REFUND" {
		t.Errorf("got %+v, %v", again, err)
	}
	for i := range 48 {
		_, err = l.refund(ask(fmt.Sprint(i), 1))
		l.refused(err, "")
	}
	_, err = l.refund(ask("one too many", 1))
	l.refused(err, "INVALID_REQUEST")
	err = l.call(nil, func(c *engine.Call) error {
		d, err := debits.ByNo(c, "1")
		if err != nil {
			return err
		}
		return debits.Reverse(c, d)
	})
	l.refused(err, "INVALID_REQUEST")
}

func TestRefundsWithinAYear(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{Sync: true}, ledger.Plan{})
	_, err := l.debit("1", 1000)
	l.refused(err, "")
	if err := l.Clock().Set(testStart.AddDate(0, 0, 366)); err != nil {
		t.Fatal(err)
	}
	_, err = l.refund(&rows.Refund{Refund: ledger.Refund{OutRefundNo: "r", OutTradeNo: "1", Amount: 1,
		Total: 1000}})
	l.refused(err, "INVALID_REQUEST")
}

func TestDebts(t *testing.T) {
	t.Parallel()
	repaid := ""
	l := newTestProduct(t, &engine.DebitRules{Advances: true, Cleared: func(_ *engine.Step, d *rows.Debit) error {
		repaid = d.OutTradeNo + d.Word()
		return nil
	}}, ledger.Plan{})
	payer := l.Payer("payer")
	if err := payer.RunOut(); err != nil {
		t.Fatal(err)
	}
	_, err := l.debit("1", 100)
	l.refused(err, "")
	l.at(0, 10, 1)
	l.wantEvents("LAB.PAID1") // the merchant has its money
	if w, err := payer.Wallet(); err != nil || len(w.Debts) != 1 {
		t.Errorf("got %+v, %v, want one debt", w, err)
	}
	if err := payer.Repay(); err == nil {
		t.Error("repaid without money")
	}
	if err := payer.Fund(150); err != nil {
		t.Fatal(err)
	}
	if err := payer.Repay(); err != nil {
		t.Fatal(err)
	}
	if w, err := payer.Wallet(); err != nil || len(w.Debts) != 0 || w.Balance != 50 || repaid != "1PAY_BACK" {
		t.Errorf("got %+v, %v, told %q", w, err, repaid)
	}
	if err := payer.Repay(); err == nil {
		t.Error("repaid nothing")
	}
}
