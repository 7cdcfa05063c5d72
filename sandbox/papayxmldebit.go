package sandbox

import (
	"strconv"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// pappayapply is the name of pappayapplyRules.
const pappayapply = "papay-v2"

// pappayapplyRules are the rules of pappayapply: 24 hours after it was asked for, or, in
// plans of mode B and in contracts a notice was ever sent about, within the days
// of a notice; within twelve hours of signing at once.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
func pappayapplyRules() *debitRules {
	accepted := answer{code: "ORDER_ACCEPTED", message: "扣款请求已受理，请勿重复发起"}
	invalid := func(message string) answer { return answer{code: "INVALID_REQUEST", message: message} }
	return &debitRules{
		name: pappayapply, mode: DebitAfterADay, from: debitsFrom, until: debitsUntil, grace: freshFor,
		notice: papayNoticeRules(), booking: scheduledBooking(), asOrder: papayOrder,
		limits: Limits{PerDebit: 500_00, PerDay: 2500_00, AttemptsPerDay: 300},
		answers: answers{
			problemGone:     {code: "CONTRACT_NOT_EXIST", message: "签约协议不存在"},
			problemExpired:  {code: "CONTRACTERROR", message: "签约协议已到期"},
			problemParty:    {code: "CONTRACT_NOT_EXIST", message: "签约协议不存在"},
			problemPending:  accepted,
			problemAccepted: accepted,
			problemPaid:     {code: "ORDERPAID", message: "该订单已支付"},
			problemClosed:   {code: "ORDERCLOSED", message: "订单已关闭"},
			problemChanged:  invalid("201 商户订单号重复"),
			problemUnequal:  invalid("扣款金额与约定金额不一致"),
		},
		check: func(c *call, d *debitRow, _ *contractRow) error {
			if d.SubMchID != c.text("sub_mch_id") {
				return xmlRefusal("CONTRACT_NOT_EXIST", "签约协议不存在").
					hinting("the contract was signed for another sub-merchant, or for none")
			}
			return nil
		},
		paid:   event{eventType: eventV2Payment, originalType: "", summary: "扣款结果通知"},
		failed: event{eventType: eventV2Payment, originalType: "", summary: "扣款结果通知"},
		resource: func(d *debitRow) document {
			out := document{}
			for name, value := range debitFields(d) {
				out[name] = value
			}
			delete(out, "trade_state_desc")
			return out
		},
		retries: pappaySchedule,
	}
}

// papayV2Apply asks for a debit. SUCCESS says no more than that it was accepted.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_8.shtml
func papayV2Apply(c *xmlCall) (wire.Fields, error) {
	f := c.fields
	total, err := c.feeOf("total_fee")
	if err != nil {
		return nil, err
	}
	if f["trade_type"] != "PAP" {
		return nil, xmlRefusal("PARAM_ERROR", "trade_type参数错误").hinting("trade_type is PAP")
	}
	_, err = c.debit(&debitRow{Debit: Debit{ContractID: f["contract_id"], OutTradeNo: f["out_trade_no"],
		AppID: f["appid"], SubAppID: f["sub_appid"], Total: total, Description: f["body"], Attach: f["attach"],
		NotifyURL: f["notify_url"]}, Rules: pappayapply})
	return wire.Fields{}, err
}

// feeOf is an amount of the message, in fen.
func (c *xmlCall) feeOf(name string) (int64, error) {
	n, err := strconv.ParseInt(c.fields[name], 10, 64)
	if err != nil || n <= 0 || n > 100_000_000_00 {
		return 0, xmlRefusal("PARAM_ERROR", name+"参数错误").hinting(name + " is a whole number of fen above 0")
	}
	return n, nil
}

// debitOfCall finds the debit that transaction_id or out_trade_no name, nil when
// there is none.
func (c *xmlCall) debitOfCall() (*debitRow, error) {
	key := tradeKey(c.merchant.MchID, c.fields["out_trade_no"])
	switch id := c.fields["transaction_id"]; {
	case id != "":
		key = "transaction:" + id
	case c.fields["out_trade_no"] == "":
		return nil, xmlRefusal("PARAM_ERROR", "transaction_id和out_trade_no不能同时为空").
			hinting("name the order by either number")
	}
	list, err := find[debitRow](c.Tx, key, 0)
	for _, d := range list {
		if d.Product == Papay && d.SubMchID == c.fields["sub_mch_id"] {
			return d, err
		}
	}
	return nil, err
}

// papayV2Order tells a debit. One that failed and was closed is no debit order
// any more: pay/orderquery knows it.
// https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_10&index=14
func papayV2Order(c *xmlCall) (wire.Fields, error) {
	d, err := c.debitOfCall()
	switch {
	case err != nil:
		return nil, err
	case d == nil:
		return nil, orderMissing()
	case d.Closed:
		return nil, xmlRefusal("INVALID_REQUEST", "该订单不是委托代扣订单，请使用查询订单接口").
			hinting("the debit failed and its order was closed; pay/orderquery tells it, and a new debit needs a new " +
				"out_trade_no")
	}
	return debitQueryFields(d), nil
}

// debitQueryFields is a debit in answers to queries, which succeed whatever they tell.
func debitQueryFields(d *debitRow) wire.Fields {
	out := debitFields(d)
	for _, name := range []string{"err_code", "err_code_des", "contract_id"} {
		delete(out, name)
	}
	return out
}

func orderMissing() *refusal { return xmlRefusal("ORDERNOTEXIST", "此交易订单号不存在") }

// debitFields is a debit in queries and notifications. What was paid, and when, is
// only known of paid ones.
func debitFields(d *debitRow) wire.Fields {
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
	case DebitPaid:
		state, text = d.word(), d.text()
		out["cash_fee"], out["time_end"] = out["total_fee"], dateTimeDigits(d.EndedAt)
	case DebitFailed:
		state, text = "PAYERROR", failureText(d.Failure)
		out["result_code"], out["err_code"], out["err_code_des"] = "FAIL", string(d.Failure), text
		delete(out, "bank_type")
	case DebitReversed:
		state, text = "REVOKED", d.text()
	}
	out["trade_state"], out["trade_state_desc"] = state, text
	return out
}
