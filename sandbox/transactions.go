package sandbox

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// The two roots of ordinary orders. A service provider's calls spell the parties
// sp_mchid, sub_mchid and so on; everything else is the same.
const (
	directOrders  = "/v3/pay/transactions"
	partnerOrders = "/v3/pay/partner/transactions"
)

// transactionBehaviours are ordinary orders, direct merchants' and partners'.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791858
func transactionBehaviours() map[string]behaviour {
	out := map[string]behaviour{
		"POST " + partnerOrders + "/miniprogram": placeOrder(TradeJSAPI),
		"POST " + partnerOrders + "/scannedpos":  placeOrder(TradeJSAPI),
	}
	for _, root := range []string{directOrders, partnerOrders} {
		maps.Copy(out, map[string]behaviour{
			"POST " + root + "/jsapi":                               placeOrder(TradeJSAPI),
			"POST " + root + "/app":                                 placeOrder(TradeApp),
			"POST " + root + "/h5":                                  placeOrder(TradeH5),
			"POST " + root + "/native":                              placeOrder(TradeNative),
			"POST " + root + "/jsapi-with-contract":                 placeWithContract(TradeJSAPI),
			"POST " + root + "/app-with-contract":                   placeWithContract(TradeApp),
			"POST " + root + "/codepay":                             payByCode,
			"POST " + root + "/exposure":                            exposeNothing,
			"GET " + root + "/out-trade-no/{out_trade_no}":          orDebit(queryTransaction),
			"GET " + root + "/id/{transaction_id}":                  orDebit(queryTransaction),
			"POST " + root + "/out-trade-no/{out_trade_no}/close":   orDebit(closeTransaction),
			"POST " + root + "/out-trade-no/{out_trade_no}/reverse": reverseTransaction,
		})
	}
	return out
}

func placeOrder(t TradeType) behaviour {
	return func(c *call) (document, error) {
		o, err := c.placeTransaction(t)
		if err != nil {
			return nil, err
		}
		return o.placed(), nil
	}
}

// placed is the reply to placing an order: what the client pays with.
func (o *orderRow) placed() document {
	switch o.TradeType {
	case TradeH5:
		return document{"h5_url": o.Link}
	case TradeNative:
		return document{"code_url": o.Link}
	}
	return document{"prepay_id": o.PrepayID}
}

// placeTransaction places the order of the body, under a direct merchant's names
// or a partner's.
func (c *call) placeTransaction(t TradeType) (*orderRow, error) {
	if err := c.checkParties(); err != nil {
		return nil, err
	}
	payer := object(c.body, "payer")
	identity := object(payer, "identity")
	o := &orderRow{Order: Order{
		ID: c.transactionID(c.text("sub_mchid"), c.text("out_trade_no")), TradeType: t,
		MchID: c.merchant.MchID, SubMchID: c.text("sub_mchid"), AppID: c.either("appid", "sp_appid"),
		SubAppID:   c.text("sub_appid"),
		OutTradeNo: c.text("out_trade_no"), OpenID: textOf(payer, "openid") + textOf(payer, "sp_openid"),
		SubOpenID: textOf(payer, "sub_openid"),
		Total:     fen(object(c.body, "amount"), "total"), NotifyURL: c.text("notify_url"),
		Request: json.RawMessage(c.raw),
	}, RealName: textOf(identity, "name"), IDNumber: textOf(identity, "number")}
	if o.SubOpenID != "" && o.SubAppID == "" {
		return nil, badField("/sub_appid", "", "传sub_openid时，sub_appid必填").
			hinting("payer.sub_openid is an openid under sub_appid, so send that too")
	}
	return c.place(o)
}

// transaction finds the order of the path, among those of the merchants the body
// or the query names.
func (c *call) transaction() (*orderRow, error) {
	asked := func(name string) string {
		if len(c.query) > 0 {
			return c.query.Get(name)
		}
		return c.text(name)
	}
	name, sub := "mchid", asked("sub_mchid")
	if asked(name) == "" {
		name = "sp_mchid"
	}
	if err := c.checkMchID(name, asked(name)); err != nil {
		return nil, err
	}
	if err := c.checkSub(sub, ""); err != nil {
		return nil, err
	}
	no, byNo := c.vars["out_trade_no"]
	if !byNo {
		o, err := c.orderBy("transaction:" + c.vars["transaction_id"])
		if err == nil && (o.SubMchID != sub || o.Combined) {
			return nil, noSuchOrder().hinting("the transaction is another sub-merchant's, or of a combined order")
		}
		return o, err
	}
	list, err := find[orderRow](c.Tx, tradeKey(c.merchant.MchID, no), 0)
	if err != nil {
		return nil, err
	}
	missing := noSuchOrder()
	for _, o := range list {
		switch {
		case o.Combined:
		case o.SubMchID == sub:
			return o, nil
		default:
			missing.hinting("this out_trade_no is of an order placed for another sub_mchid, or for none")
		}
	}
	return nil, missing
}

func queryTransaction(c *call) (document, error) {
	o, err := c.transaction()
	if err != nil {
		return nil, err
	}
	return transactionDocument(o, c.now), nil
}

func closeTransaction(c *call) (document, error) {
	o, err := c.transaction()
	if err != nil {
		return nil, err
	}
	return nil, c.closeOrder(o)
}

// exposeNothing is a stub: when WeChat Pay suggests 微信分付 to a payer is its own
// affair, so the sandbox never does.
func exposeNothing(c *call) (document, error) {
	return document{"fqf_exposure": false}, nil
}

// notifyPaid tells that an order was paid, by the document that queries have of it.
func notifyPaid(document func(*orderRow, time.Time) document) func(*step, *orderRow) error {
	return func(s *step, o *orderRow) error {
		return s.notify(&pushRow{Push: Push{MchID: o.MchID, URL: o.NotifyURL, Event: "TRANSACTION.SUCCESS",
			OriginalType: "transaction", Summary: "支付成功", Resource: encodeJSON(document(o, s.now)), About: o.ID},
			retries: genericSchedule})
	}
}

// transactionDocument is an order in queries and in TRANSACTION.SUCCESS. Who
// paid, what and when is only known of paid orders.
func transactionDocument(o *orderRow, now time.Time) document {
	asked := decodeBody(o.Request)
	state := o.shown(now)
	amount := document{"total": o.Total, "currency": "CNY"}
	payer, out := document{}, document{
		"out_trade_no": o.OutTradeNo, "amount": amount, "trade_state": string(state), "trade_state_desc": orderText(state),
	}
	if o.SubMchID == "" {
		out["mchid"] = o.MchID
		out.set("appid", o.AppID)
		payer.set("openid", o.OpenID)
	} else {
		out["sp_mchid"], out["sub_mchid"] = o.MchID, o.SubMchID
		out.set("sp_appid", o.AppID)
		out.set("sub_appid", o.SubAppID)
		payer.set("sp_openid", o.OpenID)
		payer.set("sub_openid", o.SubOpenID)
	}
	if len(payer) > 0 {
		out["payer"] = payer
	}
	out.set("attach", textOf(asked, "attach"))
	if o.State == OrderPaid {
		amount["payer_total"], amount["payer_currency"] = o.Total, "CNY"
		out["transaction_id"], out["trade_type"], out["bank_type"] = o.TransactionID, string(o.paidBy()), "OTHERS"
		out["success_time"] = wire.FormatTime(o.PaidAt)
	}
	return out
}
