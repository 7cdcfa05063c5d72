package sandbox

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// combineBehaviours are combined orders: one payment for several merchants.
// https://pay.weixin.qq.com/doc/v3/partner/4012707323
func combineBehaviours() map[string]behaviour {
	const root = "/v3/combine-transactions"
	return map[string]behaviour{
		"POST " + root + "/jsapi":                                     placeCombined(TradeJSAPI),
		"POST " + root + "/miniprogram":                               placeCombined(TradeJSAPI),
		"POST " + root + "/app":                                       placeCombined(TradeApp),
		"POST " + root + "/h5":                                        placeCombined(TradeH5),
		"POST " + root + "/native":                                    placeCombined(TradeNative),
		"GET " + root + "/out-trade-no/{combine_out_trade_no}":        queryCombined,
		"GET " + root + "/id/{combine_transaction_id}":                queryCombinedByID,
		"POST " + root + "/out-trade-no/{combine_out_trade_no}/close": closeCombined,
	}
}

func placeCombined(t TradeType) behaviour {
	return func(c *call) (document, error) {
		o, err := c.combinedFromBody(t)
		if err != nil {
			return nil, err
		}
		if o, err = c.place(o); err != nil {
			return nil, err
		}
		out := o.placed()
		if info := object(c.body, "contract_info"); info != nil {
			if out["contract_result"], err = c.combinedContract(o, info); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

func (c *call) combinedFromBody(t TradeType) (*orderRow, error) {
	if err := c.checkMchID("/combine_mchid", c.text("combine_mchid")); err != nil {
		return nil, err
	}
	if !c.merchant.owns(c.text("combine_appid")) {
		return nil, appIDMismatch().hinting("combine_appid is not bound to merchant " + c.merchant.MchID)
	}
	payer := object(c.body, "combine_payer_info")
	identity := object(payer, "identity")
	o := &orderRow{Order: Order{
		ID: orderID(true, c.merchant.MchID, c.text("combine_out_trade_no")), Combined: true, TradeType: t,
		MchID: c.merchant.MchID, AppID: c.text("combine_appid"), OutTradeNo: c.text("combine_out_trade_no"),
		OpenID: textOf(payer, "openid"), SubOpenID: textOf(payer, "sub_openid"),
		NotifyURL: c.text("notify_url"), Request: json.RawMessage(c.raw),
	}, RealName: textOf(identity, "name"), IDNumber: textOf(identity, "number")}
	var err error
	if o.SubOrders, o.Total, err = c.subOrders(); err != nil {
		return nil, err
	}
	return o, nil
}

// combinedContract has paying a combined order sign a combine-papay contract. Why
// it cannot is in the reply; the order stands.
// https://pay.weixin.qq.com/doc/v3/partner/4012707307
func (c *call) combinedContract(o *orderRow, info map[string]any) (document, error) {
	p := c.products[CombinePapay]
	if err := c.checkMchID("/contract_info/mchid", textOf(info, "mchid")); err != nil {
		return nil, err
	}
	if appid := textOf(info, "appid"); !c.merchant.owns(appid) {
		return nil, badField("/contract_info/appid", appid, "appid与mchid不匹配")
	}
	var obstacle *refusal
	err := c.checkPlan(p, textOf(info, "plan_id"))
	if err == nil {
		obstacle, err = c.signWith(p, o, &sessionRow{Session: Session{
			PlanID: textOf(info, "plan_id"), Code: textOf(info, "out_contract_code"),
			Account: textOf(info, "contract_display_account"), NotifyURL: textOf(info, "notify_url"),
			Request: encodeJSON(info),
		}})
	}
	switch {
	case errors.As(err, &obstacle), err == nil && obstacle != nil:
		return document{"code": obstacle.code, "message": obstacle.message}, nil
	case err != nil:
		return nil, err
	}
	return document{"code": "SUCCESS", "message": "OK"}, nil
}

func queryCombined(c *call) (document, error) {
	o, err := c.order(true, c.merchant.MchID, c.vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	return combineDocument(o, c.now), nil
}

// queryCombinedByID is for orders of individuals, whose parts have an
// individual_auth_id.
// https://pay.weixin.qq.com/docs/merchant/apis/personal-collections/query-by-wx-trade-no.html
func queryCombinedByID(c *call) (document, error) {
	o, err := c.orderBy("transaction:" + c.vars["combine_transaction_id"])
	if err != nil {
		return nil, err
	}
	if !o.Combined || o.TransactionID != c.vars["combine_transaction_id"] {
		return nil, noSuchOrder().hinting("the transaction is not that of a combined order: perhaps of one of " +
			"its parts")
	}
	out := combineDocument(o, c.now)
	for _, part := range out["sub_orders"].([]document) {
		if part["individual_auth_id"] == nil {
			return nil, noSuchOrder().hinting("this query is for orders that pay individuals (individual_auth_id); " +
				"query this one by its combine_out_trade_no")
		}
	}
	return out, nil
}

// closeCombined wants the sub-orders named: all of them, since a part of a
// combined order cannot be closed alone.
func closeCombined(c *call) (document, error) {
	o, err := c.order(true, c.merchant.MchID, c.vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	if c.text("combine_appid") != o.AppID {
		return nil, appIDMismatch().hinting("combine_appid is not the order's")
	}
	if err := c.namesAll(o.SubOrders); err != nil {
		return nil, err
	}
	return nil, c.closeOrder(o)
}

// combineDocument is a combined order in queries and in TRANSACTION.SUCCESS.
func combineDocument(o *orderRow, now time.Time) document {
	asked, parts := decodeBody(o.Request), make([]document, len(o.SubOrders))
	for i, sub := range o.SubOrders {
		amount := document{"total_amount": sub.Total, "currency": "CNY", "payer_amount": int64(0),
			"payer_currency": "CNY"}
		state, told := o.stateAt(now), decodeBody(sub.Request)
		if sub.Refunded > 0 {
			state = OrderRefunded
		}
		part := document{
			"mchid": sub.MchID, "out_trade_no": sub.OutTradeNo, "amount": amount,
			"trade_type": string(o.TradeType), "trade_state": string(state),
		}
		part.set("sub_mchid", sub.SubMchID)
		part.set("attach", sub.Attach)
		for _, name := range []string{"sub_appid", "individual_auth_id", "individual_name"} {
			part.set(name, textOf(told, name))
		}
		if o.State == OrderPaid {
			amount["payer_amount"] = sub.Total
			part["transaction_id"], part["bank_type"] = sub.TransactionID, "OTHERS"
			part["success_time"] = wire.FormatTime(o.PaidAt)
		}
		parts[i] = part
	}
	out := document{
		"combine_appid": o.AppID, "combine_mchid": o.MchID, "combine_out_trade_no": o.OutTradeNo, "sub_orders": parts,
	}
	out.set("combine_transaction_id", o.TransactionID)
	out.set("trade_scenario", textOf(asked, "trade_scenario"))
	if o.OpenID != "" {
		out["combine_payer_info"] = document{"openid": o.OpenID}
	}
	return out
}
