package engine

import (
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// TradeAuth is the trade_type of debits that a service was opened for, not a contract for one.
const TradeAuth ledger.TradeType = "AUTH"

// DebitRules is all that one product adds to the machine every debit runs
// through: when, how much and how often it may debit, what refusals are called,
// and what the merchant hears. Amounts are in fen, times of day in Beijing.
type DebitRules struct {
	Name string // "" for the product's name; needed when a product has several

	// Trade is the debit's trade_type; "" for PAP.
	Trade ledger.TradeType
	// Foreign debits are of other currencies, and in no bill of the mainland's.
	Foreign bool

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
	// Notice is what an announcement of a debit has to be; see debits/notice.go. nil:
	// the product has none.
	Notice *NoticeRules
	// Booking is when a debit may be booked; see debits/booking.go. nil: never.
	Booking *BookingRules
	// Limits are those of plans that set none.
	Limits ledger.Limits
	// Several lets debits of one contract wait side by side.
	Several bool
	// Again is how often a day the same call tries a sync debit that failed, the
	// first time included; 0: the outcome is final.
	Again int
	// Daily is how many debits of a contract may succeed in a day, by the mode it is debited in,
	// where the plan does not say; test plans have their own.
	Daily map[ledger.DebitMode]int
	// Advances has WeChat Pay pay for a payer without money, who then owes it. Bar says for how
	// long.
	Advances bool

	// Answers are the refusals that differ from defaultAnswer.
	Answers Answers
	// Payee says whom a debit is paid to where it is not the contract's parties; it
	// runs before anything is looked for under the debit's number.
	Payee func(*rows.Debit, *rows.Contract)
	// Check refuses what only this product knows. It runs last, may complete d,
	// and finds the contract's and the call's data in its arguments.
	Check func(*Call, *rows.Debit, *rows.Contract) error
	// Bar refuses what no payer may be charged for, when the debit is asked for and again when they
	// are charged: what was so between the two may have changed. nil: nothing.
	Bar func(*Step, *rows.Debit, *rows.Contract) error
	// Settled follows the outcome of a debit, in the same step: d and the
	// contract are written after it.
	Settled func(*Step, *rows.Debit, *rows.Contract) error
	// Cleared follows the end of an advanced debit's debt, in the same step: its repayment, or a
	// refund, which sets no RepaidAt.
	Cleared func(*Step, *rows.Debit) error
	// Failing answers a sync call whose charge failed; nil: the behaviour says
	// it in its reply. The debit is kept either way.
	Failing func(*rows.Debit) *Refusal

	// Paid and failed are the notifications of the outcome, with resource in
	// them; an empty one is not sent. Sync debits notify too when these are set.
	Paid, Failed Event
	Resource     func(*rows.Debit) Document
	Retries      rows.Schedule
	// AsOrder is a debit in the queries of /v3/pay/transactions; nil: it is not
	// found there.
	AsOrder func(*rows.Debit) Document
}

type Answers map[rows.DebitProblem]Answer

// Answer is a refusal before it meets its call.
type Answer struct {
	Status        int
	Code, Message string
	internal      int
}

// Refuse says no for a reason, in the product's words, with a hint in ours.
func (r *DebitRules) Refuse(why rows.DebitProblem, hint string) *Refusal {
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
func defaultAnswer(why rows.DebitProblem) Answer {
	invalid := func(message string) Answer { return Answer{Code: "INVALID_REQUEST", Message: message} }
	switch why {
	case rows.ProblemGone:
		return invalid("协议不存在或已解约")
	case rows.ProblemExpired:
		return invalid("协议已过期")
	case rows.ProblemParty:
		return Answer{Status: http.StatusForbidden, Code: "NO_AUTH", Message: "商户无权操作该协议", internal: InternalMerchant}
	case rows.ProblemHours:
		return invalid("当前时间不允许发起扣款")
	case rows.ProblemNotice:
		return invalid("未下发扣费前通知，或不在可扣费时间内")
	case rows.ProblemBooking:
		return invalid("未预约扣费，或不在可扣费时间内")
	case rows.ProblemUnequal:
		return invalid("扣款金额与约定金额不一致")
	case rows.ProblemAmount, rows.ProblemCount:
		return Answer{Code: "RULELIMIT", Message: rows.FailureText(ledger.RiskRejected)}
	case rows.ProblemPending, rows.ProblemAccepted:
		return invalid("扣款请求已受理，请勿重复发起")
	case rows.ProblemClosed:
		return Answer{Code: "ORDER_CLOSED", Message: "订单已关闭", internal: InternalClosed}
	case rows.ProblemChanged:
		return Answer{Code: "INVALID_REQUEST", Message: "请求重入时，参数与首次请求时不一致", internal: InternalReplay}
	case rows.ProblemPaid:
		return Answer{Code: "INVALID_REQUEST", Message: "该订单已支付", internal: InternalPaid}
	case rows.ProblemWrongPlan:
		return invalid("当前签约的模板不是周期扣费类型，不能下发扣费前通知")
	}
	return invalid(string(why))
}

// NoticeRules are how a product's debits are announced to the payer. Days are
// counted from that of the notice, which is day 0.
type NoticeRules struct {
	From, Until time.Duration // hours in which a notice may be sent; both 0 means any
	First, Last int           // days in which the debit may follow
	// Repeated refuses the same notice again while the first is open.
	Repeated func() *Refusal
	// Gone refuses a notice about a contract that is not live; nil: as a debit.
	Gone func() *Refusal
}

// NoticeOpen says whether a notice lets a debit through, or will.
func NoticeOpen(n *ledger.Notice, now time.Time) bool {
	return n != nil && !n.Closed && now.Before(n.Until)
}

// BookingRules are when a debit on an agreed day may be booked.
// https://pay.weixin.qq.com/doc/v3/merchant/4012978414
type BookingRules struct {
	DaysBefore  int           // how many days before its day
	DaysAfter   int           // how many days after its day still; with any, the debit may follow from the next day
	From, Until time.Duration // in which hours
	// Once: the contract is for one debit. It ends when that is paid, and at
	// Ends o'clock of the next day when it is not.
	Once bool
	Ends time.Duration
	// AnyAmount lets a booking differ from what was agreed at signing.
	AnyAmount bool
}

// Days are the first and the last day on which b may be booked.
func (r *BookingRules) Days(b *ledger.Booking) (first, last time.Time) {
	day := clock.StartOf(b.Date)
	first = day.AddDate(0, 0, -r.DaysBefore)
	if r.DaysAfter == 0 {
		return first, first
	}
	return first, day.AddDate(0, 0, r.DaysAfter)
}

// EndAfter has a contract of one debit end by itself the morning after
// its day. Products call it from signed.
func (r *BookingRules) EndAfter(c *rows.Contract) {
	for _, b := range c.Bookings {
		if end := clock.StartOf(b.Date).AddDate(0, 0, 1).Add(r.Ends); end.After(c.EndsAt) {
			c.EndsAt = end
		}
	}
}
