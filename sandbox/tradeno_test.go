package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
)

// An out_trade_no is of an order or of a debit, whichever came first, in either version.
func TestANumberIsOfOnePayment(t *testing.T) {
	t.Parallel()
	const apply = "v3/papay/pay/transactions/apply"
	w := newWorld(t, manyADay)
	v2 := &xmlWorld{t: t, Sandbox: w.Sandbox, client: w.client, key: w.ClientConfig().APIv2Key.Reveal()}
	c := w.signPapay("A1")
	order := with(orderBody(), "out_trade_no", "number1")
	w.must("POST", directRoot+"jsapi", order)
	w.refused(400, "INVALID_REQUEST", "POST", apply, applyBody(c.ID, "number1", 100))
	v2.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(c.ID, "number1"))
	w.must("POST", directRoot+"jsapi", order) // the order itself, again

	w.must("POST", apply, applyBody(c.ID, "number2", 100))
	w.refused(403, "OUT_TRADE_NO_USED", "POST", directRoot+"jsapi", with(orderBody(), "out_trade_no", "number2"))
	w.must("POST", apply, applyBody(c.ID, "number2", 100)) // the debit itself, again
	w.ok(w.Advance(time.Minute))

	// A part of a combined order has a number as well.
	part := func(no string, sub any) object {
		return with(with(combinedBody()["sub_orders"].([]any)[0].(object), "out_trade_no", no), "sub_mchid", sub)
	}
	w.must("POST", combineRoot+"jsapi", with(combinedBody(), "sub_orders", []any{
		part("number3", nil), part("number4", "1230000109"),
	}))
	w.refused(400, "INVALID_REQUEST", "POST", apply, applyBody(c.ID, "number3", 100))

	// A number is of one order too, combined or not, and so is that of the whole.
	// https://pay.weixin.qq.com/doc/v3/merchant/4012791856
	combined := func(no string, parts ...any) object { return with(combinedOf(no), "sub_orders", parts) }
	for what, body := range map[string]object{
		"a part is an order's":        combined("whole01", part("number1", nil)),
		"a part is another's":         combined("whole02", part("number4", "1230000109")),
		"a part is a debit's":         combined("whole03", part("number2", nil)),
		"the whole is an order's":     combined("number1", part("number5", nil)),
		"the whole is a part's":       combined("number3", part("number5", nil)),
		"two parts are of one number": combined("whole05", part("number5", nil), part("number5", nil)),
	} {
		if _, err := w.do("POST", combineRoot+"jsapi", body); err == nil {
			t.Errorf("%s, and it is placed", what)
		}
	}
	w.refused(403, "OUT_TRADE_NO_USED", "POST", directRoot+"jsapi", with(orderBody(), "out_trade_no", "number3"))
	w.refused(403, "OUT_TRADE_NO_USED", "POST", directRoot+"jsapi",
		with(orderBody(), "out_trade_no", "P20150806125346"))

	// Numbers of a sub-merchant's are others.
	w.must("POST", partnerRoot+"jsapi", with(partnerOrder(), "out_trade_no", "number2"))
	w.must("POST", apply, applyBody(c.ID, "number4", 100))
	w.ok(w.Advance(time.Minute))
	debits, err := w.Debits()
	w.ok(err)
	if len(debits) != 2 {
		t.Errorf("%d debits, want 2", len(debits))
	}
}

// A merchant who names itself as the sub-merchant has no second set of numbers, and those of both
// versions are one.
func TestANumberIsOfOneMerchant(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	v3 := &world{t: t, Sandbox: w.Sandbox, client: w.client}
	v3.must("POST", directRoot+"jsapi", with(orderBody(), "out_trade_no", "number1"))
	c, err := w.Payer(eduOpenID).Agree(v3.must("POST", presignSchool, schoolBody("kid"))["presign_token"].(string))
	w.ok(err)
	own := with(schoolDebit(c.ID, "number1"), "sub_mchid", sandbox.DefaultMchID)
	if _, err := v3.do("POST", debitSchool, own); err == nil {
		t.Error("a debit has the number of an order")
	}
	w.refused("OUT_TRADE_NO_USED", "pay/unifiedorder", plainOrder("number1"))
	w.must("pay/unifiedorder", plainOrder("number2"))
	v3.refused(403, "OUT_TRADE_NO_USED", "POST", directRoot+"jsapi", with(orderBody(), "out_trade_no", "number2"))
}

// Two debits of a product have two numbers, whichever sub-merchants they are paid to.
func TestANumberIsOfOneDebit(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	sign := func(sub string) string {
		t.Helper()
		entry := with2(entryXML(), "sub_mch_id", sub, "contract_code", sub)
		c, err := w.Payer("of" + sub).Agree(w.must("papay/partner/preentrustweb", entry)["pre_entrustweb_id"].(string))
		w.ok(err)
		return c.ID
	}
	const one, two = "1900000110", "1230000109"
	first, second := sign(one), sign(two)
	w.must("pay/partner/pappayapply", with2(applyXML(first, "P1"), "sub_mch_id", one))
	w.refused("INVALID_REQUEST", "pay/partner/pappayapply", with2(applyXML(second, "P1"), "sub_mch_id", two))
	w.must("pay/partner/pappayapply", with2(applyXML(second, "P2"), "sub_mch_id", two))
}
