package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestCreditRepayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.creditContract()
	payer := w.Payer(openID)
	w.refused(400, "INVALID_REQUEST", "POST", creditOrders, creditOrder(c, "r1", "t1", "10000")) // not booked

	records := w.must("POST", creditBook, creditBooking(c, "r1"))["schedule_records"].([]any)
	if r := records[0].(object); len(records) != 1 || r["repayment_amount"] != "10000" ||
		r["min_repayment_amount"] != "2000" || r["repayment_date"] != "2020-09-12" || r["openid"] != openID {
		t.Errorf("booked: got %v", records)
	}
	w.must("POST", creditBook, creditBooking(c, "r1"))
	w.refused(400, "INVALID_REQUEST", "POST", creditBook,
		creditBooking(c, "r1", func(i object) { i["repayment_amount"] = "9999" }))
	record := creditRoot + "/schedule-records/"
	if got := w.must("GET", record+"r1?contract_id="+c.ID, nil); got["sub_appid"] != "wxd678efh567hg6787" ||
		got["contract_id"] != c.ID {
		t.Errorf("record: got %v", got)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", record+"r2?contract_id="+c.ID, nil)
	w.refused(400, "INVALID_REQUEST", "GET", record+"r1?contract_id=none", nil)

	w.refused(400, "INVALID_REQUEST", "POST", creditOrders, creditOrder(c, "r1", "t1", "10000")) // two days too early
	w.ok(w.Advance(2 * aDay))
	w.refused(400, "INVALID_REQUEST", "POST", creditOrders, creditOrder(c, "r1", "t1", "1999"))  // less than the least
	w.refused(400, "INVALID_REQUEST", "POST", creditOrders, creditOrder(c, "r1", "t1", "10001")) // more than the whole

	// Failure is not notified.
	w.ok(payer.RunOut())
	if got := w.must("POST", creditOrders, creditOrder(c, "r1", "t1",
		"10000")); got["order_state"] != "DEDUCT_ORDER_STATE_PENDING" || got["transaction_id"] != nil {
		t.Errorf("accepted: got %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", creditOrders, creditOrder(c, "r1", "t1b", "10000")) // one is under way
	w.ok(w.Advance(time.Minute))
	if got := w.received(); len(got) != 0 {
		t.Errorf("failure notified: %v", got)
	}
	if got := w.must("GET", creditOrders+"/t1", nil); got["order_state"] != "DEDUCT_ORDER_STATE_PAY_FAIL" ||
		got["pay_success_amount"] != nil {
		t.Errorf("failed: got %v", got)
	}
	w.refused(400, "ORDER_CLOSED", "POST", creditOrders, creditOrder(c, "r1", "t1", "10000"))

	w.ok(payer.Fund(2500))
	w.must("POST", creditOrders, creditOrder(c, "r1", "t2", "2000"))
	w.ok(w.Advance(time.Minute))
	n := w.receivedOne("CREDIT_REPAYMENT.DEDUCTION_PAY")
	e := into[event.CreditRepaymentDeductionPay](w, n)
	if n.Path != "/repaid" || e.SubMchID != "1900000109" || e.SPMchID != "1900000109" || e.OutRecordID != "r1" ||
		e.OutTradeNo != "t2" ||
		e.DeductAmount != "2000" || e.PaySuccessAmount != "2000" || e.Attach != "备注" || len(e.TransactionID) != 28 {
		t.Errorf("DEDUCTION_PAY came to %s with %+v", n.Path, e)
	}
	if got := w.must("GET", creditOrders+"/t2", nil); got["order_state"] != "DEDUCT_ORDER_STATE_PAY_SUCCESS" ||
		got["transaction_id"] != e.TransactionID {
		t.Errorf("paid: got %v", got)
	}
	// a booking is repaid once
	w.refused(400, "INVALID_REQUEST", "POST", creditOrders, creditOrder(c, "r1", "t3", "2000"))
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", creditOrders+"/t3", nil)
}

func TestCreditOutcomeUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.creditContract()
	w.must("POST", creditBook, creditBooking(c, "r1"))
	w.ok(w.Advance(2 * aDay))
	w.ok(w.Payer(openID).FailNext(ledger.SystemFailure))
	w.must("POST", creditOrders, creditOrder(c, "r1", "t1", "10000"))
	w.ok(w.Advance(time.Minute))
	if got := w.must("GET", creditOrders+"/t1", nil); got["order_state"] != "DEDUCT_ORDER_STATE_NOT_PAY" {
		t.Errorf("got %v", got)
	}
}

func TestCreditBookingRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t,
		sandbox.WithPlan(ledger.Plan{ID: "124", Product: ledger.Credit, MinPercent: 5}),
		sandbox.WithPlan(ledger.Plan{ID: "126", Product: ledger.Credit, MinPercent: 5}),
		sandbox.WithPlan(ledger.Plan{ID: "125", Product: ledger.Credit, Limits: ledger.Limits{PerDebit: 20000}}))
	defer w.hinted()
	sign := func(plan, limit string) *ledger.Contract {
		body := with(with(with(creditBody(), "plan_id", plan), "out_contract_code", "loan"+plan),
			"repayment_amount_limit", limit)
		c, err := w.Payer(openID).Agree(w.must("POST", creditSign, body)["presign_token"].(string))
		w.ok(err)
		return c
	}
	cash, consumer, limited := sign("123", "10000"), sign("124", "10000"), sign("125", "20000")
	boundless := sign("126", "9223372036854775807")
	set := func(name string, value any) func(object) { return func(i object) { with(i, name, value) } }
	date := func(days int) func(object) {
		return set("repayment_date", start.AddDate(0, 0, days).Format("2006-01-02"))
	}
	for _, c := range []struct {
		name     string
		contract *ledger.Contract
		code     string // "" is a success
		change   func(object)
	}{
		{"today", cash, "PARAM_ERROR", date(0)},
		{"tomorrow", cash, "", date(1)},
		{"in 14 days", cash, "", date(14)},
		{"in 15 days", cash, "PARAM_ERROR", date(15)},
		{"yesterday", cash, "PARAM_ERROR", date(-1)},
		{"over the contract's limit", cash, "INVALID_REQUEST", set("repayment_amount", "10001")},
		{"over the template's limit", limited, "INVALID_REQUEST", set("repayment_amount", "20001")},
		{"nothing", cash, "PARAM_ERROR", set("repayment_amount", "0")},
		{"a cash loan without a least part", cash, "", set("min_repayment_amount", nil)},
		{"a cash loan, 9.99 %", cash, "PARAM_ERROR", set("min_repayment_amount", "999")},
		{"a cash loan, 10 %", cash, "", set("min_repayment_amount", "1000")},
		{"a consumer loan without a least part", consumer, "PARAM_ERROR", set("min_repayment_amount", nil)},
		{"a consumer loan, 4.99 %", consumer, "PARAM_ERROR", set("min_repayment_amount", "499")},
		{"a consumer loan, 5 %", consumer, "", set("min_repayment_amount", "500")},
		{"1.5 % of a sum of which 5 times as much overflows", boundless, "PARAM_ERROR", func(i object) {
			with(with(i, "repayment_amount", "4611686018427387904"), "min_repayment_amount", "69175290276410818")
		}},
		{"at least more than the whole", cash, "PARAM_ERROR", set("min_repayment_amount", "10001")},
		{"no date", cash, "PARAM_ERROR", set("repayment_date", "2020-09-31")},
	} {
		body := creditBooking(c.contract, "r"+c.contract.PlanID+
			string(rune('A'+len(w.contractOf(c.contract).Bookings))), c.change)
		if c.code == "" {
			w.must("POST", creditBook, body)
		} else if e := w.refused(400, c.code, "POST", creditBook, body); e.Message == "" {
			t.Errorf("%s: no message", c.name)
		}
	}
	if b := w.contractOf(cash).Bookings[2]; b.Least != 10000 {
		t.Errorf("without a least part: got %+v, want the whole", b)
	}
	w.refused(403, "NO_AUTH", "POST", creditBook, creditBooking(cash, "x", set("sub_mchid", "999")))
	w.refused(400, "INVALID_REQUEST", "POST", creditBook, with(creditBooking(cash, "x"), "openid", "somebody-else"))
	w.refused(400, "INVALID_REQUEST", "POST", creditBook, with(creditBooking(cash, "x"), "appid", "wx8888888888888888"))
	w.refused(400, "INVALID_REQUEST", "POST", creditBook, with(creditBooking(cash, "x"), "contract_id", "none"))
	w.received()
	other := w.eduContract()
	// another product's
	w.refused(400, "INVALID_REQUEST", "POST", creditBook, with(creditBooking(cash, "x"), "contract_id", other.ID))
	w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(other, 1, "debit1", 100))
	// cash's number
	w.refused(400, "INVALID_REQUEST", "POST", creditBook, creditBooking(consumer, "r123A",
		set("repayment_amount", "9000")))
	w.refused(400, "PARAM_ERROR", "POST", creditBook, with(creditBooking(cash, "x"), "schedule_items", []object{}))
}

