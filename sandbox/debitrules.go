package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// debitRules is all that one product adds to the machine every debit runs
// through: when, how much and how often it may debit, what refusals are called,
// and what the merchant hears. Amounts are in fen, times of day in Beijing.
type debitRules struct {
	name string // "" for the product's name; needed when a product has several

	// sync debits are tried within the call. Others are accepted, and tried
	// after delay; in mode A after 24 hours.
	sync  bool
	delay time.Duration
	// mode is how plans debit that do not say it themselves.
	mode DebitMode

	// from and until are the hours in which a debit may be asked for, from
	// included; both 0 means at any hour.
	from, until time.Duration
	// grace is how long after signing a debit runs at once: in mode A without
	// the 24 hours, in mode B without notice, in both at any hour.
	grace time.Duration
	// notice is what an announcement of a debit has to be; see debitnotice.go. nil:
	// the product has none.
	notice *noticeRules
	// booking is when a debit may be booked; see debitbooking.go. nil: never.
	booking *bookingRules
	// limits are those of plans that set none.
	limits Limits
	// several lets debits of one contract wait side by side.
	several bool
	// again is how often a day the same call tries a sync debit that failed, the
	// first time included; 0: the outcome is final.
	again int
	// advances is for how many debits WeChat Pay pays that a payer without money
	// then owes, 0 for none.
	advances int

	// answers are the refusals that differ from defaultAnswer.
	answers answers
	// payee says whom a debit is paid to where it is not the contract's parties; it
	// runs before anything is looked for under the debit's number.
	payee func(*debitRow, *contractRow)
	// check refuses what only this product knows. It runs last, may complete d,
	// and finds the contract's and the call's data in its arguments.
	check func(*call, *debitRow, *contractRow) error
	// settled follows the outcome of a debit, in the same step: d and the
	// contract are written after it.
	settled func(*step, *debitRow, *contractRow) error
	// cleared follows the end of an advanced debit's debt, in the same step: its repayment, or a
	// refund, which sets no RepaidAt.
	cleared func(*step, *debitRow) error
	// failing answers a sync call whose charge failed; nil: the behaviour says
	// it in its reply. The debit is kept either way.
	failing func(*debitRow) *refusal

	// paid and failed are the notifications of the outcome, with resource in
	// them; an empty one is not sent. Sync debits notify too when these are set.
	paid, failed event
	resource     func(*debitRow) document
	retries      schedule
	// asOrder is a debit in the queries of /v3/pay/transactions; nil: it is not
	// found there.
	asOrder func(*debitRow) document
}

// limitsOr takes from other what l does not set.
func limitsOr(l, other Limits) Limits {
	setDefault(&l.PerDebit, other.PerDebit)
	setDefault(&l.PerDay, other.PerDay)
	setDefault(&l.SuccessesPerDay, other.SuccessesPerDay)
	setDefault(&l.SuccessesPerPeriod, other.SuccessesPerPeriod)
	setDefault(&l.AttemptsPerDay, other.AttemptsPerDay)
	setDefault(&l.PeriodDays, other.PeriodDays)
	setDefault(&l.PeriodDays, 30)
	return l
}

// testLimits are those of test templates, 0.10 CNY a debit and 100 a day.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var testLimits = Limits{PerDebit: 10, SuccessesPerDay: 100}

// trouble is a reason to refuse a debit. What it is called on the wire differs
// from product to product.
type debitProblem string

const (
	problemGone      debitProblem = "no live contract"
	problemExpired   debitProblem = "contract expired"
	problemParty     debitProblem = "another party's contract"
	problemHours     debitProblem = "outside the hours"
	problemNotice    debitProblem = "not announced"
	problemBooking   debitProblem = "not booked for today"
	problemAmount    debitProblem = "amount over a limit"
	problemUnequal   debitProblem = "amount not the agreed one"
	problemCount     debitProblem = "too often"
	problemPending   debitProblem = "another debit is pending"
	problemClosed    debitProblem = "number closed"
	problemChanged   debitProblem = "number used with other parameters"
	problemPaid      debitProblem = "number paid"     // only refused where answers has it; else the same outcome again
	problemAccepted  debitProblem = "number accepted" // likewise
	problemWrongPlan debitProblem = "plan of another kind"
)

type answers map[debitProblem]answer

// answer is a refusal before it meets its call.
type answer struct {
	status        int
	code, message string
	internal      int
}

// refuse says no for a reason, in the product's words, with a hint in ours.
func (r *debitRules) refuse(why debitProblem, hint string) *refusal {
	a, ok := r.answers[why]
	if !ok {
		a = defaultAnswer(why)
	}
	setDefault(&a.internal, internalParam)
	setDefault(&a.status, http.StatusBadRequest)
	return &refusal{status: a.status, code: a.code, message: a.message, internal: a.internal, hint: hint}
}

// defaultAnswer is what v3 products say. The codes are inferred where no page
// shows them: docs/fidelity.md.
func defaultAnswer(why debitProblem) answer {
	invalid := func(message string) answer { return answer{code: "INVALID_REQUEST", message: message} }
	switch why {
	case problemGone:
		return invalid("协议不存在或已解约")
	case problemExpired:
		return invalid("协议已过期")
	case problemParty:
		return answer{status: http.StatusForbidden, code: "NO_AUTH", message: "商户无权操作该协议", internal: internalMerchant}
	case problemHours:
		return invalid("当前时间不允许发起扣款")
	case problemNotice:
		return invalid("未下发扣费前通知，或不在可扣费时间内")
	case problemBooking:
		return invalid("未预约扣费，或不在可扣费时间内")
	case problemUnequal:
		return invalid("扣款金额与约定金额不一致")
	case problemAmount, problemCount:
		return answer{code: "RULELIMIT", message: failureText(RiskRejected)}
	case problemPending, problemAccepted:
		return invalid("扣款请求已受理，请勿重复发起")
	case problemClosed:
		return answer{code: "ORDER_CLOSED", message: "订单已关闭"}
	case problemChanged:
		return answer{code: "INVALID_REQUEST", message: "请求重入时，参数与首次请求时不一致", internal: internalReplay}
	case problemPaid:
		return answer{code: "INVALID_REQUEST", message: "该订单已支付", internal: internalPaid}
	case problemWrongPlan:
		return invalid("当前签约的模板不是周期扣费类型，不能下发扣费前通知")
	}
	return invalid(string(why))
}

func knownMode(m DebitMode) bool {
	return slices.Contains([]DebitMode{"", DebitAtOnce, DebitAfterADay, DebitNoticed, DebitScheduled}, m)
}
