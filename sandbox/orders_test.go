package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	directRoot  = "v3/pay/transactions/"
	partnerRoot = "v3/pay/partner/transactions/"
	byNo        = "out-trade-no/20150806125346"
	asPartner   = "?sp_mchid=1900000109&sub_mchid=1230000109"
)

// partnerOrder is orderBody as a service provider writes it.
func partnerOrder() object {
	return object{
		"sp_appid": "wxd678efh567hg6787", "sp_mchid": "1900000109", "sub_mchid": "1230000109",
		"sub_appid":   "wxd678efh567hg6999",
		"description": "Image", "out_trade_no": "20150806125346", "notify_url": "https://yourapp.com/paid",
		"amount": object{"total": 100, "currency": "CNY"}, "payer": object{"sp_openid": openID},
	}
}

// A mini program's order is of the provider's app or of the sub-merchant's.
func TestMiniProgramOrderOfEitherApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "v3/pay/partner/transactions/miniprogram"
	w.refused(400, "PARAM_ERROR", "POST", path, with(with(partnerOrder(), "sp_appid", nil), "sub_appid", nil))
	order := with(with(partnerOrder(), "sp_appid", nil), "payer", object{"sub_openid": "oOfTheSub"})
	prepay := w.must("POST", path, order)["prepay_id"].(string)
	receipt, err := w.Payer("oOfTheSub").Pay(prepay)
	w.ok(err)
	w.received()
	got := w.must("GET", "v3/pay/partner/transactions/id/"+receipt.Order.TransactionID+
		"?sp_mchid=1900000109&sub_mchid=1230000109", nil)
	if got["sub_appid"] != "wxd678efh567hg6999" || got["payer"].(object)["sub_openid"] != "oOfTheSub" {
		t.Errorf("got %v", got)
	}
}

// Every way to place an order ends in a payment, its notification and its query.
func TestEveryWayToOrder(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct {
		body  func() object
		reply string
		trade string
	}{
		directRoot + "jsapi":        {orderBody, "prepay_id", "JSAPI"},
		directRoot + "app":          {func() object { return with(orderBody(), "payer", nil) }, "prepay_id", "APP"},
		directRoot + "native":       {func() object { return with(orderBody(), "payer", nil) }, "code_url", "NATIVE"},
		directRoot + "h5":           {func() object { return inBrowser(orderBody()) }, "h5_url", "MWEB"},
		partnerRoot + "jsapi":       {partnerOrder, "prepay_id", "JSAPI"},
		partnerRoot + "miniprogram": {partnerOrder, "prepay_id", "JSAPI"},
		partnerRoot + "app":         {func() object { return with(partnerOrder(), "payer", nil) }, "prepay_id", "APP"},
		partnerRoot + "native": {func() object { return with(partnerOrder(), "payer", nil) }, "code_url",
			"NATIVE"},
		partnerRoot + "h5": {func() object { return inBrowser(partnerOrder()) }, "h5_url", "MWEB"},
		partnerRoot + "scannedpos": {func() object {
			return with(partnerOrder(), "scene_info", object{"payer_client_ip": "14.23.150.211",
				"store_info": object{"id": "0001"}})
		}, "prepay_id", "JSAPI"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root, query, mchid := directRoot, "?mchid=1900000109", "mchid"
			if strings.HasPrefix(name, partnerRoot) {
				root, query, mchid = partnerRoot, asPartner, "sp_mchid"
			}
			link := w.must("POST", name, way.body())[way.reply].(string)
			if again := w.must("POST", name, way.body())[way.reply]; again != link {
				t.Errorf("the same call again: got %v, want %v", again, link)
			}
			if q := w.must("GET", root+byNo+query, nil); q["trade_state"] != "NOTPAY" || q["transaction_id"] != nil {
				t.Errorf("before paying: got %v", q)
			}
			_, err := w.Payer(openID).Pay(link)
			w.ok(err)
			paid := w.receivedOne("TRANSACTION.SUCCESS").Resource
			if paid["trade_type"] != way.trade || paid[mchid] != "1900000109" {
				t.Errorf("TRANSACTION.SUCCESS carries %v", paid)
			}
			payer := paid["payer"].(object)
			if payer["openid"] != openID && payer["sp_openid"] != openID {
				t.Errorf("the payer is %v", payer)
			}
			q := w.must("GET", root+"id/"+paid["transaction_id"].(string)+query, nil)
			if q["trade_state"] != "SUCCESS" || q["out_trade_no"] != "20150806125346" {
				t.Errorf("query: got %v", q)
			}
			w.refused(400, "INVALID_REQUEST", "POST", name, way.body())
		})
	}
}

