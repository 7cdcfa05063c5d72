package sandbox

import "github.com/wxpay-go/wxpay/internal/wire"

// combinePapayDebits: asked for, done and answered in one call, for several
// sub-merchants at once; nothing is notified.
// https://pay.weixin.qq.com/doc/v3/partner/4012884121
func combinePapayDebits() *debitRules {
	return &debitRules{sync: true, failing: refuseFailure}
}

func combinePapayDebit(c *call) (document, error) {
	if err := c.checkMchID("/combine_mchid", c.text("combine_mchid")); err != nil {
		return nil, err
	}
	if !c.merchant.owns(c.text("combine_appid")) {
		return nil, appIDMismatch().hinting("combine_appid is not bound to merchant " + c.merchant.MchID)
	}
	d := &debitRow{Debit: Debit{
		ContractID: c.text("contract_id"), OutTradeNo: c.text("combine_out_trade_no"), AppID: c.text("combine_appid"),
	}}
	var err error
	if d.Parts, d.Total, err = c.subOrders(); err != nil {
		return nil, err
	}
	if d, err = c.debit(d); err != nil {
		return nil, err
	}
	return combinePapayTransaction(d), nil
}

func combinePapayDebitQuery(c *call) (document, error) {
	d, err := c.debitByNo(c.vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	return combinePapayTransaction(d), nil
}

// combinePapayReverse takes the whole debit back, and so wants every sub-order
// named.
func combinePapayReverse(c *call) (document, error) {
	d, err := c.debitByNo(c.vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	if c.text("combine_appid") != d.AppID {
		return nil, appIDMismatch().hinting("combine_appid is not the order's")
	}
	if err := c.namesAll(d.Parts); err != nil {
		return nil, err
	}
	return nil, c.reverseDebit(d)
}

// combinePapayTransaction is a debit in replies. The pages require a
// transaction_id of every part; one that failed has none to show.
func combinePapayTransaction(d *debitRow) document {
	parts := make([]document, len(d.Parts))
	for i, sub := range d.Parts {
		amount := document{"total_amount": sub.Total, "currency": "CNY", "payer_amount": sub.Total,
			"payer_currency": "CNY"}
		part := document{
			"mchid": sub.MchID, "out_trade_no": sub.OutTradeNo, "sub_mchid": sub.SubMchID, "amount": amount,
			"trade_type": "PAP", "trade_state": d.partWord(sub), "transaction_id": sub.TransactionID,
		}
		part.set("attach", sub.Attach)
		part.set("sub_appid", textOf(decodeBody(sub.Request), "sub_appid"))
		if d.State == DebitPaid {
			part["bank_type"], part["success_time"] = "OTHERS", wire.FormatTime(d.EndedAt)
		}
		parts[i] = part
	}
	return document{
		"combine_appid": d.AppID, "combine_mchid": d.MchID, "combine_out_trade_no": d.OutTradeNo, "sub_orders": parts,
		"combine_payer_info": document{"openid": d.OpenID},
	}
}

// partWord is trade_state of one part, which may be refunded by itself.
func (d *debitRow) partWord(part SubOrder) string {
	if d.State == DebitPaid && part.Refunded > 0 {
		return "REFUND"
	}
	return d.word()
}
