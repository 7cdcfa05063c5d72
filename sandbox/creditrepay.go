package sandbox

import (
	"errors"
	"strconv"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// creditDebits are repayments: booked up to a fortnight ahead, asked for on
// their day, at any hour as far as documented. Only success is notified.
// https://pay.weixin.qq.com/doc/v3/partner/4016790583
func creditDebits() *debitRules {
	return &debitRules{
		mode:    DebitScheduled,
		delay:   debitTakes,
		booking: &bookingRules{},
		payee:   creditPayee,
		answers: answers{
			problemGone:    {code: "INVALID_REQUEST", message: "还款协议不存在或已解约"},
			problemBooking: {code: "INVALID_REQUEST", message: "未预约还款，或不在还款日期"},
			problemUnequal: {code: "INVALID_REQUEST", message: "还款金额需在最低还款金额与应还款金额之间"},
		},
		paid:     event{eventType: "CREDIT_REPAYMENT.DEDUCTION_PAY", originalType: "credit_repayment", summary: "信贷还款还款成功"},
		resource: creditPaid,
		retries:  genericSchedule,
	}
}

// creditBook books one repayment. The same call again has the same answer.
// https://pay.weixin.qq.com/doc/v3/partner/4016779459
func creditBook(c *call) (document, error) {
	contract, err := c.anyContract(c.text("contract_id"))
	if err != nil {
		return nil, err
	}
	item := objects(c.body, "schedule_items")[0]
	b := Booking{
		ID: textOf(item, "out_record_id"), Date: textOf(item, "repayment_date"), Amount: fen(item, "repayment_amount"),
		Least: fen(item, "min_repayment_amount"), SubMchID: textOf(item, "sub_mchid"), SubAppID: textOf(item,
			"sub_appid"),
		BookedAt: c.now, Booked: fen(item, "repayment_amount"),
	}
	taken, err := get[claim](c.Tx, creditRecordKey(c.merchant.MchID, b.ID))
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		return c.creditBookAgain(contract, taken, b)
	}
	if err := c.checkSub(b.SubMchID, b.SubAppID); err != nil {
		return nil, err
	}
	if err := c.mayBookRepayment(contract, &b); err != nil {
		return nil, err
	}
	setDefault(&b.Least, b.Amount)
	contract.Bookings = append(contract.Bookings, b)
	err = c.putAll(&claim{ID: creditRecordKey(c.merchant.MchID, b.ID), ContractID: contract.ID}, contract)
	return document{"schedule_records": []document{creditRecordOf(contract, &b)}}, err
}

// creditBookAgain is a second call with an out_record_id.
func (c *call) creditBookAgain(contract *contractRow, taken *claim, b Booking) (document, error) {
	if taken.ContractID == contract.ID {
		old := contract.booking(b.ID)
		if old == nil {
			return nil, misread(contract, "lacks the booking %s", shown(b.ID))
		}
		setDefault(&b.Least, b.Amount)
		if old.Date == b.Date && old.Amount == b.Amount && old.Least == b.Least && old.SubMchID == b.SubMchID &&
			old.SubAppID == b.SubAppID {
			return document{"schedule_records": []document{creditRecordOf(contract, old)}}, nil
		}
	}
	return nil, c.rulesOf(Credit, "").refuse(problemChanged,
		"this out_record_id was used with other parameters: repeat them exactly, or use a new one")
}

