package sandbox_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/creditrepayment"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	creditRoot   = "v3/credit-repayment/partner"
	creditSign   = creditRoot + "/contracts/app-presign"
	creditH5     = creditRoot + "/contracts/h5-presign"
	creditBook   = creditRoot + "/schedule-records/batch-create"
	creditOrders = creditRoot + "/deduct-orders"
)

func creditBody() object {
	return object{
		"appid": "wxd678efh567hg6787", "plan_id": "123", "out_contract_code": "loan1", "display_name": "*明",
		"contract_notify_url": "https://yourapp.com/signed", "repayment_day": 8, "repayment_amount_limit": "10000",
		"sub_mchid": "1000000109",
	}
}

func creditBooking(c *ledger.Contract, record string, change ...func(item object)) object {
	item := object{
		"out_record_id": record, "sub_mchid": "1900000109", "sub_appid": "wxd678efh567hg6787",
		"repayment_amount": "10000", "min_repayment_amount": "2000", "repayment_date": "2020-09-12",
	}
	for _, f := range change {
		f(item)
	}
	return object{"contract_id": c.ID, "appid": c.AppID, "openid": c.OpenID, "schedule_items": []object{item}}
}

func creditOrder(c *ledger.Contract, record, no, amount string) object {
	return object{
		"contract_id": c.ID, "out_record_id": record, "out_trade_no": no, "deduct_amount": amount,
		"notify_url": "https://yourapp.com/repaid", "description": "信贷还款", "attach": "备注",
	}
}

// creditContract is a contract signed at start.
func (w *world) creditContract() *ledger.Contract {
	w.t.Helper()
	c, err := w.Payer(openID).Agree(w.must("POST", creditSign, creditBody())["presign_token"].(string))
	w.ok(err)
	w.receivedOne("CREDIT_REPAYMENT.SIGN_CONTRACT")
	return c
}

// into decodes what a notification carries into the type merchants get.
func into[E any](w *world, n notification) *E {
	w.t.Helper()
	raw, err := json.Marshal(n.Resource)
	w.ok(err)
	e := new(E)
	w.ok(json.Unmarshal(raw, e))
	return e
}

func TestCreditFromPresignToTermination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	const byCode = creditRoot + "/contracts/loan1"
	presigned := w.must("POST", creditSign, creditBody())
	token := presigned["presign_token"].(string)
	if again := w.must("POST", creditSign, creditBody()); again["presign_token"] != token ||
		again["redirect_service"] == nil {
		t.Errorf("the same call again: got %v", again)
	}
	w.refused(400, "INVALID_REQUEST", "POST", creditSign, with(creditBody(), "repayment_day", 9))
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", byCode, nil)
	payer := w.Payer(openID)
	w.ok(payer.Decline(token))
	if got := w.received(); len(got) != 0 {
		t.Errorf("declining notified: %v", got)
	}
	contract, err := payer.Agree(token)
	w.ok(err)
	n := w.receivedOne("CREDIT_REPAYMENT.SIGN_CONTRACT")
	if e := into[event.CreditRepaymentSignContract](w, n); n.Path != "/signed" || e.ContractID != contract.ID ||
		e.PlanID != "123" || e.SPMchID != "1900000109" ||
		e.ContractState != "CONTRACT_STATE_EFFECTIVE" || e.RepaymentAmountLimit != "10000" || e.RepaymentDay != 8 ||
		e.DisplayName != "*明" || e.OpenID != openID {
		t.Errorf("SIGN_CONTRACT came to %s with %+v", n.Path, e)
	}
	if len(contract.ID) != 23 || !strings.HasPrefix(contract.ID, "20200910") {
		t.Errorf("contract_id: got %s", contract.ID)
	}
	if q := w.must("GET", byCode, nil); q["repayment_amount_limit"] != 10000.0 ||
		q["contract_terminated_mode"] != nil || q["contract_signed_time"] != "2020-09-10T10:00:00+08:00" {
		t.Errorf("query: got %v", q)
	}

	terminate := object{"out_contract_code": "loan1", "contract_termination_remark": "签约信息有误"}
	info := w.must("POST", creditRoot+"/contracts/terminate", terminate)["contract_info"].(object)
	if info["contract_state"] != "CONTRACT_STATE_TERMINATED" ||
		info["contract_terminated_mode"] != "TERMINATION_MODE_BY_MERCHANT" ||
		info["contract_termination_remark"] != "签约信息有误" {
		t.Errorf("terminate: got %v", info)
	}
	n = w.receivedOne("CREDIT_REPAYMENT.TERMINATE_CONTRACT")
	if e := into[event.CreditRepaymentTerminateContract](w, n); n.Path != "/notify" ||
		e.ContractTerminatedMode != "TERMINATION_MODE_BY_MERCHANT" || e.RepaymentAmountLimit != "10000" {
		t.Errorf("TERMINATE_CONTRACT came to %s with %+v", n.Path, e)
	}
	w.refused(400, "INVALID_REQUEST", "POST", creditRoot+"/contracts/terminate", terminate)
	w.refused(400, "INVALID_REQUEST", "POST", creditRoot+"/contracts/terminate",
		with(terminate, "out_contract_code", "none"))
	w.refused(400, "INVALID_REQUEST", "POST", creditSign, creditBody()) // burnt
	w.refused(400, "INVALID_REQUEST", "POST", creditBook, creditBooking(contract, "r1"))
}

func TestCreditInAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	address := w.must("POST", creditH5, with(creditBody(), "jump_info",
		object{"jump_appid": "wxd678efh567hg6787"}))["redirect_url"].(string)
	page, err := w.Payer(openID).OpenURL(address)
	w.ok(err)
	if page.Account != "*明" || !page.ExpiresAt.Equal(start.Add(10*time.Minute)) {
		t.Errorf("the page shows %+v", page)
	}
	w.ok(w.Advance(10 * time.Minute))
	_, err = w.Payer(openID).Agree(page.Token)
	w.page(err, ledger.PageExpired)
	w.must("POST", creditSign, creditBody()) // nothing was tried: the code is still good
}

func TestCreditEndsInEveryMode(t *testing.T) {
	t.Parallel()
	for mode, word := range map[ledger.Termination]string{
		ledger.ByUser: "TERMINATION_MODE_BY_USER", ledger.ByConsole: "TERMINATION_MODE_BY_MERCHANT",
		ledger.ByCustomerService: "TERMINATION_MODE_BY_CUSTOMER_SERVICE",
	} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.hinted()
			c := w.creditContract()
			if mode == ledger.ByUser {
				w.ok(w.Payer(openID).Terminate(c.ID))
			} else {
				w.ok(w.Terminate(c.ID, mode, "x"))
			}
			if n := w.receivedOne(
				"CREDIT_REPAYMENT.TERMINATE_CONTRACT"); n.Resource["contract_terminated_mode"] != word {
				t.Errorf("TERMINATE_CONTRACT carries %v", n.Resource)
			}
			if q := w.must("GET", creditRoot+"/contracts/loan1", nil); q["contract_terminated_mode"] != word {
				t.Errorf("query: got %v", q)
			}
		})
	}
}

// The typed chain encrypts who the payer is; the sandbox decrypts it and holds
// it against who signs. That it refuses clear text is sensitive_test.go's.
func TestCreditNamesItsPayer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	presign := func(code string) string {
		reply, err := creditrepayment.Of(w.client).Partner.Contracts.AppPresign.Post(context.Background(),
			&creditrepayment.AppPresignRequest{
				AppID: sandbox.DefaultAppID, PlanID: sandbox.DefaultCreditPlanID, OutContractCode: code,
				DisplayName:       "*三",
				ContractNotifyURL: "https://yourapp.com/signed", RepaymentAmountLimit: "10000",
				RealIdentity: &creditrepayment.RealIdentity{IdentityType: "REAL_IDENTITY_TYPE_ID_CARD",
					IdentityID: "440101199001011234", RealName: "张三"},
			})
		w.ok(err)
		return reply.PresignToken
	}
	payer := w.Payer(openID)
	w.ok(payer.Identify("李四", "440101199001011235"))
	_, err := payer.Agree(presign("other"))
	w.page(err, ledger.PageIdentity)
	if got := w.received(); len(got) != 0 {
		t.Errorf("a wrong identity notified: %v", got)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", creditRoot+"/contracts/other", nil)
	// burnt all the same
	w.refused(400, "INVALID_REQUEST", "POST", creditSign, with(creditBody(), "out_contract_code", "other"))

	w.ok(payer.Identify("张三", "440101199001011234"))
	_, err = payer.Agree(presign("same"))
	w.ok(err)
	w.receivedOne("CREDIT_REPAYMENT.SIGN_CONTRACT")

}

