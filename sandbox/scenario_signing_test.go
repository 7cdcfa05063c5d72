package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What the front end saw proves nothing, either way.
func TestScenario10FrontEndKnowsNothing(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		token := s.must("POST", presignCombine,
			with(combineBody(), "out_contract_code", "A"))["pre_entrustweb_id"].(string)
		s.ok(s.Payer(openID).Decline(token)) // the back key
		s.handled()
		if state := s.state("A"); state != "NOT_SIGNED" {
			t.Errorf("after the back key: %s", state)
		}
		// The reverse: they agree, and neither the app nor the server hears of it.
		inject(s, fault.Fault{Name: fault.Lost, Event: "ECOMMERCE_ENTRUST.SIGN"})
		_, err := s.Payer(openID).Agree(token)
		s.ok(err)
		s.ok(s.Advance(25 * time.Hour))
		s.handled()
		if state := s.state("A"); state != "SIGNED" {
			t.Errorf("after agreeing unheard: %s", state)
		}
	})
}

func TestScenario11CodeUsedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := s.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	s.ok(s.Payer(openID).Decline(token))
	// the same call: the same session
	s.must("POST", presignCombine, combineBody())
	s.refused(400, "INVALID_REQUEST", "POST", presignCombine, with(combineBody(), "attach", "x")) // another: refused
	c, err := s.Payer(openID).Agree(token)
	s.ok(err)
	s.ok(s.Payer(openID).Terminate(c.ID))
	s.refused(400, "INVALID_REQUEST", "POST", presignCombine, combineBody())
	mentions(t, s.hint(), "burnt")
	_, err = s.presign("anewcode")
	s.ok(err)
}

// APIv2 burns no code, and minds none that APIv3 burnt.
func TestScenario11CodeUsedAgainInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	leave := func(token any) {
		t.Helper()
		c, err := w.Payer(openID).Agree(token.(string))
		w.ok(err)
		w.ok(w.Payer(openID).Terminate(c.ID))
	}
	entry := with2(entryXML(), "plan_id", sandbox.DefaultScheduledPlanID)
	v3 := func() (string, error) {
		r, err := w.client.Chain(presignScheduled+"app").Post(t.Context(), with(scheduledBody("100000"), "openid", nil))
		if err != nil {
			return "", err
		}
		m, err := r.Map()
		return m["pre_entrustweb_id"].(string), err
	}
	leave(w.must("papay/preentrustweb", entry)["pre_entrustweb_id"])
	token, err := v3()
	w.ok(err)
	leave(token)
	if _, err := v3(); err == nil {
		t.Error("APIv3 let it return")
	}
	leave(w.must("papay/preentrustweb", with2(entry, "request_serial", "1001"))["pre_entrustweb_id"])
}

func TestScenario12PresignKeptTooLong(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := s.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	s.adminOK("POST", "/sandbox/clock/advance", object{"duration": "2h"})
	_, err := s.Payer(openID).Agree(token)
	s.page(err, ledger.PageExpired)
	s.handled()
	again := s.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	if again == token {
		t.Error("the same call after the session's end got the old session")
	}
	_, err = s.Payer(openID).Agree(again)
	s.ok(err)
	s.handled("ECOMMERCE_ENTRUST.SIGN")
}

func TestScenario13SignedInAnotherApp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.ok(s.AddPayer(map[string]string{sandbox.DefaultAppID: "in-one-app", sandbox.DefaultEduAppID: "in-another"}))
	token := s.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	_, err := s.Payer("in-another").SignElsewhere(ledger.CombinePapay, sandbox.DefaultPlanID)
	s.ok(err)
	s.handled("ECOMMERCE_ENTRUST.SIGN") // of the other app's contract
	_, err = s.Payer("in-one-app").Agree(token)
	s.page(err, ledger.PageSigned)
	s.handled("ECOMMERCE_ENTRUST.SIGN")
	if state := s.state(code); state != "NOT_SIGNED" {
		t.Errorf("got %s", state)
	}
	s.adminRefuses(409, "POST", "/sandbox/payers/in-one-app/sign-elsewhere", object{"product": "combine-papay",
		"plan_id": sandbox.DefaultPlanID})
}

func TestScenario21NotTheMerchants(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithMerchant(ledger.Merchant{MchID: "1900000777", AppIDs: []string{"wx7"},
		Plans: []ledger.Plan{{ID: "8", Product: ledger.CombinePapay}}}))
	e := s.refused(400, "PARAM_ERROR", "POST", presignCombine, with(combineBody(), "appid", "wx7"))
	if !strings.Contains(e.Message, "appid") || e.Detail != nil {
		t.Errorf("it says %s, %s", e.Message, e.Detail)
	}
	// another merchant's: as if there were none
	s.refused(400, "PARAM_ERROR", "POST", presignCombine, with(combineBody(), "plan_id", 8))
	s.refused(400, "PARAM_ERROR", "POST", presignCombine, with(combineBody(), "plan_id", 9))
	// A plan that goes while the payer is on the page.
	token := s.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	s.adminOK("POST", "/sandbox/plans", object{"id": sandbox.DefaultPlanID, "product": "combine-papay",
		"disabled": true})
	_, err := s.Payer(openID).Agree(token)
	s.page(err, ledger.PageClosed)
	s.refused(403, "NO_AUTH", "POST", presignCombine, with(combineBody(), "out_contract_code", "B"))
}

func TestScenario22EmojiInTheAccount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	e := s.refused(400, "PARAM_ERROR", "POST", presignCombine, with(combineBody(), "contract_display_account", "小明😀"))
	if field, _ := e.Field(); field != "/contract_display_account" {
		t.Errorf("the field at fault is %s", field)
	}
	s.must("POST", presignCombine, with(combineBody(), "contract_display_account", "小明"))
}

func TestScenario23PlanIDOfTheWrongType(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for path, body := range map[string]object{
		presignCombine: with(combineBody(), "plan_id", "12535"),
		presignEdu:     with(eduBody(), "plan_id", 101164396123311331),
	} {
		e := s.refused(400, "PARAM_ERROR", "POST", path, body)
		if field, _ := e.Field(); field != "/plan_id" {
			t.Errorf("%s: the field at fault is %s", path, field)
		}
	}
}

// The offer to sign after paying may fail; the payment must not.
func TestScenario25PaymentWithoutItsPrompt(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		prepay := s.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string)
		inject(s, fault.Fault{Name: fault.Error, Endpoint: "POST /" + presignAfterPay})
		_, err := s.do("POST", presignAfterPay, afterPayBody(prepay))
		if e := wantError(t, err, 500, "SYSTEM_ERROR"); !e.Temporary() {
			t.Error("not worth another try")
		}
		receipt, err := s.Payer(openID).Pay(prepay)
		s.ok(err)
		if receipt.Prompt != nil || receipt.Order.State != ledger.OrderPaid {
			t.Errorf("got %+v", receipt)
		}
		s.handled("TRANSACTION.SUCCESS")
	})
}
