package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func isolatedPapay(i *isolated) {
	w := i.world(ledger.Plan{ID: "2", Product: ledger.Papay, Mode: ledger.DebitNoticed})
	c, notify, failNotify := w.recurring()
	const byCode = "/out-contract-code/A1"
	w.must("GET", "v3/papay/sign/contracts/plan-id/2"+byCode, nil)
	w.must("GET", "v3/papay/sign/contracts/harmony-plan-id/2"+byCode, nil)
	w.at(1, 7*time.Hour)
	w.must("POST", notify, noticeBody(1990))
	w.at(3, 7*time.Hour)
	w.ok(w.Payer(papayOpenID).FailNext(ledger.NotEnough))
	w.must("POST", applyPapay, applyBody(c.ID, "debit-1", 1990))
	w.received()
	w.must("POST", failNotify, object{"mchid": "1900000109", "appid": "wxd678efh567hg6787"})
	harmony := with(with(applyBody(c.ID, "debit-2", 1990), "harmony_account_id", "x"), "mcc", "5812")
	w.must("POST", "v3/papay/pay/harmony/transactions/apply", harmony)
	w.received()
	w.must("POST", "v3/papay/sign/contracts/plan-id/2"+byCode+"/terminate", object{"contract_termination_remark": "x"})
}

func isolatedScheduled(i *isolated) {
	w := i.world()
	for _, scene := range []string{"app", "mini-program", "jsapi", "h5"} {
		w.must("POST", presignScheduled+scene, with(scheduledBody("S"+scene[:2]), "out_user_code", "B"))
	}
	c := w.signScheduled("S1")
	w.received()
	w.must("GET", schedulesByID+c.ID, nil)
	w.at(1, 8*time.Hour)
	w.must("POST", schedulesByID+c.ID+"/schedule", bookBody(1990))
}

func isolatedPartnerPapay(i *isolated) {
	w := i.world()
	for _, scene := range []string{"app", "mini-program", "jsapi", "h5"} {
		w.must("POST", presignPartner+scene, with(partnerBody("S"+scene[:2]), "out_user_code", "B"))
	}
	sign := func(body object) *ledger.Contract {
		presigned := w.must("POST", presignPartner+"app", body)
		c, err := w.Payer(papayOpenID).Agree(presigned["pre_entrustweb_id"].(string))
		w.ok(err)
		w.received()
		return c
	}
	parties := func() object {
		return object{"sp_mchid": "1900000109", "sp_appid": "wxd678efh567hg6787", "sub_mchid": "1900000110"}
	}
	const sub, byCode = "?sub_mchid=1900000110", "v3/papay/sign/partner/contracts/plan-id/12535/out-contract-code/R1"
	scheduled := sign(partnerBody("S1"))
	schedules := "v3/papay/pay/partner/schedules/contract-id/" + scheduled.ID
	w.must("GET", schedules+sub, nil)
	recurring := sign(with(with(partnerBody("R1"), "plan_id", 12535), "deduct_schedule", nil))
	w.must("GET", byCode+sub, nil)
	notices := "v3/partner-papay/contracts/" + recurring.ID
	w.must("POST", notices+"/notify", with(parties(), "estimated_amount", object{"amount": 100}))
	w.at(1, 12*time.Hour)
	book := with(parties(), "schedule_amount", object{"total": 1990})
	w.must("POST", schedules+"/schedule", with(book, "sp_mchid", nil))
	w.at(2, 12*time.Hour)
	w.ok(w.Payer(papayOpenID).FailNext(ledger.NotEnough))
	apply := with(with(applyBody(recurring.ID, "debit-1", 100), "appid", nil), "sp_appid", "wxd678efh567hg6787")
	w.must("POST", "v3/papay/pay/partner/transactions/apply", with(apply, "sub_mchid", "1900000110"))
	w.received()
	w.must("POST", notices+"/fail-notify", parties())
	w.must("POST", byCode+"/terminate", object{"sub_mchid": "1900000110", "contract_termination_remark": "x"})
}

func isolatedXMLContracts(i *isolated) {
	w := i.xmlWorld()
	i.open(w, "papay/entrustweb", with2(entryXML(), "contract_code", "page1"))
	h5 := with2(entryXML(), "contract_code", "page2", "clientip", "119.145.83.6")
	w.redirected("papay/h5entrustweb", h5)
	w.must("papay/preentrustweb", with2(entryXML(), "contract_code", "app1", "outerid", "A1"))
	c := w.signXML("100000")
	w.must("papay/querycontract", byCodeXML())
	byID := map[string]string{"appid": sandbox.DefaultAppID, "contract_id": c.ID, "version": "1.0"}
	w.must("papay/querycontract", byID)
	w.must("pay/pappayapply", applyXML(c.ID, "debit-1"))
	w.must("pay/paporderquery", orderNo("debit-1"))
	paid := w.receivedOne()
	w.must("pay/paporderquery", transactionFields(paid["transaction_id"]))
	w.must("papay/deletecontract", with2(byID, "contract_termination_remark", "x"))
	w.receivedOne()
	w.signXML("100002")
	w.must("papay/deletecontract", with2(byCodeXML(), "contract_code", "100002", "contract_termination_remark", "x"))
}

