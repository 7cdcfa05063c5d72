package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What a report knows better than to find.

// A debit of before the end that comes again after it asks for nothing new, though a fault had made
// it somebody else's.
func TestReportKnowsADebitThatAFaultSpoiled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	for _, number := range []string{"P1", "P2"} {
		w.ok(w.Inject(fault.Fault{Name: fault.Reencoded, Endpoint: "POST /" + combineDebits}))
		if _, err := w.do("POST", combineDebits, combineDebitBody(c, number)); err == nil {
			t.Error("the fault does nothing")
		}
	}
	w.ok(w.Payer(openID).Terminate(c.ID))
	w.receivedOne("ECOMMERCE_ENTRUST.TERMINATE")
	for _, number := range []string{"P1", "P2"} {
		w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, number))
	}
	w.found()
}

// A sub-merchant's numbers are its own.
func TestReportKnowsWhoseANumberIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, sub := range []string{"1230000109", "1900000110"} {
		w.must("POST", partnerRoot+"jsapi", with(with(partnerOrder(), "sub_mchid", sub), "out_trade_no", "number2"))
	}
	w.found()
	w.must("POST", partnerRoot+"jsapi", with(with(partnerOrder(), "out_trade_no", "number3"), "description", "a"))
	if _, err := w.do("POST", partnerRoot+"jsapi", with(with(partnerOrder(), "out_trade_no", "number3"),
		"description", "b")); err == nil {
		t.Error("another order has its number")
	}
	w.found(ledger.FoundOtherBody)
}

// Who asks by the id of the payment has asked, for the answer has the number.
func TestReportKnowsWhoAskedByTheID(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{true, false} {
		w := newWorld(t, manyADay)
		c := w.signPapay("A1")
		w.ok(w.Inject(fault.Fault{Name: fault.Lost, Event: "TRANSACTION.SUCCESS", Times: -1},
			fault.Fault{Name: fault.Cut, Committed: true, Endpoint: "POST /" + applyPapay, Times: -1}))
		if _, err := w.do("POST", applyPapay, applyBody(c.ID, "debit1", 100)); err == nil {
			t.Fatal("it was not cut")
		}
		w.ClearFaults()
		w.ok(w.Inject(fault.Fault{Name: fault.Lost, Event: "TRANSACTION.SUCCESS", Times: -1}))
		w.ok(w.Advance(aDay + time.Hour))
		if asked {
			list, err := w.Debits()
			w.ok(err)
			w.must("GET", "v3/pay/transactions/id/"+list[0].TransactionID+"?mchid="+sandbox.DefaultMchID, nil)
		}
		w.must("POST", applyPapay, applyBody(c.ID, "debit2", 100))
		if asked {
			w.found()
		} else {
			w.found(ledger.FoundNewNumber)
		}
	}
}

// A message is not forged for a time within which it is taken.
func TestAMessageThatIsOldEnoughIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []fault.Name{fault.Stale, fault.Skew} {
		if err := w.Inject(fault.Fault{Name: name, Event: "*", Delay: 5 * time.Minute}); err == nil ||
			!strings.Contains(err.Error(), "delay is more than 5m0s") {
			t.Errorf("%s: %v", name, err)
		}
		w.ok(w.Inject(fault.Fault{Name: name, Event: "*", Delay: 5*time.Minute + time.Second}))
	}
}
