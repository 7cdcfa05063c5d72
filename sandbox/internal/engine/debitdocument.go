package engine

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What families of products say alike of a debit.

// EduTransaction is what edu-papay and eduschoolpay say alike of a debit.
func EduTransaction(d *DebitRow) Document {
	amount := Document{"total": d.Total, "currency": "CNY"}
	payer := Document{"openid": d.OpenID}
	payer.Set("sub_openid", d.SubOpenID)
	out := Document{
		"appid": d.AppID, "out_trade_no": d.OutTradeNo, "amount": amount, "payer": payer, "trade_state": d.Word(),
	}
	out.Set("sub_mchid", d.SubMchID)
	out.Set("sub_appid", d.SubAppID)
	out.Set("attach", d.Attach)
	if d.State == ledger.DebitPaid {
		amount["payer_total"], amount["discount_total"] = d.Total, 0
		out["transaction_id"], out["bank_type"] = d.TransactionID, "OTHERS"
		out["success_time"] = wire.FormatTime(d.EndedAt)
	}
	return out
}

// DebitQuery is the query for the debit that the path names, by the merchant's number or by WeChat
// Pay's. It shows a debit to the sub-merchant it was for, which the query names.
func DebitQuery(show func(*DebitRow) Document) Behaviour {
	return func(c *Call) (Document, error) {
		d, err := c.debitOfPath()
		if err != nil {
			return nil, err
		}
		if d.SubMchID != c.Query.Get("sub_mchid") {
			return nil, c.NoOrder().Hinting("sub_mchid is not the order's")
		}
		return show(d), nil
	}
}

// PapayTransaction is a debit in TRANSACTION.SUCCESS and TRANSACTION.FAIL.
func PapayTransaction(d *DebitRow) Document {
	payer, amount := Document{}, CNY(d.Total)
	out := Document{
		"out_trade_no": d.OutTradeNo, "trade_type": "PAP", "trade_state": d.Word(), "trade_state_desc": d.Text(),
		"payer": payer, "amount": amount,
	}
	if d.SubMchID == "" {
		out["mchid"], out["appid"], payer["openid"] = d.MchID, d.AppID, d.OpenID
	} else {
		out["sp_mchid"], out["sp_appid"], payer["sp_openid"] = d.MchID, d.AppID, d.OpenID
		out["sub_mchid"] = d.SubMchID
		out.Set("sub_appid", d.SubAppID)
		payer.Set("sub_openid", d.SubOpenID)
	}
	out.Set("attach", d.Attach)
	if d.State == ledger.DebitPaid {
		amount["payer_total"], amount["payer_currency"] = d.Total, "CNY"
		out["transaction_id"], out["bank_type"] = d.TransactionID, "OTHERS"
		out["success_time"] = wire.FormatTime(d.EndedAt)
	}
	return out
}

// PapayOrder is a debit in the query of orders, whose words are those of orders:
// one that failed is CLOSED, unless WeChat Pay does not know what happened.
func PapayOrder(d *DebitRow) Document {
	out := PapayTransaction(d)
	switch d.State {
	case ledger.DebitAccepted:
		out["trade_state"], out["trade_state_desc"] = "ACCEPT", "已接收，等待扣款"
	case ledger.DebitFailed:
		out["trade_state"] = "PAYERROR"
		if d.Closed {
			out["trade_state"], out["trade_state_desc"] = "CLOSED", "订单已关闭："+FailureText(d.Failure)
		}
	}
	return out
}
