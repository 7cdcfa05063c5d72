package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const orderByNo = "v3/pay/transactions/out-trade-no/%s?mchid=1900000109"

// A contract of a plan that debits with notices, outside its first twelve hours,
// and the paths of its notices.
func (w *world) recurring() (contract *ledger.Contract, notify, failNotify string) {
	w.t.Helper()
	token := w.must("POST", presignPapay, with(papayBody("A1"), "plan_id", 2))["pre_entrustweb_id"].(string)
	contract, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	w.ok(w.Advance(12 * time.Hour)) // 22:00
	root := "v3/papay/contracts/" + contract.ID
	return contract, root + "/notify", root + "/fail-notify"
}

func (w *world) tradeState(no string) any {
	w.t.Helper()
	return w.must("GET", fmt.Sprintf(orderByNo, no), nil)["trade_state"]
}

func TestPapayNoticeAndDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "2", Product: ledger.Papay, Mode: ledger.DebitNoticed}))
	defer w.hinted()
	contract, notify, failNotify := w.recurring()
	day := 24 * time.Hour
	payer := w.Payer(papayOpenID)

	w.rule("a notice has its hours, and comes before the debit", func() {
		w.refused(400, "INVALID_REQUEST", "POST", notify, noticeBody(1990)) // 22:00 is too late
		w.at(1, 7*time.Hour-time.Second)
		w.refused(400, "INVALID_REQUEST", "POST", notify, noticeBody(1990)) // and this too early
		w.refused(400, "INVALID_REQUEST", "POST", failNotify, object{"mchid": "1900000109",
			"appid": "wxd678efh567hg6787"})
		w.at(1, 7*time.Hour)
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-0", 1990)) // not announced
		w.must("POST", notify, noticeBody(1990))
		w.refused(400, "RESOURCE_ALREADY_EXISTS", "POST", notify, noticeBody(1990))
		w.refused(400, "INVALID_REQUEST", "POST", notify, noticeBody(2990))
		w.at(2, 21*time.Hour)
		// the day between
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-0", 1990))
	})
	w.rule("the debit is on the third day, of what was announced", func() {
		w.at(3, 7*time.Hour-time.Second)
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-0", 1990))
		w.at(3, 7*time.Hour)
		w.refused(400, "RULELIMIT", "POST", applyPapay, applyBody(contract.ID, "debit-0", 1991)) // more than announced
	})
	w.rule("it is accepted once and fails for want of money", func() {
		w.ok(payer.RunOut())
		body := applyBody(contract.ID, "debit-1", 1990)
		if got := w.must("POST", applyPapay, body); got["out_trade_no"] != "debit-1" ||
			got["amount"].(object)["total"] != 1990.0 {
			w.t.Errorf("apply: got %v", got)
		}
		if state := w.tradeState("debit-1"); state != "ACCEPT" {
			w.t.Errorf("before it is tried: got %v", state)
		}
		w.must("POST", applyPapay, body) // the same call again is accepted again
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay,
			with(applyBody(contract.ID, "debit-1", 1990), "attach", "y"))
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-2", 1990)) // D1 is pending

		n := w.receivedOne("TRANSACTION.FAIL")
		failed := as[event.TransactionFail](w, n)
		if n.Path != "/debited" || failed.OutTradeNo != "debit-1" || failed.TradeState != "PAY_FAIL" ||
			failed.TradeStateDesc != "余额不足" || failed.Attach != "x" || failed.TransactionID != "" {
			w.t.Errorf("TRANSACTION.FAIL at %s carries %v", n.Path, n.Resource)
		}
		if state := w.tradeState("debit-1"); state != "CLOSED" {
			w.t.Errorf("after it failed: got %v", state)
		}
		w.refused(400, "ORDER_CLOSED", "POST", applyPapay, body)
		w.must("POST", failNotify, object{"mchid": "1900000109", "appid": "wxd678efh567hg6787"})
	})
	w.rule("another number is paid and found", func() {
		w.ok(payer.Fund(5000))
		w.must("POST", applyPapay, applyBody(contract.ID, "debit-2", 1500)) // less than announced
		n := w.receivedOne("TRANSACTION.SUCCESS")
		if paid := as[event.TransactionSuccess](w, n); paid.TradeState != "SUCCESS" || paid.TransactionID == "" ||
			paid.Payer.OpenID != papayOpenID ||
			paid.Amount.PayerTotal != 1500 || n.Resource["mchid"] != "1900000109" || n.Resource["sp_mchid"] != nil {
			w.t.Errorf("TRANSACTION.SUCCESS carries %v", n.Resource)
		}
		byID := w.must("GET", "v3/pay/transactions/id/"+n.Resource["transaction_id"].(string)+"?mchid=1900000109", nil)
		if byID["out_trade_no"] != "debit-2" || byID["trade_state"] != "SUCCESS" || byID["trade_type"] != "PAP" ||
			byID["payer"].(object)["openid"] != papayOpenID {
			w.t.Errorf("query by id: got %v", byID)
		}
		w.refused(404, "ORDER_NOT_EXIST", "GET", fmt.Sprintf(orderByNo, "no-such"), nil)
	})
	w.rule("part of it is given back", func() {
		// Part of it is given back.
		w.must("POST", "v3/refund/domestic/refunds", object{
			"out_trade_no": "debit-2", "out_refund_no": "refund-1", "notify_url": "https://yourapp.com/refunded",
			"amount": object{"refund": 500, "total": 1500, "currency": "CNY"},
		})
		w.ok(w.Advance(time.Hour))
		if n := w.receivedOne("REFUND.SUCCESS"); n.Resource["out_trade_no"] != "debit-2" ||
			w.tradeState("debit-2") != "REFUND" {
			w.t.Errorf("REFUND.SUCCESS carries %v; the debit is %v", n.Resource, w.tradeState("debit-2"))
		}
		if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 4000 {
			w.t.Errorf("the payer has %+v, %v; want 4000 fen", wallet, err)
		}
	})
	w.rule("the success closed the notice", func() {
		// The success closed the notice; the next debit needs another one.
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-3", 1500))
		w.must("POST", notify, with(noticeBody(1990), "deduct_duration", object{"count": 1, "unit": "DAY"}))
		w.at(5, 7*time.Hour)
		w.ok(w.Advance(15*time.Hour - time.Second))
		// nothing failed
		w.refused(400, "INVALID_REQUEST", "POST", failNotify, object{"mchid": "1900000109",
			"appid": "wxd678efh567hg6787"})
		w.ok(w.Advance(day))
		// its one day is over
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-3", 1500))
	})
}

func TestPapayNoticeRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	contract := w.signPapay("A1")
	notify := "v3/papay/contracts/" + contract.ID + "/notify"
	w.refused(400, "PARAM_ERROR", "POST", notify, with(noticeBody(1), "mchid", "1900000110"))
	w.refused(400, "PARAM_ERROR", "POST", notify, with(noticeBody(1), "appid", "wx1"))
	w.refused(400, "PARAM_ERROR", "POST", notify, with(noticeBody(1), "deduct_duration", object{"count": 4}))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", "v3/papay/contracts/none/notify", noticeBody(1))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", "v3/partner-papay/contracts/"+contract.ID+"/notify", object{
		"sp_mchid": "1900000109", "sp_appid": "wxd678efh567hg6787", "sub_mchid": "1900000110",
		"estimated_amount": object{"amount": 1},
	})
	w.ok(w.Payer(papayOpenID).RefuseNextNotice())
	w.refused(400, "RULELIMIT", "POST", notify, noticeBody(1))
	w.must("POST", notify, noticeBody(1))

	// A notice sent in the first twelve hours ends their privilege.
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1))
	w.ok(w.Payer(papayOpenID).Terminate(contract.ID))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", notify, noticeBody(1))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", "v3/papay/contracts/"+contract.ID+"/fail-notify",
		object{"mchid": "1900000109", "appid": "wxd678efh567hg6787"})
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1))
}

func TestPapayFirstHoursAndLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyADay, sandbox.WithPlan(ledger.Plan{ID: "1", Product: ledger.Papay}))
	defer w.hinted()
	contract := w.signPapay("A1")
	w.at(0, 21*time.Hour+59*time.Minute) // within twelve hours of signing: at once
	w.must("POST", applyPapay, applyBody(contract.ID, "debit-1", 50000))
	w.receivedOne("TRANSACTION.SUCCESS")
	w.refused(400, "RULELIMIT", "POST", applyPapay, applyBody(contract.ID, "debit-2", 50001))
	for i := range 4 {
		w.must("POST", applyPapay, applyBody(contract.ID, fmt.Sprint("E", i), 50000))
		w.receivedOne("TRANSACTION.SUCCESS")
	}
	w.refused(400, "RULELIMIT", "POST", applyPapay, applyBody(contract.ID, "debit-3", 1)) // 2,500 CNY a day
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody("none", "debit-4", 1))
	w.refused(400, "PARAM_ERROR", "POST", applyPapay, with(applyBody(contract.ID, "debit-4", 1), "appid", "wx1"))
	w.refused(400, "PARAM_ERROR", "POST", applyPapay, with(applyBody(contract.ID, "debit-4", 1), "out_trade_no",
		"debit 4"))

	token := w.must("POST", presignPapay, with(papayBody("B1"), "plan_id", 1))["pre_entrustweb_id"].(string)
	once, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	w.must("POST", applyPapay, applyBody(once.ID, "F1", 1))
	w.receivedOne("TRANSACTION.SUCCESS")
	w.refused(400, "RULELIMIT", "POST", applyPapay, applyBody(once.ID, "F2", 1))
}

