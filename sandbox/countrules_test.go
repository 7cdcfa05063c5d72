package sandbox_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// How often, how many and at which hours, as the pages say it.

// An auto-renewing contract is debited once a day, an authorised one five times; failures do not
// count.
// https://developers.weixin.qq.com/community/pay/doc/0004aaa01e8908b165985d15e5bc08
func TestSuccessesADayInAPIv2(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan ledger.Plan
		most int
	}{
		"auto-renewal": {ledger.Plan{ID: "601", Product: ledger.Papay}, 1},
		"noticed":      {ledger.Plan{ID: "601", Product: ledger.Papay, Mode: ledger.DebitAfterADay}, 1},
		"authorised":   {ledger.Plan{ID: "601", Product: ledger.Papay, Mode: ledger.DebitAtOnce}, 5},
		"a test":       {ledger.Plan{ID: "601", Product: ledger.Papay, Test: true}, 8},
		"as the plan has it": {ledger.Plan{ID: "601", Product: ledger.Papay,
			Limits: ledger.Limits{SuccessesPerDay: 3}}, 3},
	} {
		w := newXMLWorld(t, sandbox.WithPlan(c.plan))
		session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", "601"))
		contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
		w.ok(err)
		w.ok(w.Payer(openID).FailNext(ledger.NotEnough))
		apply := func(no string) error {
			_, err := w.call("pay/pappayapply", with2(applyXML(contract.ID, no), "total_fee", "10"))
			w.received()
			return err
		}
		w.ok(apply("failed"))
		n := 0
		for i := range 8 {
			if apply("D"+strconv.Itoa(i)) == nil {
				n++
			}
		}
		if n != c.most {
			t.Errorf("%s: %d debits on one day, want %d", name, n, c.most)
		}
		if w.ok(w.Advance(24 * time.Hour)); c.most < 8 && n > 0 {
			if err := apply("next"); err != nil {
				t.Errorf("%s: on the next day: %v", name, err)
			}
		}
	}
}

// The hours bind plans that announce debits, not those that debit at once.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_8.shtml
func TestAtOnceIsAtAnyHour(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, sandbox.WithPlan(ledger.Plan{ID: "600", Product: ledger.Papay, Mode: ledger.DebitAtOnce}))
	sign := func(plan, code string) string {
		session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", plan, "contract_code", code))
		c, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
		w.ok(err)
		return c.ID
	}
	parking, renewal := sign("600", "parking"), sign("12536", "renewal")
	w.ok(w.Advance(37*time.Hour + 30*time.Minute)) // 23:30 of the next day
	w.must("pay/pappayapply", applyXML(parking, "NIGHT1"))
	w.refused("INVALID_REQUEST", "pay/pappayapply", applyXML(renewal, "NIGHT2"))
}

// https://pay.weixin.qq.com/docs/merchant/products/entrusted-payment/introduction.html
func TestScheduledContractsBesideEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	payer, token := w.Payer(papayOpenID), ""
	var contracts []*ledger.Contract
	for i := range 11 {
		body := scheduledBody("S" + strconv.Itoa(i))
		token = w.must("POST", presignScheduled+"app", body)["pre_entrustweb_id"].(string)
		c, err := payer.Agree(token)
		if i < 10 {
			w.ok(err)
			contracts = append(contracts, c)
		} else {
			w.page(err, ledger.PageSigned)
		}
	}
	w.ok(payer.Terminate(contracts[4].ID)) // it makes room
	_, err := payer.Agree(token)
	w.ok(err)
	w.ok(payer.Terminate(contracts[5].ID))
	// A contract that recurs is one, beside them.
	w.received()
	w.signPapay("recurs")
	w.refused(400, "INVALID_REQUEST", "POST", presignPapay, papayBody("recurs2"))
}

func TestScheduledIsAgreedInTimeAndWithinThePrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "9001", Product: ledger.Papay, Mode: ledger.DebitScheduled,
		Limits: ledger.Limits{PerDebit: 1990}}))
	defer w.hinted()
	body := func(code, date string, total int) object {
		return with(with(scheduledBody(code), "plan_id", 9001), "deduct_schedule", object{"estimated_deduct_date": date,
			"estimated_deduct_amount": object{"total": total, "currency": "CNY"}, "description": "x"})
	}
	w.must("POST", presignScheduled+"app", body("A", "2020-09-12", 1990))
	w.refused(400, "PARAM_ERROR", "POST", presignScheduled+"app", body("B", "2020-09-12", 1991))
	w.at(1, 19*time.Hour-time.Second)
	w.must("POST", presignScheduled+"app", body("C", "2020-09-12", 1))
	w.at(1, 19*time.Hour)
	w.refused(400, "PARAM_ERROR", "POST", presignScheduled+"app", body("D", "2020-09-12", 1))
}

