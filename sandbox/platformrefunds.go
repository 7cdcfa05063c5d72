package sandbox

import (
	"github.com/wxpay-go/wxpay/internal/wire"
)

// platformRefundBehaviours are an e-commerce platform's refunds for its
// sub-merchants, which the platform may advance.
// https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-refund.html
func platformRefundBehaviours() map[string]behaviour {
	const root = "/v3/ecommerce/refunds"
	return map[string]behaviour{
		"POST " + root + "/apply":                             platformRefund,
		"GET " + root + "/id/{refund_id}":                     queryPlatformRefund,
		"GET " + root + "/out-refund-no/{out_refund_no}":      queryPlatformRefund,
		"POST " + root + "/{refund_id}/apply-abnormal-refund": redoPlatformRefund,
		"POST " + root + "/{refund_id}/return-advance":        returnAdvance,
		"GET " + root + "/{refund_id}/return-advance":         queryAdvance,
	}
}

func ecommerceRefunds() *refundRules {
	return &refundRules{name: "ecommerce", delay: refundDelay, retries: genericSchedule,
		resource: func(r *refundRow) document {
			out := refundResource(r)
			delete(out, "mchid")
			out["sp_mchid"], out["refund_account"] = r.MchID, r.source()
			return out
		}}
}

// source is refund_account: whose money it is.
func (r *refundRow) source() string {
	if r.Advanced {
		return "REFUND_SOURCE_PARTNER_ADVANCE"
	}
	return "REFUND_SOURCE_SUB_MERCHANT"
}

func platformRefund(c *call) (document, error) {
	if !c.merchant.owns(c.text("sp_appid")) {
		return nil, appIDMismatch().hinting("sp_appid is not bound to merchant " + c.merchant.MchID)
	}
	if err := c.checkSub(c.text("sub_mchid"), c.text("sub_appid")); err != nil {
		return nil, err
	}
	r := c.newRefund()
	r.Advanced = c.text("refund_account") == "REFUND_SOURCE_PARTNER_ADVANCE"
	r, err := c.refund(c.refunds["ecommerce"], r)
	if err != nil {
		return nil, err
	}
	return document{
		"refund_id": r.RefundID, "out_refund_no": r.OutRefundNo, "create_time": wire.FormatTime(r.CreatedAt),
		"amount": r.platformAmount(), "refund_account": r.source(),
	}, nil
}

func (r *refundRow) platformAmount() document {
	out := document{"refund": r.Amount, "payer_refund": r.Amount, "discount_refund": int64(0), "currency": "CNY"}
	if r.Advanced {
		out["advance"] = r.Amount
	}
	return out
}

// platformRefundDocument is a refund in replies.
func platformRefundDocument(r *refundRow) document {
	out := refundDocument(r)
	out["amount"], out["refund_account"] = r.platformAmount(), r.source()
	return out
}

func queryPlatformRefund(c *call) (document, error) {
	find, number := c.refundByNo, c.vars["out_refund_no"]
	if id := c.vars["refund_id"]; id != "" {
		find, number = c.refundByID, id
	}
	refund, err := find(number, c.query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	return platformRefundDocument(refund), nil
}

func redoPlatformRefund(c *call) (document, error) {
	r, err := c.redoRefund()
	if err != nil {
		return nil, err
	}
	return platformRefundDocument(r), nil
}

// returnAdvance has a sub-merchant pay back what the platform advanced for its
// refund, once. It is done at once, and the same call again is a success.
// https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-return-advance.html
func returnAdvance(c *call) (document, error) {
	r, err := c.refundByID(c.vars["refund_id"], c.text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case !r.Advanced:
		return nil, invalidRequest("该退款单不是垫付退款").hinting("the refund was the sub-merchant's own money: only one with " +
			"refund_account REFUND_SOURCE_PARTNER_ADVANCE is paid back")
	case r.State != RefundSuccess:
		return nil, invalidRequest("退款未成功，不能回补").hinting("the refund is " + string(r.State))
	case r.ReturnID == "":
		r.ReturnedAt = c.now
		if r.ReturnID, err = c.newReturnID(); err != nil {
			return nil, err
		}
		if err := put(c.Tx, r); err != nil {
			return nil, err
		}
	}
	return advanceDocument(r), nil
}

func queryAdvance(c *call) (document, error) {
	r, err := c.refundByID(c.vars["refund_id"], c.query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	if r.ReturnID == "" {
		return nil, notFound("RESOURCE_NOT_EXISTS", "垫付回补单不存在").hinting("nobody has paid this refund's advance back")
	}
	return advanceDocument(r), nil
}

func advanceDocument(r *refundRow) document {
	return document{
		"refund_id": r.RefundID, "advance_return_id": r.ReturnID, "return_amount": r.Amount,
		"payer_mchid": r.SubMchID, "payer_account": "BASIC", "payee_mchid": r.MchID, "payee_account": "BASIC",
		"result": "SUCCESS", "success_time": wire.FormatTime(r.ReturnedAt),
	}
}
