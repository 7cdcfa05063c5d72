package sandbox

// papayDebits are the rules of debits asked for in APIv3, the same as those of
// APIv2 (pappayapplyRules): 24 hours after, or, in plans of mode B and in contracts a
// notice was ever sent about, within the days of a notice; within twelve hours
// of signing at once. A scheduled one runs at any hour of its day.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
func papayDebits() *debitRules {
	return &debitRules{
		mode: DebitAfterADay,
		from: debitsFrom, until: debitsUntil, grace: freshFor,
		notice: papayNoticeRules(), booking: scheduledBooking(),
		limits:   Limits{PerDebit: 500_00, PerDay: 2500_00, AttemptsPerDay: 300},
		paid:     event{eventType: "TRANSACTION.SUCCESS", originalType: "transaction", summary: "扣费成功"},
		failed:   event{eventType: "TRANSACTION.FAIL", originalType: "transaction", summary: "扣费失败"},
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
		return nil, c.rulesOf(Papay, "").refuse(problemGone, missing)
	}
	appid := c.either("appid", "sp_appid")
	d, err := c.debit(&debitRow{Debit: Debit{
		ContractID: contract.ID, OutTradeNo: c.text("out_trade_no"), Total: fen(object(c.body, "amount"), "total"),
		AppID: appid, OpenID: c.registry.person(contract.OpenID).openID(appid, contract.OpenID),
		SubAppID:    c.text("sub_appid"),
		Description: c.text("description"), Attach: c.text("attach"), NotifyURL: c.text("transaction_notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	return document{"out_trade_no": d.OutTradeNo, "amount": cny(d.Total)}, nil
}
