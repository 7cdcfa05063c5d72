package sandbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestOneDebitAtATime(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{Delay: time.Minute}, ledger.Plan{})
	for range 2 { // the same call again is the same debit
		d, err := l.debit("1", 100)
		l.refused(err, "")
		if d.State != ledger.DebitAccepted || d.Word() != "ACCEPTED" {
			t.Errorf("got %s", d.State)
		}
	}
	_, err := l.debit("1", 200)
	l.refused(err, "INVALID_REQUEST")
	_, err = l.debit("2", 100)
	l.refused(err, "INVALID_REQUEST")
	_, err = l.debit("3", 0)
	l.refused(err, "PARAM_ERROR")
	l.at(0, 10, 1)
	d, err := l.debit("1", 100)
	l.refused(err, "")
	if d.State != ledger.DebitPaid || len(d.TransactionID) != 28 {
		t.Errorf("got %+v", d)
	}
	_, err = l.debit("2", 100)
	l.refused(err, "")
	l.at(0, 11, 0)
	l.wantEvents("LAB.PAID1", "LAB.PAID2")
}

func TestRepeatsAreRefusedWhereTheProductSaysSo(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{Delay: time.Minute, Answers: engine.Answers{
		rows.ProblemAccepted: {Code: "ORDER_ACCEPTED"}, rows.ProblemPaid: {Code: "ORDERPAID"},
	}}, ledger.Plan{})
	_, err := l.debit("1", 100)
	l.refused(err, "")
	_, err = l.debit("1", 100)
	l.refused(err, "ORDER_ACCEPTED")
	l.at(0, 10, 1)
	_, err = l.debit("1", 100)
	l.refused(err, "ORDERPAID")
}

func TestAnUnknownOutcomeIsClosedByTheMerchant(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{}, ledger.Plan{})
	if err := l.Payer("payer").FailNext(ledger.SystemFailure); err != nil {
		t.Fatal(err)
	}
	_, err := l.debit("1", 100)
	l.refused(err, "")
	closing := func() error {
		return l.call(nil, func(c *engine.Call) error {
			d, err := debits.ByNo(c, "1")
			if err != nil {
				return err
			}
			return debits.Close(c, d)
		})
	}
	l.refused(closing(), "INVALID_REQUEST") // under way
	l.at(0, 10, 1)
	l.wantEvents("LAB.FAILED1")
	l.refused(closing(), "")
	l.refused(closing(), "")
	_, err = l.debit("1", 100)
	l.refused(err, "ORDER_CLOSED")
	_, err = l.debit("2", 100)
	l.refused(err, "")
}

func TestModeAWaitsADay(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{Delay: time.Second, Grace: 12 * time.Hour, From: 7 * time.Hour,
		Until: 22 * time.Hour},
		ledger.Plan{Mode: ledger.DebitAfterADay})
	_, err := l.debit("grace", 100)
	l.refused(err, "")
	l.at(0, 10, 1)
	l.wantEvents("LAB.PAIDgrace") // just signed: at once
	l.at(0, 22, 0)
	_, err = l.debit("night", 100)
	l.refused(err, "INVALID_REQUEST")
	l.at(1, 7, 0)
	_, err = l.debit("a", 100)
	l.refused(err, "")
	l.at(2, 6, 59)
	l.wantEvents("LAB.PAIDgrace")
	_, err = l.debit("b", 100)
	l.refused(err, "INVALID_REQUEST") // too early, and a is under way
	l.at(2, 7, 0)
	l.wantEvents("LAB.PAIDgrace", "LAB.PAIDa")
}

func modeB() *engine.DebitRules {
	return &engine.DebitRules{
		Mode: ledger.DebitNoticed, From: 7 * time.Hour, Until: 22 * time.Hour, Grace: 12 * time.Hour,
		Notice: &engine.NoticeRules{From: 7 * time.Hour, Until: 22 * time.Hour, First: 2, Last: 8,
			Repeated: func() *engine.Refusal {
				return (&engine.Refusal{Status: 400, Code: "RESOURCE_ALREADY_EXISTS"}).Hinting("the same again")
			}},
	}
}

