package engine

import (
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// prepayLife is how long a prepay_id or code_url can be paid with, linkLife how
// long an h5_url. https://pay.weixin.qq.com/doc/v3/merchant/4012525153
const (
	prepayLife = 2 * time.Hour
	linkLife   = 5 * time.Minute
)

// OrderText is trade_state_desc.
func OrderText(s ledger.OrderState) string {
	switch s {
	case ledger.OrderPaid:
		return "支付成功"
	case ledger.OrderClosed:
		return "订单已关闭"
	case ledger.OrderReversed:
		return "订单已撤销"
	case ledger.OrderFailed:
		return "支付失败，请撤销订单"
	case ledger.OrderRefunded:
		return "转入退款"
	}
	return "订单未支付"
}

// closedBy says whether the order was closed, or ran out by itself.
func (o *OrderRow) closedBy(now time.Time) bool {
	return o.State == ledger.OrderClosed || (o.State == ledger.OrderNotPaid && !o.ExpiresAt.IsZero() &&
		!now.Before(o.ExpiresAt))
}

// StateAt is the order's state, counting what time alone did to it.
func (o *OrderRow) StateAt(now time.Time) ledger.OrderState {
	if o.closedBy(now) {
		return ledger.OrderClosed
	}
	return o.State
}

// Shown is the state as merchants read it.
func (o *OrderRow) Shown(now time.Time) ledger.OrderState {
	if o.State == ledger.OrderPaid && o.Refunded > 0 {
		return ledger.OrderRefunded
	}
	return o.StateAt(now)
}

// PaidBy is trade_type, of orders of APIv2 too.
func (o *OrderRow) PaidBy() ledger.TradeType {
	if o.TradeType == "" {
		return ledger.TradeJSAPI
	}
	return o.TradeType
}

func NoSuchOrder() *Refusal {
	return NotFound("ORDER_NOT_EXIST", "订单不存在").
		Hinting("no order, and no debit, of the parties the call names has this number")
}

// orderRefused is a refusal that has a code of its own in the tables of orders.
func orderRefused(status int, code, message, hint string) *Refusal {
	return &Refusal{Status: status, Code: code, Message: message, Internal: InternalParam, Hint: hint}
}

func Forbidden(code, message, hint string) *Refusal {
	return orderRefused(http.StatusForbidden, code, message, hint)
}