// Contracts of mode A, which most plans are of until a notice is sent.
func TestPapayADayLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	token := w.must("POST", presignPapay, with(papayBody("A1"), "plan_id", 12536))["pre_entrustweb_id"].(string)
	contract, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	w.at(1, 9*time.Hour)
	w.must("POST", applyPapay, applyBody(contract.ID, "debit-1", 100))
	w.at(2, 9*time.Hour-time.Second)
	if got := w.received(); len(got) != 0 || w.tradeState("debit-1") != "ACCEPT" {
		t.Errorf("debited before 24 hours had passed: %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-2", 100))
	w.ok(w.Advance(time.Second))
	w.receivedOne("TRANSACTION.SUCCESS")
	w.refused(400, "RULELIMIT", "POST", applyPapay, applyBody(contract.ID, "debit-2", 100)) // one a day
	w.at(3, 9*time.Hour)

	// The payer ends the contract while a debit waits.
	w.must("POST", applyPapay, applyBody(contract.ID, "debit-2", 100))
	w.ok(w.Payer(papayOpenID).Terminate(contract.ID))
	w.receivedOne("ENTRUST.TERMINATE")
	w.at(4, 10*time.Hour)
	if n := w.receivedOne("TRANSACTION.FAIL"); n.Resource["trade_state_desc"] != "签约协议不存在，请检查传入的签约协议是否正确" {
		t.Errorf("TRANSACTION.FAIL carries %v", n.Resource)
	}
}

func TestPapayFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	contract, payer := w.signPapay("A1"), w.Payer(papayOpenID)
	w.ok(payer.FailNext(ledger.RiskRejected, ledger.BankError, ledger.SystemFailure))
	for i, want := range []string{"CLOSED", "CLOSED", "PAYERROR"} {
		no := fmt.Sprint("debit-", i)
		w.must("POST", applyPapay, applyBody(contract.ID, no, 100))
		w.receivedOne("TRANSACTION.FAIL")
		if state := w.tradeState(no); state != want {
			t.Errorf("%s: got %v, want %s", no, state, want)
		}
	}
	// What is not known to have failed is closed first, then tried with a new number.
	w.must("POST", "v3/pay/transactions/out-trade-no/debit-2/close", object{"mchid": "1900000109"})
	if state := w.tradeState("debit-2"); state != "CLOSED" {
		t.Errorf("after closing: got %v", state)
	}
	w.must("POST", applyPapay, applyBody(contract.ID, "debit-3", 100))
	w.receivedOne("TRANSACTION.SUCCESS")
	w.refused(400, "INVALID_REQUEST", "POST", "v3/pay/transactions/out-trade-no/debit-3/close",
		object{"mchid": "1900000109"})
}

func TestPapayHarmonyDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	contract := w.signPapay("A1")
	body := with(with(applyBody(contract.ID, "debit-1", 100), "harmony_account_id", "h"), "mcc", "5734")
	w.must("POST", "v3/papay/pay/harmony/transactions/apply", body)
	w.receivedOne("TRANSACTION.SUCCESS")
	w.refused(400, "PARAM_ERROR", "POST", "v3/papay/pay/harmony/transactions/apply",
		applyBody(contract.ID, "debit-2", 100))
}

// What a plan fixes: every amount but the first, and almost nothing for tests.
func TestPapayPlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t,
		sandbox.WithPlan(ledger.Plan{ID: "4", Product: ledger.Papay, Amount: 1990,
			Limits: ledger.Limits{SuccessesPerDay: 2}}),
		sandbox.WithPlan(ledger.Plan{ID: "5", Product: ledger.Papay, Test: true}),
		sandbox.WithPlan(ledger.Plan{ID: "6", Product: ledger.Papay, Days: 30, NotifyURL: sandbox.DefaultNotifyURL}))
	defer w.hinted()
	sign := func(plan int, code string) *ledger.Contract {
		token := w.must("POST", presignPapay, with(papayBody(code), "plan_id", plan))["pre_entrustweb_id"].(string)
		c, err := w.Payer(papayOpenID).Agree(token)
		w.ok(err)
		w.receivedOne("ENTRUST.SIGN")
		return c
	}
	equal := sign(4, "A1")
	w.must("POST", applyPapay, applyBody(equal.ID, "debit-1", 990)) // the first may be another
	w.receivedOne("TRANSACTION.SUCCESS")
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(equal.ID, "debit-2", 1000))
	w.must("POST", applyPapay, applyBody(equal.ID, "debit-2", 1990))
	w.receivedOne("TRANSACTION.SUCCESS")

	test := sign(5, "B1")
	w.refused(400, "RULELIMIT", "POST", applyPapay, applyBody(test.ID, "debit-3", 11))
	w.must("POST", applyPapay, applyBody(test.ID, "debit-3", 10))
	w.receivedOne("TRANSACTION.SUCCESS")

	month := sign(6, "C1")
	w.ok(w.Advance(30 * 24 * time.Hour))
	ended := w.receivedOne("ENTRUST.TERMINATE").Resource["contract_terminate_info"].(object)
	if got := ended["contract_termination_mode"]; got != "SYSTEM_TERMINATE" {
		t.Errorf("ENTRUST.TERMINATE carries %v", ended)
	}
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(month.ID, "debit-4", 1))
}
