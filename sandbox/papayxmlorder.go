package sandbox

import (
	"errors"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// contractOrder places an order whose payment signs as well. The two halves
// fail apart: an order whose signing is refused is paid all the same, and says so
// in contract_result_code.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_5.shtml
func contractOrder(c *xmlCall) (wire.Fields, error) {
	f := c.fields
	total, err := c.feeOf("total_fee")
	if err != nil {
		return nil, err
	}
	switch {
	case f["contract_mchid"] != f["mch_id"]:
		return nil, xmlRefusal("PARAM_ERROR", "contract_mchid与mch_id不一致").
			hinting("contract_mchid is the mch_id that pays")
	case f["contract_appid"] != f["appid"]:
		return nil, xmlRefusal("PARAM_ERROR", "contract_appid与appid不一致").
			hinting("contract_appid is the appid that pays")
	case f["trade_type"] == "JSAPI" && f["openid"] == "" && f["sub_openid"] == "":
		return nil, xmlRefusal("PARAM_ERROR", "缺少参数openid").hinting("a JSAPI order names its payer")
	case f["sub_openid"] != "" && f["sub_appid"] == "":
		return nil, xmlRefusal("PARAM_ERROR", "缺少参数sub_appid").
			hinting("sub_openid is an openid under sub_appid, so send that too")
	}
	if end := f["time_expire"]; end != "" {
		t, err := time.ParseInLocation("20060102150405", end, wire.Beijing)
		if err != nil {
			return nil, xmlRefusal("PARAM_ERROR", "time_expire参数错误").hinting("time_expire is yyyyMMddHHmmss in Beijing")
		}
		c.body["time_expire"] = wire.FormatTime(t) // as orders of APIv3 have it
	}
	o, err := c.place(&orderRow{Order: Order{
		ID: c.transactionID(f["sub_mch_id"], f["out_trade_no"]), MchID: c.merchant.MchID, SubMchID: f["sub_mch_id"],
		AppID:    f["appid"],
		SubAppID: f["sub_appid"], OutTradeNo: f["out_trade_no"], TradeType: TradeType(f["trade_type"]),
		OpenID: f["openid"], SubOpenID: f["sub_openid"], Total: total, NotifyURL: f["notify_url"], Request: c.raw,
		V2: true,
	}})
	if err != nil {
		return nil, err
	}
	out := wire.Fields{"prepay_id": o.PrepayID, "trade_type": f["trade_type"], "out_trade_no": o.OutTradeNo,
		"contract_result_code": "SUCCESS"}
	switch f["trade_type"] {
	case "NATIVE":
		out["code_url"] = o.Link
	case "MWEB":
		out["mweb_url"] = o.Link
	}
	var refused *refusal
	switch err := c.signWithOrder(o); {
	case errors.As(err, &refused):
		out["contract_result_code"] = "FAIL"
		out["contract_err_code"], out["contract_err_code_des"] = refused.code, refused.message
	case err != nil:
		return nil, err
	default:
		for _, name := range []string{"plan_id", "request_serial", "contract_code", "contract_display_account"} {
			out[name] = f[name]
		}
	}
	return out, nil
}

// signWithOrder makes the session that paying the order agrees to.
func (c *xmlCall) signWithOrder(o *orderRow) error {
	f := c.fields
	asked := wire.Fields{"notify_url": f["contract_notify_url"]}
	for _, name := range []string{"appid", "mch_id", "sub_appid", "sub_mch_id", "plan_id", "contract_code",
		"request_serial", "contract_display_account", "out_trade_no"} {
		asked[name] = f[name]
	}
	if len(f["contract_code"]) > 32 {
		return xmlRefusal("PARAM_ERROR", "contract_code参数错误")
	}
	session, err := c.signingRequest(c.merchant, asked)
	if err != nil {
		return err
	}
	session.PrepayID, session.PaySign, session.ExpiresAt = o.PrepayID, true, o.PrepayExpiresAt
	session.OpenID, session.SubOpenID = o.OpenID, o.SubOpenID
	return put(c.Tx, session)
}

// orderOfCall finds the order that transaction_id or out_trade_no name, nil when
// there is none.
func (c *xmlCall) orderOfCall() (*orderRow, error) {
	key := tradeKey(c.merchant.MchID, c.fields["out_trade_no"])
	if id := c.fields["transaction_id"]; id != "" {
		key = "transaction:" + id
	}
	list, err := find[orderRow](c.Tx, key, 0)
	for _, o := range list {
		if !o.Combined && o.SubMchID == c.fields["sub_mch_id"] {
			return o, err
		}
	}
	return nil, err
}

// orderQuery tells orders, and debits once there is an order of them.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_2
func orderQuery(c *xmlCall) (wire.Fields, error) {
	d, err := c.debitOfCall()
	if err != nil {
		return nil, err
	}
	if d != nil && d.State != DebitAccepted {
		out := debitQueryFields(d)
		if d.Closed && d.State == DebitFailed {
			out["trade_state"], out["trade_state_desc"] = "CLOSED", "订单已关闭"
		}
		return out, nil
	}
	o, err := c.orderOfCall()
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, orderMissing()
	}
	return orderFields(o, c.now), nil
}