// mayBookRepayment checks a repayment against the contract, the plan and the
// calendar.
func (c *call) mayBookRepayment(contract *contractRow, b *Booking) error {
	const consumerLoan, cashLoan = 5, 10 // the least part, in percent
	limit, percent := fen(decodeBody(contract.Request), "repayment_amount_limit"), int64(cashLoan)
	if plan := c.planOf(contract); plan != nil {
		if l := plan.Limits.PerDebit; l > 0 && (limit == 0 || l < limit) {
			limit = l
		}
		if plan.MinPercent > 0 {
			percent = int64(plan.MinPercent)
		}
	}
	const at = "/schedule_items/0/"
	ahead := daysFrom(c.now, startOf(b.Date))
	switch {
	case !contract.live():
		return c.product.gone().hinting("the contract has ended: " + string(contract.State))
	case c.text("appid") != contract.AppID || c.registry.person(c.text("openid")).id != contract.Person:
		return invalidRequest("appid或openid与签约时不一致").
			hinting("name the appid and the payer the contract was signed with")
	case ahead < 1 || ahead > 14:
		return badField(at+"repayment_date", b.Date, "还款日期需在预约日后1至14天内").
			hinting("repayment_date may be from " + dateOf(c.now.AddDate(0, 0, 1)) + " to " +
				dateOf(c.now.AddDate(0, 0, 14)))
	case b.Amount < 1:
		return badField(at+"repayment_amount", "0", "应还款金额需大于0")
	case limit > 0 && b.Amount > limit:
		return invalidRequest("应还款金额超过还款金额上限").hinting("the contract and its template allow " + fenText(limit) +
			" fen for each repayment")
	case b.Least == 0 && percent == consumerLoan:
		return badField(at+"min_repayment_amount", "", "消费贷模板需传入最低还款金额").
			hinting("the template is of consumer loans: name the least that must be repaid")
	case b.Least > b.Amount:
		return badField(at+"min_repayment_amount", fenText(b.Least), "最低还款金额不能大于应还款金额")
	case b.Least > 0 && belowPercent(b.Least, b.Amount, percent):
		return badField(at+"min_repayment_amount", fenText(b.Least), "最低还款金额低于应还款金额的"+strconv.FormatInt(percent, 10)+
			"%").
			hinting("min_repayment_amount must be at least " + strconv.FormatInt(percent, 10) +
				" % of repayment_amount with this template")
	}
	return nil
}

func creditRecord(c *call) (document, error) {
	contract, err := c.anyContract(c.query.Get("contract_id"))
	if err != nil {
		return nil, err
	}
	b := contract.booking(c.vars["out_record_id"])
	if b == nil {
		return nil, notFound("RESOURCE_NOT_EXISTS", "预约还款记录不存在").hinting("the contract has no such booking")
	}
	return creditRecordOf(contract, b), nil
}

func creditRecordOf(c *contractRow, b *Booking) document {
	out := document{
		"out_record_id": b.ID, "appid": c.AppID, "openid": c.OpenID, "contract_id": c.ID, "repayment_date": b.Date,
		"repayment_amount": fenText(b.Amount), "min_repayment_amount": fenText(b.Least),
	}
	out.set("sub_appid", b.SubAppID)
	return out
}

func creditRecordKey(mchid, id string) string { return joined("record", mchid, id) }

// creditRepay asks for a booked repayment.
func creditRepay(c *call) (document, error) {
	d, err := c.debit(&debitRow{Debit: Debit{
		ContractID: c.text("contract_id"), OutTradeNo: c.text("out_trade_no"), ScheduleID: c.text("out_record_id"),
		Total:       fen(c.body, "deduct_amount"),
		Description: c.text("description"), Attach: c.text("attach"), NotifyURL: c.text("notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	return creditOrder(d), nil
}

// creditPayee is whom the booking says.
func creditPayee(d *debitRow, contract *contractRow) {
	if b := contract.booking(d.ScheduleID); b != nil {
		d.SubMchID, d.SubAppID = b.SubMchID, b.SubAppID
	}
}

func creditQueryOrder(c *call) (document, error) {
	d, err := c.debitByNo(c.vars["out_trade_no"])
	if err != nil {
		return nil, err
	}
	return creditOrder(d), nil
}

func creditOrder(d *debitRow) document {
	out := document{
		"out_trade_no": d.OutTradeNo, "out_record_id": d.ScheduleID, "appid": d.AppID, "openid": d.OpenID,
		"contract_id": d.ContractID,
		"order_state": "DEDUCT_ORDER_STATE_PENDING", "deduct_amount": fenText(d.Total), "description": d.Description,
	}
	out.set("sub_appid", d.SubAppID)
	out.set("attach", d.Attach)
	switch {
	case d.State == DebitPaid:
		out["order_state"], out["pay_success_amount"] = "DEDUCT_ORDER_STATE_PAY_SUCCESS", fenText(d.Total)
		out["transaction_id"] = d.TransactionID
	case d.Failure == SystemFailure:
		out["order_state"] = "DEDUCT_ORDER_STATE_NOT_PAY"
	case d.State == DebitFailed:
		out["order_state"] = "DEDUCT_ORDER_STATE_PAY_FAIL"
	}
	return out
}

func creditPaid(d *debitRow) document {
	out := creditOrder(d)
	out["sp_mchid"], out["sub_mchid"] = d.MchID, d.SubMchID
	return out
}
