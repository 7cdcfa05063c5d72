package papay

import (
	"errors"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// contractOrder places an order whose payment signs as well. The two halves
// fail apart: an order whose signing is refused is paid all the same, and says so
// in contract_result_code.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_5.shtml
func contractOrder(c *xmlcall.Call) (wire.Fields, error) {
	f := c.Fields
	switch {
	case f["contract_mchid"] != f["mch_id"]:
		return nil, xmlcall.Refusal("PARAM_ERROR", "contract_mchid与mch_id不一致").
			Hinting("contract_mchid is the mch_id that pays")
	case f["contract_appid"] != f["appid"]:
		return nil, xmlcall.Refusal("PARAM_ERROR", "contract_appid与appid不一致").
			Hinting("contract_appid is the appid that pays")
	}
	o, out, err := placeOrder(c)
	if err != nil {
		return nil, err
	}
	out["out_trade_no"], out["contract_result_code"] = o.OutTradeNo, "SUCCESS"
	var refused *engine.Refusal
	switch err := signWithOrder(c, o); {
	case errors.As(err, &refused):
		out["contract_result_code"] = "FAIL"
		out["contract_err_code"], out["contract_err_code_des"] = refused.Code, refused.Message
	case err != nil:
		return nil, err
	default:
		for _, name := range []string{"plan_id", "request_serial", "contract_code", "contract_display_account"} {
			out[name] = f[name]
		}
	}
	return out, nil
}

// unifiedOrder places an order, which signs nothing.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_1
func unifiedOrder(c *xmlcall.Call) (wire.Fields, error) {
	_, out, err := placeOrder(c)
	return out, err
}

// placeOrder places the order of a call, and is what is answered of it.
func placeOrder(c *xmlcall.Call) (*rows.Order, wire.Fields, error) {
	f := c.Fields
	total, err := feeOf(c, "total_fee")
	if err != nil {
		return nil, nil, err
	}
	switch {
	case f["trade_type"] == "JSAPI" && f["openid"] == "" && f["sub_openid"] == "":
		return nil, nil, xmlcall.Refusal("PARAM_ERROR", "缺少参数openid").Hinting("a JSAPI order names its payer")
	case f["sub_openid"] != "" && f["sub_appid"] == "":
		return nil, nil, xmlcall.Refusal("PARAM_ERROR", "缺少参数sub_appid").
			Hinting("sub_openid is an openid under sub_appid, so send that too")
	}
	if end := f["time_expire"]; end != "" {
		t, err := time.ParseInLocation("20060102150405", end, wire.Beijing)
		if err != nil {
			return nil, nil, xmlcall.Refusal("PARAM_ERROR", "time_expire参数错误").
				Hinting("time_expire is yyyyMMddHHmmss in Beijing")
		}
		c.Body["time_expire"] = wire.FormatTime(t) // as orders of APIv3 have it
	}
	o, err := payments.Place(c.Call, &rows.Order{Order: ledger.Order{
		ID: payments.TransactionID(c.Call, f["sub_mch_id"], f["out_trade_no"]), MchID: c.Merchant.MchID,
		SubMchID: f["sub_mch_id"],
		AppID:    f["appid"],
		SubAppID: f["sub_appid"], OutTradeNo: f["out_trade_no"], TradeType: ledger.TradeType(f["trade_type"]),
		OpenID: f["openid"], SubOpenID: f["sub_openid"], Total: total, NotifyURL: f["notify_url"], Request: c.Raw,
		V2: true,
	}})
	if err != nil {
		return nil, nil, err
	}
	out := wire.Fields{"prepay_id": o.PrepayID, "trade_type": f["trade_type"]}
	switch f["trade_type"] {
	case "NATIVE":
		out["code_url"] = o.Link
	case "MWEB":
		out["mweb_url"] = o.Link
	}
	return o, out, nil
}

// signWithOrder makes the session that paying the order agrees to.
func signWithOrder(c *xmlcall.Call, o *rows.Order) error {
	f := c.Fields
	asked := wire.Fields{"notify_url": f["contract_notify_url"], "outerid": f["contract_outerid"]}
	for _, name := range []string{"appid", "mch_id", "sub_appid", "sub_mch_id", "plan_id", "contract_code",
		"request_serial", "contract_display_account", "out_trade_no"} {
		asked[name] = f[name]
	}
	session, err := signingRequest(c.Call.Step, c.Merchant, asked)
	if err != nil {
		return err
	}
	session.PrepayID, session.PaySign, session.ExpiresAt = o.PrepayID, true, o.PrepayExpiresAt
	session.OpenID, session.SubOpenID = o.OpenID, o.SubOpenID
	return rows.Put(c.Tx, session)
}

// orderOfCall finds the order that transaction_id or out_trade_no name, nil when
// there is none.
func orderOfCall(c *xmlcall.Call) (*rows.Order, error) {
	key := rows.TradeKey(c.Merchant.MchID, c.Fields["out_trade_no"])
	if id := c.Fields["transaction_id"]; id != "" {
		key = "transaction:" + id
	}
	list, err := rows.Find[rows.Order](c.Tx, key, 0)
	for _, o := range list {
		if !o.Combined && o.SubMchID == c.Fields["sub_mch_id"] {
			return o, err
		}
	}
	return nil, err
}

// orderQuery tells orders, and debits once there is an order of them.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_2
func orderQuery(c *xmlcall.Call) (wire.Fields, error) {
	d, err := debitOfCall(c)
	if err != nil {
		return nil, err
	}
	if d != nil && d.State != ledger.DebitAccepted {
		out := debitQueryFields(d)
		if d.Closed && d.State == ledger.DebitFailed {
			out["trade_state"], out["trade_state_desc"] = "CLOSED", "订单已关闭"
		}
		return out, nil
	}
	o, err := orderOfCall(c)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, orderMissing()
	}
	return orderFields(o, c.Now), nil
}

