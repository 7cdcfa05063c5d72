package sandbox_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/insurance"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	insuranceRoot = "v3/papay/insurance-sign"
	insuranceSign = insuranceRoot + "/contracts/pre-entrust-sign/"
	insuranceCode = insuranceRoot + "/contracts/plan-id/12535/out-contract-code/" + code
	insuranceList = insuranceRoot + "/policy_periods/plan-id/12535/out-contract-code/" + code
)

// periods are one after the other, numbered from the first.
func periods(first int, amount int, dates ...string) []object {
	var out []object
	for i, date := range dates {
		out = append(out, object{"policy_period_id": first + i, "estimated_deduct_date": date,
			"estimated_deduct_amount": object{"total": amount, "currency": "CNY"}})
	}
	return out
}

func insuranceBody() object {
	return object{
		"appid": "wxd678efh567hg6787", "openid": openID, "plan_id": 12535, "out_contract_code": code,
		"insured_display_name": "*明",
		"contract_notify_url":  "https://yourapp.com/signed", "policy_start_date": "2020-09-10",
		"policy_end_date": "2021-09-09",
		"policy_periods":  periods(1, 4800, "2020-09-12", "2020-10-12", "2020-11-12"),
		"can_auto_insure": true,
	}
}

// payFirst adds the first payment.
func payFirst(body object) object {
	body["out_trade_no"], body["description"] = "first1", "保险"
	body["transaction_notify_url"] = "https://yourapp.com/debited"
	body["amount"] = body["policy_periods"].([]object)[0]["estimated_deduct_amount"]
	return body
}

// insured is a contract signed at start.
func (w *world) insured(body object) *ledger.Contract {
	w.t.Helper()
	c, err := w.Payer(openID).Agree(w.must("POST", insuranceSign+"app", body)["pre_entrustweb_id"].(string))
	w.ok(err)
	w.received()
	return c
}

func TestInsuranceInEveryScene(t *testing.T) {
	t.Parallel()
	for _, scene := range []string{"app", "mini-program", "jsapi", "h5"} {
		t.Run(scene, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.hinted()
			payer := w.Payer(openID)
			body := insuranceBody()
			if scene == "h5" {
				body["jump_control"] = object{"jump_appid": "wxd678efh567hg6787"}
			}
			presigned := w.must("POST", insuranceSign+scene, body)
			token, _ := presigned["pre_entrustweb_id"].(string)
			if address, ok := presigned["redirect_url"].(string); ok {
				page, err := payer.OpenURL(address)
				w.ok(err)
				token = page.Token
			}
			if scene == "mini-program" && (presigned["redirect_appid"] != "wxbd687630cd02ce1d" ||
				presigned["redirect_path"] != "pages/PwdExemptContract/index") {
				t.Errorf("presign: got %v", presigned)
			}
			page, err := payer.Open(token)
			w.ok(err)
			if page.Account != "*明" || !page.ExpiresAt.Equal(start.Add(10*time.Minute)) {
				t.Errorf("the page shows %+v", page)
			}
			w.refused(404, "RESOURCE_NOT_EXISTS", "GET", insuranceCode, nil)
			w.ok(payer.Decline(token))
			if got := w.received(); len(got) != 0 {
				t.Errorf("declining notified: %v", got)
			}
			c, err := payer.Agree(token)
			w.ok(err)
			n := w.receivedOne("INSURANCE_ENTRUST.SIGN")
			if e := into[event.InsuranceEntrustSign](w, n); n.Path != "/signed" || e.ContractID != c.ID ||
				e.PlanID != 12535 || e.InsuredDisplayName != "*明" ||
				e.ContractState != "SIGNED" || e.OpenID != openID ||
				e.ContractExpiredTime != "2020-12-13T00:00:00+08:00" {
				t.Errorf("SIGN came to %s with %+v", n.Path, e)
			}
			if q := w.must("GET", insuranceCode, nil); q["contract_id"] != c.ID || q["contract_state"] != "SIGNED" ||
				q["revoke_terminate_contract_redirect_url"] != nil {
				t.Errorf("query: got %v", q)
			}
			w.refused(400, "INVALID_REQUEST", "POST", insuranceSign+scene, body) // burnt
		})
	}
}

func TestInsuranceExpiresUnsigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	token := w.must("POST", insuranceSign+"app", insuranceBody())["pre_entrustweb_id"].(string)
	w.refused(400, "INVALID_REQUEST", "POST", insuranceSign+"app", with(insuranceBody(), "attach", "x"))
	w.ok(w.Advance(10 * time.Minute))
	_, err := w.Payer(openID).Agree(token)
	w.page(err, ledger.PageExpired)
	w.must("POST", insuranceSign+"app", with(insuranceBody(), "attach", "x")) // nobody tried: the code is good
}

func TestInsurancePaysWhileSigning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	payer := w.Payer(openID)
	presign := func(code string) string {
		return w.must("POST", insuranceSign+
			"app", payFirst(with(insuranceBody(), "out_contract_code", code)))["pre_entrustweb_id"].(string)
	}
	w.ok(payer.RunOut())
	_, err := payer.Agree(presign("poor"))
	w.page(err, ledger.PageBlocked)
	if got := w.received(); len(got) != 0 {
		t.Errorf("a failed payment notified: %v", got)
	}
	poor := strings.Replace(insuranceCode, code, "poor", 1)
	if q := w.must("GET", poor, nil); q["contract_state"] != "SIGN_FAILED" || q["insured_display_name"] != nil ||
		q["contract_signed_time"] != nil {
		t.Errorf("a failed signing: got %v", q)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", strings.Replace(insuranceList, code, "poor", 1), nil)
	w.refused(400, "INVALID_REQUEST", "POST", poor+"/terminate", object{"contract_termination_remark": "x"})

	w.ok(payer.Fund(4800))
	c, err := payer.Agree(presign(code))
	w.ok(err)
	got := w.received()
	if len(got) != 2 || got[0].Event != "TRANSACTION.SUCCESS" || got[0].Path != "/debited" ||
		got[0].Resource["out_trade_no"] != "first1" || got[1].Event != "INSURANCE_ENTRUST.SIGN" {
		t.Fatalf("got %v", got)
	}
	list := w.must("GET", insuranceList, nil)["data"].([]any)
	if first := list[0].(object); first["policy_period_state"] != "PAID" || first["deduct_date"] != "2020-09-10" ||
		first["deduct_amount"].(object)["total"] != 4800.0 {
		t.Errorf("the first period: got %v", first)
	}
	// the number is used up
	w.refused(400, "INVALID_REQUEST", "POST", insuranceSign+
		"app", payFirst(with(insuranceBody(), "out_contract_code", "again")))
	order := w.must("GET", "v3/pay/transactions/out-trade-no/first1?mchid=1900000109", nil)
	if order["trade_state"] != "SUCCESS" {
		t.Errorf("order query of %s: got %v", c.ID, order)
	}
}

func TestInsuranceNamesItsPayer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	payer := w.Payer(openID)
	presign := func(code string) string {
		reply, err := insurance.Of(w.client).InsuranceSign.Contracts.PreEntrustSign.App.Post(context.Background(),
			&insurance.AppRequest{
				AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: code, InsuredDisplayName: "*三",
				ContractNotifyURL: "https://yourapp.com/signed",
				PolicyStartDate:   "2020-09-12", PolicyEndDate: "2021-09-11",
				PolicyPeriods: []insurance.PolicyPeriod{{PolicyPeriodID: 1, EstimatedDeductDate: "2020-09-12",
					EstimatedDeductAmount: insurance.Amount{Total: 100}}},
				RealIdentity: &insurance.RealIdentity{IdentityType: "ID_CARD", IDCardNumber: "440101199001011234",
					RealName: "张三"},
			})
		w.ok(err)
		return reply.PreEntrustWebID
	}
	w.ok(payer.Identify("李四", "440101199001011235"))
	_, err := payer.Agree(presign("other"))
	w.page(err, ledger.PageIdentity)
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", strings.Replace(insuranceCode, code, "other", 1), nil)
	w.ok(payer.Identify("张三", "440101199001011234"))
	_, err = payer.Agree(presign("same"))
	w.ok(err)
	w.receivedOne("INSURANCE_ENTRUST.SIGN")
}

