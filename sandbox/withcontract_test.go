package sandbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const withContract = "v3/pay/transactions/jsapi-with-contract"

// signingBody is an order that signs as it is paid.
func signingBody() object {
	return with(orderBody(), "contract_info", object{
		"plan_id": "12535", "contract_mchid": "1900000109", "contract_appid": "wxd678efh567hg6787",
		"contract_code":  "C1",
		"request_serial": "1695", "contract_display_account": "Tony",
		"contract_notify_url": "https://yourapp.com/signed",
	})
}

func contractInfo(body object, name string, value any) object {
	info := object{}
	for k, v := range body["contract_info"].(object) {
		info[k] = v
	}
	return with(body, "contract_info", with(info, name, value))
}

func TestPayAndSign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	for _, body := range []object{
		contractInfo(signingBody(), "contract_mchid", "1230000109"),
		contractInfo(signingBody(), "contract_appid", "wx8888888888888888"),
		contractInfo(signingBody(), "contract_code", nil),
		contractInfo(signingBody(), "plan_id", "404"),
		contractInfo(signingBody(), "plan_id", nil),
	} {
		w.refused(400, "PARAM_ERROR", "POST", withContract, body)
	}
	prepay := w.must("POST", withContract, signingBody())["prepay_id"].(string)
	if again := w.must("POST", withContract, signingBody())["prepay_id"]; again != prepay {
		t.Errorf("the same call again: got another prepay_id %v", again)
	}
	receipt, err := payer.Pay(prepay)
	w.ok(err)
	if receipt.Contract == nil || receipt.Obstacle != nil || receipt.Prompt != nil ||
		receipt.Contract.Product != ledger.Papay {
		t.Fatalf("the receipt is %+v", receipt)
	}
	got := w.received()
	if len(got) != 2 || got[0].Event != "TRANSACTION.SUCCESS" || got[1].Event != "ENTRUST.SIGN" ||
		got[1].Path != "/signed" {
		t.Fatalf("got notifications %v", got)
	}
	if got[1].Resource["contract_id"] != receipt.Contract.ID || got[1].Resource["out_contract_code"] != "C1" {
		t.Errorf("ENTRUST.SIGN carries %v", got[1].Resource)
	}

	// From here on signing fails, and every payment succeeds.
	second := contractInfo(with(signingBody(), "out_trade_no", "second"), "contract_code", "C2")
	third := contractInfo(with(signingBody(), "out_trade_no", "third1"), "contract_code", "C1")
	for _, body := range []object{second, third} { // they have signed; the code is burnt
		receipt, err := payer.Pay(w.must("POST", withContract, body)["prepay_id"].(string))
		w.ok(err)
		if receipt.Contract != nil {
			t.Errorf("signed %+v", receipt.Contract)
		}
		w.receivedOne("TRANSACTION.SUCCESS")
	}
	result, err := w.client.Chain(withContract).
		Post(context.Background(), contractInfo(with(signingBody(), "out_trade_no", "hinted"), "contract_code", "C3"))
	w.ok(err)
	if hint := result.Header.Get(ledger.HeaderHint); !strings.Contains(hint, "paying it will sign nothing") {
		t.Errorf("the hint is %q", hint)
	}
	other := w.Payer("oSomebodyElse")
	w.ok(other.BlockNextSigning())
	app := contractInfo(with(with(signingBody(), "out_trade_no", "fourth"), "payer", nil), "contract_code", "C4")
	prepay = w.must("POST", "v3/pay/transactions/app-with-contract", app)["prepay_id"].(string)
	receipt, err = other.Pay(prepay)
	w.ok(err)
	if receipt.Contract != nil || receipt.Obstacle == nil || receipt.Obstacle.Reason != ledger.PageBlocked {
		t.Errorf("blocked: the receipt is %+v", receipt)
	}
	w.receivedOne("TRANSACTION.SUCCESS")
	app = contractInfo(with(app, "out_trade_no", "fifth5"), "contract_code", "C5")
	receipt, err = other.Pay(w.must("POST", "v3/pay/transactions/app-with-contract", app)["prepay_id"].(string))
	w.ok(err)
	if receipt.Contract == nil || receipt.Contract.OpenID != "oSomebodyElse" {
		t.Errorf("the receipt is %+v", receipt)
	}
}

