package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestCombinePapayFromPresignToTermination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const byCode = "v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/" + code

	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", byCode, nil)
	presigned := w.must("POST", presignCombine, with(combineBody(), "attach", "x"))
	token := presigned["pre_entrustweb_id"].(string)
	if len(token) != 29 || presigned["mchid"] != "1900000109" || presigned["plan_id"] != 12535.0 ||
		presigned["out_contract_code"] != code {
		t.Errorf("presign: got %v", presigned)
	}
	if again := w.must("POST", presignCombine, with(combineBody(), "attach",
		"x")); again["pre_entrustweb_id"] != token {
		t.Errorf("the same call again: got another session %v", again)
	}
	w.refused(400, "INVALID_REQUEST", "POST", presignCombine, with(combineBody(), "attach", "y"))
	if state := w.must("GET", byCode, nil)["contract_state"]; state != "NOT_SIGNED" {
		t.Errorf("before agreeing: got %v, want NOT_SIGNED", state)
	}
	w.refused(400, "INVALID_REQUEST", "POST", byCode+"/terminate", object{"contract_termination_remark": "x"})

	payer := w.Payer(openID)
	page, err := payer.Open(token)
	w.ok(err)
	if page.Account != "微信代扣用户A" || page.Merchant == "" || !page.ExpiresAt.Equal(start.Add(2*time.Hour)) {
		t.Errorf("the page shows %+v", page)
	}
	w.ok(payer.Decline(token))
	if got := w.received(); len(got) != 0 {
		t.Errorf("declining notified: %v", got)
	}
	contract, err := payer.Agree(token)
	w.ok(err)
	signed := w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
	if r := signed.Resource; r["openid"] != openID || r["attach"] != "x" || r["plan_id"] != 12535.0 ||
		r["operate_time"] != "2020-09-10T10:00:00+08:00" ||
		r["out_contract_code"] != code || r["contract_id"] != nil || r["contract_termination_mode"] != nil {
		t.Errorf("SIGN carries %v", r)
	}
	if !uuid5.MatchString(signed.ID) || signed.Path != "/notify" {
		t.Errorf("SIGN came as %+v", signed)
	}
	_, err = payer.Agree(token)
	w.page(err, ledger.PageUsed)
	w.refused(400, "INVALID_REQUEST", "POST", presignCombine, with(combineBody(), "attach", "x"))

	queried := w.must("GET", byCode, nil)
	if queried["contract_id"] != contract.ID || queried["contract_state"] != "SIGNED" || queried["openid"] != openID ||
		!strings.HasPrefix(contract.ID, "20200910") {
		t.Errorf("query: got %v", queried)
	}
	w.must("POST", byCode+"/terminate", object{"contract_termination_remark": "用户解约"})
	ended := w.receivedOne("ECOMMERCE_ENTRUST.TERMINATE")
	if ended.Resource["contract_termination_mode"] != "MCH_API_TERMINATE" ||
		ended.Resource["contract_expired_time"] != nil {
		t.Errorf("TERMINATE carries %v", ended.Resource)
	}
	info, _ := w.must("GET", byCode, nil)["contract_terminate_info"].(object)
	if info["contract_termination_mode"] != "MCH_API_TERMINATE" || info["contract_termination_remark"] != "用户解约" {
		t.Errorf("query after termination: got %v", info)
	}
	w.refused(400, "INVALID_REQUEST", "POST", byCode+"/terminate", object{"contract_termination_remark": "again"})
	w.refused(400, "INVALID_REQUEST", "POST", presignCombine, combineBody())
	w.must("POST", presignCombine, with(combineBody(), "out_contract_code", "fresh"))
}

