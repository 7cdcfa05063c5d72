package sandbox_test

import (
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Nobody is told an openid under an appid that is not theirs, whoever is left out of the call.

const elsewhere = "oElsewhere000000000000000001"

// known is a payer with an openid under the first merchant's appid and one under another's.
func (w *world) known(openid string) {
	w.t.Helper()
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: openid, "wxOfAnotherMerchant": elsewhere}))
}

func TestAProviderWithoutAnAppIDIsToldNoOpenID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.known(openID)
	code, err := w.Payer(elsewhere).ShowCode()
	w.ok(err)
	body := with(with(with(codeBody(code), "sub_mchid", "1230000109"), "appid", nil), "mchid", nil)
	got := w.must("POST", partnerRoot+"codepay", with(body, "sp_mchid", sandbox.DefaultMchID))
	orders, err := w.Orders()
	w.ok(err)
	if payer, _ := got["payer"].(object); payer["sp_openid"] != nil || orders[0].OpenID != "" {
		t.Errorf("told %v, kept %q", payer, orders[0].OpenID)
	}
}

func TestSignedElsewhereUnderTheMerchantsOpenID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.known(papayOpenID)
	c, err := w.Payer(elsewhere).SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	w.ok(err)
	if n := w.receivedOne("ENTRUST.SIGN"); n.Resource["openid"] != papayOpenID || c.OpenID != papayOpenID {
		t.Errorf("told %v, kept %s", n.Resource["openid"], c.OpenID)
	}
}

func TestAMerchantWithoutAppIDsIsToldNoOpenID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: "1900000888", Plans: []ledger.Plan{
		{ID: sandbox.DefaultOrganizationID, Product: ledger.OfflineFace, NotifyURL: "https://yourapp.com/notify"}}}))
	w.known(papayOpenID)
	w.client = w.clientOf("1900000888")
	got := w.must("POST", "v3/offlineface/contracts/presign", faceBody("pupil-1"))
	c, err := w.Payer(elsewhere).Agree(got["presign_token"].(string))
	w.ok(err)
	pushes, err := w.Pushes()
	w.ok(err)
	for _, p := range pushes {
		if strings.Contains(string(p.Resource), elsewhere) {
			t.Errorf("%s tells %s", p.Event, p.Resource)
		}
	}
	if c.OpenID != "" {
		t.Errorf("kept %s", c.OpenID)
	}
}

// A contract that was asked for a sub_openid alone says no openid, as the order of it does.
func TestContractOfASubOpenIDAlone(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	order := with2(contractOrder(), "openid", "", "sub_mch_id", "1230000109", "sub_appid", "wxd678efh567hg6999",
		"sub_openid", "oSub")
	receipt, err := w.Payer("oSub").Pay(w.must("pay/contractorder", order)["prepay_id"].(string))
	w.ok(err)
	if c := receipt.Contract; c == nil || c.OpenID != "" || c.SubOpenID != "oSub" {
		t.Fatalf("signed %+v", c)
	}
	for _, f := range w.received() {
		if f["openid"] != "" || f["sub_openid"] != "oSub" {
			t.Errorf("told %v", f)
		}
	}
}

// What a combined order's contract is signed under is what contract_info says.
func TestCombinedContractUnderItsOwnAppID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: openID, sandbox.DefaultEduAppID: "oUnderEdu"}))
	order := with(with(combinedBody(), "combine_payer_info", nil), "contract_info", object{
		"mchid": "1900000109", "appid": sandbox.DefaultEduAppID, "out_contract_code": "C1", "plan_id": 12535,
		"contract_display_account": "Tony", "notify_url": "https://yourapp.com/signed",
	})
	receipt, err := w.Payer(openID).Pay(w.must("POST", combineRoot+"app", order)["prepay_id"].(string))
	w.ok(err)
	if c := receipt.Contract; c == nil || c.AppID != sandbox.DefaultEduAppID || c.OpenID != "oUnderEdu" {
		t.Errorf("signed %+v, obstacle %v", c, receipt.Obstacle)
	}
}

// An order that is closed keeps neither a contract's code nor its token.
func TestAClosedOrderFreesItsContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := func(no string) {
		w.must("POST", directRoot+"out-trade-no/"+no+"/close", object{"mchid": "1900000109"})
	}
	w.must("POST", withContract, signingBody())
	closed("20150806125346")
	prepay := w.must("POST", withContract, with(signingBody(), "out_trade_no", "another7"))["prepay_id"].(string)
	if receipt, err := w.Payer(openID).Pay(prepay); err != nil || receipt.Contract == nil {
		t.Errorf("the second order signed nothing: %+v, %v", receipt, err)
	}

	presign := func() string {
		return w.must("POST", presignExempt+"normal/pre-entrust-sign/mini-program",
			exemptBody("normal"))["pre_entrustweb_id"].(string)
	}
	token := presign()
	withToken := func(no, token string) object {
		return with(with(orderBody(), "out_trade_no", no), "contract_info", object{"token": token})
	}
	w.must("POST", withContract, withToken("third8", token))
	w.refused(400, "INVALID_REQUEST", "POST", withContract, withToken("fourth9", token)) // of a living order
	closed("third8")
	prepay = w.must("POST", withContract, withToken("fifth10", token))["prepay_id"].(string)
	closed("fifth10")
	again := presign()
	if again == token {
		t.Error("the pre-sign gives the token of a closed order")
	}
	_, err := w.Payer(openID).Agree(again)
	w.ok(err)
	_, err = w.Payer(openID).Pay(prepay)
	w.page(err, ledger.PageClosed)
}