func TestInsuranceRefusesAtPresign(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "12540", Product: ledger.Insurance,
		Limits: ledger.Limits{PeriodDays: 365}}))
	defer w.hinted()
	set := func(name string, value any) func(object) { return func(b object) { with(b, name, value) } }
	list := func(p ...object) func(object) { return set("policy_periods", p) }
	one := func(id int, date string, amount int) object { return periods(id, amount, date)[0] }
	covered := func(p object, amount string) object {
		return with(p, "policy_coverage_detail", object{"policy_amount": amount})
	}
	paying := func(then ...func(object)) func(object) {
		return func(b object) {
			payFirst(b)
			for _, f := range then {
				f(b)
			}
		}
	}
	together := func(n int, amount int, second string) func(object) {
		return func(b object) {
			b["policy_periods"] = []object{one(1, "2020-09-10", amount), one(2, second, 100)}
			payFirst(b)
			b["combined_deduct_period_count"] = n
		}
	}
	for i, c := range []struct {
		name, code string // no code is a success
		change     func(object)
	}{
		{"nobody named inside WeChat", "PARAM_ERROR", set("openid", nil)},
		{"a name in clear", "PARAM_ERROR", set("insured_display_name", "李明")},
		{"a family", "", set("insured_display_name", "多人保单-**明等")},
		{"a family in clear", "PARAM_ERROR", set("insured_display_name", "多人保单-李明明等")},
		{"insure and reinsure", "INVALID_REQUEST", set("can_auto_reinsure", true)},
		{"a policy that ends before it begins", "PARAM_ERROR", set("policy_end_date", "2020-09-09")},
		{"another's appid", "PARAM_ERROR", set("appid", "wx0")},
		{"an unknown plan", "PARAM_ERROR", set("plan_id", 12599)},
		{"one period", "", list(one(1, "2020-09-11", 100))},
		{"one that is free", "PARAM_ERROR", list(one(1, "2020-09-11", 0))},
		{"in the past", "INVALID_REQUEST", list(one(1, "2020-09-09", 100))},
		{"today", "INVALID_REQUEST", list(one(1, "2020-09-10", 100))},
		{"after the policy's end", "PARAM_ERROR", list(one(1, "2021-09-10", 100))},
		{"number 841", "PARAM_ERROR", list(one(841, "2020-09-11", 100))},
		{"numbers that stay", "PARAM_ERROR", list(one(1, "2020-09-11", 100), one(1, "2020-10-10", 100))},
		{"dates that fall", "PARAM_ERROR", list(one(1, "2020-10-10", 100), one(2, "2020-09-11", 100))},
		{"two months between", "PARAM_ERROR", list(one(1, "2020-09-11", 100), one(2, "2020-11-10", 100))},
		{"a year between, of a template by year", "", func(b object) {
			b["plan_id"], b["policy_periods"] = 12540, []object{one(1, "2020-09-11", 100), one(2, "2021-09-10", 100)}
			b["policy_end_date"] = "2021-09-10"
		}},
		{"amounts that change", "PARAM_ERROR", list(one(1, "2020-09-11", 100), one(2, "2020-10-10", 100),
			one(3, "2020-11-10", 101))},
		{"the first cheaper", "", list(one(1, "2020-09-11", 50), one(2, "2020-10-10", 100), one(3, "2020-11-10", 100))},
		{"the first free", "", list(one(1, "2020-09-11", 0), one(2, "2020-10-10", 100), one(3, "2020-11-10", 100))},
		{"the second free", "PARAM_ERROR", list(one(1, "2020-09-11", 100), one(2, "2020-10-10", 0))},
		{"the first dearer", "PARAM_ERROR", list(one(1, "2020-09-11", 200), one(2, "2020-10-10", 100))},
		{"coverage of all", "", list(covered(one(1, "2020-09-11", 100), "1"), covered(one(2, "2020-10-10", 100), "2"),
			covered(one(3, "2020-11-10", 100), "2"))},
		{"coverage of one", "PARAM_ERROR", list(covered(one(1, "2020-09-11", 100), "1"), one(2, "2020-10-10", 100))},
		{"coverage that changes", "PARAM_ERROR", list(covered(one(1, "2020-09-11", 100), "1"),
			covered(one(2, "2020-10-10", 100), "2"), covered(one(3, "2020-11-10", 100), "3"))},
		{"paying", "", paying()},
		{"paying one of one", "PARAM_ERROR", paying(list(one(1, "2020-09-10", 4800)))},
		{"paying another amount", "PARAM_ERROR", paying(set("amount", object{"total": 4799}))},
		{"paying without an amount", "PARAM_ERROR", paying(set("amount", nil))},
		{"paying without a description", "PARAM_ERROR", paying(set("description", nil))},
		{"paying without an address", "PARAM_ERROR", paying(set("transaction_notify_url", nil))},
		{"paying nothing", "PARAM_ERROR", func(b object) {
			b["policy_periods"] = []object{one(1, "2020-09-10", 0), one(2, "2020-10-10", 100)}
			payFirst(b)
		}},
		{"paying two at once", "", together(2, 200, "2020-11-09")},
		{"paying two at once, the next too soon", "PARAM_ERROR", together(2, 200, "2020-10-10")},
		{"paying three for two", "PARAM_ERROR", together(3, 200, "2020-12-09")},
		{"two at once without paying", "PARAM_ERROR", func(b object) {
			b["policy_periods"], b["combined_deduct_period_count"] = []object{one(1, "2020-09-11", 200),
				one(2, "2020-11-09", 100)}, 2
		}},
	} {
		body := with(insuranceBody(), "out_contract_code", "C"+strconv.Itoa(i))
		c.change(body)
		if c.code == "" {
			w.must("POST", insuranceSign+"jsapi", body)
		} else if e := w.refused(400, c.code, "POST", insuranceSign+"jsapi", body); strings.Contains(e.Error(), "李明") {
			t.Errorf("%s: the error names the insured", c.name)
		}
	}
}