func TestPartnersPayAndSign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{partnerRoot + "jsapi-with-contract", partnerRoot + "app-with-contract"} {
		who := "o" + path[len(partnerRoot):]
		body := with(with(partnerOrder(), "out_trade_no", who[:8]), "contract_info", contractInfo(signingBody(),
			"contract_code", who[1:4])["contract_info"])
		if body = with(body, "payer", object{"sp_openid": who}); path == partnerRoot+"app-with-contract" {
			delete(body, "payer")
		}
		receipt, err := w.Payer(who).Pay(w.must("POST", path, body)["prepay_id"].(string))
		w.ok(err)
		if receipt.Contract == nil || receipt.Contract.SubMchID != "1230000109" {
			t.Errorf("%s: the receipt is %+v", path, receipt)
		}
		if got := w.received(); len(got) != 2 {
			t.Errorf("%s: got notifications %v", path, got)
		}
	}
}

func TestPayAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	presigned := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	token := func(no, token string) object {
		return with(with(orderBody(), "out_trade_no", no), "contract_info", object{"token": token})
	}
	w.refused(400, "INVALID_REQUEST", "POST", withContract, token("order1", "none"))
	w.refused(400, "PARAM_ERROR", "POST", withContract, with(orderBody(), "contract_info", object{}))
	prepay := w.must("POST", withContract, token("order1", presigned))["prepay_id"].(string)
	w.must("POST", withContract, token("order1", presigned))
	w.refused(400, "INVALID_REQUEST", "POST", withContract, token("order2", presigned))
	receipt, err := w.Payer(openID).Pay(prepay)
	w.ok(err)
	if receipt.Contract == nil || receipt.Contract.Product != ledger.CombinePapay {
		t.Errorf("the receipt is %+v", receipt)
	}
	w.refused(400, "INVALID_REQUEST", "POST", withContract, token("order3", presigned))
	old := w.must("POST", presignCombine, with(combineBody(), "out_contract_code", "old"))["pre_entrustweb_id"].(string)
	w.ok(w.Advance(2 * time.Hour))
	w.refused(400, "INVALID_REQUEST", "POST", withContract, token("order4", old))
}

func TestPayWithoutAPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	body := with(afterPayBody(""), "prepay_id", nil)
	token := w.must("POST", presignExempt+"normal/pre-entrust-sign/mini-program", body)["pre_entrustweb_id"].(string)
	contract, err := payer.Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	under := func(no, contract string) object {
		return with(with(orderBody(), "out_trade_no", no), "contract_info",
			object{"password_free_contract_id": contract})
	}
	w.refused(400, "INVALID_REQUEST", "POST", withContract, under("order0", "none"))
	w.refused(400, "INVALID_REQUEST", "POST", withContract, with(under("order0", contract.ID), "payer",
		object{"openid": "other"}))
	prepay := func(no string, total int) string {
		return w.must("POST", withContract, with(under(no, contract.ID), "amount",
			object{"total": total}))["prepay_id"].(string)
	}
	pays := func(prepay string, free bool) {
		t.Helper()
		receipt, err := payer.Pay(prepay)
		w.ok(err)
		if receipt.PasswordFree != free {
			t.Errorf("password-free: got %v, want %v", receipt.PasswordFree, free)
		}
		w.receivedOne("TRANSACTION.SUCCESS")
	}
	pays(prepay("large1", 50001), false)
	for _, no := range []string{"order1", "order2", "order3", "order4", "order5"} {
		pays(prepay(no, 100), true)
	}
	pays(prepay("order6", 100), false)

	w.ok(w.Advance(24 * time.Hour))
	w.ok(payer.RunOut()) // a failure takes nothing and ends nothing: they pay once they have the money
	link := prepay("order7", 100)
	_, err = payer.Pay(link)
	w.page(err, ledger.PageNoMoney)
	w.ok(payer.Fund(1000))
	pays(link, true)

	link = prepay("order8", 100)
	w.ok(payer.Terminate(contract.ID))
	w.receivedOne("ENTRUST.TERMINATE")
	pays(link, false)
	w.refused(400, "INVALID_REQUEST", "POST", withContract, under("order9", contract.ID))

	combined, err := payer.Agree(w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string))
	w.ok(err)
	w.refused(400, "INVALID_REQUEST", "POST", withContract, under("order9", combined.ID))
}
