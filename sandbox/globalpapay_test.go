package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	global          = "v3/global/papay/"
	globalContracts = global + "contracts/"
	globalPay       = global + "transactions"
)

func globalBody(code string) object {
	return object{
		"appid": sandbox.DefaultAppID, "plan_id": 123, "out_contract_code": code, "user_display_name": "张三",
		"success_notify_url": "https://yourapp.com/signed", "openid": openID,
	}
}

// globalSubBody is an institution's.
func globalSubBody(code string) object {
	return object{
		"sp_appid": sandbox.DefaultEduAppID, "sp_mchid": sandbox.DefaultMchID, "sub_mchid": "1230000109",
		"sub_appid": "wxcbda96de0b165484",
		"plan_id":   123, "out_contract_code": code, "user_display_name": "张三",
		"success_notify_url": "https://yourapp.com/signed", "openid": "of-sub",
	}
}

func globalDebitBody(contractID, no string) object {
	return object{
		"appid": sandbox.DefaultAppID, "description": "a month", "attach": "x",
		"notify_url": "https://yourapp.com/paid", "out_trade_no": no,
		"merchant_category_code": "1011", "contract_id": contractID, "amount": object{"total": 888, "currency": "HKD"},
	}
}

func (w *world) signGlobal(code string) *ledger.Contract {
	w.t.Helper()
	c, err := w.Payer(openID).Agree(w.must("POST", globalContracts+"app-pre-entrust-sign",
		globalBody(code))["session_id"].(string))
	w.ok(err)
	w.receivedOne("PAPAY.SIGN")
	return c
}

func TestGlobalScenes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for scene, reply := range map[string]string{
		"app": "session_id", "miniprogram": "session_id", "jsapi": "sign_url", "h5": "sign_url", "web": "show_code_url",
	} {
		payer := w.Payer("payer-of-" + scene)
		body := with(globalBody("code"+scene), "openid", payer.OpenID())
		if scene == "h5" || scene == "web" { // which do not know who comes
			delete(body, "openid")
		}
		token := w.must("POST", globalContracts+scene+"-pre-entrust-sign", body)[reply].(string)
		if strings.HasSuffix(reply, "_url") {
			page, err := payer.OpenURL(token)
			w.ok(err)
			token = page.Token
		}
		c, err := payer.Agree(token)
		w.ok(err)
		signed := w.receivedOne("PAPAY.SIGN")
		if r := signed.Resource; r["openid"] != payer.OpenID() || r["mchid"] != sandbox.DefaultMchID ||
			r["contract_id"] != c.ID || r["plan_id"] != 123.0 ||
			r["sp_mchid"] != nil || r["contract_termination_mode"] != nil || signed.Path != "/signed" {
			t.Errorf("%s: got %+v", scene, signed)
		}
	}
}

func TestGlobalSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const app = globalContracts + "app-pre-entrust-sign"
	until := with(globalBody("A"), "expired_time", "2020-09-10T10:20:00+08:00")
	token := w.must("POST", app, until)["session_id"].(string)
	if again := w.must("POST", app, until)["session_id"]; again != token {
		t.Errorf("the same call again: got %v", again)
	}
	w.refused(400, "INVALID_REQUEST", "POST", app, globalBody("A"))
	w.ok(w.Advance(20 * time.Minute))
	_, err := w.Payer(openID).Open(token)
	w.page(err, ledger.PageExpired)
	w.refused(400, "PARAM_ERROR", "POST", app, until)
	token = w.must("POST", app, globalBody("B"))["session_id"].(string)
	w.ok(w.Advance(2*time.Hour - time.Second))
	_, err = w.Payer(openID).Open(token)
	w.ok(err)

	// From another device than the merchant says nobody signs.
	token = w.must("POST", app, with(globalBody("C"), "user_client_ip", "119.145.83.6"))["session_id"].(string)
	_, err = w.Payer(openID).From("10.0.0.1").Agree(token)
	w.page(err, ledger.PageWrongUser)
	if got := w.received(); len(got) != 0 {
		t.Errorf("notified: %v", got)
	}
	_, err = w.Payer(openID).From("119.145.83.6").Agree(token)
	w.ok(err)

	for name, body := range map[string]object{
		"unknown plan":       with(globalBody("X"), "plan_id", 1),
		"an appid of others": with(globalBody("X"), "appid", "wx0"),
		"nobody's":           with(globalBody("X"), "appid", nil),
		"direct with sub":    with(globalBody("X"), "sub_mchid", "1230000109"),
		"no sub":             with(with(globalSubBody("X"), "sub_mchid", nil), "sub_appid", nil),
		"others' sp_mchid":   with(globalSubBody("X"), "sp_mchid", "3200000001"),
		"others' sp_appid":   with(globalSubBody("X"), "sp_appid", "wx0"),
	} {
		if e := w.refused(400, "PARAM_ERROR", "POST", app, body); e.Message == "" {
			t.Errorf("%s: no words", name)
		}
	}
	w.refused(403, "NO_AUTH", "POST", app, with(globalSubBody("X"), "sub_mchid", "999"))
	w.refused(400, "INVALID_REQUEST", "POST", app, globalBody("Y")) // signed under C
}

func TestGlobalContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	byCode := globalContracts + "out-contract-code/A?plan_id=123"
	w.refused(404, "NOT_FOUND", "GET", byCode, nil)
	for _, mode := range []struct {
		by   ledger.Termination
		want string
	}{
		{ledger.ByUser, "USER"}, {ledger.ByMerchant, "MERCHANT"}, {ledger.ByConsole, "MERCHANT"},
		{ledger.ByCustomerService, "PLATFORM"}, {ledger.BySystem, "PLATFORM"},
	} {
		c := w.signGlobal("code" + string(mode.by[:3]) + mode.want)
		byID := globalContracts + c.ID
		if got := w.must("GET", byID, nil); got["state"] != "SIGNED" || got["openid"] != openID ||
			got["terminated_time"] != nil || got["user_display_name"] != "张三" {
			t.Errorf("signed: got %v", got)
		}
		if mode.by == ledger.ByMerchant {
			w.refused(400, "PARAM_ERROR", "POST", byID+"/terminate", object{"appid": sandbox.DefaultAppID})
			w.must("POST", byID+"/terminate", object{"appid": sandbox.DefaultAppID, "termination_note": "moved"})
		} else {
			w.ok(w.Terminate(c.ID, mode.by, "moved"))
		}
		ended := w.receivedOne("PAPAY.TERMINATE")
		if r := ended.Resource; r["contract_termination_mode"] != mode.want || r["contract_id"] != c.ID ||
			ended.Path != "/notify" {
			t.Errorf("%s: got %+v", mode.by, ended)
		}
		if got := w.must("GET", byID, nil); got["state"] != "TERMINATED" || got["termination_mode"] != mode.want ||
			got["termination_note"] != "moved" {
			t.Errorf("%s: got %v", mode.by, got)
		}
		w.refused(403, "CONTRACT_NOT_EXIST", "POST", byID+"/terminate", object{"termination_note": "x"})
		w.refused(403, "CONTRACT_NOT_EXIST", "POST", globalPay, globalDebitBody(c.ID, "too-late"))
	}
	w.refused(404, "NOT_FOUND", "GET", globalContracts+"100005698", nil)
	w.refused(403, "CONTRACT_NOT_EXIST", "POST", globalContracts+"100005698/terminate", object{"termination_note": "x"})
}

func TestGlobalInstitution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.must("POST", globalContracts+"miniprogram-pre-entrust-sign", globalSubBody("A"))["session_id"].(string)
	c, err := w.Payer("of-sub").Agree(token)
	w.ok(err)
	if r := w.receivedOne("PAPAY.SIGN").Resource; r["sp_mchid"] != sandbox.DefaultMchID ||
		r["sub_mchid"] != "1230000109" || r["sub_openid"] != "of-sub" || r["mchid"] != nil {
		t.Errorf("PAPAY.SIGN carries %v", r)
	}
	const byCode = globalContracts + "out-contract-code/A?plan_id=123"
	if got := w.must("GET", byCode+"&sub_mchid=1230000109&sp_appid="+sandbox.DefaultEduAppID,
		nil); got["openid"] != "of-sub" || got["sp_appid"] != sandbox.DefaultEduAppID {
		t.Errorf("query: got %v", got)
	}
	w.refused(404, "NOT_FOUND", "GET", byCode+"&sub_mchid=1900000110", nil)
	w.refused(404, "NOT_FOUND", "GET", globalContracts+c.ID+"?sp_appid=wx0", nil)
	debit := with(with(with(globalDebitBody(c.ID, "1"), "appid", nil), "sp_appid", sandbox.DefaultEduAppID),
		"sub_mchid", "1230000109")
	if got := w.must("POST", globalPay, debit); got["sp_mchid"] != sandbox.DefaultMchID ||
		got["payer"].(object)["sub_openid"] != "of-sub" {
		t.Errorf("debit: got %v", got)
	}
	w.receivedOne("TRANSACTION.SUCCESS")
	w.refused(404, "NOT_FOUND", "GET", globalPay+"/out-trade-no/1", nil)
	w.must("GET", globalPay+"/out-trade-no/1?sub_mchid=1230000109", nil)
	w.refused(403, "NO_AUTH", "POST", globalPay, with(with(debit, "out_trade_no", "2"), "sub_mchid", "1900000110"))
	w.refused(403, "CONTRACT_NOT_EXIST", "POST", globalContracts+c.ID+"/terminate", object{"termination_note": "x",
		"sub_mchid": "1900000110"})
	w.must("POST", globalContracts+c.ID+"/terminate", object{"termination_note": "x", "sub_mchid": "1230000109",
		"sp_appid": sandbox.DefaultEduAppID})
}

func TestGlobalDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signGlobal("A")
	got := w.must("POST", globalPay, globalDebitBody(c.ID, "1"))
	if got["trade_state"] != "SUCCESS" || got["trade_type"] != "AUTH" ||
		got["amount"].(object)["payer_currency"] != "HKD" || got["payer"].(object)["openid"] != openID {
		t.Errorf("debit: got %v", got)
	}
	paid := w.receivedOne("TRANSACTION.SUCCESS")
	if paid.Path != "/paid" || paid.Resource["transaction_id"] != got["transaction_id"] {
		t.Errorf("notified %+v", paid)
	}
	if again := w.must("POST", globalPay,
		globalDebitBody(c.ID, "1")); again["transaction_id"] != got["transaction_id"] {
		t.Errorf("again: got %v", again)
	}
	w.refused(400, "INVALID_REQUEST", "POST", globalPay, with(globalDebitBody(c.ID, "1"), "attach", "y"))
	w.must("GET", globalPay+"/"+got["transaction_id"].(string), nil)
	w.refused(400, "ORDER_PAID", "POST", globalPay+"/out-trade-no/1/reverse", object{})

	// Each failure is an error of its own; the order waits to be reversed.
	payer := w.Payer(openID)
	for failure, want := range map[ledger.Failure]struct {
		status int
		code   string
	}{
		ledger.NotEnough: {403, "NOT_ENOUGH"}, ledger.RiskRejected: {400, "RULELIMIT"}, ledger.BankError: {400,
			"BANKERROR"},
	} {
		w.ok(payer.FailNext(failure))
		no := string(failure)
		w.refused(want.status, want.code, "POST", globalPay, globalDebitBody(c.ID, no))
		w.refused(want.status, want.code, "POST", globalPay, globalDebitBody(c.ID, no)) // it stays so
		byNo := globalPay + "/out-trade-no/" + no
		if got := w.must("GET", byNo, nil); got["trade_state"] != "PAYERROR" || got["transaction_id"] != nil {
			t.Errorf("%s: got %v", failure, got)
		}
		w.must("POST", byNo+"/reverse", object{})
		if got := w.must("GET", byNo, nil); got["trade_state"] != "CLOSED" {
			t.Errorf("reversed: got %v", got["trade_state"])
		}
		w.refused(400, "ORDER_CLOSED", "POST", byNo+"/reverse", object{})
		w.refused(400, "ORDER_CLOSED", "POST", globalPay, globalDebitBody(c.ID, no))
	}
	w.ok(payer.FailNext(ledger.SystemFailure))
	w.refused(500, "SYSTEM_ERROR", "POST", globalPay, globalDebitBody(c.ID, "2"))
	w.refused(404, "NOT_FOUND", "POST", globalPay+"/out-trade-no/2/reverse", object{})
	w.must("POST", globalPay, globalDebitBody(c.ID, "2"))
	w.refused(400, "PARAM_ERROR", "POST", globalPay, with(globalDebitBody(c.ID, "3"), "appid", sandbox.DefaultEduAppID))
	w.refused(404, "NOT_FOUND", "GET", globalPay+"/4200000000002104083200000488", nil)
}

func TestGlobalScheduleAndCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.must("GET", "v3/global/certificates", nil)["data"].([]any); len(got) == 0 {
		t.Error("no certificates")
	}
	w.inbox.answer = func() int { return 500 }
	_, err := w.Payer(openID).Agree(w.must("POST", globalContracts+"app-pre-entrust-sign",
		globalBody("A"))["session_id"].(string))
	w.ok(err)
	w.ok(w.Advance(24 * time.Hour))
	if p := w.onlyPush(); p.State != ledger.PushGivenUp || len(p.Attempts) != 10 ||
		p.Attempts[9].At.Sub(p.CreatedAt) != 3*time.Hour+4*time.Minute {
		t.Errorf("got %s after %d attempts, %v", p.State, len(p.Attempts),
			p.Attempts[len(p.Attempts)-1].At.Sub(p.CreatedAt))
	}
}
