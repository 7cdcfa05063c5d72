package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func insuranceModify(c *ledger.Contract) string {
	return insuranceRoot + "/policy-periods/plan-id/12535/contract-id/" + c.ID + "/modify"
}

func insuranceRenew(c *ledger.Contract) string {
	return insuranceRoot + "/contracts/plan-id/12535/contract-id/" + c.ID + "/renew"
}

// amounts is the body that gives the periods of insuranceBody these amounts.
func amounts(list ...int) object {
	out := periods(1, 0, "2020-09-12", "2020-10-12", "2020-11-12")
	for i, total := range list {
		out[i]["estimated_deduct_amount"] = object{"total": total, "currency": "CNY"}
	}
	return object{"appid": "wxd678efh567hg6787", "policy_periods": out}
}

func TestInsuranceChangesItsPeriods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.insured(insuranceBody())
	modify := insuranceModify(c)
	for name, body := range map[string]object{
		"more":          amounts(4800, 4800, 4801),
		"nothing":       amounts(4800, 4800, 0),
		"two amounts":   amounts(4800, 4000, 3000),
		"fewer periods": {"appid": c.AppID, "policy_periods": periods(1, 4000, "2020-09-12", "2020-10-12")},
		"another date": {"appid": c.AppID, "policy_periods": periods(1, 4000, "2020-09-12", "2020-10-12",
			"2020-11-11")},
		"another number": {"appid": c.AppID, "policy_periods": periods(2, 4000, "2020-09-12", "2020-10-12",
			"2020-11-12")},
		"another's appid": with(amounts(4800, 4800, 4000), "appid", "wx0"),
	} {
		if e := w.refused(400, "PARAM_ERROR", "POST", modify, body); e == nil {
			t.Error(name)
		}
	}
	w.refused(400, "INVALID_REQUEST", "POST", modify, amounts(4800, 4800, 4800)) // no change
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRoot+"/policy-periods/plan-id/12536/contract-id/"+c.ID+"/modify",
		amounts(4800, 4800, 4000))
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRoot+"/policy-periods/plan-id/12535/contract-id/none/modify",
		amounts(4800, 4800, 4000))

	reply := w.must("POST", modify, amounts(4800, 4800, 4000))
	if list := reply["policy_periods"].([]any); len(list) != 3 ||
		list[2].(object)["estimated_deduct_amount"].(object)["total"] != 4000.0 ||
		reply["cancel_scheduled_policy_period_id"] != nil {
		t.Errorf("got %v", reply)
	}
	w.refused(400, "INVALID_REQUEST", "POST", modify, amounts(4800, 4800, 3000)) // once a day

	// A booked one needs leave, and is to be booked again.
	w.until("2020-09-11", 10, 0)
	w.must("POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(4800))
	w.refused(400, "INVALID_REQUEST", "POST", modify, amounts(3000, 3000, 3000))
	reply = w.must("POST", modify, with(amounts(3000, 3000, 3000), "allow_cancel_scheduled", true))
	if reply["cancel_scheduled_policy_period_id"] != 1.0 {
		t.Errorf("got %v", reply)
	}
	if got := w.must("GET", insurancePeriod(c, "1"), nil); got["policy_period_state"] != "NO_SCHEDULED" ||
		got["scheduled_amount"] != nil {
		t.Errorf("its booking: got %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(4800))
	w.must("POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(3000))
	w.until("2020-09-12", 10, 0)
	w.must("POST", insuranceApply, insuranceDebit(c, 1, "debit1", 3000))
	w.refused(400, "INVALID_REQUEST", "POST", modify, amounts(3000, 2000, 2000)) // a debit is under way
	w.ok(w.Advance(time.Minute))
	w.refused(400, "PARAM_ERROR", "POST", modify, amounts(2000, 2000, 2000)) // the first is paid

	w.until("2020-09-13", 7, 59)
	w.refused(400, "INVALID_REQUEST", "POST", modify, amounts(3000, 2000, 2000))
	w.until("2020-09-13", 8, 0)
	w.must("POST", modify, amounts(3000, 2000, 2000))
	w.until("2020-09-14", 19, 0)
	w.refused(400, "INVALID_REQUEST", "POST", modify, amounts(3000, 1000, 1000)) // too late in the evening
	w.until("2020-09-15", 10, 0)
	w.refused(400, "INVALID_REQUEST", "POST", modify, amounts(3000, 1000, 1000)) // three times, ever
}

func TestInsuranceChangesAfterACheaperStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	body := insuranceBody()
	body["policy_periods"] = append(periods(1, 100, "2020-09-12"), periods(2, 4800, "2020-10-12", "2020-11-12")...)
	c := w.insured(body)
	w.refused(400, "INVALID_REQUEST", "POST", insuranceModify(c), amounts(100, 4000, 4000)) // the first is not paid
	w.until("2020-09-11", 10, 0)
	w.must("POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(100))
	w.until("2020-09-12", 10, 0)
	w.must("POST", insuranceApply, insuranceDebit(c, 1, "debit1", 100))
	w.ok(w.Advance(time.Minute))
	w.refused(400, "PARAM_ERROR", "POST", insuranceModify(c), amounts(100, 100, 100)) // no more than the first
	w.must("POST", insuranceModify(c), amounts(100, 101, 101))
}

func TestInsuranceChangesEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.insured(insuranceBody())
	w.until("2020-12-09", 10, 0)
	w.must("POST", insurancePeriod(c, "3")+"/schedule", insuranceBooking(4800))
	// too late to book it anew
	w.refused(400, "INVALID_REQUEST", "POST", insuranceModify(c), with(amounts(4800, 4800, 4000),
		"allow_cancel_scheduled", true))
	w.until("2020-12-11", 10, 0)
	// nothing can be booked any more
	w.refused(400, "INVALID_REQUEST", "POST", insuranceModify(c), amounts(4800, 4800, 4000))
	w.ok(w.Payer(openID).Terminate(c.ID))
	w.refused(400, "INVALID_REQUEST", "POST", insuranceModify(c), amounts(4800, 4800, 4000))
	w.must("POST", insuranceCode+"/terminate", object{"contract_termination_remark": "x"})
	w.refused(400, "INVALID_REQUEST", "POST", insuranceModify(c), amounts(4800, 4800, 4000))

	other, err := w.Payer("other").SignElsewhere(ledger.Insurance, "12535")
	w.ok(err)
	w.refused(400, "INVALID_REQUEST", "POST", insuranceModify(other), amounts(4800, 4800, 4000)) // it has no periods
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRenew(other), amounts(4800))
}

func TestInsuranceRenews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.insured(payFirst(insuranceBody()))
	next := func(first, amount int, dates ...string) object {
		return object{"appid": c.AppID, "policy_periods": periods(first, amount, dates...)}
	}
	good := next(4, 5000, "2020-12-12", "2021-01-12")
	w.until("2020-11-12", 10, 0)
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRenew(c), good) // the term is not over
	if got := w.must("GET", insuranceCode, nil)["contract_state"]; got != "SIGNED" {
		t.Errorf("on the last period's day: got %v", got)
	}
	w.until("2020-11-13", 10, 0)
	if got := w.must("GET", insuranceCode, nil)["contract_state"]; got != "TO_BE_RENEWED" {
		t.Errorf("the day after: got %v", got)
	}
	for name, body := range map[string]object{
		"old numbers":      next(3, 5000, "2020-12-12"),
		"numbers over 840": next(841, 5000, "2020-12-12"),
		"today":            next(4, 5000, "2020-11-13"),
		"too far apart":    next(4, 5000, "2020-12-12", "2021-02-12"),
		"half dearer":      next(4, 7201, "2020-12-12"),
		"half cheaper":     next(4, 2399, "2020-12-12"),
		"thirteen": next(4, 5000, "2020-12-12", "2021-01-12", "2021-02-12", "2021-03-12", "2021-04-12", "2021-05-12",
			"2021-06-12", "2021-07-12", "2021-08-12",
			"2021-09-12", "2021-10-12", "2021-11-12", "2021-12-12"),
		"another's appid": with(next(4, 5000, "2020-12-12"), "appid", "wx0"),
	} {
		if e := w.refused(400, "PARAM_ERROR", "POST", insuranceRenew(c), body); e == nil {
			t.Error(name)
		}
	}
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRoot+"/contracts/plan-id/12536/contract-id/"+c.ID+"/renew", good)

	// Booked without effect it cannot be renewed, until its days are over.
	w.must("POST", insurancePeriod(c, "3")+"/schedule", insuranceBooking(4800))
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRenew(c), good)
	if got := w.must("GET", insuranceCode, nil)["contract_state"]; got != "SIGNED" {
		t.Errorf("booked: got %v", got)
	}
	w.until("2020-11-14", 10, 0)
	w.must("POST", insuranceApply, insuranceDebit(c, 3, "debit3", 4800))
	w.ok(w.Advance(time.Minute))
	w.receivedOne("TRANSACTION.SUCCESS")
	w.until("2020-11-14", 19, 0)
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRenew(c), good) // too late in the evening
	w.until("2020-12-11", 10, 0)
	w.must("POST", insuranceRenew(c), good)
	n := w.receivedOne("INSURANCE_ENTRUST.RENEW")
	if e := into[event.InsuranceEntrustRenew](w, n); n.Path != "/notify" || e.ContractState != "SIGNED" ||
		e.ContractExpiredTime != "2021-02-12T00:00:00+08:00" {
		t.Errorf("RENEW came to %s with %+v", n.Path, e)
	}
	if got := w.must("GET", insuranceCode, nil)["contract_state"]; got != "SIGNED" {
		t.Errorf("renewed: got %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", insuranceRenew(c), next(6, 5000, "2021-02-12")) // once per term
	if list := w.must("GET", insuranceList, nil); list["total_count"] != 5.0 {
		t.Errorf("list: got %v", list)
	}

	// The new term lives like the old one.
	w.must("POST", insurancePeriod(c, "4")+"/schedule", insuranceBooking(5000))
	w.until("2020-12-12", 10, 0)
	w.must("POST", insuranceModify(c), with(next(4, 4000, "2020-12-12", "2021-01-12"), "allow_cancel_scheduled", true))
	w.must("POST", insurancePeriod(c, "4")+"/schedule", insuranceBooking(4000))
	w.until("2020-12-13", 10, 0)
	w.must("POST", insuranceApply, insuranceDebit(c, 4, "debit4", 4000))
	w.ok(w.Advance(time.Minute))
	w.receivedOne("TRANSACTION.SUCCESS")
}