// contractOf is the contract as it is now.
func (w *world) contractOf(c *ledger.Contract) *ledger.Contract {
	w.t.Helper()
	now, err := w.Contract(c.ID)
	w.ok(err)
	return now
}

func TestCreditPaysWhileSigning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	payer := w.Payer(openID)
	trade := object{"out_trade_no": "first", "deduct_amount": 3000, "notify_url": "https://yourapp.com/repaid",
		"attach": "x"}
	presign := func(code string) string {
		return w.must("POST", creditSign,
			with(with(creditBody(), "out_contract_code", code), "trade_info", trade))["presign_token"].(string)
	}
	w.ok(payer.RunOut())
	_, err := payer.Agree(presign("poor"))
	w.page(err, ledger.PageBlocked)
	if got := w.received(); len(got) != 0 {
		t.Errorf("a failed payment notified: %v", got)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", creditRoot+"/contracts/poor", nil)
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", creditOrders+"/first", nil)

	w.ok(payer.Fund(3000))
	late := presign("late")
	c, err := payer.Agree(presign("rich"))
	w.ok(err)
	got := w.received()
	if len(got) != 2 || got[0].Event != "CREDIT_REPAYMENT.DEDUCTION_PAY" ||
		got[0].Resource["sub_mchid"] != "1000000109" || got[1].Event != "CREDIT_REPAYMENT.SIGN_CONTRACT" {
		t.Errorf("got %v", got)
	}
	if q := w.must("GET", creditOrders+"/first", nil); q["order_state"] != "DEDUCT_ORDER_STATE_PAY_SUCCESS" ||
		q["contract_id"] != c.ID {
		t.Errorf("query: got %v", q)
	}
	_, err = w.Payer("another").Agree(late)
	w.page(err, ledger.PageBlocked) // the number is used up
	w.refused(400, "INVALID_REQUEST", "POST", creditSign, with(with(creditBody(), "out_contract_code", "again"),
		"trade_info", trade))
}

// A repayment's number is none of the orders' to the same sub-merchant, which the booking names.
func TestCreditNumberIsOfOnePayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.creditContract()
	const sub = "1230000109"
	toSub := func(i object) { i["sub_mchid"] = sub; delete(i, "sub_appid") }
	w.must("POST", creditBook, creditBooking(c, "r1", toSub))
	w.ok(w.Advance(2 * aDay))
	w.must("POST", partnerRoot+"jsapi", numbered(partnerOrder(), "number1"))
	w.refused(400, "INVALID_REQUEST", "POST", creditOrders, creditOrder(c, "r1", "number1", "10000"))
	w.must("POST", creditOrders, creditOrder(c, "r1", "number2", "10000"))
	w.refused(403, "OUT_TRADE_NO_USED", "POST", partnerRoot+"jsapi", numbered(partnerOrder(), "number2"))

	// The same of a first payment, by whichever name the sub-merchant is called.
	first := object{"out_trade_no": "number1", "deduct_amount": 100, "description": "信贷还款",
		"notify_url": "https://yourapp.com/repaid"}
	body := with(with(with(creditBody(), "sub_mchid", sub), "trade_info", first), "out_contract_code", "loan2")
	w.refused(400, "INVALID_REQUEST", "POST", creditSign, body)
	w.refused(400, "INVALID_REQUEST", "POST", creditSign, with(with(body, "sub_mchid", nil), "sub_merchant_code", sub))
}
