package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const insuranceApply = "v3/papay/insurance-pay/transactions/apply"

func insurancePeriod(c *ledger.Contract, id string) string {
	return "v3/papay/insurance-pay/policy-periods/contract-id/" + c.ID + "/policy-period-id/" + id
}

func insuranceBooking(total int) object {
	return object{"appid": "wxd678efh567hg6787", "scheduled_amount": object{"total": total, "currency": "CNY"}}
}

func insuranceDebit(c *ledger.Contract, period int, no string, total int) object {
	return object{
		"appid": c.AppID, "out_trade_no": no, "description": "保险",
		"transaction_notify_url": "https://yourapp.com/debited", "contract_id": c.ID,
		"policy_period_id": period, "amount": object{"total": total, "currency": "CNY"}, "attach": "x",
	}
}

// until moves the clock to a time of day in Beijing.
func (w *world) until(date string, hours, minutes int) {
	w.t.Helper()
	at, err := time.ParseInLocation("2006-01-02", date, time.FixedZone("", 8*3600))
	w.ok(err)
	at = at.Add(time.Duration(hours)*hour + time.Duration(minutes)*time.Minute)
	if at.Before(w.Clock().Now()) {
		w.t.Fatalf("%s is over", date)
	}
	w.ok(w.Advance(at.Sub(w.Clock().Now())))
}

func TestInsuranceDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.insured(insuranceBody())
	payer := w.Payer(openID)
	period := insurancePeriod(c, "1")
	w.rule("a period is booked from the day before", func() {
		if got := w.must("GET", period, nil); got["policy_period_state"] != "NO_SCHEDULED" ||
			got["deduct_start_date"] != nil {
			w.t.Errorf("not booked: got %v", got)
		}
		w.refused(404, "RESOURCE_NOT_EXISTS", "GET", insurancePeriod(c, "4"), nil)
		w.refused(404, "RESOURCE_NOT_EXISTS", "GET",
			"v3/papay/insurance-pay/policy-periods/contract-id/none/policy-period-id/1", nil)
		w.refused(400, "INVALID_REQUEST", "POST", period+"/schedule", insuranceBooking(4800)) // two days before it
		w.until("2020-09-11", 10, 0)
		w.refused(400, "INVALID_REQUEST", "POST", period+"/schedule", insuranceBooking(4799))
		w.refused(400, "PARAM_ERROR", "POST", period+"/schedule", insuranceBooking(0))
		w.refused(400, "PARAM_ERROR", "POST", period+"/schedule", with(insuranceBooking(4800), "appid", "wx0"))
		w.refused(400, "INVALID_REQUEST", "POST", insurancePeriod(c, "4")+"/schedule", insuranceBooking(4800))
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 1, "debit1", 4800)) // not booked
		if got := w.must("POST", period+"/schedule",
			insuranceBooking(4800)); got["policy_period_state"] != "SCHEDULED" ||
			got["deduct_start_date"] != "2020-09-12" ||
			got["deduct_end_date"] != "2020-10-11" || got["scheduled_amount"].(object)["total"] != 4800.0 {
			w.t.Errorf("booked: got %v", got)
		}
		// booked today, so not before tomorrow
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 1, "debit1", 4800))
	})
	w.rule("a debit that fails closes its number and keeps the booking", func() {
		w.until("2020-09-12", 10, 0)
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 1, "debit1", 4799))
		w.ok(payer.RunOut())
		if got := w.must("POST", insuranceApply, insuranceDebit(c, 1, "debit1",
			4800)); got["out_trade_no"] != "debit1" ||
			got["amount"].(object)["total"] != 4800.0 {
			w.t.Errorf("accepted: got %v", got)
		}
		// one is under way
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 1, "debit2", 4800))
		w.ok(w.Advance(time.Minute))
		if e := into[event.TransactionFail](w, w.receivedOne("TRANSACTION.FAIL")); e.TradeState != "PAY_FAIL" ||
			e.OutTradeNo != "debit1" {
			w.t.Errorf("FAIL carries %+v", e)
		}
		w.refused(400, "ORDER_CLOSED", "POST", insuranceApply, insuranceDebit(c, 1, "debit1", 4800))
		if got := w.must("GET", period, nil); got["policy_period_state"] != "SCHEDULED" || got["deduct_amount"] != nil {
			w.t.Errorf("after a failure: got %v", got)
		}
	})
	w.rule("it is paid until the last minute", func() {
		w.ok(payer.Fund(5000))
		w.until("2020-10-11", 19, 59) // the last minute
		w.must("POST", insuranceApply, insuranceDebit(c, 1, "debit2", 4800))
		w.ok(w.Advance(time.Minute))
		n := w.receivedOne("TRANSACTION.SUCCESS")
		if e := into[event.TransactionSuccess](w, n); n.Path != "/debited" || e.TradeState != "SUCCESS" ||
			e.TradeType != "PAP" || e.Attach != "x" || e.Payer.OpenID != openID || e.Amount.Total != 4800 {
			w.t.Errorf("SUCCESS came to %s with %+v", n.Path, e)
		}
		if got := w.must("GET", period, nil); got["policy_period_state"] != "PAID" ||
			got["deduct_date"] != "2020-10-11" ||
			got["deduct_amount"].(object)["total"] != 4800.0 {
			w.t.Errorf("paid: got %v", got)
		}
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 1, "debit3", 4800))
		if got := w.must("GET", "v3/pay/transactions/out-trade-no/debit2?mchid=1900000109",
			nil); got["trade_state"] != "SUCCESS" || got["trade_type"] != "PAP" {
			w.t.Errorf("order query: got %v", got)
		}
	})
	w.rule("part of it is given back", func() {
		// Part of it is given back.
		w.must("POST", "v3/refund/domestic/refunds", object{
			"out_trade_no": "debit2", "out_refund_no": "refund1", "notify_url": "https://yourapp.com/refunded",
			"amount": object{"refund": 800, "total": 4800, "currency": "CNY"},
		})
		w.ok(w.Advance(hour))
		w.receivedOne("REFUND.SUCCESS")
		if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 1000 {
			w.t.Errorf("the payer has %+v, %v; want 1000 fen", wallet, err)
		}
	})
	w.rule("who has asked to leave is not debited", func() {
		w.until("2020-10-12", 10, 0)
		w.must("POST", insurancePeriod(c, "2")+"/schedule", insuranceBooking(4800))
		w.until("2020-10-13", 10, 0)
		w.ok(payer.Terminate(c.ID))
		// they have asked to leave
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 2, "debit4", 4800))
		w.must("POST", insuranceCode+"/terminate", object{"contract_termination_remark": "x"})
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 2, "debit4", 4800))
		w.refused(400, "INVALID_REQUEST", "POST", insurancePeriod(c, "2")+"/schedule", insuranceBooking(4800))
		w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, with(insuranceDebit(c, 2, "debit4", 4800),
			"contract_id",
			"none"))
	})
}

