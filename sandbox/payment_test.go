package sandbox_test

import (
	"errors"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
)

// payTwice has an order of the merchant's own and one of its sub-merchant's paid, both with the
// same out_trade_no.
func (w *world) payTwice(own int) {
	w.t.Helper()
	for root, body := range map[string]object{
		directRoot: with(orderBody(), "amount", object{"total": own, "currency": "CNY"}), partnerRoot: partnerOrder(),
	} {
		_, err := w.Payer(openID).Pay(w.must("POST", root+"jsapi", body)["prepay_id"].(string))
		w.ok(err)
	}
	w.received()
}

// wantRefunded wants so much to have been given back, by sub_mchid.
func (w *world) wantRefunded(want map[string]int64) {
	w.t.Helper()
	orders, err := w.Orders()
	w.ok(err)
	for _, o := range orders {
		if o.Refunded != want[o.SubMchID] {
			w.t.Errorf("of the order of sub-merchant %q %d fen were refunded, want %d", o.SubMchID, o.Refunded,
				want[o.SubMchID])
		}
	}
}

// A refund is of the payment of the sub-merchant it names, or of the merchant's own.
func TestARefundIsOfItsPartiesPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.payTwice(100)
	w.must("POST", domestic, with(refundBody("r1", 40), "sub_mchid", "1230000109"))
	w.wantRefunded(map[string]int64{"1230000109": 40})
	w.must("POST", domestic, refundBody("r2", 30))
	w.wantRefunded(map[string]int64{"1230000109": 40, "": 30})
	w.refused(400, "INVALID_REQUEST", "POST", domestic, with(refundBody("r3", 1), "sub_mchid", "1900000110"))
	platform := with(with(refundBody("r4", 20), "sub_mchid", "1230000109"), "sp_appid", "wxd678efh567hg6787")
	w.must("POST", ecommerce+"apply", platform)
	w.wantRefunded(map[string]int64{"1230000109": 60, "": 30})

	other := newWorld(t)
	other.payTwice(999) // the sub-merchant's is still of 100
	other.must("POST", domestic, with(refundBody("r1", 40), "sub_mchid", "1230000109"))
	other.wantRefunded(map[string]int64{"1230000109": 40})
}

// The same of APIv2, and of its queries.
func TestARefundIsOfItsPartiesPaymentInAPIv2(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.payTwice(100)
	_, err := w.Payer(openID).Pay(w.must("POST", directRoot+"jsapi", with(orderBody(), "out_trade_no",
		"of-none"))["prepay_id"].(string))
	w.ok(err)
	_, err = w.Payer(openID).Pay(w.must("POST", partnerRoot+"jsapi", with(partnerOrder(), "out_trade_no",
		"of-a-sub"))["prepay_id"].(string))
	w.ok(err)
	v2 := &xmlWorld{t: t, Sandbox: w.Sandbox, client: w.client, key: w.ClientConfig().APIv2Key.Reveal()}
	const refund, query, no = "secapi/pay/refund", "pay/refundquery", "20150806125346"
	body := func(order, number string) map[string]string {
		return with2(refundFields(order, number, "1"), "total_fee", "100")
	}
	try := func(code, path string, f map[string]string, sub string) {
		t.Helper()
		if sub != "" {
			f = with2(f, "sub_mch_id", sub)
		}
		_, err := v2.client.Chain("v2/"+path).Post(t.Context(), f, wxpay.MTLS())
		var e *wxpay.Error
		if errors.As(err, &e); code == "" && err != nil || code != "" && (e == nil || e.Code != code) {
			t.Errorf("%s for %q: got %v, want %q", path, sub, err, code)
		}
	}
	try("PARAM_ERROR", refund, body("of-a-sub", "x1"), "")
	try("INVALID_REQUEST", refund, body("of-none", "x2"), "1900000110")
	try("", refund, body(no, "x3"), "1230000109")
	for _, q := range []map[string]string{{"out_refund_no": "x3"}, {"out_trade_no": no}} {
		q["appid"] = sandbox.DefaultAppID
		try("", query, q, "1230000109")
		try("REFUNDNOTEXIST", query, q, "1900000110")
		try("REFUNDNOTEXIST", query, q, "")
	}
	orders, err := w.Orders()
	w.ok(err)
	for _, o := range orders {
		if want := o.SubMchID != "" && o.OutTradeNo == no; (o.Refunded > 0) != want {
			t.Errorf("of order %s of %q %d fen were refunded", o.OutTradeNo, o.SubMchID, o.Refunded)
		}
	}
}
