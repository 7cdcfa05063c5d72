package sandbox

import "github.com/wxpay-go/wxpay/internal/wire"

// globalDebits are tried within the call; one that fails is answered with an
// error, and its order waits to be reversed.
// https://pay.weixin.qq.com/wiki/doc/api_external/en/apis/chapter5_1_6.shtml
func globalDebits() *debitRules {
	return &debitRules{
		sync: true, several: true, failing: refuseFailure,
		answers: answers{
			problemGone:    {status: 403, code: "CONTRACT_NOT_EXIST", message: "协议不存在或已解约"},
			problemExpired: {status: 403, code: "CONTRACT_NOT_EXIST", message: "协议不存在或已解约"},
		},
		check: func(_ *call, d *debitRow, contract *contractRow) error {
			if d.AppID != contract.AppID {
				return badField("/appid", d.AppID, "appid与签约时不一致").
					hinting("the contract was signed under another appid")
			}
			return nil
		},
		paid:     event{eventType: "TRANSACTION.SUCCESS", originalType: "transaction", summary: "支付成功"},
		retries:  genericSchedule,
		resource: globalTransaction,
	}
}

func globalDebit(c *call) (document, error) {
	if err := c.checkAppID(); err != nil {
		return nil, err
	}
	if err := c.globalParty(c.text("sp_appid"), c.text("sub_mchid"), ""); err != nil {
		return nil, err
	}
	if err := c.checkSub(c.text("sub_mchid"), c.text("sub_appid")); err != nil {
		return nil, err
	}
	d, err := c.debit(&debitRow{Debit: Debit{
		ContractID: c.text("contract_id"), OutTradeNo: c.text("out_trade_no"), Total: fen(object(c.body, "amount"),
			"total"),
		AppID: c.either("sp_appid", "appid"), SubMchID: c.text("sub_mchid"), SubAppID: c.text("sub_appid"),
		Description: c.text("description"), Attach: c.text("attach"), NotifyURL: c.text("notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	if d.State == DebitReversed {
		return nil, globalClosed()
	}
	return globalTransaction(d), nil
}

func globalClosed() *refusal {
	return &refusal{status: 400, code: "ORDER_CLOSED", message: "订单已关闭", internal: internalParam,
		hint: "the order was reversed: debit under another out_trade_no"}
}

func globalDebitByNo(c *call) (document, error) {
	d, err := c.debitByNo(c.vars["out_trade_no"])
	return c.globalFound(d, err)
}

func globalDebitByID(c *call) (document, error) {
	d, err := c.debitByTransaction(c.vars["transaction_id"])
	return c.globalFound(d, err)
}

func (c *call) globalFound(d *debitRow, err error) (document, error) {
	if err != nil {
		return nil, err
	}
	if d.SubMchID != c.query.Get("sub_mchid") {
		return nil, c.noOrder().hinting("sub_mchid is not the order's")
	}
	return globalTransaction(d), nil
}

// globalReverse closes an order that was not paid. What was paid is refunded.
// https://pay.weixin.qq.com/doc/global/v3/en/4012356623
func globalReverse(c *call) (document, error) {
	d, err := c.debitByNo(c.vars["out_trade_no"])
	switch {
	case err != nil:
		return nil, err
	case d.SubMchID != c.text("sub_mchid"):
		return nil, c.noOrder().hinting("sub_mchid is not the order's")
	case d.State == DebitPaid:
		return nil, &refusal{status: 400, code: "ORDER_PAID", message: "订单已支付", internal: internalPaid,
			hint: "the debit succeeded: refund it instead"}
	case d.State == DebitReversed:
		return nil, globalClosed()
	}
	return nil, c.reverseDebit(d)
}

// globalTransaction is a debit in replies, queries and TRANSACTION.SUCCESS. The
// payer pays in the debit's own currency: the sandbox makes up no exchange rate.
func globalTransaction(d *debitRow) document {
	currency := textOf(object(decodeBody(d.Request), "amount"), "currency")
	setDefault(&currency, "CNY")
	amount := document{"total": d.Total, "payer_total": d.Total, "currency": currency, "payer_currency": currency}
	out := document{
		"out_trade_no": d.OutTradeNo, "trade_type": "AUTH", "trade_state": "PAYERROR", "trade_state_desc": d.text(),
		"amount": amount,
	}
	payer := document{}
	if institution(d.Request) {
		out["sp_mchid"], out["sp_appid"], out["sub_mchid"] = d.MchID, d.AppID, d.SubMchID
		out.set("sub_appid", d.SubAppID)
		payer.set("sp_openid", d.OpenID)
		payer.set("sub_openid", d.SubOpenID)
	} else {
		out["mchid"], out["appid"] = d.MchID, d.AppID
		payer["openid"] = d.OpenID
	}
	out["payer"] = payer
	out.set("attach", d.Attach)
	switch d.State {
	case DebitPaid:
		out["trade_state"], out["transaction_id"], out["bank_type"] = d.word(), d.TransactionID, "OTHERS"
		out["success_time"] = wire.FormatTime(d.EndedAt)
	case DebitReversed:
		out["trade_state"] = "CLOSED"
	}
	return out
}
