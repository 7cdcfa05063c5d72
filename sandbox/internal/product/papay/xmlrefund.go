package papay

import (
	"errors"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// SecapiRefunds is secapi/pay/refund, for orders and debits alike. Money paid in
// either version may be given back in the other.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_4
func SecapiRefunds() *engine.RefundRules {
	return &engine.RefundRules{
		Name: "v2", Delay: time.Minute, Retries: rows.GenericSchedule, Event: push.EventV2Refund,
		TooMuch: "refund_fee大于可退金额",
		Resource: func(r *rows.Refund) engine.Document {
			out := engine.Document{"appid": r.AppID}
			for name, value := range refundFields(r) {
				out[name] = value
			}
			out["refund_status"] = refundStatus(r)
			out["refund_account"], out["refund_request_source"] = "REFUND_SOURCE_RECHARGE_FUNDS", "API"
			if r.State == ledger.RefundSuccess {
				out["success_time"] = xmlcall.DateTime(r.EndedAt)
			}
			out["refund_recv_accout"] = "支付用户零钱" // spelled so on the wire
			return out
		},
	}
}

// refundStatus is refund_status.
func refundStatus(r *rows.Refund) string {
	switch r.State {
	case ledger.RefundAbnormal:
		return "CHANGE"
	case ledger.RefundClosed:
		return "REFUNDCLOSE"
	}
	return string(r.State)
}

// refundFields is what every message about a refund has.
func refundFields(r *rows.Refund) wire.Fields {
	total, amount := strconv.FormatInt(r.Total, 10), strconv.FormatInt(r.Amount, 10)
	return wire.Fields{
		"transaction_id": r.TransactionID, "out_trade_no": r.OutTradeNo, "out_refund_no": r.OutRefundNo,
		"refund_id":  r.RefundID,
		"refund_fee": amount, "settlement_refund_fee": amount, "total_fee": total, "settlement_total_fee": total,
	}
}

func refundApply(c *xmlcall.Call) (wire.Fields, error) {
	f := c.Fields
	total, err := feeOf(c, "total_fee")
	if err != nil {
		return nil, err
	}
	amount, err := feeOf(c, "refund_fee")
	if err != nil {
		return nil, err
	}
	r, err := payments.Refund(c.Call, c.Refunds["v2"], &rows.Refund{Refund: ledger.Refund{
		OutRefundNo: f["out_refund_no"], OutTradeNo: f["out_trade_no"], TransactionID: f["transaction_id"],
		AppID: f["appid"], SubMchID: f["sub_mch_id"],
		Total: total, Amount: amount, Reason: f["refund_desc"], NotifyURL: f["notify_url"],
	}})
	if err != nil {
		return nil, err
	}
	out := refundFields(r)
	out["cash_fee"], out["cash_refund_fee"] = out["total_fee"], out["refund_fee"]
	out["coupon_refund_fee"], out["coupon_refund_count"] = "0", "0"
	return out, nil
}

// refundQuery numbers the refunds it tells, oldest first.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_5
func refundQuery(c *xmlcall.Call) (wire.Fields, error) {
	list, err := refundsOfCall(c)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, xmlcall.Refusal("REFUNDNOTEXIST", "退款订单查询失败").
			Hinting("no refund of this merchant has this number")
	}
	total := strconv.FormatInt(list[0].Total, 10)
	out := wire.Fields{
		"transaction_id": list[0].TransactionID, "out_trade_no": list[0].OutTradeNo, "total_fee": total,
		"cash_fee":     total,
		"refund_count": strconv.Itoa(len(list)),
	}
	for i, r := range list {
		n := "_" + strconv.Itoa(i)
		amount := strconv.FormatInt(r.Amount, 10)
		out["out_refund_no"+n], out["refund_id"+n], out["refund_fee"+n] = r.OutRefundNo, r.RefundID, amount
		out["refund_status"+n], out["refund_recv_accout"+n] = refundStatus(r), "支付用户零钱"
		if r.State == ledger.RefundSuccess {
			out["refund_success_time"+n] = xmlcall.DateTime(r.EndedAt)
		}
	}
	return out, nil
}

func refundsOfCall(c *xmlcall.Call) ([]*rows.Refund, error) {
	f := c.Fields
	key := ""
	switch {
	case f["out_refund_no"] != "":
		r, err := payments.RefundByNo(c.Call, f["out_refund_no"], f["sub_mch_id"])
		if errors.As(err, new(*engine.Refusal)) {
			return nil, nil
		}
		return []*rows.Refund{r}, err
	case f["refund_id"] != "":
		key = "refund:" + f["refund_id"]
	case f["transaction_id"] != "":
		key = "transaction:" + f["transaction_id"]
	case f["out_trade_no"] != "":
		key = rows.TradeKey(c.Merchant.MchID, f["out_trade_no"])
	default:
		return nil, xmlcall.Refusal("PARAM_ERROR", "退款查询参数错误").
			Hinting("name a refund_id, out_refund_no, transaction_id or out_trade_no")
	}
	return payments.RefundsUnder(c.Call, key, f["sub_mch_id"])
}