func TestPartnerOrdersAreTheSubMerchants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithSubMerchant(ledger.SubMerchant{MchID: "1999999999", AppIDs: []string{"wxsub"}}))
	w.must("POST", partnerRoot+"jsapi", partnerOrder())
	w.must("POST", directRoot+"jsapi", orderBody())
	other := with(with(partnerOrder(), "sub_mchid", "1999999999"), "sub_appid", "wxsub")
	w.refused(400, "PARAM_ERROR", "POST", partnerRoot+"jsapi", with(partnerOrder(), "sp_mchid", "1230000109"))
	w.refused(400, "APPID_MCHID_NOT_MATCH", "POST", partnerRoot+"jsapi", with(partnerOrder(), "sp_appid", "wxsub"))
	w.refused(400, "PARAM_ERROR", "POST", partnerRoot+"jsapi",
		with(with(other, "sub_appid", "wxother"), "out_trade_no", "x1"))
	w.refused(403, "NO_AUTH", "POST", partnerRoot+"jsapi", with(partnerOrder(), "sub_mchid", "1888888888"))
	w.refused(400, "PARAM_ERROR", "POST", partnerRoot+"jsapi", with(with(partnerOrder(), "sub_appid", nil), "payer",
		object{"sub_openid": "oSub"}))
	w.refused(400, "PARAM_ERROR", "POST", partnerRoot+"jsapi", with(partnerOrder(), "payer", object{}))

	// The number is free for another sub-merchant, and each finds its own.
	w.refused(404, "ORDER_NOT_EXIST", "GET", partnerRoot+byNo+"?sp_mchid=1900000109&sub_mchid=1999999999", nil)
	body := with(with(partnerOrder(), "sub_mchid", "1999999999"), "sub_appid", "wxsub")
	prepay := w.must("POST", partnerRoot+
		"jsapi", with(body, "payer", object{"sub_openid": "oSub"}))["prepay_id"].(string)
	_, err := w.Payer("somebody").Pay(prepay)
	w.page(err, ledger.PageWrongUser)
	_, err = w.Payer("oSub").Pay(prepay)
	w.ok(err)
	paid := w.receivedOne("TRANSACTION.SUCCESS").Resource
	if paid["sub_mchid"] != "1999999999" || paid["sub_appid"] != "wxsub" ||
		paid["payer"].(object)["sub_openid"] != "oSub" {
		t.Errorf("TRANSACTION.SUCCESS carries %v", paid)
	}
	w.refused(404, "ORDER_NOT_EXIST", "GET", partnerRoot+"id/"+paid["transaction_id"].(string)+asPartner, nil)
	w.refused(404, "ORDER_NOT_EXIST", "GET", directRoot+"id/"+paid["transaction_id"].(string)+"?mchid=1900000109", nil)
	w.refused(400, "PARAM_ERROR", "GET", partnerRoot+byNo+"?sp_mchid=1230000109&sub_mchid=1230000109", nil)

	closing := object{"sp_mchid": "1900000109", "sub_mchid": "1230000109"}
	w.must("POST", partnerRoot+byNo+"/close", closing)
	w.must("POST", partnerRoot+byNo+"/close", closing)
	if q := w.must("GET", partnerRoot+byNo+asPartner, nil); q["trade_state"] != "CLOSED" {
		t.Errorf("closed: got %v", q)
	}
	if q := w.must("GET", directRoot+byNo+"?mchid=1900000109", nil); q["trade_state"] != "NOTPAY" {
		t.Errorf("the direct order of the same number: got %v", q)
	}
	w.refused(400, "ORDER_CLOSED", "POST", partnerRoot+"jsapi", partnerOrder())
	w.refused(403, "OUT_TRADE_NO_USED", "POST", directRoot+"jsapi", with(orderBody(), "description", "another1"))
}

func TestAnH5LinkLivesFiveMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.must("POST", directRoot+"h5", inBrowser(orderBody()))["h5_url"].(string)
	w.ok(w.Advance(5 * time.Minute))
	_, err := w.Payer(openID).Pay(link)
	w.page(err, ledger.PageExpired)
	w.must("POST", directRoot+"h5", inBrowser(orderBody()))
	_, err = w.Payer(openID).Pay(link)
	w.ok(err)
}

func codeBody(auth string) object {
	body := with(with(orderBody(), "notify_url", nil), "payer", object{"auth_code": auth})
	return with(body, "scene_info", object{"store_info": object{"id": "0001"}})
}

func TestCodePayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	reverse := object{"appid": "wxd678efh567hg6787", "mchid": "1900000109"}
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"codepay", codeBody("130061098828009406"))
	if got := w.adminOK("POST", "/sandbox/payers/"+openID+"/show-code",
		object{})["auth_code"].(string); len(got) != 18 {
		t.Errorf("show-code: got %q", got)
	}
	code, err := payer.ShowCode()
	w.ok(err)
	w.ok(w.Advance(time.Minute))
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"codepay", codeBody(code))
	w.ok(payer.Fund(150))
	if code, err = payer.ShowCode(); err != nil || len(code) != 18 {
		t.Fatalf("the code is %q, %v", code, err)
	}
	got := w.must("POST", directRoot+"codepay", codeBody(code))
	if got["trade_state"] != "SUCCESS" || got["trade_type"] != "MICROPAY" || got["payer"].(object)["openid"] != openID {
		t.Errorf("got %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"codepay", codeBody(code))
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"codepay", with(codeBody(code), "out_trade_no", "another1"))

	code, _ = payer.ShowCode()
	w.refused(403, "NOT_ENOUGH", "POST", directRoot+"codepay", with(codeBody(code), "out_trade_no", "poor-order"))
	if q := w.must("GET", directRoot+"out-trade-no/poor-order?mchid=1900000109", nil); q["trade_state"] != "PAYERROR" {
		t.Errorf("after the failure: got %v", q)
	}
	w.must("POST", directRoot+"out-trade-no/poor-order/reverse", reverse)
	w.must("POST", directRoot+byNo+"/reverse", reverse)
	w.must("POST", directRoot+byNo+"/reverse", reverse)
	if q := w.must("GET", directRoot+byNo+"?mchid=1900000109", nil); q["trade_state"] != "REVOKED" {
		t.Errorf("after reversing: got %v", q)
	}
	if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 150 {
		t.Errorf("the payer has %+v, %v; want their money back", wallet, err)
	}
	w.ok(payer.Unlimit())
	w.ok(payer.FailNext(ledger.BankError))
	code, _ = payer.ShowCode()
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"codepay", with(codeBody(code), "out_trade_no", "bank-order"))
	code, _ = payer.ShowCode()
	w.must("POST", directRoot+"codepay", with(codeBody(code), "out_trade_no", "old-order"))
	w.ok(w.Advance(8 * 24 * time.Hour))
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"out-trade-no/old-order/reverse", reverse)
	w.must("POST", directRoot+"jsapi", with(orderBody(), "out_trade_no", "jsapi-order"))
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"out-trade-no/jsapi-order/reverse", reverse)

	code, _ = payer.ShowCode()
	partner := with(with(partnerOrder(), "notify_url", nil), "payer", object{"auth_code": code})
	partner = with(partner, "scene_info", object{"store_info": object{"id": "0001"}})
	if got := w.must("POST", partnerRoot+"codepay", partner); got["sub_mchid"] != "1230000109" ||
		got["trade_state"] != "SUCCESS" {
		t.Errorf("partner: got %v", got)
	}
	w.must("POST", partnerRoot+byNo+"/reverse", object{"sp_mchid": "1900000109", "sub_mchid": "1230000109"})
	if len(w.received()) != 0 {
		t.Error("a code payment without notify_url was notified")
	}
	if got := w.must("POST", directRoot+"exposure", object{"appid": "wxd678efh567hg6787",
		"payer": object{"openid": openID}, "out_trade_no": "exposed"}); got["fqf_exposure"] != false {
		t.Errorf("exposure: got %v", got)
	}
}

// A payer whom the merchant names must be that person. The identity travels
// encrypted, anew in every call, and a repeated call is the same call all the same.
func TestRealNamePayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	w.ok(payer.Identify("张三", "110101199003070134"))
	order := func(no, number string) object {
		identity := object{"type": "IDCARD", "number": number, "name": "张三"}
		return with(with(orderBody(), "out_trade_no", no), "payer", object{"openid": openID, "identity": identity})
	}
	_, err := payer.Pay(w.must("POST", directRoot+
		"jsapi", order("order-1", "110101199003070142"))["prepay_id"].(string))
	w.page(err, ledger.PageIdentity)
	prepay := w.must("POST", directRoot+"jsapi", order("order-2", "110101199003070134"))["prepay_id"]
	if again := w.must("POST", directRoot+
		"jsapi", order("order-2", "110101199003070134"))["prepay_id"]; again != prepay {
		t.Errorf("the same call again: got %v, want %v", again, prepay)
	}
	_, err = payer.Pay(prepay.(string))
	w.ok(err)
	w.receivedOne("TRANSACTION.SUCCESS")
}

func TestPayingTakesMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Payer(openID).RunOut())
	prepay := w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string)
	_, err := w.Payer(openID).Pay(prepay)
	w.page(err, ledger.PageNoMoney)
	w.ok(w.Payer(openID).Fund(100))
	_, err = w.Payer(openID).Pay(prepay)
	w.ok(err)
	w.receivedOne("TRANSACTION.SUCCESS")
}
