package combinepapay

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// debits: asked for, done and answered in one call, for several
// sub-merchants at once; nothing is notified.
// https://pay.weixin.qq.com/doc/v3/partner/4012884121
func rules() *engine.DebitRules {
	// A contract that ended is CONTRACT_NOT_EXIST: https://pay.weixin.qq.com/doc/v3/partner/4018096707,
	// which prints no HTTP status.
	gone := engine.Answer{Code: "CONTRACT_NOT_EXIST", Message: "协议不存在或已解约"}
	return &engine.DebitRules{Sync: true, Failing: debits.RefuseFailure,
		Answers: engine.Answers{rows.ProblemGone: gone, rows.ProblemExpired: gone}}
}

func debit(c *engine.Call) (engine.Document, error) {
	if err := c.CheckMchID("/combine_mchid", c.Text("combine_mchid")); err != nil {
		return nil, err
	}
	if !c.Merchant.Owns(c.Text("combine_appid")) {
		return nil, engine.AppIDMismatch().Hinting("combine_appid is not bound to merchant " + c.Merchant.MchID)
	}
	d := &rows.Debit{Debit: ledger.Debit{
		ContractID: c.Text("contract_id"), OutTradeNo: c.Text("combine_out_trade_no"), AppID: c.Text("combine_appid"),
	}}
	var err error
	if d.Parts, d.Total, err = payments.SubOrders(c); err != nil {
		return nil, err
	}
	if d, err = debits.Ask(c, d); err != nil {
		return nil, err
	}
	return transaction(d), nil
}

func debitQuery(c *engine.Call) (engine.Document, error) {
	d, err := debits.ByNo(c, c.Vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	return transaction(d), nil
}

// reverse takes the whole debit back, and so wants every sub-order
// named.
func reverse(c *engine.Call) (engine.Document, error) {
	d, err := debits.ByNo(c, c.Vars["combine_out_trade_no"])
	if err != nil {
		return nil, err
	}
	if c.Text("combine_appid") != d.AppID {
		return nil, engine.AppIDMismatch().Hinting("combine_appid is not the order's")
	}
	if wrong := payments.MisnamedParts(c, d.Parts); wrong != "" {
		return nil, engine.InvalidRequest("子单信息与下单时不一致").Hinting(wrong)
	}
	return nil, debits.Reverse(c, d)
}

// transaction is a debit in replies. The pages require a
// transaction_id of every part; one that failed has none to show.
func transaction(d *rows.Debit) engine.Document {
	parts := make([]engine.Document, len(d.Parts))
	for i, sub := range d.Parts {
		amount := engine.Document{"total_amount": sub.Total, "currency": "CNY", "payer_amount": sub.Total,
			"payer_currency": "CNY"}
		part := engine.Document{
			"mchid": sub.MchID, "out_trade_no": sub.OutTradeNo, "sub_mchid": sub.SubMchID, "amount": amount,
			"trade_type": "PAP", "trade_state": partWord(d, sub), "transaction_id": sub.TransactionID,
		}
		part.Set("attach", sub.Attach)
		part.Set("sub_appid", engine.TextOf(engine.DecodeBody(sub.Request), "sub_appid"))
		if d.State == ledger.DebitPaid {
			part["bank_type"], part["success_time"] = "OTHERS", wire.FormatTime(d.EndedAt)
		}
		parts[i] = part
	}
	return engine.Document{
		"combine_appid": d.AppID, "combine_mchid": d.MchID, "combine_out_trade_no": d.OutTradeNo, "sub_orders": parts,
		"combine_payer_info": engine.Document{"openid": d.OpenID},
	}
}

// partWord is trade_state of one part, which may be refunded by itself.
func partWord(d *rows.Debit, part ledger.SubOrder) string {
	if d.State == ledger.DebitPaid && part.Refunded > 0 {
		return "REFUND"
	}
	return d.Word()
}
