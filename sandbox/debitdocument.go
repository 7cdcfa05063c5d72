package sandbox

import "github.com/wxpay-go/wxpay/internal/wire"

// What families of products say alike of a debit.

// eduTransaction is what edu-papay and eduschoolpay say alike of a debit.
func eduTransaction(d *debitRow) document {
	amount := document{"total": d.Total, "currency": "CNY"}
	payer := document{"openid": d.OpenID}
	payer.set("sub_openid", d.SubOpenID)
	out := document{
		"appid": d.AppID, "out_trade_no": d.OutTradeNo, "amount": amount, "payer": payer, "trade_state": d.word(),
	}
	out.set("sub_mchid", d.SubMchID)
	out.set("sub_appid", d.SubAppID)
	out.set("attach", d.Attach)
	if d.State == DebitPaid {
		amount["payer_total"], amount["discount_total"] = d.Total, 0
		out["transaction_id"], out["bank_type"] = d.TransactionID, "OTHERS"
		out["success_time"] = wire.FormatTime(d.EndedAt)
	}
	return out
}

// shownToSub shows a debit that was looked for to the sub-merchant it was for,
// which the query names.
func (c *call) shownToSub(d *debitRow, err error, show func(*debitRow) document) (document, error) {
	if err != nil {
		return nil, err
	}
	if d.SubMchID != c.query.Get("sub_mchid") {
		return nil, c.noOrder().hinting("sub_mchid is not the order's")
	}
	return show(d), nil
}

// papayTransaction is a debit in TRANSACTION.SUCCESS and TRANSACTION.FAIL.
func papayTransaction(d *debitRow) document {
	payer, amount := document{}, cny(d.Total)
	out := document{
		"out_trade_no": d.OutTradeNo, "trade_type": "PAP", "trade_state": d.word(), "trade_state_desc": d.text(),
		"payer": payer, "amount": amount,
	}
	if d.SubMchID == "" {
		out["mchid"], out["appid"], payer["openid"] = d.MchID, d.AppID, d.OpenID
	} else {
		out["sp_mchid"], out["sp_appid"], payer["sp_openid"] = d.MchID, d.AppID, d.OpenID
		out["sub_mchid"] = d.SubMchID
		out.set("sub_appid", d.SubAppID)
		payer.set("sub_openid", d.SubOpenID)
	}
	out.set("attach", d.Attach)
	if d.State == DebitPaid {
		amount["payer_total"], amount["payer_currency"] = d.Total, "CNY"
		out["transaction_id"], out["bank_type"] = d.TransactionID, "OTHERS"
		out["success_time"] = wire.FormatTime(d.EndedAt)
	}
	return out
}

// papayOrder is a debit in the query of orders, whose words are those of orders:
// one that failed is CLOSED, unless WeChat Pay does not know what happened.
func papayOrder(d *debitRow) document {
	out := papayTransaction(d)
	switch d.State {
	case DebitAccepted:
		out["trade_state"], out["trade_state_desc"] = "ACCEPT", "已接收，等待扣款"
	case DebitFailed:
		out["trade_state"] = "PAYERROR"
		if d.Closed {
			out["trade_state"], out["trade_state_desc"] = "CLOSED", "订单已关闭："+failureText(d.Failure)
		}
	}
	return out
}
