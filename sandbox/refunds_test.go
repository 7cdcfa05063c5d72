package sandbox_test

import (
	"testing"
	"time"
)

const (
	domestic  = "v3/refund/domestic/refunds"
	ecommerce = "v3/ecommerce/refunds/"
)

func refundBody(no string, fen int) object {
	return object{
		"out_trade_no": "20150806125346", "out_refund_no": no, "notify_url": "https://yourapp.com/refunded",
		"amount": object{"refund": fen, "total": 100, "currency": "CNY"},
	}
}

func TestDomesticRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	w.ok(payer.Fund(100))
	w.refused(404, "RESOURCE_NOT_EXISTS", "POST", domestic, refundBody("r1", 40))
	prepay := w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string)
	w.refused(404, "RESOURCE_NOT_EXISTS", "POST", domestic, refundBody("r1", 40)) // not paid
	_, err := payer.Pay(prepay)
	w.ok(err)
	paid := w.receivedOne("TRANSACTION.SUCCESS").Resource["transaction_id"]

	w.refused(400, "PARAM_ERROR", "POST", domestic, with(refundBody("r1", 40), "out_trade_no", nil))
	w.refused(400, "INVALID_REQUEST", "POST", domestic, with(refundBody("r1", 40), "amount",
		object{"refund": 40, "total": 99, "currency": "CNY"}))
	w.refused(400, "INVALID_REQUEST", "POST", domestic, refundBody("r1", 101))
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", domestic+"/r1", nil)
	got := w.must("POST", domestic, refundBody("r1", 40))
	if got["status"] != "PROCESSING" || got["transaction_id"] != paid || got["channel"] != "ORIGINAL" ||
		got["success_time"] != nil {
		t.Errorf("asked for: got %v", got)
	}
	if again := w.must("POST", domestic, refundBody("r1", 40)); again["refund_id"] != got["refund_id"] {
		t.Errorf("the same call again: got another refund %v", again)
	}
	w.refused(400, "INVALID_REQUEST", "POST", domestic, refundBody("r1", 41))
	w.refused(400, "INVALID_REQUEST", "POST", domestic, refundBody("r2", 61))
	if q := w.must("GET", directRoot+byNo+"?mchid=1900000109", nil); q["trade_state"] != "REFUND" ||
		q["trade_state_desc"] != "转入退款" {
		t.Errorf("the order: got %v", q)
	}
	w.ok(w.Advance(time.Minute))
	done := w.receivedOne("REFUND.SUCCESS")
	if r := done.Resource; done.Path != "/refunded" || r["mchid"] != "1900000109" || r["refund_status"] != "SUCCESS" ||
		r["amount"].(object)["payer_refund"] != 40.0 || r["success_time"] == nil {
		t.Errorf("REFUND.SUCCESS: got %+v", done)
	}
	if q := w.must("GET", domestic+"/r1", nil); q["status"] != "SUCCESS" ||
		q["success_time"] != "2020-09-10T10:01:00+08:00" {
		t.Errorf("query: got %v", q)
	}
	if wallet, _ := payer.Wallet(); wallet.Balance != 40 {
		t.Errorf("the payer has %d fen, want 40", wallet.Balance)
	}

	// Closed: nothing was given back, and the whole rest may be refunded again.
	if got := w.adminOK("POST", "/sandbox/payers/"+openID+"/close-next-refund", object{}); got["close_refunds"] != 1.0 {
		t.Errorf("close-next-refund: got %v", got)
	}
	w.must("POST", domestic, refundBody("r3", 60))
	w.ok(w.Advance(time.Minute))
	if closed := w.receivedOne("REFUND.CLOSED").Resource; closed["refund_status"] != "CLOSED" ||
		closed["success_time"] != nil {
		t.Errorf("REFUND.CLOSED carries %v", closed)
	}
	w.must("POST", domestic, with(with(refundBody("r4", 60), "out_trade_no", nil), "transaction_id", paid))
	w.ok(w.Advance(time.Minute))
	w.receivedOne("REFUND.SUCCESS")
	if wallet, _ := payer.Wallet(); wallet.Balance != 100 {
		t.Errorf("the payer has %d fen, want 100", wallet.Balance)
	}
}

func TestAbnormalRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	_, err := payer.Pay(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string))
	w.ok(err)
	w.received()
	w.ok(payer.FailNextRefund())
	id := w.must("POST", domestic, refundBody("r1", 100))["refund_id"].(string)
	redo := object{"out_refund_no": "r1", "type": "USER_BANK_CARD", "bank_type": "ICBC_DEBIT",
		"bank_account": "6222020000000000000", "real_name": "张三"}
	again := domestic + "/" + id + "/apply-abnormal-refund"
	w.refused(400, "INVALID_REQUEST", "POST", again, redo) // under way, not abnormal
	w.ok(w.Advance(time.Minute))
	if got := w.receivedOne("REFUND.ABNORMAL").Resource; got["refund_status"] != "ABNORMAL" {
		t.Errorf("REFUND.ABNORMAL carries %v", got)
	}
	w.refused(400, "PARAM_ERROR", "POST", again, object{"out_refund_no": "r1", "type": "USER_BANK_CARD"})
	w.refused(400, "PARAM_ERROR", "POST", again, object{"out_refund_no": "r2", "type": "MERCHANT_BANK_CARD"})
	w.refused(404, "RESOURCE_NOT_EXISTS", "POST", domestic+"/50/apply-abnormal-refund", redo)
	w.refused(404, "RESOURCE_NOT_EXISTS", "POST", again,
		with(object{"out_refund_no": "r1", "type": "MERCHANT_BANK_CARD"}, "sub_mchid", "1230000109"))
	w.ok(payer.FailNextRefund()) // their card does not take it either
	if got := w.must("POST", again, redo); got["status"] != "PROCESSING" || got["channel"] != "OTHER_BANKCARD" {
		t.Errorf("again: got %v", got)
	}
	w.ok(w.Advance(time.Minute))
	w.receivedOne("REFUND.ABNORMAL")
	w.ok(payer.FailNextRefund())
	if got := w.must("POST", again, redo); got["status"] != "PROCESSING" { // the same call, another try
		t.Errorf("the same once more: got %v", got)
	}
	w.ok(w.Advance(time.Minute))
	w.receivedOne("REFUND.ABNORMAL")
	w.must("POST", again, object{"out_refund_no": "r1", "type": "MERCHANT_BANK_CARD"})
	w.ok(w.Advance(time.Minute))
	if got := w.receivedOne("REFUND.SUCCESS").Resource; got["user_received_account"] != "商户银行账户" {
		t.Errorf("REFUND.SUCCESS carries %v", got)
	}
}

func TestPartnersNameTheSubMerchantTheyRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Payer(openID).Pay(w.must("POST", partnerRoot+"jsapi", partnerOrder())["prepay_id"].(string))
	w.ok(err)
	w.received()
	w.refused(400, "PARAM_ERROR", "POST", domestic, refundBody("r1", 40))
	w.refused(403, "NO_AUTH", "POST", domestic, with(refundBody("r1", 40), "sub_mchid", "1888888888"))
	w.refused(400, "INVALID_REQUEST", "POST", domestic, with(refundBody("r1", 40), "sub_mchid", "1900000110"))
	w.must("POST", domestic, with(refundBody("r1", 40), "sub_mchid", "1230000109"))
	w.must("GET", domestic+"/r1?sub_mchid=1230000109", nil)
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", domestic+"/r1", nil)
	w.ok(w.Advance(time.Minute))
	if got := w.receivedOne("REFUND.SUCCESS").Resource; got["sp_mchid"] != "1900000109" ||
		got["sub_mchid"] != "1230000109" || got["mchid"] != nil {
		t.Errorf("REFUND.SUCCESS carries %v", got)
	}
}

func TestPlatformRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	body := func(no string, fen int) object {
		return with(with(with(refundBody(no, fen), "sp_appid", "wxd678efh567hg6787"), "sub_mchid", "1230000109"),
			"refund_account", "REFUND_SOURCE_PARTNER_ADVANCE")
	}
	_, err := payer.Pay(w.must("POST", partnerRoot+"jsapi", partnerOrder())["prepay_id"].(string))
	w.ok(err)
	w.received()
	w.refused(400, "APPID_MCHID_NOT_MATCH", "POST", ecommerce+"apply", with(body("r1", 40), "sp_appid", "wx9"))
	w.refused(403, "NO_AUTH", "POST", ecommerce+"apply", with(body("r1", 40), "sub_mchid", "1888888888"))
	w.refused(400, "PARAM_ERROR", "POST", ecommerce+"apply", with(body("r1", 40), "sub_mchid", nil))
	got := w.must("POST", ecommerce+"apply", body("r1", 40))
	id := got["refund_id"].(string)
	if got["amount"].(object)["advance"] != 40.0 {
		t.Errorf("asked for: got %v", got)
	}
	back, sub := ecommerce+id+"/return-advance", "?sub_mchid=1230000109"
	w.refused(400, "INVALID_REQUEST", "POST", back, object{"sub_mchid": "1230000109"})
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", back+sub, nil)
	w.ok(w.Advance(time.Minute))
	if r := w.receivedOne("REFUND.SUCCESS").Resource; r["refund_account"] != "REFUND_SOURCE_PARTNER_ADVANCE" ||
		r["sub_mchid"] != "1230000109" {
		t.Errorf("REFUND.SUCCESS carries %v", r)
	}
	for _, q := range []string{"id/" + id, "out-refund-no/r1"} {
		if got := w.must("GET", ecommerce+q+sub, nil); got["status"] != "SUCCESS" || got["out_refund_no"] != "r1" {
			t.Errorf("%s: got %v", q, got)
		}
		w.refused(404, "RESOURCE_NOT_EXISTS", "GET", ecommerce+q+"?sub_mchid=1900000110", nil)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", ecommerce+"out-refund-no/r9"+sub, nil)
	first := w.must("POST", back, object{"sub_mchid": "1230000109"})
	if first["return_amount"] != 40.0 || first["payer_mchid"] != "1230000109" || first["payee_mchid"] != "1900000109" {
		t.Errorf("paid back: got %v", first)
	}
	if again := w.must("POST", back,
		object{"sub_mchid": "1230000109"}); again["advance_return_id"] != first["advance_return_id"] {
		t.Errorf("paid back again: got %v", again)
	}
	w.must("GET", back+sub, nil)

	w.ok(payer.FailNextRefund())
	id = w.must("POST", ecommerce+"apply", with(body("r2", 60), "refund_account", nil))["refund_id"].(string)
	w.ok(w.Advance(time.Minute))
	w.receivedOne("REFUND.ABNORMAL")
	w.refused(400, "INVALID_REQUEST", "POST", ecommerce+id+"/return-advance", object{"sub_mchid": "1230000109"})
	w.must("POST", ecommerce+id+"/apply-abnormal-refund", object{"sub_mchid": "1230000109", "out_refund_no": "r2",
		"type": "MERCHANT_BANK_CARD"})
	w.ok(w.Advance(time.Minute))
	w.receivedOne("REFUND.SUCCESS")
}

// A part of a combined order is refunded alone.
func TestRefundOfAPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	combined := combinedBody()
	receipt, err := w.Payer(openID).Pay(w.must("POST", "v3/combine-transactions/jsapi", combined)["prepay_id"].(string))
	w.ok(err)
	w.received()
	part := receipt.Order.SubOrders[0]
	body := object{
		"sp_appid": "wxd678efh567hg6787", "sub_mchid": part.SubMchID, "transaction_id": part.TransactionID,
		"out_refund_no": "r1",
		"amount":        object{"refund": 10, "total": part.Total, "currency": "CNY"},
	}
	w.must("POST", ecommerce+"apply", body)
	q := w.must("GET", "v3/combine-transactions/out-trade-no/"+receipt.Order.OutTradeNo, nil)
	parts := q["sub_orders"].([]any)
	if parts[0].(object)["trade_state"] != "REFUND" || parts[1].(object)["trade_state"] != "SUCCESS" {
		t.Errorf("query: got %v", parts)
	}
}
