package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// refundBehaviours are refunds of ordinary orders, and of debits, for direct
// merchants and service providers.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791862
func refundBehaviours() map[string]behaviour {
	const root = "/v3/refund/domestic/refunds"
	return map[string]behaviour{
		"POST " + root:                     refundOrder,
		"GET " + root + "/{out_refund_no}": queryRefund,
		"POST " + root + "/{refund_id}/apply-abnormal-refund": func(c *call) (document, error) {
			r, err := c.redoRefund()
			if err != nil {
				return nil, err
			}
			return refundDocument(r), nil
		},
	}
}

// refundDelay is how long a refund is under way. Real ones take up to twenty
// minutes to a balance and days to a card.
const refundDelay = time.Minute

func domesticRefunds() *refundRules {
	return &refundRules{name: "domestic", delay: refundDelay, retries: genericSchedule, resource: refundResource}
}

// newRefund is the refund of the body.
func (c *call) newRefund() *refundRow {
	amount := object(c.body, "amount")
	return &refundRow{Refund: Refund{
		OutRefundNo: c.text("out_refund_no"), OutTradeNo: c.text("out_trade_no"),
		TransactionID: c.text("transaction_id"),
		SubMchID:      c.text("sub_mchid"), Amount: fen(amount, "refund"), Total: fen(amount, "total"),
		Reason: c.text("reason"), NotifyURL: c.text("notify_url"),
	}}
}

func refundOrder(c *call) (document, error) {
	if err := c.checkSub(c.text("sub_mchid"), ""); err != nil {
		return nil, err
	}
	r, err := c.refund(c.refunds["domestic"], c.newRefund())
	if err != nil {
		return nil, err
	}
	return refundDocument(r), nil
}

func queryRefund(c *call) (document, error) {
	r, err := c.refundByNo(c.vars["out_refund_no"], c.query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	return refundDocument(r), nil
}

// redoRefund sends an abnormal refund elsewhere: to another card of the payer's,
// or to the merchant, who then pays them in another way. The same call again is a
// success.
// https://pay.weixin.qq.com/docs/partner/apis/refund/refunds/create-abnormal-refund.html
func (c *call) redoRefund() (*refundRow, error) {
	r, err := c.refundByID(c.vars["refund_id"], c.text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case r.OutRefundNo != c.text("out_refund_no"):
		return nil, badField("/out_refund_no", c.text("out_refund_no"), "商户退款单号与微信支付退款单号不一致")
	case r.RedoneBy == c.fingerprint():
		return r, nil
	case r.State != RefundAbnormal:
		return nil, invalidRequest("退款单状态不是退款异常，不能发起异常退款").hinting("the refund is " + string(r.State))
	}
	r.RedoneTo = "商户银行账户"
	if c.text("type") == "USER_BANK_CARD" {
		r.RedoneTo = "用户银行卡"
		for _, name := range []string{"bank_type", "bank_account", "real_name"} {
			if c.text(name) == "" {
				return nil, badField("/"+name, "", "退款到用户银行卡时必填")
			}
		}
	}
	rules, err := c.refundRulesFor(r)
	if err != nil {
		return nil, err
	}
	r.State, r.Channel, r.RedoneBy = RefundProcessing, "OTHER_BANKCARD", c.fingerprint()
	r.EndedAt, r.DueAt = time.Time{}, c.now.Add(rules.delay)
	c.pushed = true // something will fall due
	return r, put(c.Tx, r)
}

// refundDocument is a refund in replies.
func refundDocument(r *refundRow) document {
	out := document{
		"refund_id": r.RefundID, "out_refund_no": r.OutRefundNo, "transaction_id": r.TransactionID,
		"out_trade_no": r.OutTradeNo,
		"channel":      r.way(), "user_received_account": r.account(), "create_time": wire.FormatTime(r.CreatedAt),
		"status": string(r.State), "funds_account": "UNSETTLED",
		"amount": document{
			"total": r.Total, "refund": r.Amount, "payer_total": r.Total, "payer_refund": r.Amount,
			"discount_refund":  int64(0),
			"settlement_total": r.Total, "settlement_refund": r.Amount, "currency": "CNY",
		},
	}
	if r.State == RefundSuccess {
		out["success_time"] = wire.FormatTime(r.EndedAt)
	}
	return out
}

func (r *refundRow) account() string {
	if r.RedoneTo != "" {
		return r.RedoneTo
	}
	return "支付用户零钱"
}

// refundResource is what REFUND.SUCCESS, ABNORMAL and CLOSED carry.
func refundResource(r *refundRow) document {
	out := document{
		"out_trade_no": r.OutTradeNo, "transaction_id": r.TransactionID, "out_refund_no": r.OutRefundNo,
		"refund_id":     r.RefundID,
		"refund_status": string(r.State), "user_received_account": r.account(),
		"amount": document{"total": r.Total, "refund": r.Amount, "payer_total": r.Total, "payer_refund": r.Amount},
	}
	if r.SubMchID == "" {
		out["mchid"] = r.MchID
	} else {
		out["sp_mchid"], out["sub_mchid"] = r.MchID, r.SubMchID
	}
	if r.State == RefundSuccess {
		out["success_time"] = wire.FormatTime(r.EndedAt)
	}
	return out
}
