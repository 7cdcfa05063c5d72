package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The end of a contract is told to the URL configured with the plan. A merchant
// who listens at the notify_url of their calls only never hears of it.
func TestScenario14TerminationGoesElsewhere(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, sandbox.WithPlan(ledger.Plan{ID: "700", Product: ledger.Papay,
		NotifyURL: "https://yourapp.com/configured-long-ago"}))
	listening := http.NewServeMux()
	listening.Handle("/v2", w)
	w.ok(w.Receive("https://yourapp.com", listening))
	session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", "700"))
	contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne()
	w.ok(w.Payer(openID).Terminate(contract.ID))
	w.ok(w.Advance(25 * time.Hour))
	if got := w.received(); len(got) != 0 {
		t.Fatalf("got %v", got)
	}
	pushes, err := w.Pushes()
	w.ok(err)
	if p := pushes[1]; p.State != ledger.PushGivenUp || p.Attempts[0].Status != 404 ||
		p.URL != "https://yourapp.com/configured-long-ago" {
		t.Errorf("got %s at %s: %+v", p.State, p.URL, p.Attempts[0])
	}
	// In the merchant's books the contract is alive. The next debit says.
	w.refused("CONTRACT_NOT_EXIST", "pay/pappayapply", applyXML(contract.ID, "A1"))
	if q := w.must("papay/querycontract", with2(byCodeXML(), "plan_id", "700")); q["contract_state"] != "1" ||
		q["contract_termination_mode"] != "2" {
		t.Errorf("the query says %v", q)
	}
}

func TestScenario15DebitWithoutNoticeOrAtNight(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, sandbox.WithPlan(ledger.Plan{ID: "700", Product: ledger.Papay, Mode: ledger.DebitNoticed}))
	session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", "700"))
	contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.ok(w.Advance(13 * time.Hour)) // eleven at night, and the twelve hours of grace are over
	wantCode := func(err error, status int, code string) {
		t.Helper()
		var e *wxpay.Error
		if !errors.As(err, &e) || e.Status != status || e.Code != code {
			t.Errorf("got %v, want %d %s", err, status, code)
		}
	}
	wantCode(w.notice(contract.ID, 888), 400, "INVALID_REQUEST") // notices too have their hours
	w.ok(w.Advance(8 * time.Hour))                               // seven in the morning
	w.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(contract.ID, "A1"))
	w.ok(w.notice(contract.ID, 888))
	wantCode(w.notice(contract.ID, 888), 400, "RESOURCE_ALREADY_EXISTS") // as good as done
	wantCode(w.notice(contract.ID, 999), 400, "INVALID_REQUEST")
	w.ok(w.Advance(2*aDay + 15*hour)) // the third day, ten at night
	w.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(contract.ID, "A1"))
	w.ok(w.Advance(9 * hour))
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	w.ok(w.Settle()) // debited: the notice is used up
	w.ok(w.Payer(openID).RefuseNextNotice())
	wantCode(w.notice(contract.ID, 888), 400, "RULELIMIT")
}

// Accepted is not paid, and a number that failed is used up.
func TestScenario16AcceptedIsNotPaid(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	payer := w.Payer(openID)
	contract := w.signXML("100000")
	w.ok(payer.RunOut())
	if got := w.must("pay/pappayapply", applyXML(contract.ID, "A1")); got["result_code"] != "SUCCESS" {
		t.Errorf("got %v", got)
	}
	if failed := w.receivedOne(); failed["result_code"] != "FAIL" || failed["err_code"] != "NOTENOUGH" {
		t.Errorf("got %v", failed)
	}
	w.ok(payer.Fund(888))
	w.refused("ORDERCLOSED", "pay/pappayapply", applyXML(contract.ID, "A1"))
	w.must("pay/pappayapply", applyXML(contract.ID, "A2"))
	if paid := w.receivedOne(); paid["result_code"] != "SUCCESS" || paid["out_trade_no"] != "A2" {
		t.Errorf("got %v", paid)
	}
	if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 0 {
		t.Errorf("the payer has %+v, %v", wallet, err)
	}
}

