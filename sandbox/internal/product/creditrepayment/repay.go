package creditrepayment

import (
	"errors"
	"strconv"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// rules are repayments: booked up to a fortnight ahead, asked for on
// their day, at any hour as far as documented. Only success is notified.
// https://pay.weixin.qq.com/doc/v3/partner/4016790583
func rules() *engine.DebitRules {
	return &engine.DebitRules{
		Mode:    ledger.DebitScheduled,
		Delay:   clock.DebitTakes,
		Booking: &engine.BookingRules{},
		Payee:   payee,
		Answers: engine.Answers{
			rows.ProblemGone:    {Code: "INVALID_REQUEST", Message: "还款协议不存在或已解约"},
			rows.ProblemBooking: {Code: "INVALID_REQUEST", Message: "未预约还款，或不在还款日期"},
			rows.ProblemUnequal: {Code: "INVALID_REQUEST", Message: "还款金额需在最低还款金额与应还款金额之间"},
		},
		Paid: engine.Event{EventType: "CREDIT_REPAYMENT.DEDUCTION_PAY", OriginalType: "credit_repayment",
			Summary: "信贷还款还款成功"},
		Resource: creditPaid,
		Retries:  rows.GenericSchedule,
	}
}

// book books one repayment. The same call again has the same answer.
// https://pay.weixin.qq.com/doc/v3/partner/4016779459
func book(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Any(c, c.Text("contract_id"))
	if err != nil {
		return nil, err
	}
	item := engine.Objects(c.Body, "schedule_items")[0]
	b := ledger.Booking{
		ID: engine.TextOf(item, "out_record_id"), Date: engine.TextOf(item, "repayment_date"), Amount: engine.Fen(item,
			"repayment_amount"),
		Least: engine.Fen(item, "min_repayment_amount"), SubMchID: engine.TextOf(item, "sub_mchid"),
		SubAppID: engine.TextOf(item, "sub_appid"),
		BookedAt: c.Now, Booked: engine.Fen(item, "repayment_amount"),
	}
	taken, err := rows.Get[rows.Claim](c.Tx, recordKey(c.Merchant.MchID, b.ID))
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		return bookAgain(c, contract, taken, b)
	}
	if err := c.CheckSub(b.SubMchID, b.SubAppID); err != nil {
		return nil, err
	}
	if err := mayBookRepayment(c, contract, &b); err != nil {
		return nil, err
	}
	engine.SetDefault(&b.Least, b.Amount)
	contract.Bookings = append(contract.Bookings, b)
	err = c.PutAll(&rows.Claim{ID: recordKey(c.Merchant.MchID, b.ID), ContractID: contract.ID}, contract)
	return engine.Document{"schedule_records": []engine.Document{recordOf(contract, &b)}}, err
}

// bookAgain is a second call with an out_record_id.
func bookAgain(c *engine.Call, contract *rows.Contract, taken *rows.Claim,
	b ledger.Booking) (engine.Document, error) {
	if taken.ContractID == contract.ID {
		old := contract.Booking(b.ID)
		if old == nil {
			return nil, rows.Misread(contract, "lacks the booking %s", shown.Value(b.ID))
		}
		engine.SetDefault(&b.Least, b.Amount)
		if old.Date == b.Date && old.Amount == b.Amount && old.Least == b.Least && old.SubMchID == b.SubMchID &&
			old.SubAppID == b.SubAppID {
			return engine.Document{"schedule_records": []engine.Document{recordOf(contract, old)}}, nil
		}
	}
	return nil, debits.RulesOf(c.Step, ledger.Credit, "").Refuse(rows.ProblemChanged,
		"this out_record_id was used with other parameters: repeat them exactly, or use a new one")
}

