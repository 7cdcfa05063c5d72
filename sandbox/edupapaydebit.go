package sandbox

// eduPapayDebits: announced 1 to 3 days ahead, accepted, debited a moment later.
// https://pay.weixin.qq.com/doc/v3/partner/4012159970
func eduPapayDebits() *debitRules {
	return &debitRules{
		mode:   DebitNoticed,
		delay:  debitTakes,
		from:   debitsFrom,
		until:  debitsUntil,
		notice: &noticeRules{first: 1, last: 3, repeated: func() *refusal { return alreadyExists("扣款预通知已发送，请勿重复发送") }},
		answers: answers{
			problemGone: {status: 404, code: "NOT_FOUND", message: "签约协议不存在"},
		},
		paid:     event{eventType: "TRANSACTION.SUCCESS", originalType: "transaction", summary: "教育续费通扣款成功"},
		failed:   event{eventType: "TRANSACTION.FAIL", originalType: "transaction", summary: "教育续费通扣款失败"},
		retries:  genericSchedule,
		resource: eduPapayTransaction,
	}
}

// eduPapayNotice announces a debit; the body says nothing about it but who sends.
func eduPapayNotice(c *call) (document, error) {
	contract, err := c.anyContract(c.vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if c.text("appid") != contract.AppID {
		return nil, c.product.gone().hinting("the contract was signed under another appid")
	}
	return nil, c.sendNotice(contract, 0, 0)
}

func eduPapayDebit(c *call) (document, error) {
	if err := c.checkApps(); err != nil {
		return nil, err
	}
	_, err := c.debit(&debitRow{Debit: Debit{
		ContractID: c.text("contract_id"), OutTradeNo: c.text("out_trade_no"), Total: fen(object(c.body, "amount"),
			"total"),
		AppID: c.text("appid"), SubMchID: c.text("sub_mchid"), SubAppID: c.text("sub_appid"),
		Description: c.text("body"), Attach: c.text("attach"), NotifyURL: c.text("notify_url"),
	}})
	return nil, err
}

func eduPapayDebitByNo(c *call) (document, error) {
	d, err := c.debitByNo(c.vars["out_trade_no"])
	return c.eduPapayDebitFound(d, err)
}

func eduPapayDebitByID(c *call) (document, error) {
	d, err := c.debitByTransaction(c.vars["transaction_id"])
	return c.eduPapayDebitFound(d, err)
}

// eduPapayDebitFound shows a debit to the sub-merchant it was for.
func (c *call) eduPapayDebitFound(d *debitRow, err error) (document, error) {
	return c.shownToSub(d, err, eduPapayTransaction)
}

// eduPapayTransaction is a debit in queries and notifications.
func eduPapayTransaction(d *debitRow) document {
	out := eduTransaction(d)
	out["sp_mchid"], out["trade_state_description"] = d.MchID, d.text()
	out["device_information"] = object(decodeBody(d.Request), "device_information")
	return out
}