func TestModeBWantsANotice(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, modeB(), ledger.Plan{})
	_, err := l.debit("grace", 100)
	l.refused(err, "")
	l.at(0, 22, 0)
	l.refused(l.notice(500, 0), "INVALID_REQUEST") // at night
	l.at(1, 7, 0)
	_, err = l.debit("1", 100)
	l.refused(err, "INVALID_REQUEST") // no notice
	l.refused(l.notice(500, 0), "")
	l.refused(l.notice(500, 0), "RESOURCE_ALREADY_EXISTS")
	l.refused(l.notice(400, 0), "INVALID_REQUEST")
	l.at(2, 12, 0)
	_, err = l.debit("1", 100)
	l.refused(err, "INVALID_REQUEST") // the day of waiting
	l.at(3, 7, 0)
	_, err = l.debit("1", 501)
	l.refused(err, "RULELIMIT") // more than was announced
	if err := l.Payer("payer").FailNext(ledger.NotEnough, ledger.BankError); err != nil {
		t.Fatal(err)
	}
	for no := range 3 { // failing costs nothing but the number
		_, err = l.debit(fmt.Sprint(no), 500)
		l.refused(err, "")
		l.at(3, 8+no, 0)
	}
	_, err = l.debit("again", 500)
	l.refused(err, "INVALID_REQUEST") // the first success closed it
	l.refused(l.notice(400, 0), "")   // and the next may be announced
	l.wantEvents("LAB.PAIDgrace", "LAB.FAILED0", "LAB.FAILED1", "LAB.PAID2")
}

func TestHowLongANoticeIsGood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		days, day int
		ok        bool
	}{{0, 8, true}, {0, 9, false}, {1, 2, true}, {1, 3, false}, {3, 4, true}, {3, 5, false}} {
		l := newTestProduct(t, modeB(), ledger.Plan{})
		l.refused(l.notice(500, c.days), "")
		_, err := l.debit("grace", 1)
		l.refused(err, "INVALID_REQUEST") // once announced, the grace is gone
		l.at(c.day, 21, 59)
		_, err = l.debit("1", 500)
		if c.ok {
			l.refused(err, "")
		} else {
			l.refused(err, "INVALID_REQUEST")
		}
	}
}

func TestOneNoticeMovesAContractFromAToB(t *testing.T) {
	t.Parallel()
	r := modeB()
	r.Mode = ledger.DebitAfterADay
	l := newTestProduct(t, r, ledger.Plan{})
	l.at(1, 10, 0)
	_, err := l.debit("a", 100)
	l.refused(err, "")
	l.at(2, 10, 0)
	l.refused(l.notice(500, 1), "")
	l.at(5, 10, 0) // the notice is over
	_, err = l.debit("b", 100)
	l.refused(err, "INVALID_REQUEST")
}

func TestNoticesOnlyWhereThePlanHasThem(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, modeB(), ledger.Plan{Mode: ledger.DebitScheduled})
	l.refused(l.notice(500, 0), "INVALID_REQUEST")
}

