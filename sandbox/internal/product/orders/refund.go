package orders

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// RefundBehaviours are refunds of ordinary orders, and of debits, for direct
// merchants and service providers.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791862
func RefundBehaviours() map[string]engine.Behaviour {
	const root = "/v3/refund/domestic/refunds"
	return map[string]engine.Behaviour{
		"POST " + root:                     refundOrder,
		"GET " + root + "/{out_refund_no}": queryRefund,
		"POST " + root + "/{refund_id}/apply-abnormal-refund": func(c *engine.Call) (engine.Document, error) {
			r, err := redoRefund(c)
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

func DomesticRefunds() *engine.RefundRules {
	return &engine.RefundRules{Name: "domestic", Delay: refundDelay, Retries: rows.GenericSchedule,
		Resource: refundResource}
}

// newRefund is the refund of the body.
func newRefund(c *engine.Call) *rows.Refund {
	amount := engine.Object(c.Body, "amount")
	return &rows.Refund{Refund: ledger.Refund{
		OutRefundNo: c.Text("out_refund_no"), OutTradeNo: c.Text("out_trade_no"),
		TransactionID: c.Text("transaction_id"),
		SubMchID:      c.Text("sub_mchid"), Amount: engine.Fen(amount, "refund"), Total: engine.Fen(amount, "total"),
		Reason: c.Text("reason"), NotifyURL: c.Text("notify_url"),
	}}
}

func refundOrder(c *engine.Call) (engine.Document, error) {
	if err := c.CheckSub(c.Text("sub_mchid"), ""); err != nil {
		return nil, err
	}
	r, err := payments.Refund(c, c.Refunds["domestic"], newRefund(c))
	if err != nil {
		return nil, err
	}
	return refundDocument(r), nil
}

func queryRefund(c *engine.Call) (engine.Document, error) {
	r, err := payments.RefundByNo(c, c.Vars["out_refund_no"], c.Query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	return refundDocument(r), nil
}

// redoRefund sends an abnormal refund elsewhere: to another card of the payer's,
// or to the merchant, who then pays them in another way. The same call again is a
// success, and tries anew what went wrong again.
// https://pay.weixin.qq.com/docs/partner/apis/refund/refunds/create-abnormal-refund.html
func redoRefund(c *engine.Call) (*rows.Refund, error) {
	r, err := payments.RefundByID(c, c.Vars["refund_id"], c.Text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case r.OutRefundNo != c.Text("out_refund_no"):
		return nil, engine.BadField("/out_refund_no", "商户退款单号与微信支付退款单号不一致")
	case r.RedoneBy == c.Fingerprint() && r.State != ledger.RefundAbnormal:
		return r, nil
	case r.State != ledger.RefundAbnormal:
		return nil, engine.InvalidRequest("退款单状态不是退款异常，不能发起异常退款").Hinting("the refund is " + string(r.State))
	}
	r.RedoneTo = "商户银行账户"
	if c.Text("type") == "USER_BANK_CARD" {
		r.RedoneTo = "用户银行卡"
		for _, name := range []string{"bank_type", "bank_account", "real_name"} {
			if c.Text(name) == "" {
				return nil, engine.BadField("/"+name, "退款到用户银行卡时必填")
			}
		}
	}
	rules, err := c.RefundRulesFor(r)
	if err != nil {
		return nil, err
	}
	r.State, r.Channel, r.RedoneBy = ledger.RefundProcessing, "OTHER_BANKCARD", c.Fingerprint()
	r.EndedAt, r.DueAt = time.Time{}, c.Now.Add(rules.Delay)
	c.Pushed = true // something will fall due
	return r, rows.Put(c.Tx, r)
}

// refundDocument is a refund in replies.
func refundDocument(r *rows.Refund) engine.Document {
	out := engine.Document{
		"refund_id": r.RefundID, "out_refund_no": r.OutRefundNo, "transaction_id": r.TransactionID,
		"out_trade_no": r.OutTradeNo,
		"channel":      r.Way(), "user_received_account": account(r), "create_time": wire.FormatTime(r.CreatedAt),
		"status": string(r.State), "funds_account": "UNSETTLED",
		"amount": engine.Document{
			"total": r.Total, "refund": r.Amount, "payer_total": r.Total, "payer_refund": r.Amount,
			"discount_refund":  int64(0),
			"settlement_total": r.Total, "settlement_refund": r.Amount, "currency": "CNY",
		},
	}
	if r.State == ledger.RefundSuccess {
		out["success_time"] = wire.FormatTime(r.EndedAt)
	}
	return out
}

func account(r *rows.Refund) string {
	if r.RedoneTo != "" {
		return r.RedoneTo
	}
	return "支付用户零钱"
}

// refundResource is what REFUND.SUCCESS, ABNORMAL and CLOSED carry.
func refundResource(r *rows.Refund) engine.Document {
	out := engine.Document{
		"out_trade_no": r.OutTradeNo, "transaction_id": r.TransactionID, "out_refund_no": r.OutRefundNo,
		"refund_id":     r.RefundID,
		"refund_status": string(r.State), "user_received_account": account(r),
		"amount": engine.Document{"total": r.Total, "refund": r.Amount, "payer_total": r.Total,
			"payer_refund": r.Amount},
	}
	if r.SubMchID == "" {
		out["mchid"] = r.MchID
	} else {
		out["sp_mchid"], out["sub_mchid"] = r.MchID, r.SubMchID
	}
	if r.State == ledger.RefundSuccess {
		out["success_time"] = wire.FormatTime(r.EndedAt)
	}
	return out
}
