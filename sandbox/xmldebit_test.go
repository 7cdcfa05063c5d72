package sandbox_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// signXML makes a contract and takes its notification.
func (w *xmlWorld) signXML(code string) *ledger.Contract {
	w.t.Helper()
	session := w.must("papay/preentrustweb", with2(entryXML(), "contract_code", code))
	c, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne()
	return c
}

func applyXML(contract, number string) map[string]string {
	return map[string]string{
		"appid": sandbox.DefaultAppID, "body": "水电代扣", "out_trade_no": number, "total_fee": "888",
		"spbill_create_ip": "8.8.8.8",
		"notify_url":       "https://yourapp.com/debit", "trade_type": "PAP", "contract_id": contract, "attach": "x",
	}
}

func orderNo(number string) map[string]string {
	return map[string]string{"appid": sandbox.DefaultAppID, "out_trade_no": number}
}

// notice sends APIv3's pre-deduction notice about a contract signed in APIv2.
func (w *xmlWorld) notice(contract string, amount int) error {
	_, err := w.client.Chain("v3/papay/contracts/{contract_id}/notify").Post(context.Background(), object{
		"mchid": sandbox.DefaultMchID, "appid": sandbox.DefaultAppID, "estimated_amount": object{"amount": amount,
			"currency": "CNY"},
	}, wxpay.Path("contract_id", contract))
	return err
}

// Within twelve hours of signing a debit runs at once. A success of pappayapply
// is no payment: the notification is.
func TestDebitAtOnceInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	contract := w.signXML("100000")
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	if q := w.must("pay/paporderquery", orderNo("A1")); q["trade_state"] != "ACCEPT" {
		t.Errorf("accepted: %v", q)
	}
	w.refused("ORDERNOTEXIST", "pay/orderquery", orderNo("A1"))
	w.refused("ORDER_ACCEPTED", "pay/pappayapply", applyXML(contract.ID, "A1"))
	w.refused("ORDER_ACCEPTED", "pay/pappayapply", applyXML(contract.ID, "A2"))
	paid := w.receivedOne()
	if paid["result_code"] != "SUCCESS" || paid["trade_state"] != "SUCCESS" || paid["total_fee"] != "888" ||
		paid["cash_fee"] != "888" || paid["transaction_id"] == "" ||
		paid["contract_id"] != contract.ID || paid["out_trade_no"] != "A1" || paid["time_end"] != "20200910100000" ||
		paid["attach"] != "x" || paid["nonce_str"] == "" || paid["openid"] != openID {
		t.Errorf("got %v", paid)
	}
	for _, path := range []string{"pay/paporderquery", "pay/orderquery"} {
		if q := w.must(path, orderNo("A1")); q["trade_state"] != "SUCCESS" ||
			q["transaction_id"] != paid["transaction_id"] || q["time_end"] != "20200910100000" {
			t.Errorf("%s: %v", path, q)
		}
	}
	w.refused("ORDERPAID", "pay/pappayapply", applyXML(contract.ID, "A1"))
	w.refused("INVALID_REQUEST", "pay/pappayapply", with2(applyXML(contract.ID, "A1"), "total_fee", "889"))
	w.refused("ORDERPAID", "pay/closeorder", orderNo("A1"))
}

// Mode A: a day after it was asked for, one at a time.
func TestDebitAfterADayInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	contract := w.signXML("100000")
	w.ok(w.Advance(25 * time.Hour)) // eleven in the morning
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	w.ok(w.Advance(23 * time.Hour))
	if got := w.received(); len(got) != 0 {
		t.Fatalf("debited before the day was over: %v", got)
	}
	w.ok(w.Advance(time.Hour))
	if paid := w.receivedOne(); paid["time_end"] != "20200912110000" {
		t.Errorf("got %v", paid)
	}
	w.ok(w.Advance(11 * time.Hour)) // ten at night
	w.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(contract.ID, "A2"))
	w.ok(w.Advance(9 * time.Hour)) // seven in the morning
	w.must("pay/pappayapply", applyXML(contract.ID, "A2"))
	// The payer ends the contract while the debit waits.
	w.ok(w.Payer(openID).Terminate(contract.ID))
	w.ok(w.Advance(24 * time.Hour))
	got := w.received()
	if len(got) != 2 || got[0]["contract_termination_mode"] != "2" || got[1]["err_code"] != "CONTRACT_NOT_EXIST" {
		t.Errorf("got %v", got)
	}
	w.refused("CONTRACT_NOT_EXIST", "pay/pappayapply", applyXML(contract.ID, "A3"))
}