// https://pay.weixin.qq.com/doc/v3/merchant/4015980869
func TestInsuranceTenContracts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 11 {
		body := with(insuranceBody(), "out_contract_code", "C"+strconv.Itoa(i))
		token := w.must("POST", insuranceSign+"app", with(body, "out_user_code", "child"+strconv.Itoa(i)))
		_, err := w.Payer(openID).Agree(token["pre_entrustweb_id"].(string))
		if i < 10 {
			w.ok(err)
		} else {
			w.page(err, ledger.PageSigned)
			mentions(t, err.Error(), "已超过该服务可开通的次数限制")
		}
	}
}

// A merchant without a quota for it has no debit advanced.
func TestSchoolWithoutAdvances(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPlans(func(p *ledger.Plan) { p.NoAdvance = p.Product == ledger.EduSchoolPay }))
	payer := w.Payer(eduOpenID)
	c, err := payer.Agree(w.must("POST", presignSchool, schoolBody("kid"))["presign_token"].(string))
	w.ok(err)
	w.receivedOne("PAYSCORE.USER_OPEN_SERVICE")
	w.ok(payer.RunOut())
	w.must("POST", debitSchool, schoolDebit(c.ID, "lunch-1"))
	w.ok(w.Advance(time.Minute))
	w.receivedOne("TRANSACTION.INDUSTRY_FAILED")
}

// Only where a plan says so is a debit held back until the contract's period begins.
func TestEduFromStart(t *testing.T) {
	t.Parallel()
	for _, fromStart := range []bool{false, true} {
		w := newWorld(t, withPlans(func(p *ledger.Plan) { p.FromStart = fromStart }))
		presigned := w.must("POST", presignEdu, with(eduBody(), "period_start_date", "2020-12-19"))
		c, err := w.Payer(eduOpenID).Agree(presigned["presign_token"].(string))
		w.ok(err)
		w.must("POST", "v3/edu-papay/user-notifications/"+c.ID+"/send", object{"appid": c.AppID})
		w.ok(w.Advance(24 * time.Hour))
		if body := eduDebitBody(c, "early-0001"); fromStart {
			w.refused(400, "INVALID_REQUEST", "POST", eduDebits, body)
			w.hinted()
		} else {
			w.must("POST", eduDebits, body)
		}
	}
}

// Only where a plan says so is a debit made up for without another notice, for two weeks.
func TestEduMakeUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		makeUp bool
		after  time.Duration
		may    bool
	}{"a plan without": {false, 13 * aDay, false}, "within two weeks": {true, 13 * aDay, true},
		"too late": {true, 15 * aDay, false}} {
		w := newWorld(t, withPlans(func(p *ledger.Plan) { p.MakeUp = c.makeUp }))
		contract, payer := w.eduContract(), w.Payer(eduOpenID)
		path, notice := eduNotice(contract)
		w.must("POST", path, notice)
		w.ok(w.Advance(aDay))
		w.ok(payer.RunOut())
		w.must("POST", eduDebits, eduDebitBody(contract, "term-1"))
		w.ok(w.Advance(c.after))
		w.ok(payer.Fund(100000))
		if _, err := w.do("POST", eduDebits, eduDebitBody(contract, "term-2")); (err == nil) != c.may {
			t.Errorf("%s: got %v", name, err)
		}
		w.ok(w.Advance(time.Minute))
		w.refused(400, "INVALID_REQUEST", "POST", eduDebits, eduDebitBody(contract, "term-3")) // it was made up for
	}
}

// A second success in a month is refused where the plan says so.
func TestEduOnceAMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPlans(func(p *ledger.Plan) {
		p.Limits = ledger.Limits{PeriodDays: 30, SuccessesPerPeriod: 1}
	}))
	c := w.eduContract()
	debit := func(no string) object {
		path, notice := eduNotice(c)
		w.must("POST", path, notice)
		w.ok(w.Advance(aDay))
		return eduDebitBody(c, no)
	}
	w.must("POST", eduDebits, debit("term-1"))
	w.ok(w.Advance(time.Minute))
	w.refused(400, "RULELIMIT", "POST", eduDebits, debit("term-2"))
	w.ok(w.Advance(28 * aDay))
	w.must("POST", eduDebits, debit("term-3"))
}

// A template of before 2025-09-23 answers the id alone.
func TestPresignInAPIv2OfAnOldTemplate(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, withPlans(func(p *ledger.Plan) { p.IDOnly = true }))
	got := w.must("papay/preentrustweb", entryXML())
	if got["miniprogram_path"] != nil || got["miniprogram_username"] != nil {
		t.Errorf("got %v", got)
	}
	_, err := w.Payer(openID).Agree(got["pre_entrustweb_id"].(string))
	w.ok(err)
}

// The reply carries what an app launches.
// https://pay.weixin.qq.com/doc/v2/partner/4016049199
func TestPresignInAPIv2SaysWhatToLaunch(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	session := w.must("papay/preentrustweb", entryXML())
	page, err := w.Payer(openID).Launch(session["miniprogram_path"].(string))
	w.ok(err)
	if page.Token != session["pre_entrustweb_id"] || session["miniprogram_username"] == nil {
		t.Errorf("got %v, opens %s", session, page.Token)
	}
}
