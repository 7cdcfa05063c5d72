package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// papayDebits are the rules of debits asked for in APIv3, the same as those of
// APIv2 (debitsV2): 24 hours after, or, in plans of mode B and in contracts a
// notice was ever sent about, within the days of a notice; within twelve hours
// of signing at once. A scheduled one runs at any hour of its day.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
func papayDebits() *debitRules {
	return &debitRules{
		mode: DebitAfterADay,
		from: 7 * time.Hour, until: 22 * time.Hour, grace: 12 * time.Hour,
		notice: papayNoticeRules(), booking: scheduledBooking(),
		limits:   Limits{PerDebit: 500_00, PerDay: 2500_00, AttemptsPerDay: 300},
		paid:     event{"TRANSACTION.SUCCESS", "transaction", "扣费成功"},
		failed:   event{"TRANSACTION.FAIL", "transaction", "扣费失败"},
		resource: papayTransaction, retries: genericSchedule,
		asOrder: papayOrder,
	}
}

// papayApply asks for a debit. The reply says only that it was accepted; the
// outcome is notified, and found by the query of orders.
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/normal/normal-create-transaction.html
func papayApply(c *call) (document, error) {
	if err := c.checkApps(); err != nil {
		return nil, err
	}
	contract, missing, err := c.papayOwn(c.text("contract_id"), c.text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case missing != "":
		return nil, c.rulesOf(Papay, "").refuse(troubleGone, missing)
	}
	appid := c.either("appid", "sp_appid")
	d, err := c.debit(&debitRow{Debit: Debit{
		ContractID: contract.ID, OutTradeNo: c.text("out_trade_no"), Total: fen(object(c.body, "amount"), "total"),
		AppID: appid, OpenID: c.registry.person(contract.OpenID).openID(appid, contract.OpenID), SubAppID: c.text("sub_appid"),
		Description: c.text("description"), Attach: c.text("attach"), NotifyURL: c.text("transaction_notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	return document{"out_trade_no": d.OutTradeNo, "amount": cny(d.Total)}, nil
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
			out["trade_state"], out["trade_state_desc"] = "CLOSED", "订单已关闭："+d.Failure.text()
		}
	}
	return out
}
