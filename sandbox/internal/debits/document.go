package debits

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What families of products say alike of a debit.

// EduTransaction is what edu-papay and eduschoolpay say alike of a debit.
func EduTransaction(d *rows.Debit) engine.Document {
	amount := engine.Document{"total": d.Total, "currency": "CNY"}
	payer := engine.Document{"openid": d.OpenID}
	payer.Set("sub_openid", d.SubOpenID)
	out := engine.Document{
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

// Query is the query for the debit that the path names, by the merchant's number or by WeChat
// Pay's. It shows a debit to the sub-merchant it was for, which the query names.
func Query(show func(*rows.Debit) engine.Document) engine.Behaviour {
	return func(c *engine.Call) (engine.Document, error) {
		d, err := debitOfPath(c)
		if err != nil {
			return nil, err
		}
		if d.SubMchID != c.Query.Get("sub_mchid") {
			return nil, NoOrder(c).Hinting("sub_mchid is not the order's")
		}
		return show(d), nil
	}
}

// PapayTransaction is a debit in TRANSACTION.SUCCESS and TRANSACTION.FAIL.
func PapayTransaction(d *rows.Debit) engine.Document {
	payer, amount := engine.Document{}, engine.CNY(d.Total)
	out := engine.Document{
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
func PapayOrder(d *rows.Debit) engine.Document {
	out := PapayTransaction(d)
	switch d.State {
	case ledger.DebitAccepted:
		out["trade_state"], out["trade_state_desc"] = "ACCEPT", "已接收，等待扣款"
	case ledger.DebitFailed:
		out["trade_state"] = "PAYERROR"
		if d.Closed {
			out["trade_state"], out["trade_state_desc"] = "CLOSED", "订单已关闭："+rows.FailureText(d.Failure)
		}
	}
	return out
}
