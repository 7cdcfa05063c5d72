package insurance

import (
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What the periods of a policy have to be when they are agreed upon.
// https://pay.weixin.qq.com/docs/merchant/apis/insurance-entrusted-payment/insurance/app-sign-and-create-transaction.html

const (
	maxPeriodID    = 840
	periodLastDay  = 29 // days after its date a period may still be debited
	frequencySlack = 5  // days by which periods may be apart more or less than the template says
)

func policyPeriods(c *engine.Call) []ledger.Booking { return policyPeriodsOf(c.Body) }

func policyPeriodsOf(body map[string]any) []ledger.Booking {
	var list []ledger.Booking
	for _, p := range engine.Objects(body, "policy_periods") {
		date := engine.TextOf(p, "estimated_deduct_date")
		list = append(list, ledger.Booking{
			ID: engine.TextOf(p, "policy_period_id"), Date: date,
			Amount: engine.Fen(engine.Object(p, "estimated_deduct_amount"), "total"),
			Until:  clock.DateOf(clock.StartOf(date).AddDate(0, 0, periodLastDay)),
		})
	}
	return list
}

// mayAgreePeriods checks the periods of a presign against the template and the
// four ways to price them: each the same; the first cheaper; the first free,
// without a first payment; the first two or three at once, with one.
func mayAgreePeriods(c *engine.Call, s *rows.Session) error {
	list, paying, together := policyPeriods(c), c.Text("out_trade_no") != "", max(engine.Fen(c.Body,
		"combined_deduct_period_count"), 1)
	if len(list) > maxPeriodID || (paying && len(list) < 2) {
		r := engine.BadField("/policy_periods", "保单的扣费周期列表个数不符合规范，请核查后再试。")
		r.Message = "保单的扣费周期列表个数不符合规范，请核查后再试。"
		return r.Hinting("a signing with a first payment needs two periods at least")
	}
	if today := clock.DateOf(c.Now); list[0].Date < today || list[0].Date == today && !paying {
		return engine.InvalidRequest("部分扣费计划项已过预约时间，请核查后再试").
			Hinting("the first period is debited after today, or today where it is paid while signing")
	}
	for i, end := 0, c.Text("policy_end_date"); i < len(list); i++ {
		if list[i].Date > end {
			return badPeriod(i, "estimated_deduct_date", list[i].Date, "it lies after policy_end_date")
		}
	}
	if err := checkPeriodOrder(list, frequencyOf(c.Merchant.Plan(ledger.Insurance, s.PlanID)),
		int(together)); err != nil {
		return err
	}
	if err := checkCoverage(c); err != nil {
		return err
	}
	first := list[0].Amount
	if len(list) == 1 {
		if first == 0 {
			return badPeriod(0, "estimated_deduct_amount", "0", "only the first of several periods may be free")
		}
		return nil
	}
	rest := list[1].Amount
	for i := 1; i < len(list); i++ {
		if list[i].Amount != rest || rest == 0 {
			return badPeriod(i, "estimated_deduct_amount", engine.FenText(list[i].Amount),
				"all periods from the second on cost the same, and something")
		}
	}
	switch {
	case together > 1 && (!paying || together > 3 || first%together != 0 || first/together != rest):
		return engine.BadField("/combined_deduct_period_count", "合并扣费期数与首期金额不符").
			Hinting("two or three periods may be paid at once, with the signing: the first then costs as much " +
				"as they do")
	case together == 1 && first > rest:
		return badPeriod(0, "estimated_deduct_amount", engine.FenText(first),
			"the first period costs more than the others: say in combined_deduct_period_count how many it pays")
	case first == 0 && paying:
		return badPeriod(0, "estimated_deduct_amount", "0", "a first period that is free cannot come with a payment")
	}
	return nil
}

// checkPeriodOrder wants numbers and dates to rise, and the dates to lie as far
// apart as the template says. The first gap is longer when the first payment is
// that of several periods.
func checkPeriodOrder(list []ledger.Booking, every, together int) error {
	for i := range list {
		if number(list[i].ID) > maxPeriodID {
			return badPeriod(i, "policy_period_id", list[i].ID, "numbers go up to 840")
		}
		if clock.CheckTime(clock.StartOf(list[i].Date)) != nil {
			return engine.BeyondTime("/policy_periods/" + strconv.Itoa(i) + "/estimated_deduct_date")
		}
		if i == 0 {
			continue
		}
		if number(list[i].ID) <= number(list[i-1].ID) {
			return badPeriod(i, "policy_period_id", list[i].ID, "numbers must rise")
		}
		times := 1
		if i == 1 {
			times = together
		}
		if err := checkGap(i, list[i-1].Date, list[i].Date, every, times); err != nil {
			return err
		}
	}
	return nil
}

func checkGap(i int, before, date string, every, times int) error {
	apart := clock.DaysFrom(clock.StartOf(before), clock.StartOf(date))
	if apart < (every-frequencySlack)*times || apart > (every+frequencySlack)*times {
		return badPeriod(i, "estimated_deduct_date", date, "it is "+strconv.Itoa(apart)+
			" days after the one before, and the template debits every "+strconv.Itoa(every)+" days")
	}
	return nil
}

// checkCoverage wants policy_coverage_detail of all periods or of none, and the
// same from the second on.
func checkCoverage(c *engine.Call) error {
	var details []string
	periods := engine.Objects(c.Body, "policy_periods")
	for _, p := range periods {
		if d := engine.Object(p, "policy_coverage_detail"); d != nil {
			details = append(details, string(rows.EncodeJSON(d)))
		}
	}
	if len(details) != 0 && len(details) != len(periods) {
		return engine.BadField("/policy_periods", "扣费周期的保障详情需全部传入或全部不传").
			Hinting("give policy_coverage_detail of every period, or of none")
	}
	for i := 2; i < len(details); i++ {
		if details[i] != details[1] {
			return badPeriod(i, "policy_coverage_detail", "", "the coverage is the same from the second period on")
		}
	}
	return nil
}

func badPeriod(i int, name, value, hint string) *engine.Refusal {
	at := "/policy_periods/" + strconv.Itoa(i) + "/" + name
	return engine.BadField(at, "保单的扣费周期不符合规范").Hinting(at + ": " + hint)
}

// frequencyOf is how many days lie between two periods of a plan: about 30, 90
// or 365.
func frequencyOf(plan *ledger.Plan) int {
	return debits.LimitsOf(plan, ledger.Limits{}).PeriodDays
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the catalogue has checked it
	return n
}

// maskedInsured is engine.MaskedName, or several people's.
func maskedInsured(name string) bool {
	if several, ok := strings.CutPrefix(name, "多人保单-"); ok {
		name, ok = strings.CutSuffix(several, "等")
		return ok && contracts.MaskedName(name)
	}
	return contracts.MaskedName(name)
}