func TestCreditRefusesAtPresign(t *testing.T) {
	t.Parallel()
	w := newWorld(t,
		sandbox.WithPlan(ledger.Plan{ID: "124", Product: ledger.Credit, Limits: ledger.Limits{PerDebit: 5000}}),
		sandbox.WithPlan(ledger.Plan{ID: "127", Product: ledger.Credit, Test: true}),
		sandbox.WithPlan(ledger.Plan{ID: "125", Product: ledger.Credit, Disabled: true}))
	defer w.hinted()
	for _, c := range []struct {
		name, code string
		status     int
		change     func(object)
	}{
		{"a name in clear", "PARAM_ERROR", 400, func(b object) { b["display_name"] = "李明" }},
		{"a name with too many asterisks", "PARAM_ERROR", 400, func(b object) { b["display_name"] = "****明" }},
		{"a name of asterisks", "PARAM_ERROR", 400, func(b object) { b["display_name"] = "***" }},
		{"no limit", "PARAM_ERROR", 400, func(b object) { b["repayment_amount_limit"] = "0" }},
		{"a limit as a number", "PARAM_ERROR", 400, func(b object) { b["repayment_amount_limit"] = 10000 }},
		{"a limit over the template's", "INVALID_REQUEST", 400, func(b object) { b["plan_id"] = "124" }},
		{"a limit over a test template's", "INVALID_REQUEST", 400, func(b object) { b["plan_id"] = "127" }},
		{"a disabled template", "NO_AUTH", 403, func(b object) { b["plan_id"] = "125" }},
		{"an unknown template", "PARAM_ERROR", 400, func(b object) { b["plan_id"] = "126" }},
		{"another's appid", "PARAM_ERROR", 400, func(b object) { b["appid"] = "wx0" }},
		{"another's sub-merchant", "NO_AUTH", 403, func(b object) { b["sub_mchid"] = "999" }},
		{"the same, spelled as on the page", "NO_AUTH", 403,
			func(b object) { delete(b, "sub_mchid"); b["sub_merchant_code"] = "999" }},
		{"a payment to nobody", "PARAM_ERROR", 400, func(b object) {
			delete(b, "sub_mchid")
			b["trade_info"] = object{"out_trade_no": "t", "deduct_amount": 1}
		}},
		{"a payment over the limit", "INVALID_REQUEST", 400,
			func(b object) { b["trade_info"] = object{"out_trade_no": "t", "deduct_amount": 10001} }},
	} {
		body := creditBody()
		c.change(body)
		if e := w.refused(c.status, c.code, "POST", creditSign, body); strings.Contains(e.Error(), "李明") {
			t.Errorf("%s: the error names the payer", c.name)
		}
	}
}

func TestCreditSignsElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	token := w.must("POST", creditSign, creditBody())["presign_token"].(string)
	c, err := w.Payer(openID).SignElsewhere(ledger.Credit, "123")
	w.ok(err)
	w.receivedOne("CREDIT_REPAYMENT.SIGN_CONTRACT")
	_, err = w.Payer(openID).Agree(token)
	w.page(err, ledger.PageSigned)
	if q := w.must("GET", creditRoot+"/contracts/"+c.Code, nil); q["contract_id"] != c.ID {
		t.Errorf("query: got %v", q)
	}
}
