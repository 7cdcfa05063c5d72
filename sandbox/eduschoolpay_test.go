package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	school        = "v3/eduschoolpay/"
	presignSchool = school + "contracts/presign"
	debitSchool   = school + "transactions"
)

func schoolBody(code string) object {
	return object{
		"appid": sandbox.DefaultEduAppID, "openid": eduOpenID, "plan_id": sandbox.DefaultEduPlanID,
		"user_id":   "20200330tony",
		"school_id": sandbox.DefaultSchoolID, "out_contract_code": code,
	}
}

func schoolDebit(contractID, no string) object {
	return object{
		"appid": sandbox.DefaultEduAppID, "sub_mchid": "1900000109", "description": "中山大学-第二食堂-海鲜炒饭", "attach": "x",
		"out_trade_no": no, "notify_url": "https://yourapp.com/paid", "contract_id": contractID,
		"user_id": "20200330tony",
		"amount":  object{"total": 888, "currency": "CNY"},
		"scene_info": object{"start_time": "2020-09-10T10:00:00+08:00", "school_id": sandbox.DefaultSchoolID,
			"scene_type": "CANTEEN"},
		"device_info": object{"device_id": "12343232", "device_ip": "123.12.12.123"},
	}
}

// signSchool presigns, lets the parent agree and takes the notification away.
func (w *world) signSchool(code string) *ledger.Contract {
	w.t.Helper()
	token := w.must("POST", presignSchool, schoolBody(code))["presign_token"].(string)
	c, err := w.Payer(eduOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("PAYSCORE.USER_OPEN_SERVICE")
	return c
}

func TestSchoolContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(eduOpenID)
	token := w.must("POST", presignSchool, schoolBody("20190806125346"))["presign_token"].(string)
	w.ok(payer.Decline(token))
	_, err := w.Payer("somebody-else").Agree(token)
	w.page(err, ledger.PageWrongUser)
	if got := w.received(); len(got) != 0 {
		t.Errorf("declining notified: %v", got)
	}
	c, err := payer.Agree(token)
	w.ok(err)
	signed := w.receivedOne("PAYSCORE.USER_OPEN_SERVICE")
	if r := signed.Resource; r["contract_id"] != c.ID || r["contract_status"] != "ADD" ||
		r["user_id"] != "20200330tony" || signed.Path != "/notify" {
		t.Errorf("signing: got %+v", signed)
	}
	byID := school + "contracts/" + c.ID
	if got := w.must("GET", byID, nil); len(c.ID) != 28 || got["contract_status"] != "ADD" ||
		got["out_contract_code"] != "20190806125346" ||
		got["create_time"] != "2020-09-10T10:00:00+08:00" || got["openid"] != eduOpenID {
		t.Errorf("query: got %v", got)
	}

	// A parent signs for each child: it is the code that cannot be another contract's.
	second, err := payer.Agree(w.must("POST", presignSchool, schoolBody("another"))["presign_token"].(string))
	w.ok(err)
	w.receivedOne("PAYSCORE.USER_OPEN_SERVICE")
	w.refused(400, "INVALID_REQUEST", "POST", presignSchool, schoolBody("another"))
	w.ok(payer.Terminate(second.ID))
	w.receivedOne("PAYSCORE.USER_CLOSE_SERVICE")
	w.must("POST", byID+"/terminate", nil)
	if r := w.receivedOne("PAYSCORE.USER_CLOSE_SERVICE").Resource; r["contract_status"] != "DELETE" ||
		r["contract_id"] != c.ID {
		t.Errorf("ending carries %v", r)
	}
	w.refused(404, "NOT_FOUND", "POST", byID+"/terminate", nil)
	w.refused(404, "NOT_FOUND", "GET", school+"contracts/2045011120563805041758214605", nil)
	if got := w.must("GET", byID, nil)["contract_status"]; got != "DELETE" {
		t.Errorf("a terminated contract is %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", presignSchool, schoolBody("20190806125346")) // burnt

	// What the payer deletes is gone for the merchant as well.
	w.ok(payer.Delete(c.ID))
	w.refused(404, "NOT_FOUND", "GET", byID, nil)
	again := w.signSchool("second")
	w.page(w.Payer("somebody-else").Delete(again.ID), ledger.PageWrongUser)
	w.ok(payer.Delete(again.ID))
	w.receivedOne("PAYSCORE.USER_CLOSE_SERVICE")
	w.refused(404, "NOT_FOUND", "POST", debitSchool, schoolDebit(again.ID, "A"))
}

func TestSchoolPresignRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "77", Product: ledger.EduSchoolPay,
		NotifyURL: "https://yourapp.com/other", Owner: "1"}))
	for name, body := range map[string]object{
		"unknown plan":          with(schoolBody("A"), "plan_id", "1"),
		"another school's plan": with(schoolBody("A"), "plan_id", "77"),
		"another school":        with(schoolBody("A"), "school_id", "2"),
		"a card without name":   with(schoolBody("A"), "contract_mode", "LIMIT_BANK_CARD"),
		"an appid of others":    with(schoolBody("A"), "appid", "wx0000000000000000"),
		"a code with a sign":    schoolBody("A+B"),
		"a card without a card": with(with(schoolBody("A"), "contract_mode", "PRIORITY_BANK_CARD"), "identity",
			identity("张三")),
		"an account with a dash": with(schoolBody("A"), "user_id", "tony-1"),
	} {
		if e := w.refused(400, "PARAM_ERROR", "POST", presignSchool, body); e.Message == "" {
			t.Errorf("%s: no words", name)
		}
	}
	// A code is unique under its plan, and only there.
	w.must("POST", presignSchool, schoolBody("A"))
	w.refused(400, "INVALID_REQUEST", "POST", presignSchool, with(schoolBody("A"), "user_id", "other"))
	w.must("POST", presignSchool, with(with(schoolBody("A"), "plan_id", "77"), "school_id", "1"))

	token := w.must("POST", presignSchool, schoolBody("late"))["presign_token"].(string)
	w.ok(w.Advance(2 * time.Hour))
	_, err := w.Payer(eduOpenID).Open(token)
	w.page(err, ledger.PageExpired)
}

