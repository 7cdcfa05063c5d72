package payments

import (
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
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

// orderRefused is a refusal that has a code of its own in the tables of orders.
func orderRefused(status int, code, message, hint string) *engine.Refusal {
	return &engine.Refusal{Status: status, Code: code, Message: message, Internal: engine.InternalParam, Hint: hint}
}

func Forbidden(code, message, hint string) *engine.Refusal {
	return orderRefused(http.StatusForbidden, code, message, hint)
}