func TestFailNotice(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, modeB(), ledger.Plan{})
	tell := func() error {
		return l.call(nil, func(c *engine.Call) error {
			contract, err := rows.Get[rows.Contract](c.Tx, l.contract)
			if err != nil {
				return err
			}
			return debits.FailNotice(c, contract)
		})
	}
	l.refused(tell(), "INVALID_REQUEST")
	l.refused(l.notice(500, 0), "")
	l.at(2, 10, 0)
	l.refused(tell(), "INVALID_REQUEST") // nothing has failed
	if err := l.Payer("payer").RunOut(); err != nil {
		t.Fatal(err)
	}
	_, err := l.debit("1", 500)
	l.refused(err, "")
	l.at(2, 10, 1)
	l.refused(tell(), "")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	limits := ledger.Limits{PerDebit: 500, PerDay: 1000, SuccessesPerDay: 3, AttemptsPerDay: 5}
	for _, c := range []struct {
		name    string
		plan    ledger.Plan
		amounts []int64
		code    string // of the last
	}{
		{"for one debit", ledger.Plan{}, []int64{501}, "RULELIMIT"},
		{"for a day's amount", ledger.Plan{}, []int64{500, 400, 101}, "RULELIMIT"},
		{"for a day's successes", ledger.Plan{}, []int64{1, 1, 1, 1}, "RULELIMIT"},
		{"that the plan raises", ledger.Plan{Limits: ledger.Limits{PerDebit: 600}}, []int64{501}, ""},
		{"that the plan lowers", ledger.Plan{Limits: ledger.Limits{SuccessesPerDay: 1}}, []int64{1, 1}, "RULELIMIT"},
		{"of a period", ledger.Plan{Limits: ledger.Limits{SuccessesPerPeriod: 2}}, []int64{1, 1, 1}, "RULELIMIT"},
		{"of a test plan", ledger.Plan{Test: true}, []int64{10, 11}, "RULELIMIT"},
		{"of a test plan that allows more", ledger.Plan{Test: true, Limits: ledger.Limits{PerDebit: 600}},
			[]int64{10, 11}, "RULELIMIT"},
		{"of a test plan that allows less", ledger.Plan{Test: true, Limits: ledger.Limits{PerDebit: 5}},
			[]int64{5, 6}, "RULELIMIT"},
		{"of a test plan that allows fewer", ledger.Plan{Test: true, Limits: ledger.Limits{SuccessesPerDay: 1}},
			[]int64{1, 1}, "RULELIMIT"},
		{"of an equal amount", ledger.Plan{Amount: 100}, []int64{80, 100, 99}, "INVALID_REQUEST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newTestProduct(t, &engine.DebitRules{Sync: true, Limits: limits}, c.plan)
			for i, amount := range c.amounts {
				_, err := l.debit(fmt.Sprint(i), amount)
				if i < len(c.amounts)-1 {
					l.refused(err, "")
				} else {
					l.refused(err, c.code)
				}
			}
		})
	}
	l := newTestProduct(t, &engine.DebitRules{Sync: true, Limits: limits},
		ledger.Plan{Limits: ledger.Limits{SuccessesPerPeriod: 5}})
	for day, want := range []string{"", "", "RULELIMIT"} { // three, two, none left in the period
		for i := range 3 {
			_, err := l.debit(fmt.Sprint(day, i), 1)
			if day == 1 && i == 2 {
				want = "RULELIMIT"
			}
			l.refused(err, want)
		}
		l.at(day+1, 10, 0)
	}
	l.at(30, 10, 0) // the next period
	_, err := l.debit("next", 1)
	l.refused(err, "")
}

func TestAttemptsPerDay(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{Limits: ledger.Limits{AttemptsPerDay: 2}}, ledger.Plan{})
	if err := l.Payer("payer").RunOut(); err != nil {
		t.Fatal(err)
	}
	for i, code := range []string{"", "", "RULELIMIT"} {
		_, err := l.debit(fmt.Sprint(i), 1)
		l.refused(err, code)
		l.at(0, 11+i, 0)
	}
	l.at(1, 0, 0)
	_, err := l.debit("tomorrow", 1)
	l.refused(err, "")
}

// Trying a failed debit again is an attempt like the first.
func TestAttemptsPerDayOfOneDebit(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{Sync: true, Again: 5, Limits: ledger.Limits{AttemptsPerDay: 2}},
		ledger.Plan{})
	if err := l.Payer("payer").RunOut(); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"", "", "RULELIMIT"} {
		_, err := l.debit("A1", 1)
		l.refused(err, code)
	}
	l.at(1, 10, 0)
	_, err := l.debit("A1", 1)
	l.refused(err, "")
}
