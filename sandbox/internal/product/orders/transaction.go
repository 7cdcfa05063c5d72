// Package orders is what is played around the contracts: ordinary and combined orders, codes
// that are scanned, orders placed with a contract, refunds, the certificates and the echo.
//
// It stands on the engine and knows no product of contracts. Start reading at
// [TransactionBehaviours].
package orders

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The two roots of ordinary orders. A service provider's calls spell the parties
// sp_mchid, sub_mchid and so on; everything else is the same.
const (
	directOrders  = "/v3/pay/transactions"
	partnerOrders = "/v3/pay/partner/transactions"
)

// TransactionBehaviours are ordinary orders, direct merchants' and partners'.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791858
func TransactionBehaviours() map[string]engine.Behaviour {
	out := map[string]engine.Behaviour{
		"POST " + partnerOrders + "/miniprogram": placeOrder(ledger.TradeJSAPI),
		"POST " + partnerOrders + "/scannedpos":  placeOrder(ledger.TradeJSAPI),
	}
	for _, root := range []string{directOrders, partnerOrders} {
		maps.Copy(out, map[string]engine.Behaviour{
			"POST " + root + "/jsapi":                               placeOrder(ledger.TradeJSAPI),
			"POST " + root + "/app":                                 placeOrder(ledger.TradeApp),
			"POST " + root + "/h5":                                  placeOrder(ledger.TradeH5),
			"POST " + root + "/native":                              placeOrder(ledger.TradeNative),
			"POST " + root + "/jsapi-with-contract":                 placeWithContract(ledger.TradeJSAPI),
			"POST " + root + "/app-with-contract":                   placeWithContract(ledger.TradeApp),
			"POST " + root + "/codepay":                             payByCode,
			"POST " + root + "/exposure":                            exposeNothing,
			"GET " + root + "/out-trade-no/{out_trade_no}":          debits.OrDebit(queryTransaction),
			"GET " + root + "/id/{transaction_id}":                  debits.OrDebit(queryTransaction),
			"POST " + root + "/out-trade-no/{out_trade_no}/close":   debits.OrDebit(closeTransaction),
			"POST " + root + "/out-trade-no/{out_trade_no}/reverse": reverseTransaction,
		})
	}
	return out
}

func placeOrder(t ledger.TradeType) engine.Behaviour {
	return func(c *engine.Call) (engine.Document, error) {
		o, err := placeTransaction(c, t)
		if err != nil {
			return nil, err
		}
		return placed(o), nil
	}
}

// placed is the reply to placing an order: what the client pays with.
func placed(o *rows.Order) engine.Document {
	switch o.TradeType {
	case ledger.TradeH5:
		return engine.Document{"h5_url": o.Link}
	case ledger.TradeNative:
		return engine.Document{"code_url": o.Link}
	}
	return engine.Document{"prepay_id": o.PrepayID}
}

// placeTransaction places the order of the body, under a direct merchant's names
// or a partner's.
func placeTransaction(c *engine.Call, t ledger.TradeType) (*rows.Order, error) {
	if err := c.CheckParties(); err != nil {
		return nil, err
	}
	payer := engine.Object(c.Body, "payer")
	identity := engine.Object(payer, "identity")
	o := &rows.Order{Order: ledger.Order{
		ID: payments.TransactionID(c, c.Text("sub_mchid"), c.Text("out_trade_no")), TradeType: t,
		MchID: c.Merchant.MchID, SubMchID: c.Text("sub_mchid"), AppID: c.Either("appid", "sp_appid"),
		SubAppID:   c.Text("sub_appid"),
		OutTradeNo: c.Text("out_trade_no"), OpenID: engine.TextOf(payer, "openid") + engine.TextOf(payer, "sp_openid"),
		SubOpenID: engine.TextOf(payer, "sub_openid"),
		Total:     engine.Fen(engine.Object(c.Body, "amount"), "total"), NotifyURL: c.Text("notify_url"),
		Request: json.RawMessage(c.Raw),
	}, RealName: engine.TextOf(identity, "name"), IDNumber: engine.TextOf(identity, "number")}
	if o.SubOpenID != "" && o.SubAppID == "" {
		return nil, engine.BadField("/sub_appid", "传sub_openid时，sub_appid必填").
			Hinting("payer.sub_openid is an openid under sub_appid, so send that too")
	}
	return payments.Place(c, o)
}