func identity(name string) object {
	return object{"real_name": name, "credential_type": "IDENTITY_CARD", "id_card_number": "440101199001011234"}
}

func TestSchoolIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Payer(eduOpenID).Identify("李四", ""))
	body := func(code string) object {
		return with(with(with(schoolBody(code), "identity", identity("张三")), "contract_mode", "LIMIT_BANK_CARD"),
			"bank_card", object{"bank_card_no": "6222020000000000000", "phone": "13800138000", "bank_type": "CMC"})
	}
	token := w.must("POST", presignSchool, body("A"))["presign_token"].(string)
	if again := w.must("POST", presignSchool, body("A"))["presign_token"]; again != token {
		t.Error("the same call, encrypted anew, opened another session")
	}
	_, err := w.Payer(eduOpenID).Agree(token)
	w.page(err, ledger.PageIdentity)
	w.refused(400, "INVALID_REQUEST", "POST", presignSchool, body("A"))
	if got := w.received(); len(got) != 0 {
		t.Errorf("a wrong identity notified: %v", got)
	}
	token = w.must("POST", presignSchool, with(body("B"), "downgrade_default_contract", true))["presign_token"].(string)
	_, err = w.Payer(eduOpenID).Agree(token)
	w.ok(err)
}

func TestSchoolList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, code := range []string{"a", "b", "c"} {
		c := w.signSchool(code)
		w.must("POST", school+"contracts/"+c.ID+"/terminate", nil)
		w.received()
	}
	w.signSchool("d")
	list := func(query string) object {
		return w.must("GET", school+"users/"+eduOpenID+"/contracts?plan_id="+sandbox.DefaultEduPlanID+"&"+query, nil)
	}
	all := list("contract_status=ALL&offset=0&limit=3")
	rows, links := all["data"].([]any), all["links"].(object)
	if len(rows) != 3 || all["total_count"] != 4.0 || rows[0].(object)["out_contract_code"] != "d" ||
		rows[1].(object)["out_contract_code"] != "a" {
		t.Errorf("ALL: got %v", all)
	}
	next := links["next"].(string)
	if links["prev"] != nil || !strings.HasPrefix(next, "/v3/eduschoolpay/users/") {
		t.Errorf("links: got %v", links)
	}
	second := w.must("GET", next[1:], nil)
	if links := second["links"].(object); len(second["data"].([]any)) != 1 || links["next"] != nil ||
		links["prev"] == nil {
		t.Errorf("second page: got %v", second)
	}
	if got := list("contract_status=ADD"); got["total_count"] != 1.0 || got["limit"] != 20.0 {
		t.Errorf("ADD: got %v", got)
	}
	if got := list("contract_status=DELETE&limit=40"); got["total_count"] != 3.0 {
		t.Errorf("DELETE: got %v", got)
	}
	w.refused(400, "PARAM_ERROR", "GET", school+"users/"+eduOpenID+
		"/contracts?plan_id=1&contract_status=ALL&offset=5&limit=3", nil)
	w.refused(400, "PARAM_ERROR", "GET", school+"users/"+eduOpenID+"/contracts?plan_id=1&contract_status=ALL&limit=41",
		nil)
	if got := w.must("GET", school+"users/nobody/contracts?plan_id=1&contract_status=ALL",
		nil); got["total_count"] != 0.0 {
		t.Errorf("a stranger has %v", got)
	}
}

func TestSchoolDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signSchool("A")
	got := w.must("POST", debitSchool, schoolDebit(c.ID, "lunch-1"))
	if got["trade_state"] != "ACCEPTED" || got["transaction_id"] != nil || got["attach"] != "x" {
		t.Errorf("accepted: got %v", got)
	}
	w.must("POST", debitSchool, schoolDebit(c.ID, "lunch-2")) // side by side
	byNo := debitSchool + "/out-trade-no/lunch-1?sub_mchid=1900000109"
	if got := w.must("GET", byNo, nil); got["trade_state"] != "ACCEPTED" {
		t.Errorf("before: got %v", got)
	}
	w.ok(w.Payer(eduOpenID).FailNext(ledger.BankError))
	w.ok(w.Advance(time.Minute))
	outcomes := w.received()
	if len(outcomes) != 2 || outcomes[0].Event != "TRANSACTION.INDUSTRY_FAILED" ||
		outcomes[1].Event != "TRANSACTION.INDUSTRY_SUCCESS" || outcomes[0].Path != "/paid" {
		t.Fatalf("got %v", outcomes)
	}
	if r := outcomes[0].Resource; r["trade_state"] != "PAY_FAIL" || r["out_trade_no"] != "lunch-1" ||
		r["transaction_id"] != nil {
		t.Errorf("failure carries %v", r)
	}
	if r := outcomes[1].Resource; r["trade_state"] != "SUCCESS" || r["bank_type"] != "OTHERS" ||
		r["trade_type"] != "AUTH" || r["amount"].(object)["payer_total"] != 888.0 {
		t.Errorf("success carries %v", r)
	}
	w.refused(400, "ORDER_CLOSED", "POST", debitSchool, schoolDebit(c.ID, "lunch-1"))
	w.refused(400, "INVALID_REQUEST", "POST", debitSchool, with(schoolDebit(c.ID, "lunch-1"), "attach", "y"))
	id := outcomes[1].Resource["transaction_id"].(string)
	if got := w.must("GET", debitSchool+"/id/"+id+"?sub_mchid=1900000109", nil); got["out_trade_no"] != "lunch-2" {
		t.Errorf("by id: got %v", got)
	}
	w.refused(404, "NOT_FOUND", "GET", debitSchool+"/id/"+id, nil)
	w.refused(404, "NOT_FOUND", "GET", debitSchool+"/out-trade-no/other?sub_mchid=1900000109", nil)

	// In step with the call.
	if got := w.must("POST", debitSchool, with(schoolDebit(c.ID, "now"), "payment_mode",
		"SYNC")); got["trade_state"] != "SUCCESS" || got["transaction_id"] == nil {
		t.Errorf("SYNC: got %v", got)
	}
	w.ok(w.Payer(eduOpenID).FailNext(ledger.AccountAbnormal))
	if got := w.must("POST", debitSchool,
		with(schoolDebit(c.ID, "now-2"), "payment_mode", "SYNC")); got["trade_state"] != "PAY_FAIL" {
		t.Errorf("SYNC failure: got %v", got)
	}
	if got := w.received(); len(got) != 2 {
		t.Errorf("every accepted debit is notified; got %v", got)
	}

	w.refused(400, "PARAM_ERROR", "POST", debitSchool, with(schoolDebit(c.ID, "x"), "user_id", "another"))
	w.refused(400, "PARAM_ERROR", "POST", debitSchool, with(schoolDebit(c.ID, "x"), "appid", sandbox.DefaultAppID))
	w.refused(403, "NO_AUTH", "POST", debitSchool, with(schoolDebit(c.ID, "x"), "sub_mchid", "999"))
	other := schoolDebit(c.ID, "x")
	other["scene_info"].(object)["school_id"] = "1"
	w.refused(400, "PARAM_ERROR", "POST", debitSchool, other)

	// A contract that ends while its debit waits.
	w.must("POST", debitSchool, schoolDebit(c.ID, "too-late"))
	w.ok(w.Payer(eduOpenID).Terminate(c.ID))
	w.ok(w.Advance(time.Minute))
	if got := w.received(); len(got) != 2 || got[1].Event != "TRANSACTION.INDUSTRY_FAILED" {
		t.Errorf("ended: got %v", got)
	}
	w.refused(404, "NOT_FOUND", "POST", debitSchool, schoolDebit(c.ID, "x"))
}

