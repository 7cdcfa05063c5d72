package orders

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// PlatformRefundBehaviours are an e-commerce platform's refunds for its
// sub-merchants, which the platform may advance.
// https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-refund.html
func PlatformRefundBehaviours() map[string]engine.Behaviour {
	const root = "/v3/ecommerce/refunds"
	return map[string]engine.Behaviour{
		"POST " + root + "/apply":                             platformRefund,
		"GET " + root + "/id/{refund_id}":                     queryPlatformRefund,
		"GET " + root + "/out-refund-no/{out_refund_no}":      queryPlatformRefund,
		"POST " + root + "/{refund_id}/apply-abnormal-refund": redoPlatformRefund,
		"POST " + root + "/{refund_id}/return-advance":        returnAdvance,
		"GET " + root + "/{refund_id}/return-advance":         queryAdvance,
	}
}

func EcommerceRefunds() *engine.RefundRules {
	return &engine.RefundRules{Name: "ecommerce", Delay: refundDelay, Retries: rows.GenericSchedule,
		Resource: func(r *rows.Refund) engine.Document {
			out := refundResource(r)
			delete(out, "mchid")
			out["sp_mchid"], out["refund_account"] = r.MchID, source(r)
			return out
		}}
}

// source is refund_account: whose money it is.
func source(r *rows.Refund) string {
	if r.Advanced {
		return "REFUND_SOURCE_PARTNER_ADVANCE"
	}
	return "REFUND_SOURCE_SUB_MERCHANT"
}

func platformRefund(c *engine.Call) (engine.Document, error) {
	if !c.Merchant.Owns(c.Text("sp_appid")) {
		return nil, engine.AppIDMismatch().Hinting("sp_appid is not bound to merchant " + c.Merchant.MchID)
	}
	if err := c.CheckSub(c.Text("sub_mchid"), c.Text("sub_appid")); err != nil {
		return nil, err
	}
	r := newRefund(c)
	r.Advanced = c.Text("refund_account") == "REFUND_SOURCE_PARTNER_ADVANCE"
	r, err := payments.Refund(c, c.Refunds["ecommerce"], r)
	if err != nil {
		return nil, err
	}
	return engine.Document{
		"refund_id": r.RefundID, "out_refund_no": r.OutRefundNo, "create_time": wire.FormatTime(r.CreatedAt),
		"amount": platformAmount(r), "refund_account": source(r),
	}, nil
}

func platformAmount(r *rows.Refund) engine.Document {
	out := engine.Document{"refund": r.Amount, "payer_refund": r.Amount, "discount_refund": int64(0), "currency": "CNY"}
	if r.Advanced {
		out["advance"] = r.Amount
	}
	return out
}

// platformRefundDocument is a refund in replies.
func platformRefundDocument(r *rows.Refund) engine.Document {
	out := refundDocument(r)
	out["amount"], out["refund_account"] = platformAmount(r), source(r)
	return out
}

func queryPlatformRefund(c *engine.Call) (engine.Document, error) {
	find, number := payments.RefundByNo, c.Vars["out_refund_no"]
	if id := c.Vars["refund_id"]; id != "" {
		find, number = payments.RefundByID, id
	}
	refund, err := find(c, number, c.Query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	return platformRefundDocument(refund), nil
}

func redoPlatformRefund(c *engine.Call) (engine.Document, error) {
	r, err := redoRefund(c)
	if err != nil {
		return nil, err
	}
	return platformRefundDocument(r), nil
}

// returnAdvance has a sub-merchant pay back what the platform advanced for its
// refund, once. It is done at once, and the same call again is a success.
// https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-return-advance.html
func returnAdvance(c *engine.Call) (engine.Document, error) {
	r, err := payments.RefundByID(c, c.Vars["refund_id"], c.Text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case !r.Advanced:
		return nil, engine.InvalidRequest("该退款单不是垫付退款").
			Hinting("the refund was the sub-merchant's own money: only one with " +
				"refund_account REFUND_SOURCE_PARTNER_ADVANCE is paid back")
	case r.State != ledger.RefundSuccess:
		return nil, engine.InvalidRequest("退款未成功，不能回补").Hinting("the refund is " + string(r.State))
	case r.ReturnID == "":
		r.ReturnedAt = c.Now
		if r.ReturnID, err = c.NewReturnID(); err != nil {
			return nil, err
		}
		if err := rows.Put(c.Tx, r); err != nil {
			return nil, err
		}
	}
	return advanceDocument(r), nil
}

func queryAdvance(c *engine.Call) (engine.Document, error) {
	r, err := payments.RefundByID(c, c.Vars["refund_id"], c.Query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	if r.ReturnID == "" {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "垫付回补单不存在").
			Hinting("nobody has paid this refund's advance back")
	}
	return advanceDocument(r), nil
}

func advanceDocument(r *rows.Refund) engine.Document {
	return engine.Document{
		"refund_id": r.RefundID, "advance_return_id": r.ReturnID, "return_amount": r.Amount,
		"payer_mchid": r.SubMchID, "payer_account": "BASIC", "payee_mchid": r.MchID, "payee_account": "BASIC",
		"result": "SUCCESS", "success_time": wire.FormatTime(r.ReturnedAt),
	}
}