// orderFields is an order in queries and in the notification of its payment.
func orderFields(o *orderRow, now time.Time) wire.Fields {
	asked := fieldsOfJSON(o.Request)
	state := o.stateAt(now)
	out := wire.Fields{
		"return_code": "SUCCESS", "result_code": "SUCCESS", "appid": o.AppID, "mch_id": o.MchID,
		"out_trade_no": o.OutTradeNo,
		"total_fee":    strconv.FormatInt(o.Total, 10), "trade_state": string(state), "trade_state_desc": orderText(state),
	}
	for name, value := range map[string]string{"sub_mch_id": o.SubMchID, "sub_appid": o.SubAppID, "openid": o.OpenID,
		"sub_openid": o.SubOpenID, "attach": asked["attach"], "trade_type": asked["trade_type"]} {
		if value != "" {
			out[name] = value
		}
	}
	if state == OrderPaid {
		out["cash_fee"], out["fee_type"], out["bank_type"], out["is_subscribe"] = out["total_fee"], "CNY", "OTHERS", "N"
		out["transaction_id"], out["time_end"] = o.TransactionID, dateTimeDigits(o.PaidAt)
		if o.Refunded > 0 {
			out["trade_state"], out["trade_state_desc"] = "REFUND", "转入退款"
		}
	}
	return out
}

// notifyPaidOrder tells that an APIv2 order was paid.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_7&index=8
func notifyPaidOrder(s *step, o *orderRow) error {
	f := orderFields(o, s.now)
	delete(f, "trade_state")
	delete(f, "trade_state_desc")
	return s.notifyXML(&pushRow{Push: Push{MchID: o.MchID, URL: o.NotifyURL, Event: eventV2Payment, Summary: "支付结果通知",
		About: o.ID}, retries: pappaySchedule}, f)
}

// orderClose closes an unpaid order, or a debit WeChat Pay left open.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_3
func orderClose(c *xmlCall) (wire.Fields, error) {
	d, err := c.debitOfCall()
	if err != nil {
		return nil, err
	}
	if d != nil {
		switch {
		case d.State == DebitPaid:
			return nil, xmlRefusal("ORDERPAID", "订单已支付")
		case d.Closed:
			return nil, xmlRefusal("ORDERCLOSED", "订单已关闭")
		}
		return wire.Fields{}, c.closeDebit(d)
	}
	o, err := c.orderOfCall()
	switch {
	case err != nil:
		return nil, err
	case o == nil:
		return nil, orderMissing()
	case o.stateAt(c.now) == OrderClosed:
		return nil, xmlRefusal("ORDERCLOSED", "订单已关闭")
	}
	return wire.Fields{}, c.closeOrder(o)
}