// orderFields is an order in queries and in the notification of its payment.
func orderFields(o *rows.Order, now time.Time) wire.Fields {
	asked := push.FieldsOfJSON(o.Request)
	state := o.StateAt(now)
	out := wire.Fields{
		"return_code": "SUCCESS", "result_code": "SUCCESS", "appid": o.AppID, "mch_id": o.MchID,
		"out_trade_no": o.OutTradeNo,
		"total_fee":    strconv.FormatInt(o.Total, 10), "trade_state": string(state),
		"trade_state_desc": payments.OrderText(state),
	}
	for name, value := range map[string]string{"sub_mch_id": o.SubMchID, "sub_appid": o.SubAppID, "openid": o.OpenID,
		"sub_openid": o.SubOpenID, "attach": asked["attach"], "trade_type": asked["trade_type"]} {
		if value != "" {
			out[name] = value
		}
	}
	if state == ledger.OrderPaid {
		out["cash_fee"], out["fee_type"], out["bank_type"], out["is_subscribe"] = out["total_fee"], "CNY", "OTHERS", "N"
		out["transaction_id"], out["time_end"] = o.TransactionID, xmlcall.DateTimeDigits(o.PaidAt)
		if o.Refunded > 0 {
			out["trade_state"], out["trade_state_desc"] = "REFUND", "转入退款"
		}
	}
	return out
}

// NotifyPaidOrder tells that an APIv2 order was paid.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_7&index=8
func NotifyPaidOrder(s *engine.Step, o *rows.Order) error {
	f := orderFields(o, s.Now)
	delete(f, "trade_state")
	delete(f, "trade_state_desc")
	return push.NotifyXML(s, &push.Row{Push: ledger.Push{MchID: o.MchID, URL: o.NotifyURL, Event: push.EventV2Payment,
		Summary: "支付结果通知",
		About:   o.ID}, Retries: rows.GenericSchedule}, f)
}

// orderClose closes an unpaid order, or a debit WeChat Pay left open.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_3
func orderClose(c *xmlcall.Call) (wire.Fields, error) {
	d, err := debitOfCall(c)
	if err != nil {
		return nil, err
	}
	if d != nil {
		switch {
		case d.State == ledger.DebitPaid:
			return nil, xmlcall.Refusal("ORDERPAID", "订单已支付")
		case d.Closed:
			return nil, xmlcall.Refusal("ORDERCLOSED", "订单已关闭")
		}
		return wire.Fields{}, debits.Close(c.Call, d)
	}
	o, err := orderOfCall(c)
	switch {
	case err != nil:
		return nil, err
	case o == nil:
		return nil, orderMissing()
	case o.StateAt(c.Now) == ledger.OrderClosed:
		return nil, xmlcall.Refusal("ORDERCLOSED", "订单已关闭")
	}
	return wire.Fields{}, payments.CloseOrder(c.Call, o)
}
