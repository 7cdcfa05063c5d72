package papay

import (
	"strconv"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// pappayapply is the name of pappayapplyRules.
const pappayapply = "papay-v2"

// pappayapplyRules are the rules of pappayapply: 24 hours after it was asked for, or, in
// plans of mode B and in contracts a notice was ever sent about, within the days
// of a notice; within twelve hours of signing at once.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
func pappayapplyRules() *engine.DebitRules {
	accepted := engine.Answer{Code: "ORDER_ACCEPTED", Message: "扣款请求已受理，请勿重复发起"}
	invalid := func(message string) engine.Answer { return engine.Answer{Code: "INVALID_REQUEST", Message: message} }
	return &engine.DebitRules{
		Name: pappayapply, Mode: ledger.DebitAfterADay, From: clock.DebitsFrom, Until: clock.DebitsUntil,
		Grace:  clock.FreshFor,
		Notice: noticeRules(), Booking: scheduledBooking(), AsOrder: debits.PapayOrder,
		Limits: usualLimits, Daily: usualDaily,
		Answers: engine.Answers{
			rows.ProblemGone:     {Code: "CONTRACT_NOT_EXIST", Message: "签约协议不存在"},
			rows.ProblemExpired:  {Code: "CONTRACTERROR", Message: "签约协议已到期"},
			rows.ProblemParty:    {Code: "CONTRACT_NOT_EXIST", Message: "签约协议不存在"},
			rows.ProblemPending:  accepted,
			rows.ProblemAccepted: accepted,
			rows.ProblemPaid:     {Code: "ORDERPAID", Message: "该订单已支付"},
			rows.ProblemClosed:   {Code: "ORDERCLOSED", Message: "订单已关闭"},
			rows.ProblemChanged:  invalid("201 商户订单号重复"),
			rows.ProblemUnequal:  invalid("扣款金额与约定金额不一致"),
		},
		Check: func(c *engine.Call, d *rows.Debit, _ *rows.Contract) error {
			if d.SubMchID != c.Text("sub_mch_id") {
				return xmlcall.Refusal("CONTRACT_NOT_EXIST", "签约协议不存在").
					Hinting("the contract was signed for another sub-merchant, or for none")
			}
			return nil
		},
		Paid:     engine.Event{EventType: push.EventV2Payment, OriginalType: "", Summary: "扣款结果通知"},
		Failed:   engine.Event{EventType: push.EventV2Payment, OriginalType: "", Summary: "扣款结果通知"},
		Resource: debitNotified,
		Retries:  rows.ShortSchedule,
	}
}

// debitNotified is what the notification of a debit has, as it was recorded: of one that failed no
// more than which and why.
func debitNotified(d *rows.Debit) engine.Document {
	all := debitFields(d)
	all["return_msg"] = "OK"
	told := []string{"return_code", "return_msg", "result_code", "err_code", "err_code_des", "appid", "mch_id",
		"sub_appid", "sub_mch_id", "contract_id", "out_trade_no"}
	if d.State != ledger.DebitFailed {
		all["cash_fee_type"] = "CNY"
		told = append(told, "openid", "sub_openid", "is_subscribe", "bank_type", "total_fee", "fee_type", "cash_fee",
			"cash_fee_type", "transaction_id", "attach", "time_end", "trade_state")
	}
	out := engine.Document{}
	for _, name := range told {
		if value := all[name]; value != "" {
			out[name] = value
		}
	}
	return out
}

// xmlApply asks for a debit. SUCCESS says no more than that it was accepted.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_8.shtml
func xmlApply(c *xmlcall.Call) (wire.Fields, error) {
	f := c.Fields
	total, err := feeOf(c, "total_fee")
	if err != nil {
		return nil, err
	}
	if f["trade_type"] != "PAP" {
		return nil, xmlcall.Refusal("PARAM_ERROR", "trade_type参数错误").Hinting("trade_type is PAP")
	}
	_, err = debits.Ask(c.Call, &rows.Debit{Debit: ledger.Debit{ContractID: f["contract_id"],
		OutTradeNo: f["out_trade_no"],
		AppID:      f["appid"], SubAppID: f["sub_appid"], Total: total, Description: f["body"], Attach: f["attach"],
		NotifyURL: f["notify_url"]}, Rules: pappayapply})
	return wire.Fields{}, err
}

// feeOf is an amount of the message, in fen.
func feeOf(c *xmlcall.Call, name string) (int64, error) {
	n, err := strconv.ParseInt(c.Fields[name], 10, 64)
	if err != nil || n <= 0 || n > 100_000_000_00 {
		return 0, xmlcall.Refusal("PARAM_ERROR", name+"参数错误").Hinting(name + " is a whole number of fen above 0")
	}
	return n, nil
}

// debitOfCall finds the debit that transaction_id or out_trade_no name, nil when
// there is none.
func debitOfCall(c *xmlcall.Call) (*rows.Debit, error) {
	key := rows.TradeKey(c.Merchant.MchID, c.Fields["out_trade_no"])
	switch id := c.Fields["transaction_id"]; {
	case id != "":
		key = "transaction:" + id
	case c.Fields["out_trade_no"] == "":
		return nil, xmlcall.Refusal("PARAM_ERROR", "transaction_id和out_trade_no不能同时为空").
			Hinting("name the order by either number")
	}
	list, err := rows.Find[rows.Debit](c.Tx, key, 0)
	for _, d := range list {
		if d.Product == ledger.Papay && d.SubMchID == c.Fields["sub_mch_id"] {
			return d, err
		}
	}
	return nil, err
}

// xmlOrder tells a debit. One that failed and was closed is no debit order
// any more: pay/orderquery knows it.
// https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_10&index=14
func xmlOrder(c *xmlcall.Call) (wire.Fields, error) {
	d, err := debitOfCall(c)
	switch {
	case err != nil:
		return nil, err
	case d == nil:
		return nil, orderMissing()
	case d.Closed:
		return nil, xmlcall.Refusal("INVALID_REQUEST", "该订单不是委托代扣订单，请使用查询订单接口").
			Hinting("the debit failed and its order was closed; pay/orderquery tells it, and a new debit needs a new " +
				"out_trade_no")
	}
	return debitQueryFields(d), nil
}

// debitQueryFields is a debit in answers to queries, which succeed whatever they tell.
func debitQueryFields(d *rows.Debit) wire.Fields {
	out := debitFields(d)
	for _, name := range []string{"err_code", "err_code_des", "contract_id"} {
		delete(out, name)
	}
	return out
}

func orderMissing() *engine.Refusal {
	return xmlcall.Refusal("ORDERNOTEXIST", "此交易订单号不存在")
}

// debitFields is a debit in queries and notifications. What was paid, and when, is
// only known of paid ones.
func debitFields(d *rows.Debit) wire.Fields {
	out := wire.Fields{
		"return_code": "SUCCESS", "result_code": "SUCCESS", "appid": d.AppID, "mch_id": d.MchID, "openid": d.OpenID,
		"is_subscribe": "N",
		"trade_type":   "PAP", "bank_type": "OTHERS", "total_fee": strconv.FormatInt(d.Total, 10), "fee_type": "CNY",
		"out_trade_no": d.OutTradeNo, "contract_id": d.ContractID,
	}
	for name, value := range map[string]string{"sub_mch_id": d.SubMchID, "sub_appid": d.SubAppID,
		"sub_openid": d.SubOpenID, "attach": d.Attach, "transaction_id": d.TransactionID} {
		if value != "" {
			out[name] = value
		}
	}
	state, text := "ACCEPT", "扣款请求已受理"
	switch d.State {
	case ledger.DebitPaid:
		state, text = d.Word(), d.Text()
		out["cash_fee"], out["time_end"] = out["total_fee"], xmlcall.DateTimeDigits(d.EndedAt)
	case ledger.DebitFailed:
		state, text = "PAYERROR", rows.FailureText(d.Failure)
		out["result_code"], out["err_code"], out["err_code_des"] = "FAIL", string(d.Failure), text
		if d.Failure == ledger.NotEnough { // as recorded of APIv2
			out["err_code_des"] = "银行卡可用余额不足（如信用卡则为可透支额度不足），请核实后再试"
		}
		delete(out, "bank_type")
	case ledger.DebitReversed:
		state, text = "REVOKED", d.Text()
	}
	out["trade_state"], out["trade_state_desc"] = state, text
	return out
}
