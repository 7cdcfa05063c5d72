package sandbox

import (
	"net/http"
	"time"
)

// prepayLife is how long a prepay_id or code_url can be paid with, linkLife how
// long an h5_url. https://pay.weixin.qq.com/doc/v3/merchant/4012525153
const (
	prepayLife = 2 * time.Hour
	linkLife   = 5 * time.Minute
)

// text is trade_state_desc.
func orderText(s OrderState) string {
	switch s {
	case OrderPaid:
		return "支付成功"
	case OrderClosed:
		return "订单已关闭"
	case OrderReversed:
		return "订单已撤销"
	case OrderFailed:
		return "支付失败，请撤销订单"
	case OrderRefunded:
		return "转入退款"
	}
	return "订单未支付"
}

// closedBy says whether the order was closed, or ran out by itself.
func (o *orderRow) closedBy(now time.Time) bool {
	return o.State == OrderClosed || (o.State == OrderNotPaid && !o.ExpiresAt.IsZero() && !now.Before(o.ExpiresAt))
}

// stateAt is the order's state, counting what time alone did to it.
func (o *orderRow) stateAt(now time.Time) OrderState {
	if o.closedBy(now) {
		return OrderClosed
	}
	return o.State
}

// shown is the state as merchants read it.
func (o *orderRow) shown(now time.Time) OrderState {
	if o.State == OrderPaid && o.Refunded > 0 {
		return OrderRefunded
	}
	return o.stateAt(now)
}

// paidBy is trade_type, of orders of APIv2 too.
func (o *orderRow) paidBy() TradeType {
	if o.TradeType == "" {
		return TradeJSAPI
	}
	return o.TradeType
}

func noSuchOrder() *refusal {
	return notFound("ORDER_NOT_EXIST", "订单不存在").
		hinting("no order, and no debit, of the parties the call names has this number")
}

// orderRefused is a refusal that has a code of its own in the tables of orders.
func orderRefused(status int, code, message, hint string) *refusal {
	return &refusal{status: status, code: code, message: message, internal: internalParam, hint: hint}
}

func forbidden(code, message, hint string) *refusal {
	return orderRefused(http.StatusForbidden, code, message, hint)
}
