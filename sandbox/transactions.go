package sandbox

import (
	"encoding/json"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// transactionBehaviours are JSAPI orders, which also serve mini programs.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791858
func transactionBehaviours() map[string]behaviour {
	const root = "/v3/pay/transactions"
	return map[string]behaviour{
		"POST " + root + "/jsapi":                             placeJSAPI,
		"GET " + root + "/out-trade-no/{out_trade_no}":        orDebit(queryTransaction),
		"GET " + root + "/id/{transaction_id}":                orDebit(queryTransactionByID),
		"POST " + root + "/out-trade-no/{out_trade_no}/close": orDebit(closeTransaction),
	}
}

func placeJSAPI(c *call) (document, error) {
	if err := c.checkMchID("/mchid", c.text("mchid")); err != nil {
		return nil, err
	}
	if !c.merchant.owns(c.text("appid")) {
		return nil, appIDMismatch().hinting("this appid is not bound to merchant " + c.merchant.MchID)
	}
	o, err := c.place(&Order{
		ID: orderID(false, c.merchant.MchID, c.text("out_trade_no")), MchID: c.merchant.MchID, AppID: c.text("appid"),
		OutTradeNo: c.text("out_trade_no"), OpenID: textOf(object(c.body, "payer"), "openid"),
		Total: fen(object(c.body, "amount"), "total"), NotifyURL: c.text("notify_url"), Request: json.RawMessage(c.raw),
	})
	if err != nil {
		return nil, err
	}
	return document{"prepay_id": o.PrepayID}, nil
}

// checkMchID holds a merchant id in the call against the one that signed it.
func (c *call) checkMchID(pointer, mchid string) error {
	if mchid == c.merchant.MchID {
		return nil
	}
	return badField(pointer, mchid, "商户号与签名商户号不一致").
		hinting(pointer + " is not the merchant that signed the call, " + c.merchant.MchID)
}

func queryTransaction(c *call) (document, error) {
	if err := c.checkMchID("mchid", c.query.Get("mchid")); err != nil {
		return nil, err
	}
	o, err := c.order(false, c.merchant.MchID, c.vars["out_trade_no"])
	if err != nil {
		return nil, err
	}
	return transactionDocument(o, c.now), nil
}

func queryTransactionByID(c *call) (document, error) {
	if err := c.checkMchID("mchid", c.query.Get("mchid")); err != nil {
		return nil, err
	}
	o, err := c.orderBy("transaction:" + c.vars["transaction_id"])
	if err != nil {
		return nil, err
	}
	if o.MchID != c.merchant.MchID || o.Combined {
		return nil, notFound("ORDER_NOT_EXIST", "订单不存在")
	}
	return transactionDocument(o, c.now), nil
}

func closeTransaction(c *call) (document, error) {
	if err := c.checkMchID("/mchid", c.text("mchid")); err != nil {
		return nil, err
	}
	o, err := c.order(false, c.merchant.MchID, c.vars["out_trade_no"])
	if err != nil {
		return nil, err
	}
	return nil, c.closeOrder(o)
}

// transactionDocument is an order in queries and in TRANSACTION.SUCCESS. Who
// paid, what and when is only known of paid orders.
func transactionDocument(o *Order, now time.Time) document {
	asked := decodeBody(o.Request)
	state := o.stateAt(now)
	amount := document{"total": o.Total, "currency": "CNY"}
	out := document{
		"appid": o.AppID, "mchid": o.MchID, "out_trade_no": o.OutTradeNo, "amount": amount,
		"trade_state": string(state), "trade_state_desc": state.text(),
		"payer": document{"openid": o.OpenID},
	}
	out.set("attach", textOf(asked, "attach"))
	if state == OrderPaid {
		amount["payer_total"], amount["payer_currency"] = o.Total, "CNY"
		out["transaction_id"], out["trade_type"], out["bank_type"] = o.TransactionID, "JSAPI", "OTHERS"
		out["success_time"] = wire.FormatTime(o.PaidAt)
	}
	return out
}
