package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/papayv2"
	"github.com/wxpay-go/wxpay/api/payv2"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// A fault that takes the answer away must not say that a call was carried out
// which the sandbox refused.
func TestCommittedFaultOverARefusal(t *testing.T) {
	t.Parallel()
	for _, name := range []fault.Name{fault.Error, fault.Cut, fault.Gateway} {
		told := &logged{T: t}
		sb := sandbox.New(told, sandbox.At(time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("Beijing", 8*60*60))))
		c, payer := sb.Client(), sb.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
		page, err := papayv2.Of(c).EntrustWeb.URL(&papayv2.EntrustWebQuery{
			AppID: sandbox.DefaultAppID, PlanID: 12535, ContractCode: "c1", RequestSerial: 1,
			ContractDisplayAccount: "x",
			NotifyURL:              sandbox.DefaultNotifyURL, Version: "1.0",
		})
		if err != nil {
			t.Fatal(err)
		}
		opened, err := payer.OpenURL(page)
		if err != nil {
			t.Fatal(err)
		}
		contract, err := payer.Agree(opened.Token)
		if err != nil {
			t.Fatal(err)
		}
		if err := sb.Advance(13 * time.Hour); err != nil { // when nothing is debited
			t.Fatal(err)
		}
		if err := sb.Inject(fault.Fault{Name: name, Endpoint: "POST /pay/pappayapply", Committed: true}); err != nil {
			t.Fatal(err)
		}
		_, err = payv2.Of(c).PapPayApply.Post(t.Context(), &payv2.PapPayApplyRequest{
			AppID: sandbox.DefaultAppID, Body: "b", OutTradeNo: "N1", TotalFee: 100, SpbillCreateIP: "127.0.0.1",
			NotifyURL: sandbox.DefaultNotifyURL, TradeType: "PAP", ContractID: contract.ID,
		})
		if err == nil {
			t.Fatal("the fault did not strike")
		}
		if err := sb.Close(); err != nil { // what was said behind the answer has been said by then
			t.Fatal(err)
		}
		if told.count("the work is done") != 0 || told.count("INVALID_REQUEST") == 0 {
			t.Errorf("%s: the log says %q", name, told.lines)
		}
	}
}

// A fault that needs the work of a call done does not strike, and does not count, where another
// keeps the call from being done: it waits for the next.
func TestCommittedFaultWhereNothingWasDone(t *testing.T) {
	t.Parallel()
	const debit = "POST /" + combineDebits
	for what, kept := range map[string]fault.Fault{
		"a rate limit": {Name: fault.RateLimit, Endpoint: debit},
		"an error":     {Name: fault.Error, Endpoint: debit},
		"a cut":        {Name: fault.Cut, Endpoint: debit},
		"a gateway":    {Name: fault.Gateway, Endpoint: debit},
	} {
		for _, lost := range []fault.Fault{{Name: fault.Cut, Committed: true}, {Name: fault.Error, Committed: true},
			{Name: fault.Gateway, Committed: true}} {
			t.Run(what+" and a "+string(lost.Name), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				c := w.combineContract()
				lost.Endpoint = debit
				w.ok(w.Inject(kept, lost))
				if _, err := w.do("POST", combineDebits, combineDebitBody(c, "D1")); err == nil {
					t.Error("the call succeeded")
				}
				if debits, err := w.Debits(); err != nil || len(debits) != 0 || w.Faults()[1].Met != 0 {
					t.Errorf("%d debits, %+v, %v", len(debits), w.Faults()[1], err)
				}
				if _, err := w.do("POST", combineDebits, combineDebitBody(c, "D1")); err == nil {
					t.Error("the call succeeded")
				}
				if debits, err := w.Debits(); err != nil || len(debits) != 1 || w.Faults()[1].Applied != 1 {
					t.Errorf("%d debits, %+v, %v", len(debits), w.Faults()[1], err)
				}
			})
		}
	}
}

// An empty list stands in the place of a success, never of what another fault or the endpoint
// refused.
func TestAnEmptyAnswerHidesNoRefusal(t *testing.T) {
	t.Parallel()
	for _, other := range []fault.Name{fault.Error, fault.RateLimit} {
		w := newWorld(t)
		w.ok(w.Inject(fault.Fault{Name: other, Endpoint: "*"}, fault.Fault{Name: fault.Empty, Endpoint: "*"}))
		if _, err := w.do("GET", "v3/certificates", nil); err == nil || w.Faults()[1].Met != 0 {
			t.Errorf("%s: got %v, %+v", other, err, w.Faults()[1])
		}
		w.refused(404, "RESOURCE_NOT_EXISTS", "GET", domestic+"/none", nil)
	}
}