func TestInsuranceWithoutPeriods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	token := w.must("POST", insuranceSign+"app", insuranceBody())["pre_entrustweb_id"].(string)
	c, err := w.Payer(openID).SignElsewhere(ledger.Insurance, "12535")
	w.ok(err)
	w.receivedOne("INSURANCE_ENTRUST.SIGN")
	_, err = w.Payer(openID).Agree(token)
	w.page(err, ledger.PageSigned)
	w.refused(400, "INVALID_REQUEST", "POST", insuranceSign+"app", with(insuranceBody(), "out_contract_code", "B"))
	w.must("POST", insuranceSign+"app", with(with(insuranceBody(), "out_contract_code", "B"), "out_user_code",
		"second account"))
	byCode := strings.Replace(insuranceList, code, c.Code, 1)
	if list := w.must("GET", byCode, nil); len(list["data"].([]any)) != 0 || list["total_count"] != 0.0 {
		t.Errorf("list: got %v", list)
	}
	w.must("GET", strings.Replace(insuranceCode, code, c.Code, 1), nil)
}

// The catalogue's own example bodies sign with the default merchant's plans.
func TestSamplesOfRepaymentsAndInsuranceWork(t *testing.T) {
	t.Parallel()
	for _, path := range []string{creditSign, creditH5, insuranceSign + "app", insuranceSign + "mini-program",
		insuranceSign + "jsapi", insuranceSign + "h5"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			op, _, _ := described(t).Match("POST", "/"+path)
			var body object
			w.ok(json.Unmarshal(op.Sample(), &body))
			w.must("POST", path, body)
			sessions, err := w.Sessions()
			w.ok(err)
			payer := sessions[0].OpenID
			if payer == "" {
				payer = openID
			}
			c, err := w.Payer(payer).Agree(sessions[0].Token)
			w.ok(err)
			if got := w.received(); len(got) == 0 {
				t.Errorf("contract %s: nobody was notified", c.ID)
			}
		})
	}
}
