package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const presignExempt = "v3/password-exempt-contract/contracts/"

// exemptBody is a mini-program presign as the role writes it.
func exemptBody(role string) object {
	body := object{
		"service_id": 12535, "out_contract_code": code, "notify_url": "https://yourapp.com/notify",
		"contract_display_account": "微信代扣用户A",
	}
	switch role {
	case "service-provider":
		return with(with(with(with(body, "sp_appid", "wxd678efh567hg6787"), "sub_mchid", "1230000109"), "sub_appid",
			"wxd678efh567hg6999"), "sp_openid", openID)
	case "qs":
		return with(with(with(with(body, "appid", "wxd678efh567hg6787"), "sub_mchid", "1230000109"), "sub_appid",
			"wxd678efh567hg6999"), "openid", openID)
	}
	return with(with(body, "appid", "wxd678efh567hg6787"), "openid", openID)
}

// Each role lives through both scenes: decline, sign, query, end.
func TestPasswordExemptOfEveryRole(t *testing.T) {
	t.Parallel()
	const byCode = presignExempt + "service-id/12535/out-contract-code/"
	for _, role := range []string{"normal", "service-provider", "qs", "ecommerce"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			payer := w.Payer(openID)
			partner := role == "service-provider" || role == "qs"
			place, order := directRoot+"jsapi", orderBody
			if role != "normal" {
				place, order = partnerRoot+"jsapi", partnerOrder
			}
			sign := presignExempt + role + "/pre-entrust-sign/"

			// On the page after a payment: they decline.
			prepay := w.must("POST", place, order())["prepay_id"].(string)
			got := w.must("POST", sign+"pay-redirect-sign", with(exemptBody(role), "prepay_id", prepay))
			if got["pre_entrustweb_id"] != nil || (got["sub_mchid"] == "1230000109") != (role == "service-provider") {
				t.Errorf("presign: got %v", got)
			}
			receipt, err := payer.Pay(prepay)
			w.ok(err)
			if receipt.Prompt == nil {
				t.Fatal("no offer to sign after the payment")
			}
			w.receivedOne("TRANSACTION.SUCCESS")
			w.ok(payer.DeclineAfterPay(prepay))
			w.refused(404, "RESOURCE_NOT_EXISTS", "GET", byCode+code, nil)

			// Later, from the mini program: they sign.
			later := with(exemptBody(role), "out_contract_code", "later")
			got = w.must("POST", sign+"mini-program", later)
			if got["sign_mp_appid"] != "wxbd687630cd02ce1d" || got["sign_mp_path"] != "pages/PwdExemptContract/index" {
				t.Errorf("presign: got %v", got)
			}
			contract, err := payer.Agree(got["pre_entrustweb_id"].(string))
			w.ok(err)
			signed := w.receivedOne("ENTRUST.SIGN")
			if signed.Path != "/notify" || signed.Resource["contract_id"] != contract.ID ||
				signed.Resource["openid"] != openID || (signed.Resource["sub_appid"] != nil) != partner {
				t.Errorf("ENTRUST.SIGN: got %+v", signed)
			}
			_, err = payer.AgreeAfterPay(prepay)
			w.page(err, ledger.PageSigned)
			w.refused(400, "INVALID_REQUEST", "POST", sign+"mini-program",
				with(exemptBody(role), "out_contract_code", "again"))
			if q := w.must("GET", byCode+"later", nil); q["contract_state"] != "SIGNED" ||
				q["contract_terminate_info"] != nil {
				t.Errorf("query: got %v", q)
			}

			w.must("POST", byCode+"later/terminate", object{"contract_termination_remark": "bye"})
			ended := w.receivedOne("ENTRUST.TERMINATE").Resource["contract_terminate_info"].(object)
			if ended["contract_termination_mode"] != "MCH_API_TERMINATE" {
				t.Errorf("ENTRUST.TERMINATE carries %v", ended)
			}
			w.refused(400, "INVALID_REQUEST", "POST", byCode+"later/terminate",
				object{"contract_termination_remark": "bye"})
			w.refused(400, "INVALID_REQUEST", "POST", sign+"mini-program", later) // burnt
		})
	}
}

func TestPasswordExemptEndsInEveryWay(t *testing.T) {
	t.Parallel()
	for _, by := range []ledger.Termination{ledger.ByUser, ledger.ByMerchant, ledger.ByConsole,
		ledger.ByCustomerService, ledger.BySystem} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := w.must("POST", presignExempt+"normal/pre-entrust-sign/mini-program",
				exemptBody("normal"))["pre_entrustweb_id"].(string)
			contract, err := w.Payer(openID).Agree(token)
			w.ok(err)
			w.receivedOne("ENTRUST.SIGN")
			w.ok(w.Terminate(contract.ID, by, "bye"))
			if info := w.receivedOne("ENTRUST.TERMINATE").
				Resource["contract_terminate_info"].(object); info["contract_termination_mode"] != string(by) {
				t.Errorf("got %v", info)
			}
		})
	}
}

func TestPasswordExemptPresignRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "77", Product: ledger.PasswordExempt, Disabled: true}),
		sandbox.WithMerchant(ledger.Merchant{MchID: "1700000000", AppIDs: []string{"wx7"},
			Plans: []ledger.Plan{{ID: "78", Product: ledger.PasswordExempt}}}))
	const mini, after = "/pre-entrust-sign/mini-program", "/pre-entrust-sign/pay-redirect-sign"
	sp := presignExempt + "service-provider"
	w.refused(403, "NO_AUTH", "POST", presignExempt+"normal"+mini, with(exemptBody("normal"), "service_id", 77))
	w.refused(400, "PARAM_ERROR", "POST", presignExempt+"normal"+mini, with(exemptBody("normal"), "service_id", 78))
	w.refused(400, "PARAM_ERROR", "POST", presignExempt+"normal"+mini, with(exemptBody("normal"), "service_id", 79))
	w.refused(400, "PARAM_ERROR", "POST", presignExempt+"normal"+mini, with(exemptBody("normal"), "appid", "wx7"))
	w.refused(400, "PARAM_ERROR", "POST", sp+mini, with(exemptBody("service-provider"), "sp_openid", nil))
	w.refused(403, "NO_AUTH", "POST", sp+mini, with(exemptBody("service-provider"), "sub_mchid", "1888888888"))

	prepay := w.must("POST", partnerRoot+"jsapi", partnerOrder())["prepay_id"].(string)
	body := func() object { return with(exemptBody("service-provider"), "prepay_id", prepay) }
	w.refused(400, "INVALID_REQUEST", "POST", sp+after,
		with(with(body(), "sub_mchid", "1900000109"), "sub_appid", "wxd678efh567hg6787"))
	w.refused(400, "INVALID_REQUEST", "POST", sp+after, with(body(), "sp_openid", "somebody-else"))
	w.refused(400, "INVALID_REQUEST", "POST", sp+after, with(body(), "prepay_id", "none"))
	w.must("POST", sp+after, body())
	w.must("POST", sp+after, body())
	changed := w.refused(400, "INVALID_REQUEST", "POST", sp+after, with(body(), "contract_display_account", "B"))
	if changed.RequestID == "" {
		t.Error("a refusal without a request id")
	}

	// An agreement that a rule blocks burns the code and is silent.
	token := w.must("POST", presignExempt+"qs"+mini,
		with(exemptBody("qs"), "out_contract_code", "blocked"))["pre_entrustweb_id"].(string)
	w.ok(w.Payer(openID).BlockNextSigning())
	_, err := w.Payer(openID).Agree(token)
	w.page(err, ledger.PageBlocked)
	w.refused(400, "INVALID_REQUEST", "POST", presignExempt+"qs"+mini,
		with(exemptBody("qs"), "out_contract_code", "blocked"))
	old := w.must("POST", presignExempt+"qs"+mini,
		with(exemptBody("qs"), "out_contract_code", "old"))["pre_entrustweb_id"].(string)
	w.ok(w.Advance(2 * time.Hour))
	_, err = w.Payer(openID).Agree(old)
	w.page(err, ledger.PageExpired)
	if got := w.received(); len(got) != 0 {
		t.Errorf("got notifications %v", got)
	}
}

// Payments without a password are attempts under the plan like debits: beyond what it allows WeChat
// asks for it.
func TestExemptUnderItsPlan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan    ledger.Plan
		amounts []int64 // all but the last need no password
	}{
		"attempts of a day": {ledger.Plan{Limits: ledger.Limits{AttemptsPerDay: 1}}, []int64{100, 100}},
		"a lower limit":     {ledger.Plan{Limits: ledger.Limits{PerDebit: 50}}, []int64{50, 51}},
		"a test plan":       {ledger.Plan{Test: true}, []int64{10, 11}},
		"an equal amount":   {ledger.Plan{Amount: 50}, []int64{100, 50, 51}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.plan.ID, c.plan.Product = sandbox.DefaultPlanID, ledger.PasswordExempt
			c.plan.NotifyURL = sandbox.DefaultNotifyURL
			w.ok(w.AddPlan(sandbox.DefaultMchID, c.plan))
			token := w.must("POST", presignExempt+"normal/pre-entrust-sign/mini-program",
				exemptBody("normal"))["pre_entrustweb_id"]
			contract, err := w.Payer(openID).Agree(token.(string))
			w.ok(err)
			for i, fen := range c.amounts {
				body := with(with(orderBody(), "out_trade_no", fmt.Sprint("no0000000", i)),
					"contract_info", object{"password_free_contract_id": contract.ID})
				body["amount"] = object{"total": fen, "currency": "CNY"}
				placed := w.must("POST", directRoot+"jsapi-with-contract", body)
				receipt, err := w.Payer(openID).Pay(placed["prepay_id"].(string))
				w.ok(err)
				if last := i == len(c.amounts)-1; receipt.PasswordFree == last {
					t.Errorf("%d of %v: without a password %v", i, c.amounts, receipt.PasswordFree)
				}
			}
		})
	}
}