func TestPasswordExemptAfterPaying(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	w.refused(400, "INVALID_REQUEST", "POST", presignAfterPay, afterPayBody("wx201410272009395522657a690389285100"))

	prepay := w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string)
	if !strings.HasPrefix(prepay, "wx20200910100000") || len(prepay) != 36 {
		t.Errorf("prepay_id: got %q", prepay)
	}
	w.refused(400, "INVALID_REQUEST", "POST", presignAfterPay, with(afterPayBody(prepay), "openid", "somebody-else"))
	got := w.must("POST", presignAfterPay, afterPayBody(prepay))
	if len(got) != 3 || got["service_id"] != 12535.0 {
		t.Errorf("presign: got %v, want mchid, service_id and out_contract_code only", got)
	}
	_, err := payer.AgreeAfterPay(prepay)
	w.page(err, ledger.PageNoPrompt)

	_, err = w.Payer("somebody-else").Pay(prepay)
	w.page(err, ledger.PageWrongUser)
	receipt, err := payer.Pay(prepay)
	w.ok(err)
	if receipt.Prompt == nil || receipt.Prompt.Account != "微信代扣用户A" {
		t.Fatalf("the receipt has no prompt: %+v", receipt)
	}
	paid := w.receivedOne("TRANSACTION.SUCCESS")
	if paid.Path != "/paid" || paid.Resource["trade_state"] != "SUCCESS" ||
		len(paid.Resource["transaction_id"].(string)) != 28 {
		t.Errorf("TRANSACTION.SUCCESS: got %+v", paid)
	}
	_, err = payer.Pay(prepay)
	w.page(err, ledger.PageUsed)

	w.ok(payer.DeclineAfterPay(prepay))
	if got := w.received(); len(got) != 0 {
		t.Errorf("declining notified: %v", got)
	}
	contract, err := payer.AgreeAfterPay(prepay)
	w.ok(err)
	signed := w.receivedOne("ENTRUST.SIGN")
	if signed.Resource["contract_id"] != contract.ID || signed.Resource["service_id"] != 12535.0 ||
		signed.Resource["contract_state"] != "SIGNED" {
		t.Errorf("ENTRUST.SIGN carries %v", signed.Resource)
	}
	const byCode = "v3/password-exempt-contract/contracts/service-id/12535/out-contract-code/" + code
	if q := w.must("GET", byCode, nil); q["contract_id"] != contract.ID {
		t.Errorf("query: got %v", q)
	}
	w.ok(payer.Terminate(contract.ID))
	if ended := w.receivedOne("ENTRUST.TERMINATE"); ended.Resource["contract_state"] != "TERMINATED" {
		t.Errorf("ENTRUST.TERMINATE carries %v", ended.Resource)
	}
	w.page(payer.Terminate(contract.ID), ledger.PageUsed)
	w.refused(400, "INVALID_REQUEST", "POST", byCode+"/terminate", object{"contract_termination_remark": "x"})
}

func TestTheOfferAfterPayingExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	prepay := w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string)
	w.must("POST", presignAfterPay, afterPayBody(prepay))
	w.ok(w.Advance(2 * time.Hour))
	_, err := payer.Pay(prepay)
	w.page(err, ledger.PageExpired)
	if again := w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"]; again != prepay {
		t.Errorf("ordering again: got another prepay_id %v", again)
	}
	receipt, err := payer.Pay(prepay)
	w.ok(err)
	if receipt.Prompt != nil {
		t.Errorf("an offer to sign after the session's two hours: %+v", receipt.Prompt)
	}
	_, err = payer.AgreeAfterPay(prepay)
	w.page(err, ledger.PageExpired)
}

func TestPasswordExemptMiniProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := with(afterPayBody(""), "prepay_id", nil)
	got := w.must("POST", "v3/password-exempt-contract/contracts/ecommerce/pre-entrust-sign/mini-program", body)
	if got["sign_mp_appid"] != "wxbd687630cd02ce1d" {
		t.Errorf("got %v", got)
	}
	token := got["pre_entrustweb_id"].(string)
	_, err := w.Payer("somebody-else").Open(token)
	w.page(err, ledger.PageWrongUser)
	_, err = w.Payer(openID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	w.refused(400, "INVALID_REQUEST", "POST",
		"v3/password-exempt-contract/contracts/ecommerce/pre-entrust-sign/mini-program", with(body, "out_contract_code",
			"other"))
}

func TestEduPapayFromPresignToTermination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
	if len(token) != 42 {
		t.Errorf("presign_token has %d characters, want 42 like the sample", len(token))
	}
	if again := w.must("POST", presignEdu, eduBody())["presign_token"]; again != token {
		t.Error("the same call again got another token")
	}
	list := "v3/edu-papay/user/" + eduOpenID + "/contracts?appid=wx8888888888888888&plan_id=101164396123311331"
	w.refused(404, "NOT_FOUND", "GET", list, nil)

	contract, err := w.Payer("oUpF8uMuAJOM2pxb2W").Agree(token) // through the school's own appid
	w.ok(err)
	signed := w.receivedOne("ENTRUST.SIGNING")
	if signed.Path != "/notify" || signed.Resource["sp_mchid"] != "1900000109" ||
		signed.Resource["openid"] != eduOpenID {
		t.Errorf("ENTRUST.SIGNING: got %+v", signed)
	}
	w.refused(400, "ALREADY_EXISTS", "POST", presignEdu, eduBody())

	byID := "v3/edu-papay/contracts/id/" + contract.ID + "?appid=wx8888888888888888"
	info := w.must("GET", byID, nil)["contract_information"].(object)
	if info["contract_status"] != "ADD" || info["contract_id"] != contract.ID ||
		info["create_time"] != "2020-09-10T10:00:00+08:00" {
		t.Errorf("query: got %v", info)
	}
	w.refused(404, "NOT_FOUND", "GET", "v3/edu-papay/contracts/id/none?appid=wx8888888888888888", nil)
	if got := w.must("GET", list, nil); got["total_count"] != 1.0 || got["limit"] != 20.0 {
		t.Errorf("list: got %v", got)
	}
	w.refused(404, "NOT_FOUND", "GET", list+"&contract_status=DELETE", nil)

	w.must("DELETE", "v3/edu-papay/contracts/"+contract.ID, nil)
	ended := w.receivedOne("ENTRUST.RELEASE").Resource["contract_information"].(object)
	if ended["contract_status"] != "DELETE" {
		t.Errorf("ENTRUST.RELEASE carries %v", ended)
	}
	w.refused(404, "NOT_FOUND", "DELETE", "v3/edu-papay/contracts/"+contract.ID, nil)
	if info := w.must("GET", byID, nil)["contract_information"].(object); info["contract_status"] != "DELETE" {
		t.Errorf("query after termination: got %v", info)
	}
	w.refused(404, "NOT_FOUND", "GET", list, nil)
	if again := w.must("POST", presignEdu, eduBody())["presign_token"]; again == token {
		t.Error("signing again got the used token")
	}
}

func TestEduPapayPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := "v3/edu-papay/user/" + eduOpenID +
		"/contracts?appid=wx8888888888888888&plan_id=101164396123311331&contract_status=DELETE"
	var ids []string
	for range 5 {
		token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
		contract, err := w.Payer(eduOpenID).Agree(token)
		w.ok(err)
		w.ok(w.Payer(eduOpenID).Terminate(contract.ID))
		ids = append(ids, contract.ID)
	}
	for _, c := range []struct {
		page string
		want []string
	}{{"", ids}, {"&limit=2", ids[:2]}, {"&limit=2&offset=4", ids[4:]}, {"&offset=9", nil}} {
		got := w.must("GET", list+c.page, nil)
		var found []string
		for _, row := range got["data"].([]any) {
			found = append(found, row.(object)["contract_information"].(object)["contract_id"].(string))
		}
		if strings.Join(found, " ") != strings.Join(c.want, " ") || got["total_count"] != 5.0 {
			t.Errorf("%q: got %v of %v, want %v of 5", c.page, found, got["total_count"], c.want)
		}
	}
}

func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	w.ok(w.Advance(2*time.Hour - time.Second))
	_, err := w.Payer(openID).Open(token)
	w.ok(err)
	w.ok(w.Advance(time.Second))
	_, err = w.Payer(openID).Agree(token)
	w.page(err, ledger.PageExpired)
	_, err = w.Payer(openID).Open("nonsense")
	w.page(err, ledger.PageUnknown)
	// The code was never signed with, so it is free again, even for other values.
	if again := w.must("POST", presignCombine, with(combineBody(), "attach",
		"other"))["pre_entrustweb_id"]; again == token {
		t.Error("an expired session was handed out again")
	}
}

func TestOneLiveContractPerUserAndPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPayer(map[string]string{"wxd678efh567hg6787": openID,
		"wx8888888888888888": "the-same-person"}))
	first := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	second := w.must("POST", presignCombine, with(with(combineBody(), "out_contract_code", "two"), "appid",
		"wx8888888888888888"))["pre_entrustweb_id"].(string)
	contract, err := w.Payer(openID).Agree(first)
	w.ok(err)
	_, err = w.Payer("the-same-person").Open(second)
	w.page(err, ledger.PageSigned)
	_, err = w.Payer("the-same-person").Agree(second)
	w.page(err, ledger.PageSigned)
	w.page(w.Payer("a-stranger").Terminate(contract.ID), ledger.PageWrongUser)
	w.ok(w.Terminate(contract.ID, ledger.ByCustomerService, "account lost"))
	again, err := w.Payer("the-same-person").Agree(second)
	w.ok(err)
	if again.OpenID != "the-same-person" {
		t.Errorf("the contract is of %q, want the openid under the session's appid", again.OpenID)
	}
	got := w.received()
	if len(got) != 3 || got[1].Resource["contract_termination_mode"] != "CUSTOMER_SERVICE_TERMINATE" {
		t.Errorf("got %v", got)
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const byNo = "v3/pay/transactions/out-trade-no/20150806125346"
	w.refused(404, "ORDER_NOT_EXIST", "GET", byNo+"?mchid=1900000109", nil)
	prepay := w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string)
	w.refused(403, "OUT_TRADE_NO_USED", "POST", "v3/pay/transactions/jsapi", with(orderBody(), "description", "other"))
	w.refused(400, "APPID_MCHID_NOT_MATCH", "POST", "v3/pay/transactions/jsapi",
		with(orderBody(), "appid", "wx0000000000000000"))
	w.refused(400, "PARAM_ERROR", "POST", "v3/pay/transactions/jsapi", with(orderBody(), "mchid", "1900000110"))
	if got := w.must("GET", byNo+"?mchid=1900000109", nil); got["trade_state"] != "NOTPAY" ||
		got["transaction_id"] != nil {
		t.Errorf("unpaid: got %v", got)
	}
	receipt, err := w.Payer(openID).Pay(prepay)
	w.ok(err)
	w.receivedOne("TRANSACTION.SUCCESS")
	if got := w.must("GET", "v3/pay/transactions/id/"+receipt.Order.TransactionID+"?mchid=1900000109",
		nil); got["trade_state"] != "SUCCESS" {
		t.Errorf("paid: got %v", got)
	}
	w.refused(400, "ORDER_PAID", "POST", byNo+"/close", object{"mchid": "1900000109"})
	w.refused(400, "INVALID_REQUEST", "POST", "v3/pay/transactions/jsapi", orderBody())

	unpaid := with(orderBody(), "out_trade_no", "second-order")
	prepay = w.must("POST", "v3/pay/transactions/jsapi", unpaid)["prepay_id"].(string)
	w.must("POST", "v3/pay/transactions/out-trade-no/second-order/close", object{"mchid": "1900000109"})
	_, err = w.Payer(openID).Pay(prepay)
	w.page(err, ledger.PageClosed)
	w.refused(400, "ORDER_CLOSED", "POST", "v3/pay/transactions/jsapi", unpaid)
	_, err = w.Payer(openID).Pay("nonsense")
	w.page(err, ledger.PageUnknown)
}

func TestCombinedOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	part := func(no string, fen int) object {
		return object{
			"mchid": "1900000109", "sub_mchid": "1230000109", "attach": "深圳分店", "out_trade_no": no, "description": "QQ",
			"amount": object{"total_amount": fen, "currency": "CNY"},
		}
	}
	body := object{
		"combine_appid": "wxd678efh567hg6787", "combine_mchid": "1900000109", "combine_out_trade_no": "P20150806125346",
		"sub_orders":         []any{part("20150806-1", 10), part("20150806-2", 20)},
		"combine_payer_info": object{"openid": openID},
		"notify_url":         "https://yourapp.com/paid",
	}
	prepay := w.must("POST", "v3/combine-transactions/jsapi", body)["prepay_id"].(string)
	receipt, err := w.Payer(openID).Pay(prepay)
	w.ok(err)
	if receipt.Order.Total != 30 {
		t.Errorf("total: got %d, want 30", receipt.Order.Total)
	}
	paid := w.receivedOne("TRANSACTION.SUCCESS")
	if parts := paid.Resource["sub_orders"].([]any); len(parts) != 2 ||
		parts[1].(object)["amount"].(object)["payer_amount"] != 20.0 {
		t.Errorf("TRANSACTION.SUCCESS carries %v", paid.Resource)
	}
	if got := w.must("GET", "v3/combine-transactions/out-trade-no/P20150806125346",
		nil); got["combine_mchid"] != "1900000109" {
		t.Errorf("query: got %v", got)
	}

	body["combine_out_trade_no"], body["sub_orders"] = "P2", []any{part("P2-part1", 10), part("P2-part2", 20)}
	prepay = w.must("POST", "v3/combine-transactions/jsapi", body)["prepay_id"].(string)
	closing := object{"combine_appid": "wxd678efh567hg6787",
		"sub_orders": []any{object{"mchid": "1900000109", "out_trade_no": "P2-part1"}}}
	w.refused(500, "SYSTEM_ERROR", "POST", "v3/combine-transactions/out-trade-no/P2/close", closing)
	closing["sub_orders"] = append(closing["sub_orders"].([]any), object{"mchid": "1900000109",
		"out_trade_no": "P2-part2"})
	w.must("POST", "v3/combine-transactions/out-trade-no/P2/close", closing)
	_, err = w.Payer(openID).Pay(prepay)
	w.page(err, ledger.PageClosed)
	body["combine_out_trade_no"], body["sub_orders"] = "P3", []any{with(part("P3-part1", 1), "sub_mchid", "999")}
	w.refused(403, "NO_AUTH", "POST", "v3/combine-transactions/jsapi", body)
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	row := w.must("GET", "v3/certificates", nil)["data"].([]any)[0].(object)
	sealed := row["encrypt_certificate"].(object)
	plain, err := w.Keys().Open(sealed["nonce"].(string), sealed["associated_data"].(string),
		sealed["ciphertext"].(string))
	if err != nil || !strings.HasPrefix(string(plain), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("the certificate opens to %.30q, %v", plain, err)
	}
	public := newWorld(t, sandbox.WithKeyMode(ledger.KeysPublic))
	if e := public.refused(http.StatusNotFound, "RESOURCE_NOT_EXISTS", "GET", "v3/certificates", nil); !e.Verified {
		t.Error("the 404 is not signed")
	}
}