// The debit was done and its answer lost: 500, a cut connection, a gateway's
// page. The same number again costs nothing, a new one costs the payer twice.
func TestScenario17AnswerLostAfterTheDebit(t *testing.T) {
	t.Parallel()
	for _, name := range []fault.Name{fault.Error, fault.Cut, fault.Gateway} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
				s := newShop(t)
				c := s.signCombine("A")
				payer := s.Payer(openID)
				s.ok(payer.Fund(1000))
				balance := func(want int64) {
					t.Helper()
					if wallet, err := payer.Wallet(); err != nil || wallet.Balance != want {
						t.Errorf("the payer has %+v, %v; want %d fen", wallet, err, want)
					}
				}
				inject(s, fault.Fault{Name: name, Endpoint: "POST /" + combineDebits, Committed: true})
				_, err := s.do("POST", combineDebits, combineDebitBody(c, "P1"))
				var answer *wxpay.Error
				if errors.As(err, &answer) {
					if !answer.Temporary() {
						t.Errorf("got %v, want one worth another try", err)
					}
				} else {
					wantUnknown(t, err)
				}
				balance(700)
				if q := s.must("GET", combineDebits+
					"/P1", nil); q["sub_orders"].([]any)[0].(object)["trade_state"] != "SUCCESS" {
					t.Errorf("the query says %v", q)
				}
				s.must("POST", combineDebits, combineDebitBody(c, "P1"))
				balance(700)
				s.must("POST", combineDebits, combineDebitBody(c, "P2")) // the mistake
				balance(400)
			})
		})
	}
}

// APIv2 says SYSTEMERROR and FREQUENCY_LIMITED with HTTP 200.
func TestScenario17And28InAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, manyADay)
	contract := w.signXML("100000")
	w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: "/pay/pappayapply", Committed: true}))
	if e := w.refused("SYSTEMERROR", "pay/pappayapply", applyXML(contract.ID, "A1")); !e.Temporary() ||
		e.Status != 200 {
		t.Errorf("got %v", e)
	}
	w.refused("ORDER_ACCEPTED", "pay/pappayapply", applyXML(contract.ID, "A1")) // it was done
	if paid := w.receivedOne(); paid["out_trade_no"] != "A1" || paid["result_code"] != "SUCCESS" {
		t.Errorf("got %v", paid)
	}
	w.ok(w.Inject(fault.Fault{Name: fault.RateLimit, Endpoint: "/pay/pappayapply"}))
	if e := w.refused("FREQUENCY_LIMITED", "pay/pappayapply", applyXML(contract.ID, "A2")); !e.Temporary() {
		t.Errorf("got %v", e)
	}
	w.ok(w.Inject(
		fault.Fault{Name: fault.BadSignature, Endpoint: "/pay/pappayapply"},
		fault.Fault{Name: fault.BadSignature, Event: "V2.PAYMENT"},
		fault.Fault{Name: fault.Duplicated, Event: "*", Skip: 1},
	))
	if _, err := w.call("pay/pappayapply", applyXML(contract.ID, "A2")); err == nil {
		t.Error("a reply with a wrong sign was taken")
	}
	var failed []wxpay.Check
	var paid []string
	r := notify.New(w.Keys(), notify.APIv2Key(sandbox.DefaultMchID, w.ClientConfig().APIv2Key),
		notify.OnError(func(_ context.Context, e *notify.Error) { failed = append(failed, e.Check) }))
	r.Handle(notify.V2Payment, func(_ context.Context, n *notify.Notification) error {
		paid = append(paid, string(n.Plaintext))
		return nil
	})
	w.ok(w.Receive("https://yourapp.com", r))
	w.ok(w.Advance(time.Minute))
	if len(failed) != 1 || failed[0] != wxpay.CheckSignature || len(paid) != 1 {
		t.Fatalf("failed at %v, handled %v", failed, paid)
	}
	mentions(t, paid[0], `"out_trade_no":"A2"`)
}