// transaction finds the order of the path, among those of the merchants the body
// or the query names.
func transaction(c *engine.Call) (*rows.Order, error) {
	asked := func(name string) string {
		if len(c.Query) > 0 {
			return c.Query.Get(name)
		}
		return c.Text(name)
	}
	name, sub := "mchid", asked("sub_mchid")
	if asked(name) == "" {
		name = "sp_mchid"
	}
	if err := c.CheckMchID(name, asked(name)); err != nil {
		return nil, err
	}
	if err := c.CheckSub(sub, ""); err != nil {
		return nil, err
	}
	no, byNo := c.Vars["out_trade_no"]
	if !byNo {
		o, err := c.OrderBy("transaction:" + c.Vars["transaction_id"])
		if err == nil && (o.SubMchID != sub || o.Combined) {
			return nil, engine.NoSuchOrder().
				Hinting("the transaction is another sub-merchant's, or of a combined order")
		}
		return o, err
	}
	list, err := rows.Find[rows.Order](c.Tx, rows.TradeKey(c.Merchant.MchID, no), 0)
	if err != nil {
		return nil, err
	}
	missing := engine.NoSuchOrder()
	for _, o := range list {
		switch {
		case o.Combined:
		case o.SubMchID == sub:
			return o, nil
		default:
			missing.Hinting("this out_trade_no is of an order placed for another sub_mchid, or for none")
		}
	}
	return nil, missing
}

func queryTransaction(c *engine.Call) (engine.Document, error) {
	o, err := transaction(c)
	if err != nil {
		return nil, err
	}
	return TransactionDocument(o, c.Now), nil
}

func closeTransaction(c *engine.Call) (engine.Document, error) {
	o, err := transaction(c)
	if err != nil {
		return nil, err
	}
	return nil, payments.CloseOrder(c, o)
}

// exposeNothing is a stub: when WeChat Pay suggests 微信分付 to a payer is its own
// affair, so the sandbox never does.
func exposeNothing(c *engine.Call) (engine.Document, error) {
	return engine.Document{"fqf_exposure": false}, nil
}

// NotifyPaid tells that an order was paid, by the document that queries have of it.
func NotifyPaid(document func(*rows.Order, time.Time) engine.Document) func(*engine.Step, *rows.Order) error {
	return func(s *engine.Step, o *rows.Order) error {
		return push.Notify(s, &push.Row{Push: ledger.Push{MchID: o.MchID, URL: o.NotifyURL,
			Event:        "TRANSACTION.SUCCESS",
			OriginalType: "transaction", Summary: "支付成功", Resource: rows.EncodeJSON(document(o, s.Now)), About: o.ID},
			Retries: rows.GenericSchedule})
	}
}

// TransactionDocument is an order in queries and in TRANSACTION.SUCCESS. Who
// paid, what and when is only known of paid orders.
func TransactionDocument(o *rows.Order, now time.Time) engine.Document {
	asked := engine.DecodeBody(o.Request)
	state := o.Shown(now)
	amount := engine.Document{"total": o.Total, "currency": "CNY"}
	payer, out := engine.Document{}, engine.Document{
		"out_trade_no": o.OutTradeNo, "amount": amount, "trade_state": string(state),
		"trade_state_desc": payments.OrderText(state),
	}
	if o.SubMchID == "" {
		out["mchid"] = o.MchID
		out.Set("appid", o.AppID)
		payer.Set("openid", o.OpenID)
	} else {
		out["sp_mchid"], out["sub_mchid"] = o.MchID, o.SubMchID
		out.Set("sp_appid", o.AppID)
		out.Set("sub_appid", o.SubAppID)
		payer.Set("sp_openid", o.OpenID)
		payer.Set("sub_openid", o.SubOpenID)
	}
	if len(payer) > 0 {
		out["payer"] = payer
	}
	out.Set("attach", engine.TextOf(asked, "attach"))
	if device := engine.TextOf(engine.Object(asked, "scene_info"), "device_id"); device != "" {
		out["scene_info"] = engine.Document{"device_id": device}
	}
	if o.State == ledger.OrderPaid {
		amount["payer_total"], amount["payer_currency"] = o.Total, "CNY"
		out["transaction_id"], out["trade_type"], out["bank_type"] = o.TransactionID, string(o.PaidBy()), "OTHERS"
		out["success_time"] = wire.FormatTime(o.PaidAt)
	}
	return out
}
