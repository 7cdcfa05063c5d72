package globalpapay

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// rules are tried within the call; one that fails is answered with an
// error, and its order waits to be reversed.
// https://pay.weixin.qq.com/wiki/doc/api_external/en/apis/chapter5_1_6.shtml
func rules() *engine.DebitRules {
	return &engine.DebitRules{
		Trade: engine.TradeAuth, Foreign: true,
		Sync: true, Several: true, Failing: debits.RefuseFailure,
		Answers: engine.Answers{
			rows.ProblemGone:    {Status: 403, Code: "CONTRACT_NOT_EXIST", Message: "协议不存在或已解约"},
			rows.ProblemExpired: {Status: 403, Code: "CONTRACT_NOT_EXIST", Message: "协议不存在或已解约"},
		},
		Check: func(_ *engine.Call, d *rows.Debit, contract *rows.Contract) error {
			if d.AppID != contract.AppID {
				return engine.BadField("/appid", "appid与签约时不一致").
					Hinting("the contract was signed under another appid")
			}
			return nil
		},
		Paid:     engine.Event{EventType: "TRANSACTION.SUCCESS", OriginalType: "transaction", Summary: "支付成功"},
		Retries:  rows.ShortSchedule,
		Resource: transaction,
	}
}

func debit(c *engine.Call) (engine.Document, error) {
	if err := c.CheckAppID(); err != nil {
		return nil, err
	}
	if err := party(c, c.Text("sp_appid"), c.Text("sub_mchid"), ""); err != nil {
		return nil, err
	}
	if err := c.CheckSub(c.Text("sub_mchid"), c.Text("sub_appid")); err != nil {
		return nil, err
	}
	d, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{
		ContractID: c.Text("contract_id"), OutTradeNo: c.Text("out_trade_no"),
		Total: engine.Fen(engine.Object(c.Body, "amount"), "total"),
		AppID: c.Either("sp_appid", "appid"), SubMchID: c.Text("sub_mchid"), SubAppID: c.Text("sub_appid"),
		Description: c.Text("description"), Attach: c.Text("attach"), NotifyURL: c.Text("notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	if d.State == ledger.DebitReversed {
		return nil, closed()
	}
	return transaction(d), nil
}

func closed() *engine.Refusal {
	return &engine.Refusal{Status: 400, Code: "ORDER_CLOSED", Message: "订单已关闭", Internal: engine.InternalParam,
		Hint: "the order was reversed: debit under another out_trade_no"}
}

// reverse closes an order that was not paid. What was paid is refunded.
// https://pay.weixin.qq.com/doc/global/v3/en/4012356623
func reverse(c *engine.Call) (engine.Document, error) {
	d, err := debits.ByNo(c, c.Vars["out_trade_no"])
	switch {
	case err != nil:
		return nil, err
	case d.SubMchID != c.Text("sub_mchid"):
		return nil, debits.NoOrder(c).Hinting("sub_mchid is not the order's")
	case d.State == ledger.DebitPaid:
		return nil, &engine.Refusal{Status: 400, Code: "ORDER_PAID", Message: "订单已支付", Internal: engine.InternalPaid,
			Hint: "the debit succeeded: refund it instead"}
	case d.State == ledger.DebitReversed:
		return nil, closed()
	}
	return nil, debits.Reverse(c, d)
}

// transaction is a debit in replies, queries and TRANSACTION.SUCCESS. The
// payer pays in the debit's own currency: the sandbox makes up no exchange rate.
func transaction(d *rows.Debit) engine.Document {
	currency := engine.TextOf(engine.Object(engine.DecodeBody(d.Request), "amount"), "currency")
	engine.SetDefault(&currency, "CNY")
	amount := engine.Document{"total": d.Total, "payer_total": d.Total, "currency": currency,
		"payer_currency": currency}
	out := engine.Document{
		"out_trade_no": d.OutTradeNo, "trade_type": string(engine.TradeAuth),
		"trade_state": "PAYERROR", "trade_state_desc": d.Text(),
		"amount": amount,
	}
	payer := engine.Document{}
	if institution(d.Request) {
		out["sp_mchid"], out["sp_appid"], out["sub_mchid"] = d.MchID, d.AppID, d.SubMchID
		out.Set("sub_appid", d.SubAppID)
		payer.Set("sp_openid", d.OpenID)
		payer.Set("sub_openid", d.SubOpenID)
	} else {
		out["mchid"], out["appid"] = d.MchID, d.AppID
		payer["openid"] = d.OpenID
	}
	out["payer"] = payer
	out.Set("attach", d.Attach)
	switch d.State {
	case ledger.DebitPaid:
		out["trade_state"], out["transaction_id"], out["bank_type"] = d.Word(), d.TransactionID, "OTHERS"
		out["success_time"] = wire.FormatTime(d.EndedAt)
	case ledger.DebitReversed:
		out["trade_state"] = "CLOSED"
	}
	return out
}