// mayBookRepayment checks a repayment against the contract, the plan and the
// calendar.
func mayBookRepayment(c *engine.Call, contract *rows.Contract, b *ledger.Booking) error {
	const consumerLoan, cashLoan = 5, 10 // the least part, in percent
	limit, percent := engine.Fen(engine.DecodeBody(contract.Request), "repayment_amount_limit"), int64(cashLoan)
	plan := c.PlanOf(contract)
	if l := debits.LimitsOf(plan, ledger.Limits{}).PerDebit; l > 0 && (limit == 0 || l < limit) {
		limit = l
	}
	if plan != nil && plan.MinPercent > 0 {
		percent = int64(plan.MinPercent)
	}
	const at = "/schedule_items/0/"
	ahead := clock.DaysFrom(c.Now, clock.StartOf(b.Date))
	switch {
	case !contract.Live():
		return c.Product.Gone().Hinting("the contract has ended: " + string(contract.State))
	case c.Text("appid") != contract.AppID || c.Registry.Person(c.Text("openid")).ID != contract.Person:
		return engine.InvalidRequest("appid或openid与签约时不一致").
			Hinting("name the appid and the payer the contract was signed with")
	case ahead < 1 || ahead > 14:
		return engine.BadField(at+"repayment_date", "还款日期需在预约日后1至14天内").
			Hinting("repayment_date may be from " + clock.DateOf(c.Now.AddDate(0, 0, 1)) + " to " +
				clock.DateOf(c.Now.AddDate(0, 0, 14)))
	case b.Amount < 1:
		return engine.BadField(at+"repayment_amount", "应还款金额需大于0")
	case limit > 0 && b.Amount > limit:
		return engine.InvalidRequest("应还款金额超过还款金额上限").Hinting("the contract and its template allow " +
			engine.FenText(limit) +
			" fen for each repayment")
	case b.Least == 0 && percent == consumerLoan:
		return engine.BadField(at+"min_repayment_amount", "消费贷模板需传入最低还款金额").
			Hinting("the template is of consumer loans: name the least that must be repaid")
	case b.Least > b.Amount:
		return engine.BadField(at+"min_repayment_amount", "最低还款金额不能大于应还款金额")
	case b.Least > 0 && rows.BelowPercent(b.Least, b.Amount, percent):
		return engine.BadField(at+"min_repayment_amount", "最低还款金额低于应还款金额的"+
			strconv.FormatInt(percent, 10)+
			"%").
			Hinting("min_repayment_amount must be at least " + strconv.FormatInt(percent, 10) +
				" % of repayment_amount with this template")
	}
	return nil
}

func record(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Any(c, c.Query.Get("contract_id"))
	if err != nil {
		return nil, err
	}
	b := contract.Booking(c.Vars["out_record_id"])
	if b == nil {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "预约还款记录不存在").Hinting("the contract has no such booking")
	}
	return recordOf(contract, b), nil
}

func recordOf(c *rows.Contract, b *ledger.Booking) engine.Document {
	out := engine.Document{
		"out_record_id": b.ID, "appid": c.AppID, "openid": c.OpenID, "contract_id": c.ID, "repayment_date": b.Date,
		"repayment_amount": engine.FenText(b.Amount), "min_repayment_amount": engine.FenText(b.Least),
	}
	out.Set("sub_appid", b.SubAppID)
	return out
}

func recordKey(mchid, id string) string { return rows.Joined("record", mchid, id) }

// repay asks for a booked repayment.
func repay(c *engine.Call) (engine.Document, error) {
	d, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{
		ContractID: c.Text("contract_id"), OutTradeNo: c.Text("out_trade_no"), ScheduleID: c.Text("out_record_id"),
		Total:       engine.Fen(c.Body, "deduct_amount"),
		Description: c.Text("description"), Attach: c.Text("attach"), NotifyURL: c.Text("notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	return order(d), nil
}

// payee is whom the booking says.
func payee(d *rows.Debit, contract *rows.Contract) {
	if b := contract.Booking(d.ScheduleID); b != nil {
		d.SubMchID, d.SubAppID = b.SubMchID, b.SubAppID
	}
}

func queryOrder(c *engine.Call) (engine.Document, error) {
	d, err := debits.ByNo(c, c.Vars["out_trade_no"])
	if err != nil {
		return nil, err
	}
	return order(d), nil
}

func order(d *rows.Debit) engine.Document {
	out := engine.Document{
		"out_trade_no": d.OutTradeNo, "out_record_id": d.ScheduleID, "appid": d.AppID, "openid": d.OpenID,
		"contract_id": d.ContractID,
		"order_state": "DEDUCT_ORDER_STATE_PENDING", "deduct_amount": engine.FenText(d.Total),
		"description": d.Description,
	}
	out.Set("sub_appid", d.SubAppID)
	out.Set("attach", d.Attach)
	switch {
	case d.State == ledger.DebitPaid:
		out["order_state"], out["pay_success_amount"] = "DEDUCT_ORDER_STATE_PAY_SUCCESS", engine.FenText(d.Total)
		out["transaction_id"] = d.TransactionID
	case d.Failure == ledger.SystemFailure:
		out["order_state"] = "DEDUCT_ORDER_STATE_NOT_PAY"
	case d.State == ledger.DebitFailed:
		out["order_state"] = "DEDUCT_ORDER_STATE_PAY_FAIL"
	}
	return out
}

func creditPaid(d *rows.Debit) engine.Document {
	out := order(d)
	out["sp_mchid"], out["sub_mchid"] = d.MchID, d.SubMchID
	return out
}
