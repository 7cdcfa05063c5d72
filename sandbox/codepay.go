package sandbox

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

const reverseDays = 7

// payByCode places an order and charges the payer whose code was scanned, in one
// call. Nobody is asked for a password here: USERPAYING is not played.
// https://pay.weixin.qq.com/doc/v3/merchant/4012382150
func payByCode(c *call) (document, error) {
	auth := textOf(object(c.body, "payer"), "auth_code")
	code, err := get[paymentCode](c.Tx, auth)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, invalidRequest("付款码无效").
			hinting("no payer of this sandbox shows this auth_code: take it from Payer.ShowCode")
	case err != nil:
		return nil, err
	}
	o, err := c.placeTransaction(TradeCode)
	switch {
	case err != nil:
		return nil, err
	case code.Used:
		return nil, invalidRequest("付款码已使用").hinting("a payment code pays once: scan a new one")
	case !c.now.Before(code.ExpiresAt):
		return nil, invalidRequest("付款码已过期，请刷新").hinting("a payment code lives a minute: scan a new one")
	}
	code.Used = true
	if err := put(c.Tx, code); err != nil {
		return nil, err
	}
	failure, err := c.payFrom(o, code.OpenID)
	if err != nil {
		return nil, err
	}
	if failure != "" {
		o.State = OrderFailed
		if err := put(c.Tx, o); err != nil {
			return nil, err
		}
		if failure == NotEnough {
			return nil, committed(forbidden("NOT_ENOUGH", "用户余额不足",
				"the payer does not have the money; reverse the order and use a new number"))
		}
		return nil, committed(invalidRequest("支付失败，请撤销订单").hinting("the payer could not be charged: " +
			string(failure) +
			"; reverse the order and use a new number"))
	}
	if err := c.pay(o); err != nil {
		return nil, err
	}
	return transactionDocument(o, c.now), nil
}

// reverseTransaction takes a code payment back: the payer gets their money, and
// the number is never used again. Reversing twice is a success.
// https://pay.weixin.qq.com/docs/merchant/apis/code-payment-v3/direct/reverse.html
func reverseTransaction(c *call) (document, error) {
	o, err := c.transaction()
	if err != nil {
		return nil, err
	}
	if err := c.checkParties(); err != nil {
		return nil, err
	}
	switch {
	case o.TradeType != TradeCode:
		return nil, invalidRequest("仅付款码支付订单支持撤销").
			hinting("only code payments are reversed: close an unpaid order, refund a paid one")
	case o.Refunded > 0:
		return nil, invalidRequest("订单已退款，不能撤销").hinting("part of the order was refunded")
	case o.State == OrderPaid && c.now.After(o.PaidAt.AddDate(0, 0, reverseDays)):
		return nil, invalidRequest("订单已超过可撤销期限").
			hinting("a code payment is reversed within seven days; refund it instead")
	case o.State == OrderPaid:
		if err := c.giveBack(c.whoPaid(o).id, o.Total); err != nil {
			return nil, err
		}
	}
	o.State = OrderReversed
	out := document{"out_trade_no": o.OutTradeNo}
	for _, name := range []string{"appid", "mchid", "sp_appid", "sp_mchid", "sub_appid", "sub_mchid"} {
		out.set(name, c.text(name))
	}
	return out, put(c.Tx, o)
}
