package sandbox_test

import (
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func isolatedPasswordExempt(i *isolated) {
	const byCode = presignExempt + "service-id/12535/out-contract-code/"
	for _, role := range []string{"normal", "service-provider", "qs", "ecommerce"} {
		w := i.world()
		place, order := directRoot+"jsapi", orderBody
		if role != "normal" {
			place, order = partnerRoot+"jsapi", partnerOrder
		}
		sign := presignExempt + role + "/pre-entrust-sign/"
		prepay := w.must("POST", place, order())["prepay_id"]
		w.must("POST", sign+"pay-redirect-sign", with(exemptBody(role), "prepay_id", prepay))
		later := with(exemptBody(role), "out_contract_code", "later")
		_, err := w.Payer(openID).Agree(w.must("POST", sign+"mini-program", later)["pre_entrustweb_id"].(string))
		w.ok(err)
		w.must("GET", byCode+"later", nil)
		w.must("POST", byCode+"later/terminate", object{"contract_termination_remark": "bye"})
	}
}

func isolatedCombinePapay(i *isolated) {
	w := i.world()
	mini := with(with(combineBody(), "out_contract_code", "mini"), "return_app", nil)
	w.must("POST", presignCombine+"/mini-program", mini)
	c := w.combineContract()
	const byCode = "v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/" + code
	w.must("GET", byCode, nil)
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
	w.must("GET", combineDebits+"/P1", nil)
	parts := []any{
		object{"mchid": "1900000109", "out_trade_no": "P1-1", "sub_mchid": "1230000109"},
		object{"mchid": "1900000109", "out_trade_no": "P1-2", "sub_mchid": "1230000109"},
	}
	w.must("POST", combineDebits+"/P1/reverse", object{"combine_appid": c.AppID, "sub_orders": parts})
	w.must("POST", byCode+"/terminate", object{"contract_termination_remark": "bye"})
}

func isolatedEduPapay(i *isolated) {
	w := i.world()
	c := w.eduContract()
	w.must("GET", "v3/edu-papay/contracts/id/"+c.ID+"?appid="+c.AppID, nil)
	list := "v3/edu-papay/user/" + eduOpenID + "/contracts?appid=" + c.AppID
	w.must("GET", list+"&plan_id="+c.PlanID+"&sub_openid="+c.SubOpenID, nil)
	path, notice := eduNotice(c)
	w.must("POST", path, notice)
	w.ok(w.Advance(aDay))
	w.must("POST", eduDebits, eduDebitBody(c, "term-1"))
	w.ok(w.Advance(time.Minute))
	paid := w.receivedOne("TRANSACTION.SUCCESS").Resource["transaction_id"].(string)
	sub := "?sub_mchid=" + c.SubMchID
	w.must("GET", eduDebits+"/out-trade-no/term-1"+sub, nil)
	w.must("GET", eduDebits+"/id/"+paid+sub, nil)
	w.must("DELETE", "v3/edu-papay/contracts/"+c.ID, nil)
}

func isolatedSchoolPay(i *isolated) {
	w := i.world()
	c := w.signSchool("20190806125346")
	w.must("GET", school+"contracts/"+c.ID, nil)
	users := school + "users/" + eduOpenID
	w.must("GET", users+"/contracts?contract_status=ALL&plan_id="+c.PlanID, nil)
	w.must("GET", users+"/debt-state", nil)
	debit := with(schoolDebit(c.ID, "lunch-1"), "payment_mode", "SYNC")
	paid := w.must("POST", debitSchool, debit)["transaction_id"].(string)
	const sub = "?sub_mchid=1900000109"
	w.must("GET", debitSchool+"/id/"+paid+sub, nil)
	w.must("GET", debitSchool+"/out-trade-no/lunch-1"+sub, nil)
	w.must("POST", school+"contracts/"+c.ID+"/terminate", nil)
}

func isolatedFace(i *isolated) {
	w := i.world()
	const pupil, organization = faceUsers + "out-user-id/pupil0001", sandbox.DefaultOrganizationID
	init := object{"out_user_id": "pupil0002", "organization_id": organization}
	w.must("POST", "v3/offlinefacemch/tokens", object{"scene": "WEBSESSION", "web_init_data": init})
	w.must("GET", "v3/offlinefacemch/organizations?organization_id="+organization, nil)
	c := w.signFace("pupil0001")
	w.must("GET", face+"contracts/"+c.ID+"?appid="+c.AppID, nil)
	userID := w.must("GET", pupil, nil)["user_id"].(string)
	w.must("PATCH", pupil, object{"user_name": "张三"})
	authCode, err := w.ShowFace(w.authInfo(), "pupil0001")
	w.ok(err)
	w.must("POST", debitFace, faceDebit(authCode, "lunch-1"))
	w.must("GET", faceByNo("lunch-1"), nil)
	w.must("POST", face+"repayment-url", object{"out_user_id": "pupil0001", "organization_id": organization})
	w.must("GET", face+"face-collections?organization_id="+organization, nil)
	if !i.again { // photos are taken of the first merchant's people only
		f, err := w.RetakeFace(organization, "pupil0001")
		w.ok(err)
		w.must("GET", face+"face-collections/"+f.ID, nil)
	}
	w.must("POST", faceUsers+"user-id/"+userID+"/terminate-contract", nil)
}

func isolatedCredit(i *isolated) {
	w := i.world()
	trade := object{"out_trade_no": "first", "deduct_amount": 3000, "notify_url": "https://yourapp.com/repaid"}
	page := with(with(creditBody(), "out_contract_code", "page1"), "trade_info", trade)
	w.must("POST", creditH5, with(page, "jump_info", object{"jump_appid": "wxd678efh567hg6787"}))
	w.must("POST", creditSign, with(with(creditBody(), "out_contract_code", "trade1"), "trade_info", trade))
	code := with(with(creditBody(), "sub_mchid", nil), "sub_merchant_code", "1000000109")
	w.must("POST", creditSign, with(code, "out_contract_code", "spelled1"))
	c := w.creditContract()
	w.must("GET", creditRoot+"/contracts/loan1", nil)
	w.must("POST", creditBook, creditBooking(c, "record1"))
	w.must("GET", creditRoot+"/schedule-records/record1?contract_id="+c.ID, nil)
	w.ok(w.Advance(2 * aDay))
	w.must("POST", creditOrders, creditOrder(c, "record1", "repay1", "10000"))
	w.must("GET", creditOrders+"/repay1", nil)
	end := object{"out_contract_code": "loan1", "contract_termination_remark": "x"}
	w.must("POST", creditRoot+"/contracts/terminate", end)
}

func isolatedInsurance(i *isolated) {
	w := i.world()
	for _, scene := range []string{"h5", "jsapi", "mini-program"} {
		body := with(payFirst(insuranceBody()), "out_contract_code", strings.ReplaceAll(scene, "-", ""))
		w.must("POST", insuranceSign+scene, with(body, "out_user_code", "A1"))
	}
	c := w.insured(with(payFirst(insuranceBody()), "out_user_code", "A1"))
	w.must("GET", insuranceCode, nil)
	w.must("GET", insuranceList, nil)
	w.must("POST", insuranceModify(c), amounts(4800, 4000, 4000))
	w.must("GET", insurancePeriod(c, "2"), nil)
	w.until("2020-10-11", 10, 0)
	w.must("POST", insurancePeriod(c, "2")+"/schedule", insuranceBooking(4000))
	w.until("2020-10-12", 10, 0)
	w.must("POST", insuranceApply, insuranceDebit(c, 2, "debit2", 4000))
	w.until("2020-11-13", 10, 0)
	next := periods(4, 4000, "2020-12-12", "2021-01-12")
	w.must("POST", insuranceRenew(c), object{"appid": c.AppID, "policy_periods": next})
	w.must("POST", insuranceCode+"/terminate", object{"contract_termination_remark": "x"})
}

func isolatedGlobal(i *isolated) {
	w := i.world()
	for _, scene := range []string{"miniprogram", "jsapi", "h5", "web"} {
		body := with(globalSubBody(scene), "plan_id", 123)
		if scene == "h5" || scene == "web" {
			delete(body, "openid")
		}
		w.must("POST", globalContracts+scene+"-pre-entrust-sign", body)
	}
	w.must("POST", globalContracts+"app-pre-entrust-sign", globalSubBody("app"))
	isolatedGlobalContract(w, "", openID, globalBody("direct"))
	isolatedGlobalContract(w, "1230000109", "of-sub", globalSubBody("institution"))
}

// isolatedGlobalContract signs, debits and ends a contract of a direct merchant or, with a
// sub-merchant, of an institution.
func isolatedGlobalContract(w *world, sub, who string, sign object) {
	w.t.Helper()
	presigned := w.must("POST", globalContracts+"app-pre-entrust-sign", sign)
	c, err := w.Payer(who).Agree(presigned["session_id"].(string))
	w.ok(err)
	query, end := "", object{"termination_note": "x"}
	if sub != "" {
		query, end = "?sub_mchid="+sub, with(end, "sub_mchid", sub)
	}
	debit := func(no string) object {
		body := globalDebitBody(c.ID, no+sub)
		if sub != "" {
			body = with(with(with(body, "appid", nil), "sp_appid", c.AppID), "sub_mchid", sub)
		}
		return body
	}
	w.must("GET", globalContracts+c.ID+query, nil)
	w.must("GET", globalContracts+c.ID+"?plan_id=123", nil)
	w.must("GET", globalContracts+"out-contract-code/"+c.Code+"?plan_id=123&sub_mchid="+sub, nil)
	paid := w.must("POST", globalPay, debit("paid"))["transaction_id"].(string)
	w.must("GET", globalPay+"/"+paid+query, nil)
	w.must("GET", globalPay+"/out-trade-no/paid"+sub+query, nil)
	w.ok(w.Payer(who).FailNext(ledger.BankError))
	w.refused(400, "BANKERROR", "POST", globalPay, debit("failed"))
	w.must("POST", globalPay+"/out-trade-no/failed"+sub+"/reverse", with(object{}, "sub_mchid", sub))
	w.must("POST", globalContracts+c.ID+"/terminate", end)
}