// Mode B: announced by APIv3, debited from the third day on, again and again
// until one succeeds.
func TestDebitNoticedInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, sandbox.WithPlan(ledger.Plan{ID: "700", Product: ledger.Papay, Mode: ledger.DebitNoticed,
		NotifyURL: sandbox.DefaultNotifyURL}))
	session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", "700"))
	contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne()
	w.ok(w.Advance(24 * time.Hour))
	w.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(contract.ID, "B1"))
	w.ok(w.notice(contract.ID, 888))
	var e *wxpay.Error
	if err := w.notice(contract.ID, 888); !errors.As(err, &e) || e.Code != "RESOURCE_ALREADY_EXISTS" {
		t.Errorf("the same notice again: %v", err)
	}
	w.ok(w.Advance(24 * time.Hour))
	w.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(contract.ID, "B1")) // the second day
	w.ok(w.Advance(24 * time.Hour))
	w.refused("RULELIMIT", "pay/pappayapply", with2(applyXML(contract.ID, "B1"), "total_fee", "889"))

	w.ok(w.Payer(openID).FailNext(ledger.NotEnough))
	w.must("pay/pappayapply", applyXML(contract.ID, "B1"))
	failed := w.receivedOne()
	if failed["result_code"] != "FAIL" || failed["err_code"] != "NOTENOUGH" || failed["contract_id"] != contract.ID ||
		failed["transaction_id"] != "" {
		t.Errorf("got %v", failed)
	}
	// The order is closed: no debit order any more, and its number is used up.
	w.refused("INVALID_REQUEST", "pay/paporderquery", orderNo("B1"))
	if q := w.must("pay/orderquery", orderNo("B1")); q["trade_state"] != "CLOSED" {
		t.Errorf("closed: %v", q)
	}
	w.refused("ORDERCLOSED", "pay/pappayapply", applyXML(contract.ID, "B1"))
	w.refused("ORDERCLOSED", "pay/closeorder", orderNo("B1"))
	w.must("pay/pappayapply", applyXML(contract.ID, "B2"))
	if paid := w.receivedOne(); paid["out_trade_no"] != "B2" || paid["result_code"] != "SUCCESS" {
		t.Errorf("got %v", paid)
	}
	w.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(contract.ID, "B3")) // the notice is used up
}

// SYSTEMERROR leaves the order open: query, close, and only then a new number.
func TestDebitSystemErrorInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	contract := w.signXML("100000")
	w.ok(w.Payer(openID).FailNext(ledger.SystemFailure))
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	if failed := w.receivedOne(); failed["err_code"] != "SYSTEMERROR" {
		t.Errorf("got %v", failed)
	}
	if q := w.must("pay/paporderquery", orderNo("A1")); q["trade_state"] != "PAYERROR" {
		t.Errorf("open: %v", q)
	}
	w.must("pay/closeorder", orderNo("A1"))
	if q := w.must("pay/orderquery", orderNo("A1")); q["trade_state"] != "CLOSED" {
		t.Errorf("closed: %v", q)
	}
	w.must("pay/pappayapply", applyXML(contract.ID, "A2"))
}

func TestDebitRefusalsInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, sandbox.WithPlan(ledger.Plan{ID: "701", Product: ledger.Papay, Days: 30}))
	contract := w.signXML("100000")
	session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", "701", "contract_code", "short"))
	short, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	for name, c := range map[string]struct {
		code string
		f    map[string]string
	}{
		"no such contract":   {"CONTRACT_NOT_EXIST", applyXML("Wx1", "C")},
		"over 500 yuan":      {"RULELIMIT", with2(applyXML(contract.ID, "C"), "total_fee", "50001")},
		"nothing":            {"FAIL", with2(applyXML(contract.ID, "C"), "total_fee", "0")},
		"not PAP":            {"FAIL", with2(applyXML(contract.ID, "C"), "trade_type", "JSAPI")},
		"no notify_url":      {"FAIL", with2(applyXML(contract.ID, "C"), "notify_url", "")},
		"a sub-merchant's":   {"FAIL", with2(applyXML(contract.ID, "C"), "sub_mch_id", "1900000110")},
		"another's merchant": {"APPID_MCHID_NOT_MATCH", with2(applyXML(contract.ID, "C"), "appid", "wx7")},
	} {
		w.refused(c.code, "pay/pappayapply", c.f)
		if w.hint() == "" {
			t.Errorf("%s: no hint", name)
		}
	}
	w.refused("FAIL", "pay/paporderquery", orderNo(""))
	w.refused("ORDERNOTEXIST", "pay/paporderquery", orderNo("none"))
	w.refused("ORDERNOTEXIST", "pay/closeorder", orderNo("none"))
	w.ok(w.Advance(31 * 24 * time.Hour))
	w.refused("CONTRACTERROR", "pay/pappayapply", applyXML(short.ID, "C"))
	if q := w.must("papay/querycontract", map[string]string{"appid": sandbox.DefaultAppID, "contract_id": short.ID,
		"version": "1.0"}); q["contract_termination_mode"] != "1" {
		t.Errorf("expired: %v", q)
	}
}

func contractOrder() map[string]string {
	return map[string]string{
		"appid": sandbox.DefaultAppID, "contract_appid": sandbox.DefaultAppID, "contract_mchid": sandbox.DefaultMchID,
		"out_trade_no": "123456",
		"body":         "Ipadmini16G白色", "notify_url": "https://yourapp.com/paid", "total_fee": "888",
		"spbill_create_ip": "123.12.12.123",
		"trade_type":       "JSAPI", "openid": openID, "plan_id": "12535", "contract_code": "100001256",
		"request_serial":           "1695",
		"contract_display_account": "微信代扣", "contract_notify_url": "https://yourapp.com/v2",
	}
}

