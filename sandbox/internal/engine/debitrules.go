package engine

import (
	"net/http"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// DebitRules is all that one product adds to the machine every debit runs
// through: when, how much and how often it may debit, what refusals are called,
// and what the merchant hears. Amounts are in fen, times of day in Beijing.
type DebitRules struct {
	Name string // "" for the product's name; needed when a product has several

	// Sync debits are tried within the call. Others are accepted, and tried
	// after delay; in mode A after 24 hours.
	Sync  bool
	Delay time.Duration
	// Mode is how plans debit that do not say it themselves.
	Mode ledger.DebitMode

	// From and until are the hours in which a debit may be asked for, from
	// included; both 0 means at any hour.
	From, Until time.Duration
	// Grace is how long after signing a debit runs at once: in mode A without
	// the 24 hours, in mode B without notice, in both at any hour.
	Grace time.Duration
	// Notice is what an announcement of a debit has to be; see debitnotice.go. nil:
	// the product has none.
	Notice *NoticeRules
	// Booking is when a debit may be booked; see debitbooking.go. nil: never.
	Booking *BookingRules
	// Limits are those of plans that set none.
	Limits ledger.Limits
	// Several lets debits of one contract wait side by side.
	Several bool
	// Again is how often a day the same call tries a sync debit that failed, the
	// first time included; 0: the outcome is final.
	Again int
	// Advances is for how many debits WeChat Pay pays that a payer without money
	// then owes, 0 for none.
	Advances int

	// Answers are the refusals that differ from defaultAnswer.
	Answers Answers
	// Payee says whom a debit is paid to where it is not the contract's parties; it
	// runs before anything is looked for under the debit's number.
	Payee func(*DebitRow, *ContractRow)
	// Check refuses what only this product knows. It runs last, may complete d,
	// and finds the contract's and the call's data in its arguments.
	Check func(*Call, *DebitRow, *ContractRow) error
	// Settled follows the outcome of a debit, in the same step: d and the
	// contract are written after it.
	Settled func(*Step, *DebitRow, *ContractRow) error
	// Cleared follows the end of an advanced debit's debt, in the same step: its repayment, or a
	// refund, which sets no RepaidAt.
	Cleared func(*Step, *DebitRow) error
	// Failing answers a sync call whose charge failed; nil: the behaviour says
	// it in its reply. The debit is kept either way.
	Failing func(*DebitRow) *Refusal

	// Paid and failed are the notifications of the outcome, with resource in
	// them; an empty one is not sent. Sync debits notify too when these are set.
	Paid, Failed Event
	Resource     func(*DebitRow) Document
	Retries      schedule
	// AsOrder is a debit in the queries of /v3/pay/transactions; nil: it is not
	// found there.
	AsOrder func(*DebitRow) Document
}

// debitProblem is a reason to refuse a debit. What it is called on the wire differs
// from product to product.
type debitProblem string

const (
	ProblemGone      debitProblem = "no live contract"
	ProblemExpired   debitProblem = "contract expired"
	ProblemParty     debitProblem = "another party's contract"
	problemHours     debitProblem = "outside the hours"
	problemNotice    debitProblem = "not announced"
	ProblemBooking   debitProblem = "not booked for today"
	problemAmount    debitProblem = "amount over a limit"
	ProblemUnequal   debitProblem = "amount not the agreed one"
	ProblemCount     debitProblem = "too often"
	ProblemPending   debitProblem = "another debit is pending"
	ProblemClosed    debitProblem = "number closed"
	ProblemChanged   debitProblem = "number used with other parameters"
	ProblemPaid      debitProblem = "number paid"     // only refused where answers has it; else the same outcome again
	ProblemAccepted  debitProblem = "number accepted" // likewise
	problemWrongPlan debitProblem = "plan of another kind"
)

type Answers map[debitProblem]Answer

// Answer is a refusal before it meets its call.
type Answer struct {
	Status        int
	Code, Message string
	internal      int
}

// Refuse says no for a reason, in the product's words, with a hint in ours.
func (r *DebitRules) Refuse(why debitProblem, hint string) *Refusal {
	a, ok := r.Answers[why]
	if !ok {
		a = defaultAnswer(why)
	}
	SetDefault(&a.internal, InternalParam)
	SetDefault(&a.Status, http.StatusBadRequest)
	return &Refusal{Status: a.Status, Code: a.Code, Message: a.Message, Internal: a.internal, Hint: hint}
}

// defaultAnswer is what v3 products say. The codes are inferred where no page
// shows them: docs/fidelity.md.
func defaultAnswer(why debitProblem) Answer {
	invalid := func(message string) Answer { return Answer{Code: "INVALID_REQUEST", Message: message} }
	switch why {
	case ProblemGone:
		return invalid("协议不存在或已解约")
	case ProblemExpired:
		return invalid("协议已过期")
	case ProblemParty:
		return Answer{Status: http.StatusForbidden, Code: "NO_AUTH", Message: "商户无权操作该协议", internal: internalMerchant}
	case problemHours:
		return invalid("当前时间不允许发起扣款")
	case problemNotice:
		return invalid("未下发扣费前通知，或不在可扣费时间内")
	case ProblemBooking:
		return invalid("未预约扣费，或不在可扣费时间内")
	case ProblemUnequal:
		return invalid("扣款金额与约定金额不一致")
	case problemAmount, ProblemCount:
		return Answer{Code: "RULELIMIT", Message: FailureText(ledger.RiskRejected)}
	case ProblemPending, ProblemAccepted:
		return invalid("扣款请求已受理，请勿重复发起")
	case ProblemClosed:
		return Answer{Code: "ORDER_CLOSED", Message: "订单已关闭"}
	case ProblemChanged:
		return Answer{Code: "INVALID_REQUEST", Message: "请求重入时，参数与首次请求时不一致", internal: internalReplay}
	case ProblemPaid:
		return Answer{Code: "INVALID_REQUEST", Message: "该订单已支付", internal: InternalPaid}
	case problemWrongPlan:
		return invalid("当前签约的模板不是周期扣费类型，不能下发扣费前通知")
	}
	return invalid(string(why))
}

func knownMode(m ledger.DebitMode) bool {
	return slices.Contains([]ledger.DebitMode{"", ledger.DebitAtOnce, ledger.DebitAfterADay, ledger.DebitNoticed,
		ledger.DebitScheduled}, m)
}
