package orders

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// CombineBehaviours are combined orders: one payment for several merchants.
// https://pay.weixin.qq.com/doc/v3/partner/4012707323
func CombineBehaviours() map[string]engine.Behaviour {
	const root = "/v3/combine-transactions"
	return map[string]engine.Behaviour{
		"POST " + root + "/jsapi":                                     placeCombined(ledger.TradeJSAPI),
		"POST " + root + "/miniprogram":                               placeCombined(ledger.TradeJSAPI),
		"POST " + root + "/app":                                       placeCombined(ledger.TradeApp),
		"POST " + root + "/h5":                                        placeCombined(ledger.TradeH5),
		"POST " + root + "/native":                                    placeCombined(ledger.TradeNative),
		"GET " + root + "/out-trade-no/{combine_out_trade_no}":        queryCombined,
		"GET " + root + "/id/{combine_transaction_id}":                queryCombinedByID,
		"POST " + root + "/out-trade-no/{combine_out_trade_no}/close": closeCombined,
	}
}

func placeCombined(t ledger.TradeType) engine.Behaviour {
	return func(c *engine.Call) (engine.Document, error) {
		o, err := combinedFromBody(c, t)
		if err != nil {
			return nil, err
		}
		if o, err = payments.Place(c, o); err != nil {
			return nil, err
		}
		out := placed(o)
		if info := engine.Object(c.Body, "contract_info"); info != nil {
			if out["contract_result"], err = combinedContract(c, o, info); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

func combinedFromBody(c *engine.Call, t ledger.TradeType) (*rows.Order, error) {
	if err := c.CheckMchID("/combine_mchid", c.Text("combine_mchid")); err != nil {
		return nil, err
	}
	if !c.Merchant.Owns(c.Text("combine_appid")) {
		return nil, engine.AppIDMismatch().Hinting("combine_appid is not bound to merchant " + c.Merchant.MchID)
	}
	payer := engine.Object(c.Body, "combine_payer_info")
	identity := engine.Object(payer, "identity")
	o := &rows.Order{Order: ledger.Order{
		ID: rows.OrderID(true, c.Merchant.MchID, c.Text("combine_out_trade_no")), Combined: true, TradeType: t,
		MchID: c.Merchant.MchID, AppID: c.Text("combine_appid"), OutTradeNo: c.Text("combine_out_trade_no"),
		OpenID: engine.TextOf(payer, "openid"), SubOpenID: engine.TextOf(payer, "sub_openid"),
		NotifyURL: c.Text("notify_url"), Request: json.RawMessage(c.Raw),
	}, RealName: engine.TextOf(identity, "name"), IDNumber: engine.TextOf(identity, "number")}
	var err error
	if o.SubOrders, o.Total, err = payments.SubOrders(c); err != nil {
		return nil, err
	}
	return o, nil
}

// combinedContract has paying a combined order sign a combine-papay contract. Why
// it cannot is in the reply; the order stands.
// https://pay.weixin.qq.com/doc/v3/partner/4012707307
func combinedContract(c *engine.Call, o *rows.Order, info map[string]any) (engine.Document, error) {
	p := c.Products[ledger.CombinePapay]
	if err := c.CheckMchID("/contract_info/mchid", engine.TextOf(info, "mchid")); err != nil {
		return nil, err
	}
	if appid := engine.TextOf(info, "appid"); !c.Merchant.Owns(appid) {
		return nil, engine.BadField("/contract_info/appid", "appid与mchid不匹配")
	}
	var obstacle *engine.Refusal
	err := c.CheckPlan(p, engine.TextOf(info, "plan_id"))
	if err == nil {
		obstacle, err = signWith(c, p, o, &rows.Session{Session: ledger.Session{
			AppID: engine.TextOf(info, "appid"), PlanID: engine.TextOf(info, "plan_id"),
			Code:    engine.TextOf(info, "out_contract_code"),
			Account: engine.TextOf(info, "contract_display_account"), NotifyURL: engine.TextOf(info, "notify_url"),
			Request: rows.EncodeJSON(info),
		}})
	}
	switch {
	case errors.As(err, &obstacle), err == nil && obstacle != nil:
		return engine.Document{"code": obstacle.Code, "message": obstacle.Message}, nil
	case err != nil:
		return nil, err
	}
	return engine.Document{"code": "SUCCESS", "message": "OK"}, nil
}

func queryCombined(c *engine.Call) (engine.Document, error) {
	o, err := c.Order(true, c.Merchant.MchID, c.Vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	return CombineDocument(o, c.Now), nil
}

// queryCombinedByID is for orders of individuals, whose parts have an
// individual_auth_id.
// https://pay.weixin.qq.com/docs/merchant/apis/personal-collections/query-by-wx-trade-no.html
func queryCombinedByID(c *engine.Call) (engine.Document, error) {
	o, err := c.OrderBy("transaction:" + c.Vars["combine_transaction_id"])
	if err != nil {
		return nil, err
	}
	if !o.Combined || o.TransactionID != c.Vars["combine_transaction_id"] {
		return nil, engine.NoSuchOrder().Hinting("the transaction is not that of a combined order: perhaps of one of " +
			"its parts")
	}
	out := CombineDocument(o, c.Now)
	for _, part := range out["sub_orders"].([]engine.Document) {
		if part["individual_auth_id"] == nil {
			return nil, engine.NoSuchOrder().
				Hinting("this query is for orders that pay individuals (individual_auth_id); " +
					"query this one by its combine_out_trade_no")
		}
	}
	return out, nil
}

// closeCombined wants the sub-orders named: all of them, since a part of a
// combined order cannot be closed alone.
func closeCombined(c *engine.Call) (engine.Document, error) {
	o, err := c.Order(true, c.Merchant.MchID, c.Vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	if c.Text("combine_appid") != o.AppID {
		return nil, engine.AppIDMismatch().Hinting("combine_appid is not the order's")
	}
	if wrong := payments.MisnamedParts(c, o.SubOrders); wrong != "" {
		return nil, engine.SystemError().Hinting(wrong +
			"; WeChat Pay answers that with a 500, and retrying does not help")
	}
	return nil, payments.CloseOrder(c, o)
}

// CombineDocument is a combined order in queries and in TRANSACTION.SUCCESS.
func CombineDocument(o *rows.Order, now time.Time) engine.Document {
	asked, parts := engine.DecodeBody(o.Request), make([]engine.Document, len(o.SubOrders))
	for i, sub := range o.SubOrders {
		amount := engine.Document{"total_amount": sub.Total, "currency": "CNY", "payer_amount": int64(0),
			"payer_currency": "CNY"}
		state, told := o.StateAt(now), engine.DecodeBody(sub.Request)
		if sub.Refunded > 0 {
			state = ledger.OrderRefunded
		}
		part := engine.Document{
			"mchid": sub.MchID, "out_trade_no": sub.OutTradeNo, "amount": amount,
			"trade_type": string(o.TradeType), "trade_state": string(state),
		}
		part.Set("sub_mchid", sub.SubMchID)
		part.Set("attach", sub.Attach)
		for _, name := range []string{"sub_appid", "individual_auth_id", "individual_name"} {
			part.Set(name, engine.TextOf(told, name))
		}
		if o.State == ledger.OrderPaid {
			amount["payer_amount"] = sub.Total
			part["transaction_id"], part["bank_type"] = sub.TransactionID, "OTHERS"
			part["success_time"] = wire.FormatTime(o.PaidAt)
		}
		parts[i] = part
	}
	out := engine.Document{
		"combine_appid": o.AppID, "combine_mchid": o.MchID, "combine_out_trade_no": o.OutTradeNo, "sub_orders": parts,
	}
	out.Set("combine_transaction_id", o.TransactionID)
	out.Set("trade_scenario", engine.TextOf(asked, "trade_scenario"))
	if o.OpenID != "" {
		out["combine_payer_info"] = engine.Document{"openid": o.OpenID}
	}
	return out
}