// transactionFields names an order by WeChat Pay's number, as orderNo does by the merchant's.
func transactionFields(id string) map[string]string {
	return map[string]string{"appid": sandbox.DefaultAppID, "transaction_id": id}
}

func isolatedXMLOrders(i *isolated) {
	w := i.xmlWorld()
	w.must("pay/unifiedorder", plainOrder("plain"))
	order := w.must("pay/contractorder", with2(contractOrder(), "contract_outerid", "A1"))
	w.must("pay/orderquery", orderNo("123456"))
	receipt, err := w.Payer(openID).Pay(order["prepay_id"].(string))
	w.ok(err)
	transaction := transactionFields(receipt.Order.TransactionID)
	w.must("pay/orderquery", transaction)
	w.must("pay/contractorder", with2(contractOrder(), "out_trade_no", "654321", "contract_code", "other"))
	w.must("pay/closeorder", orderNo("654321"))
	refund := w.must("secapi/pay/refund", refundFields("123456", "refund-1", "1"), wxpay.MTLS())
	byID := with2(refundFields("", "refund-2", "1"), "transaction_id", receipt.Order.TransactionID, "op_user_id",
		sandbox.DefaultMchID)
	w.must("secapi/pay/refund", byID, wxpay.MTLS())
	query := func(name, value string) map[string]string {
		return map[string]string{"appid": sandbox.DefaultAppID, name: value}
	}
	w.must("pay/refundquery", query("out_refund_no", "refund-1"))
	w.must("pay/refundquery", query("refund_id", refund["refund_id"].(string)))
	w.must("pay/refundquery", orderNo("123456"))
	w.must("pay/refundquery", transaction)
	w.ok(w.Advance(24 * time.Hour))
	w.bill(billXML())
}

func isolatedXMLPartners(i *isolated) {
	w := i.xmlWorld()
	sub := func(f map[string]string) map[string]string { return with2(f, "sub_mch_id", "1900000110") }
	i.open(w, "papay/partner/entrustweb", sub(with2(entryXML(), "contract_code", "page1")))
	h5 := sub(with2(entryXML(), "contract_code", "page2", "clientip", "119.145.83.6", "outerid", "A1"))
	w.redirected("papay/partner/h5entrustweb", h5)
	session := w.must("papay/partner/preentrustweb", sub(entryXML()))
	c, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne()
	w.must("papay/partner/querycontract", sub(byCodeXML()))
	byID := sub(map[string]string{"appid": sandbox.DefaultAppID, "contract_id": c.ID, "version": "1.0"})
	w.must("papay/partner/querycontract", byID)
	w.must("pay/partner/pappayapply", sub(applyXML(c.ID, "debit-1")))
	w.must("pay/partner/paporderquery", sub(orderNo("debit-1")))
	paid := w.receivedOne()
	w.must("pay/partner/paporderquery", sub(transactionFields(paid["transaction_id"])))
	w.must("secapi/pay/refund", sub(refundFields("debit-1", "refund-1", "1")), wxpay.MTLS())
	w.must("papay/partner/deletecontract", with2(byID, "contract_termination_remark", "x"))
	session = w.must("papay/partner/preentrustweb", sub(with2(entryXML(), "contract_code", "100001")))
	_, err = w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	byCode := with2(byCodeXML(), "contract_code", "100001", "contract_termination_remark", "x")
	w.must("papay/partner/deletecontract", sub(byCode))
}

// A page or mini program that one merchant signs for a plan of another's is refused like one for a
// plan that nobody has.
func TestSigningForAnotherMerchantsPlan(t *testing.T) {
	t.Parallel()
	m := sandbox.DefaultMerchant()
	w := newXMLWorld(t, sandbox.WithMerchant(twin(m)))
	cfg, err := w.ClientConfigFor(twin(m).MchID)
	w.ok(err)
	other, err := wxpay.New(cfg)
	w.ok(err)
	var told []string
	for _, plan := range []string{sandbox.DefaultPlanID, shifted(sandbox.DefaultPlanID, toNobodys)} {
		f := with2(entryXML(), "appid", shifted(sandbox.DefaultAppID, toTwins), "plan_id", plan)
		address, err := other.Chain("v2/papay/entrustweb").URL(f)
		w.ok(err)
		_, atPage := w.Payer(openID).OpenURL(address)
		launch, err := other.ContractExtraData(with2(f, "version", ""))
		w.ok(err)
		_, atMiniProgram := w.Payer(openID).OpenMiniProgram(launch.ExtraData)
		if pageReason(atPage) != ledger.PageRejected || pageReason(atMiniProgram) != ledger.PageRejected {
			t.Fatalf("plan %s: the pages say %v and %v", plan, atPage, atMiniProgram)
		}
		told = append(told, atPage.Error()+"\n"+atMiniProgram.Error())
	}
	if told[0] != told[1] {
		t.Errorf("of the other's plan:\n%s\nof nobody's:\n%s", told[0], told[1])
	}
}