// Paying signs; the halves fail apart.
func TestContractOrderInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	payer := w.Payer(openID)
	order := w.must("pay/contractorder", contractOrder())
	if order["contract_result_code"] != "SUCCESS" || order["request_serial"] != "1695" {
		t.Fatalf("got %v", order)
	}
	if q := w.must("pay/orderquery", orderNo("123456")); q["trade_state"] != "NOTPAY" {
		t.Errorf("unpaid: %v", q)
	}
	receipt, err := payer.Pay(order["prepay_id"].(string))
	w.ok(err)
	if receipt.Contract == nil || receipt.Contract.Code != "100001256" {
		t.Fatalf("paid: %+v", receipt)
	}
	got := w.received()
	if len(got) != 2 || got[0]["transaction_id"] == "" || got[0]["contract_id"] != "" ||
		got[1]["change_type"] != "ADD" || strings.Join(w.paths, " ") != "/paid /v2" {
		t.Errorf("got %v at %v", got, w.paths)
	}
	if q := w.must("pay/orderquery", orderNo("123456")); q["trade_state"] != "SUCCESS" {
		t.Errorf("paid: %v", q)
	}
	w.refused("ORDERPAID", "pay/contractorder", contractOrder())

	// The code is in use: the order is placed all the same.
	second := with2(contractOrder(), "out_trade_no", "B")
	if order = w.must("pay/contractorder", second); order["contract_result_code"] != "FAIL" ||
		order["contract_err_code"] != "INVALID_REQUEST" {
		t.Errorf("got %v", order)
	}
	if receipt, err = payer.Pay(order["prepay_id"].(string)); err != nil || receipt.Contract != nil {
		t.Errorf("paid: %+v, %v", receipt, err)
	}
	// The payer has signed already: paying succeeds, signing fails in silence.
	third := with2(contractOrder(), "out_trade_no", "C", "contract_code", "other", "time_expire", "20200910120000")
	if order = w.must("pay/contractorder", third); order["contract_result_code"] != "SUCCESS" {
		t.Errorf("got %v", order)
	}
	w.received()
	if receipt, err = payer.Pay(order["prepay_id"].(string)); err != nil || receipt.Contract != nil {
		t.Errorf("paid: %+v, %v", receipt, err)
	}
	if got := w.received(); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	fourth := with2(contractOrder(), "out_trade_no", "D", "trade_type", "NATIVE", "openid", "")
	if order = w.must("pay/contractorder", fourth); order["code_url"] == "" {
		t.Errorf("got %v", order)
	}
	w.must("pay/closeorder", orderNo("D"))
	w.refused("ORDERCLOSED", "pay/closeorder", orderNo("D"))
	w.refused("ORDERCLOSED", "pay/contractorder", fourth)
	w.refused("PARAM_ERROR", "pay/contractorder", with2(contractOrder(), "contract_mchid", "1"))
	w.refused("PARAM_ERROR", "pay/contractorder", with2(contractOrder(), "contract_appid", "wx7"))
	w.refused("PARAM_ERROR", "pay/contractorder", with2(contractOrder(), "openid", ""))
	w.refused("PARAM_ERROR", "pay/contractorder", with2(contractOrder(), "time_expire", "2020"))
}

func refundFields(order, number, fee string) map[string]string {
	return map[string]string{
		"appid": sandbox.DefaultAppID, "out_trade_no": order, "out_refund_no": number, "total_fee": "888",
		"refund_fee": fee,
		"notify_url": "https://yourapp.com/refund",
	}
}

func TestRefundInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	contract := w.signXML("100000")
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	w.refused("ORDERNOTEXIST", "secapi/pay/refund", refundFields("A1", "R0", "1"), wxpay.MTLS())
	w.receivedOne()
	refund := with2(refundFields("A1", "R1", "800"), "op_user_id", sandbox.DefaultMchID) // older SDKs send it
	r := w.must("secapi/pay/refund", refund, wxpay.MTLS())
	if r["refund_id"] == "" || r["refund_fee"] != "800" {
		t.Errorf("got %v", r)
	}
	if again := w.must("secapi/pay/refund", refund, wxpay.MTLS()); again["refund_id"] != r["refund_id"] {
		t.Error("the same refund again is another")
	}
	w.refused("INVALID_REQUEST", "secapi/pay/refund", refundFields("A1", "R2", "89"), wxpay.MTLS())
	w.refused("ORDERNOTEXIST", "secapi/pay/refund", refundFields("none", "R2", "1"), wxpay.MTLS())
	if q := w.must("pay/refundquery", orderNo("A1")); q["refund_status_0"] != "PROCESSING" || q["refund_count"] != "1" {
		t.Errorf("got %v", q)
	}
	w.ok(w.Advance(time.Minute))
	if done := w.receivedOne(); done["refund_status"] != "SUCCESS" || done["out_refund_no"] != "R1" ||
		done["success_time"] != "2020-09-10 10:01:00" {
		t.Errorf("got %v", done)
	}
	if q := w.must("pay/refundquery", map[string]string{"appid": sandbox.DefaultAppID,
		"out_refund_no": "R1"}); q["refund_status_0"] != "SUCCESS" ||
		q["refund_success_time_0"] != "2020-09-10 10:01:00" {
		t.Errorf("got %v", q)
	}
	if q := w.must("pay/paporderquery", orderNo("A1")); q["trade_state"] != "REFUND" {
		t.Errorf("got %v", q)
	}
	w.ok(w.Payer(openID).FailNextRefund())
	w.must("secapi/pay/refund", refundFields("A1", "R3", "88"), wxpay.MTLS())
	w.ok(w.Advance(time.Minute))
	if done := w.receivedOne(); done["refund_status"] != "CHANGE" {
		t.Errorf("got %v", done)
	}
	w.refused("REFUNDNOTEXIST", "pay/refundquery", map[string]string{"appid": sandbox.DefaultAppID,
		"out_refund_no": "none"})
	w.refused("FAIL", "pay/refundquery", map[string]string{"appid": sandbox.DefaultAppID})
}