func TestSchoolDebt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signSchool("A")
	payer := w.Payer(eduOpenID)
	const debt = school + "users/" + eduOpenID + "/debt-state"
	if got := w.must("GET", debt, nil); got["state"] != "NORMAL" || got["debt_count"] != 0.0 ||
		got["appid"] != sandbox.DefaultEduAppID {
		t.Errorf("at first: got %v", got)
	}
	w.refused(404, "NOT_FOUND", "GET", school+"users/nobody/debt-state", nil)
	w.ok(payer.RunOut())
	sync := func(no string) object { return with(schoolDebit(c.ID, no), "payment_mode", "SYNC") }
	if got := w.must("POST", debitSchool, sync("1")); got["trade_state"] != "SUCCESS" || got["bank_type"] != "BPA" {
		t.Errorf("advanced: got %v", got)
	}
	got := w.received()
	if len(got) != 2 || got[0].Event != "TRANSACTION.INDUSTRY_SUCCESS" ||
		got[1].Event != "EDU_SCHOOL_PAY.USER_DEBT_STATE_UPDATE" ||
		got[1].Resource["state"] != "NORMAL" || got[1].Resource["debt_count"] != 1.0 || got[1].Path != "/notify" {
		t.Errorf("advanced: got %v", got)
	}
	w.must("POST", debitSchool, sync("2"))
	if got := w.must("GET", debt, nil); got["state"] != "FORBIDDEN" || got["debt_count"] != 2.0 {
		t.Errorf("two debts: got %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", debitSchool, sync("3"))
	w.received()

	w.page(payer.Repay(), ledger.PageNoMoney)
	w.ok(payer.Fund(2000))
	w.ok(payer.Repay())
	events := ""
	for _, n := range w.received() {
		events += n.Event + " "
		if n.Event == "TRANSACTION.PAY_BACK" && n.Resource["trade_state"] != "PAY_BACK" {
			t.Errorf("repaid: got %v", n.Resource)
		}
	}
	if want := strings.Repeat("TRANSACTION.PAY_BACK EDU_SCHOOL_PAY.USER_DEBT_STATE_UPDATE ", 2); events != want {
		t.Errorf("repaid: got %s", events)
	}
	if got := w.must("GET", debitSchool+"/out-trade-no/1?sub_mchid=1900000109", nil); got["trade_state"] != "PAY_BACK" {
		t.Errorf("query: got %v", got["trade_state"])
	}
	w.must("POST", debitSchool, sync("3"))
	w.page(payer.Repay(), ledger.PageNoMoney) // 2000 - 3 × 888 is not enough
}

// The product has a schedule of its own.
func TestSchoolSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inbox.answer = func() int { return 500 }
	token := w.must("POST", presignSchool, schoolBody("A"))["presign_token"].(string)
	_, err := w.Payer(eduOpenID).Agree(token)
	w.ok(err)
	w.ok(w.Advance(24 * time.Hour))
	p := w.onlyPush()
	if p.State != ledger.PushGivenUp || len(p.Attempts) != 22 || p.Attempts[21].At.Sub(p.CreatedAt) != time.Second+
		10*time.Minute+50*time.Minute {
		t.Errorf("got %s after %d attempts", p.State, len(p.Attempts))
	}
}

func TestSchoolRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signSchool("A")
	w.must("POST", debitSchool, with(schoolDebit(c.ID, "lunch"), "payment_mode", "SYNC"))
	w.received()
	refund := object{
		"sub_mchid": "1900000109", "out_trade_no": "lunch", "out_refund_no": "half",
		"notify_url": "https://yourapp.com/refunded",
		"amount":     object{"refund": 444, "total": 888, "currency": "CNY"},
	}
	w.must("POST", "v3/refund/domestic/refunds", refund)
	w.ok(w.Advance(24 * time.Hour))
	w.receivedOne("REFUND.SUCCESS")
	if got := w.must("GET", debitSchool+"/out-trade-no/lunch?sub_mchid=1900000109",
		nil); got["trade_state"] != "REFUND" {
		t.Errorf("refunded: got %v", got["trade_state"])
	}
	refund["out_refund_no"], refund["amount"] = "more", object{"refund": 445, "total": 888, "currency": "CNY"}
	w.refused(400, "INVALID_REQUEST", "POST", "v3/refund/domestic/refunds", refund)
}