func TestInsuranceIsNotRenewable(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]object{
		"nothing was paid":       insuranceBody(),
		"the payer was promised": payFirst(with(insuranceBody(), "can_auto_insure", false)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.hinted()
			c := w.insured(body)
			w.until("2020-11-13", 10, 0)
			w.refused(400, "INVALID_REQUEST", "POST", insuranceRenew(c), object{"appid": c.AppID,
				"policy_periods": periods(4, 4800, "2020-12-12")})
			if got := w.must("GET", insuranceCode, nil)["contract_state"]; got != "SIGNED" {
				t.Errorf("got %v", got)
			}
		})
	}
}

// A last period that was booked and never debited keeps the contract from being renewed, one that
// was debited in vain does not.
func TestInsuranceBookedInVain(t *testing.T) {
	t.Parallel()
	for name, debited := range map[string]bool{"never debited": false, "debited in vain": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.insured(payFirst(insuranceBody()))
			w.until("2020-11-13", 10, 0)
			w.must("POST", insurancePeriod(c, "3")+"/schedule", insuranceBooking(4800))
			if debited {
				w.until("2020-11-14", 10, 0)
				w.ok(w.Payer(openID).RunOut())
				w.must("POST", insuranceApply, insuranceDebit(c, 3, "debit3", 4800))
				w.ok(w.Advance(time.Minute))
				w.receivedOne("TRANSACTION.FAIL")
			}
			w.until("2020-12-12", 10, 0)
			want := map[bool]string{true: "TO_BE_RENEWED", false: "SIGNED"}[debited]
			if got := w.must("GET", insuranceCode, nil)["contract_state"]; got != want {
				t.Errorf("got %v, want %s", got, want)
			}
			next := object{"appid": c.AppID, "policy_periods": periods(4, 4800, "2020-12-13")}
			if debited {
				w.must("POST", insuranceRenew(c), next)
			} else {
				w.refused(400, "INVALID_REQUEST", "POST", insuranceRenew(c), next)
			}
		})
	}
}

func TestInsuranceByYearRenewsAfterAYear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "12540", Product: ledger.Insurance,
		NotifyURL: "https://yourapp.com/notify", Limits: ledger.Limits{PeriodDays: 365}}))
	defer w.hinted()
	body := insuranceBody()
	body["plan_id"], body["policy_periods"] = 12540, periods(1, 4800, "2020-09-10", "2021-09-10")
	body["policy_end_date"] = "2021-09-10"
	c := w.insured(payFirst(body))
	renew := insuranceRoot + "/contracts/plan-id/12540/contract-id/" + c.ID + "/renew"
	next := object{"appid": c.AppID, "policy_periods": periods(3, 4800, "2022-09-11")}
	w.until("2022-08-11", 10, 0) // 335 days after
	w.refused(400, "INVALID_REQUEST", "POST", renew, next)
	w.until("2022-08-12", 10, 0)
	w.must("POST", renew, next)
	w.receivedOne("INSURANCE_ENTRUST.RENEW")
}