// Over TLS the certificate counts, through a tunnel too; over plain HTTP the sandbox
// says that it could not look.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	contract := w.signXML("100000")
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	w.receivedOne()
	config := w.ClientConfig()
	config.Host, config.HTTPClient = w.TLSURL(), &http.Client{
		Transport: &http.Transport{TLSClientConfig: w.TLSConfig()}}
	secure, err := wxpay.New(config)
	w.ok(err)
	plain := w.client
	w.client = secure
	w.refused("FAIL", "secapi/pay/refund", refundFields("A1", "R1", "1"), wxpay.Header("User-Agent", "x"))
	if !strings.Contains(w.hint(), "no certificate came") {
		t.Errorf("hint %q", w.hint())
	}
	w.must("secapi/pay/refund", refundFields("A1", "R1", "1"), wxpay.MTLS())
	w.must("pay/orderquery", orderNo("A1")) // needs none
	byName := proxied(t, w.Sandbox, func(string) {})
	w.client, err = wxpay.New(byName)
	w.ok(err)
	w.refused("FAIL", "secapi/pay/refund", refundFields("A1", "R3", "1"), wxpay.Header("User-Agent", "x"))
	w.must("secapi/pay/refund", refundFields("A1", "R3", "1"), wxpay.MTLS())
	byName.Certificate, err = wxpay.ParseCertificate([]byte(testFile(t, "spare_cert.pem")))
	w.ok(err)
	byName.PrivateKey, err = wxpay.ParsePrivateKey([]byte(testFile(t, "spare_key.pem")))
	w.ok(err)
	byName.SerialNo = "" // the certificate has it
	w.client, err = wxpay.New(byName)
	w.ok(err)
	w.refused("FAIL", "secapi/pay/refund", refundFields("A1", "R4", "1"), wxpay.MTLS())
	if !strings.Contains(w.hint(), "is not merchant") {
		t.Errorf("hint %q", w.hint())
	}
	w.client = plain
	result, err := plain.Chain("v2/secapi/pay/refund").Post(context.Background(), refundFields("A1", "R2", "1"),
		wxpay.MTLS())
	w.ok(err)
	if hint := result.Header.Get("X-Sandbox-Hint"); !strings.Contains(hint, "cannot see one") {
		t.Errorf("hint %q", hint)
	}
}

// Every attempt to tell of one failed debit is the same message, so that a merchant can tell it
// from another failure under the same number.
func TestAttemptsOfAFailedDebitAreOneMessage(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	session := w.must("papay/preentrustweb", entryXML())
	contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne()
	w.ok(w.Payer(openID).FailNext(ledger.NotEnough))
	w.answer = "no"
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	w.ok(w.Advance(time.Minute))
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.got) < 3 || w.got[0]["err_code"] != "NOTENOUGH" || len(w.got[0]["nonce_str"]) != 32 {
		t.Fatalf("got %v", w.got)
	}
	for _, again := range w.got[1:] {
		if !maps.Equal(again, w.got[0]) {
			t.Errorf("first %v, then %v", w.got[0], again)
		}
	}
}
