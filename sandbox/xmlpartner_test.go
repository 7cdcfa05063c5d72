package sandbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A provider debits for a sub-merchant: their key, the sub-merchant's number in
// every message, and nobody else's contract.
func TestProviderDebitsInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	const sub = "1900000110"
	session := w.must("papay/partner/preentrustweb", with2(entryXML(), "sub_mch_id", sub))
	contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne()
	w.refused("CONTRACT_NOT_EXIST", "pay/pappayapply", applyXML(contract.ID, "P1"))
	w.refused("FAIL", "pay/partner/pappayapply", applyXML(contract.ID, "P1"))
	w.refused("CONTRACT_NOT_EXIST", "pay/partner/pappayapply",
		with2(applyXML(contract.ID, "P1"), "sub_mch_id", "1230000109"))
	w.must("pay/partner/pappayapply", with2(applyXML(contract.ID, "P1"), "sub_mch_id", sub))
	if paid := w.receivedOne(); paid["sub_mch_id"] != sub || paid["mch_id"] != sandbox.DefaultMchID ||
		paid["result_code"] != "SUCCESS" {
		t.Errorf("got %v", paid)
	}
	if q := w.must("pay/partner/paporderquery", with2(orderNo("P1"), "sub_mch_id",
		sub)); q["trade_state"] != "SUCCESS" || q["sub_mch_id"] != sub {
		t.Errorf("got %v", q)
	}
	w.refused("ORDERNOTEXIST", "pay/paporderquery", orderNo("P1"))
	w.must("secapi/pay/refund", with2(refundFields("P1", "R1", "1"), "sub_mch_id", sub), wxpay.MTLS())
	w.ok(w.Advance(time.Minute))
	w.receivedOne()

	// The provider's notice, by APIv3.
	w.ok(w.Advance(24 * time.Hour))
	notice := object{
		"sp_mchid": sandbox.DefaultMchID, "sp_appid": sandbox.DefaultAppID, "sub_mchid": sub,
		"estimated_amount": object{"amount": 888}, "deduct_duration": object{"count": 1, "unit": "DAY"},
	}
	_, err = w.client.Chain("v3/partner-papay/contracts/{contract_id}/notify").Post(context.Background(), notice,
		wxpay.Path("contract_id", contract.ID))
	w.ok(err)
	w.ok(w.Advance(48 * time.Hour))
	w.must("pay/partner/pappayapply", with2(applyXML(contract.ID, "P2"), "sub_mch_id", sub))
	if paid := w.receivedOne(); paid["out_trade_no"] != "P2" {
		t.Errorf("got %v", paid)
	}
}

// Accounts of one payer are told apart by outerid; without one they sign once.
func TestAccountsInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	sign := func(code, outer string) error {
		t.Helper()
		session := w.must("papay/preentrustweb", with2(entryXML(), "contract_code", code, "outerid", outer))
		_, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
		return err
	}
	w.ok(sign("A", ""))
	if err := sign("B", ""); pageReason(err) != ledger.PageSigned {
		t.Errorf("signed a second time: %v", err)
	}
	w.ok(sign("C", "李*艳（0001）"))
	w.ok(sign("D", "李*艳（0002）"))
}

// Faults reach APIv2 too, in its own words.
func TestFaultsInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, manyADay)
	contract := w.signXML("100000")
	w.ok(w.Inject(fault.Fault{Name: fault.RateLimit, Endpoint: "POST /pay/pappayapply"}))
	w.refused("FREQUENCY_LIMITED", "pay/pappayapply", applyXML(contract.ID, "A1"))
	w.must("pay/pappayapply", applyXML(contract.ID, "A1")) // the same number: nothing was done
	w.receivedOne()

	w.ok(w.Inject(fault.Fault{Name: fault.Error, Committed: true, Endpoint: "POST /pay/pappayapply"}))
	w.refused("SYSTEMERROR", "pay/pappayapply", applyXML(contract.ID, "A2"))
	w.refused("ORDER_ACCEPTED", "pay/pappayapply", applyXML(contract.ID, "A2")) // it was done
	if paid := w.receivedOne(); paid["out_trade_no"] != "A2" {
		t.Errorf("got %v", paid)
	}
}

// A program that gets the page is answered, with no address to go on to: it is the page.
func TestEntryPageOverHTTP(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	address, err := w.client.Chain("v2/papay/entrustweb").URL(entryXML())
	w.ok(err)
	if f := w.get(address); f["return_code"] != "SUCCESS" || f["redirect_url"] != "" {
		t.Errorf("got %v", f)
	}
	if f := w.get(address + "0"); f["return_code"] != "FAIL" || f["return_msg"] != "签名错误，请检查后再试" {
		t.Errorf("got %v", f)
	}
}

// An order that names its payer by sub_openid is theirs, and so is the contract it signs.
func TestContractOrderOfASubOpenIDInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	order := with2(contractOrder(), "openid", "", "sub_mch_id", "1230000109", "sub_openid", "oWithTheSub")
	w.refused("PARAM_ERROR", "pay/contractorder", order)
	order = with2(order, "sub_appid", "wxd678efh567hg6999")
	prepay := w.must("pay/contractorder", order)["prepay_id"].(string)
	if _, err := w.Payer("oStranger").Pay(prepay); pageReason(err) != ledger.PageWrongUser {
		t.Errorf("a stranger paid: %v", err)
	}
	receipt, err := w.Payer("oWithTheSub").Pay(prepay)
	w.ok(err)
	if c := receipt.Contract; c == nil || c.SubOpenID != "oWithTheSub" {
		t.Errorf("signed: %+v", c)
	}
	if paid := w.received()[0]; paid["sub_openid"] != "oWithTheSub" || paid["sub_appid"] != "wxd678efh567hg6999" {
		t.Errorf("notified: %v", paid)
	}
}