func TestInsuranceHasItsHours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		date           string
		hours, minutes int
		book, ok       bool // book a period, or debit one that was booked on 2020-09-11
	}{
		{"book the evening before the first day", "2020-09-11", 7, 59, true, false},
		{"book on the first morning", "2020-09-11", 8, 0, true, true},
		{"book on the first evening", "2020-09-11", 19, 29, true, true},
		{"book too late in the evening", "2020-09-11", 19, 30, true, false},
		{"book on the last evening", "2020-10-10", 19, 29, true, true},
		{"book on the day after", "2020-10-11", 10, 0, true, false},
		{"debit early in the morning", "2020-09-12", 7, 59, false, false},
		{"debit in the morning", "2020-09-12", 8, 0, false, true},
		{"debit late in the evening", "2020-09-12", 20, 0, false, false},
		{"debit on the last evening", "2020-10-11", 19, 59, false, true},
		{"debit on the day after", "2020-10-12", 10, 0, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.hinted()
			contract := w.insured(insuranceBody())
			path, body := insurancePeriod(contract, "1")+"/schedule", insuranceBooking(4800)
			if !c.book {
				w.until("2020-09-11", 10, 0)
				w.must("POST", path, body)
				path, body = insuranceApply, insuranceDebit(contract, 1, "debit1", 4800)
			}
			w.until(c.date, c.hours, c.minutes)
			if c.ok {
				w.must("POST", path, body)
			} else {
				w.refused(400, "INVALID_REQUEST", "POST", path, body)
			}
		})
	}
}

func TestInsuranceBookingTheNextVoidsTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.insured(insuranceBody())
	w.until("2020-10-01", 10, 0)
	w.must("POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(4800))
	w.must("POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(4800)) // the same again
	w.until("2020-10-11", 10, 0)
	w.must("POST", insurancePeriod(c, "2")+"/schedule", insuranceBooking(4800))
	w.refused(400, "INVALID_REQUEST", "POST", insuranceApply, insuranceDebit(c, 1, "debit1", 4800))
	if got := w.must("GET", insurancePeriod(c, "1"), nil); got["policy_period_state"] != "EXPIRED" ||
		got["deduct_end_date"] != nil {
		t.Errorf("the first: got %v", got)
	}

	list := w.must("GET", insuranceList+"?limit=2&offset=1", nil)
	rows := list["data"].([]any)
	if second := rows[0].(object); len(rows) != 2 || list["total_count"] != 3.0 || list["limit"] != 2.0 ||
		list["offset"] != 1.0 || second["policy_period_id"] != 2.0 ||
		second["policy_period_state"] != "SCHEDULED" || second["estimated_deduct_date"] != "2020-10-12" ||
		second["estimated_deduct_amount"].(object)["total"] != 4800.0 {
		t.Errorf("list: got %v", list)
	}
	if list := w.must("GET", insuranceList+"?offset=3", nil); len(list["data"].([]any)) != 0 || list["limit"] != 20.0 {
		t.Errorf("beyond the end: got %v", list)
	}
	w.refused(400, "PARAM_ERROR", "GET", insuranceList+"?limit=121", nil)
}

// A first payment keeps to the plan's limits like every other; the signing fails with it.
func TestInsuranceFirstPaymentOverALimit(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]ledger.Limits{"each": {PerDebit: 4799}, "day": {PerDay: 4799}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			plan := ledger.Plan{ID: sandbox.DefaultPlanID, Product: ledger.Insurance,
				NotifyURL: "https://yourapp.com/notify", Limits: limits}
			w.ok(w.AddPlan(sandbox.DefaultMchID, plan))
			_, err := w.Payer(openID).Agree(w.must("POST", insuranceSign+
				"app", payFirst(insuranceBody()))["pre_entrustweb_id"].(string))
			w.page(err, ledger.PageBlocked)
			if debits, err := w.Debits(); err != nil || len(debits) != 0 {
				t.Errorf("debited %v, %v", debits, err)
			}
		})
	}
}
