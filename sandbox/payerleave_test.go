package sandbox_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// say answers questions with a body; the inbox gets everything, as usual.
func (w *world) say(status int, body string) {
	w.t.Helper()
	w.ok(w.Receive("https://yourapp.com/notify", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.inbox.ServeHTTP(answering{rw, status, body}, r)
	})))
}

// answering replaces what a handler answers.
type answering struct {
	http.ResponseWriter
	status int
	body   string
}

func (a answering) WriteHeader(int) {
	a.ResponseWriter.WriteHeader(a.status)
	_, _ = io.WriteString(a.ResponseWriter, a.body)
}

func TestTheMerchantIsAskedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "3", Product: ledger.Papay, NotifyURL: sandbox.DefaultNotifyURL,
		AsksFirst: true}))
	token := w.must("POST", presignPapay, with(papayBody("A1"), "plan_id", 3))["pre_entrustweb_id"].(string)
	payer := w.Payer(papayOpenID)
	contract, err := payer.Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")

	for _, no := range []struct {
		status int
		body   string
	}{{200, `{"code":"FAIL","message":"unpaid bill"}`}, {500, ""}, {200, "yes"}} {
		w.say(no.status, no.body)
		w.page(payer.Terminate(contract.ID), ledger.PageRefused)
		n := w.receivedOne("ENTRUST.TERMINATE_INQUIRY")
		if n.Resource["contract_id"] != contract.ID || n.Resource["out_user_code"] != "用户A" ||
			n.Resource["contract_state"] != "SIGNED" {
			t.Errorf("TERMINATE_INQUIRY carries %v", n.Resource)
		}
	}
	w.say(200, `{"code":"SUCCESS","message":""}`)
	w.ok(payer.Terminate(contract.ID))
	if got := w.received(); len(got) != 2 || got[0].Event != "ENTRUST.TERMINATE_INQUIRY" ||
		got[1].Event != "ENTRUST.TERMINATE" {
		t.Errorf("got %v", got)
	}
	w.page(payer.Terminate(contract.ID), ledger.PageUsed) // and nobody is asked
	if got := w.received(); len(got) != 0 {
		t.Errorf("asked about a contract that has ended: %v", got)
	}
	pushes, err := w.Pushes()
	w.ok(err)
	if p := pushes[2]; p.State != ledger.PushGivenUp || len(p.Attempts) != 1 || p.Attempts[0].Status != 500 {
		t.Errorf("the question answered with 500 stands there as %+v", p)
	}
}

func TestWhatTheMerchantHoldsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "3", Product: ledger.Papay, NotifyURL: sandbox.DefaultNotifyURL,
		Retention: true}))
	token := w.must("POST", presignPapay, with(papayBody("A1"), "plan_id", 3))["pre_entrustweb_id"].(string)
	payer := w.Payer(papayOpenID)
	contract, err := payer.Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")

	w.say(200,
		`{"code":"SUCCESS","message":"","retention_type":"COUPON","coupon_info":{"state":"SEND_COUPON","coupon_id":"9867041"}}`)
	offer, err := payer.Leave(contract.ID)
	w.ok(err)
	if offer == nil || *offer != (ledger.Offer{Type: "COUPON", State: "SEND_COUPON", CouponID: "9867041"}) {
		t.Errorf("got %+v", offer)
	}
	if n := w.receivedOne("ENTRUST.TERMINATE_RETENTION"); n.Resource["contract_id"] != contract.ID {
		t.Errorf("TERMINATE_RETENTION carries %v", n.Resource)
	}
	for _, nothing := range []string{"", `{"code":"SUCCESS","retention_type":"COUPON","coupon_info":{"state":"?"}}`,
		`{"code":"FAIL"}`} {
		w.say(200, nothing)
		if offer, err := payer.Leave(contract.ID); offer != nil || err != nil {
			t.Errorf("to the answer %q: got %v, %v", nothing, offer, err)
		}
	}
	w.received()
	w.say(200, `{"code":"SUCCESS","retention_type":"COUPON","coupon_info":{"state":"NOT_SEND_COUPON"}}`)
	w.ok(w.Inject(fault.Fault{Name: fault.Race, Event: "*"}))
	if offer, err := payer.Leave(contract.ID); err != nil || offer == nil || len(w.received()) != 2 {
		t.Errorf("asked twice at the same time: got %v, %v", offer, err)
	}
	w.ClearFaults()
	w.ok(payer.Terminate(contract.ID)) // looking at the offer keeps nobody
	w.receivedOne("ENTRUST.TERMINATE")
	_, err = w.Payer("somebody-else").Leave(contract.ID)
	w.page(err, ledger.PageWrongUser)
}
