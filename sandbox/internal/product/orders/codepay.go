package orders

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

const reverseDays = 7

// payByCode places an order and charges the payer whose code was scanned, in one
// call. Nobody is asked for a password here: USERPAYING is not played.
// https://pay.weixin.qq.com/doc/v3/merchant/4012382150
func payByCode(c *engine.Call) (engine.Document, error) {
	auth := engine.TextOf(engine.Object(c.Body, "payer"), "auth_code")
	code, err := rows.Get[payments.PaymentCode](c.Tx, auth)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, engine.InvalidRequest("付款码无效").
			Hinting("no payer of this sandbox shows this auth_code: take it from Payer.ShowCode")
	case err != nil:
		return nil, err
	}
	o, err := placeTransaction(c, ledger.TradeCode)
	switch {
	case err != nil:
		return nil, err
	case code.Used:
		return nil, engine.InvalidRequest("付款码已使用").Hinting("a payment code pays once: scan a new one")
	case !c.Now.Before(code.ExpiresAt):
		return nil, engine.InvalidRequest("付款码已过期，请刷新").Hinting("a payment code lives a minute: scan a new one")
	}
	code.Used = true
	if err := rows.Put(c.Tx, code); err != nil {
		return nil, err
	}
	failure, err := payments.PayFrom(c.Step, o, code.OpenID)
	if err != nil {
		return nil, err
	}
	if failure != "" {
		o.State = ledger.OrderFailed
		if err := rows.Put(c.Tx, o); err != nil {
			return nil, err
		}
		if failure == ledger.NotEnough {
			return nil, engine.Committed(payments.Forbidden("NOT_ENOUGH", "用户余额不足",
				"the payer does not have the money; reverse the order and use a new number"))
		}
		return nil, engine.Committed(engine.InvalidRequest("支付失败，请撤销订单").Hinting("the payer could not be charged: " +
			string(failure) +
			"; reverse the order and use a new number"))
	}
	if err := payments.Pay(c.Step, o); err != nil {
		return nil, err
	}
	out := TransactionDocument(o, c.Now)
	delete(out, "scene_info") // which this answer has not
	return out, nil
}

// reverseTransaction takes a code payment back: the payer gets their money, and
// the number is never used again. Reversing twice is a success.
// https://pay.weixin.qq.com/docs/merchant/apis/code-payment-v3/direct/reverse.html
func reverseTransaction(c *engine.Call) (engine.Document, error) {
	o, err := transaction(c)
	if err != nil {
		return nil, err
	}
	if err := c.CheckParties(); err != nil {
		return nil, err
	}
	switch {
	case o.TradeType != ledger.TradeCode:
		return nil, engine.InvalidRequest("仅付款码支付订单支持撤销").
			Hinting("only code payments are reversed: close an unpaid order, refund a paid one")
	case o.Refunded > 0:
		return nil, engine.InvalidRequest("订单已退款，不能撤销").Hinting("part of the order was refunded")
	case o.State == ledger.OrderPaid && c.Now.After(o.PaidAt.AddDate(0, 0, reverseDays)):
		return nil, engine.InvalidRequest("订单已超过可撤销期限").
			Hinting("a code payment is reversed within seven days; refund it instead")
	case o.State == ledger.OrderPaid:
		if err := c.GiveBack(c.WhoPaid(o).ID, o.Total); err != nil {
			return nil, err
		}
	}
	o.State = ledger.OrderReversed
	out := engine.Document{"out_trade_no": o.OutTradeNo}
	for _, name := range []string{"appid", "mchid", "sp_appid", "sp_mchid", "sub_appid", "sub_mchid"} {
		out.Set(name, c.Text(name))
	}
	return out, rows.Put(c.Tx, o)
}
