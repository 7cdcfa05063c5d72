package sandbox

import "time"

// papayNotices are the pre-deduction notice and the word to the payer after a
// failure: APIv3's part of contracts that are mostly signed and debited in
// APIv2. https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/json/deduct-notify.html
func papayNotices() map[string]behaviour {
	const direct, partner = "POST /v3/papay/contracts/{contract_id}", "POST /v3/partner-papay/contracts/{contract_id}"
	return map[string]behaviour{
		direct + "/notify": papayNotify, direct + "/fail-notify": papayFailNotify,
		partner + "/notify": papayNotify, partner + "/fail-notify": papayFailNotify,
	}
}

// papayNoticeRules: the day of the notice is the first, the third is when debits
// may begin, the ninth the last when no deduct_duration shortens it.
func papayNoticeRules() *noticeRules {
	return &noticeRules{
		from: 7 * time.Hour, until: 22 * time.Hour, first: 2, last: 8,
		repeated: func() *refusal {
			return &refusal{status: 400, code: "RESOURCE_ALREADY_EXISTS", message: "扣费前通知已下发", internal: internalParam,
				hint: "the very same notice is open: this is as good as a success"}
		},
		gone: papayGone,
	}
}

func papayGone() *refusal {
	return &refusal{status: 400, code: "CONTRACT_NOT_EXIST", message: "签约协议不存在", internal: internalParam}
}

func papayNotify(c *call) (document, error) {
	contract, err := c.papayContract()
	if err != nil {
		return nil, err
	}
	return nil, c.sendNotice(contract, fen(object(c.body, "estimated_amount"), "amount"), int(fen(object(c.body, "deduct_duration"), "count")))
}

func papayFailNotify(c *call) (document, error) {
	contract, err := c.papayContract()
	if err != nil {
		return nil, err
	}
	return nil, c.failNotice(contract)
}

// papayContract is the contract of the path, and the parties of the body hold
// against it.
func (c *call) papayContract() (*Contract, error) {
	mchid, appid := "mchid", "appid"
	if _, partner := c.body["sp_mchid"]; partner {
		mchid, appid = "sp_mchid", "sp_appid"
	}
	if err := c.checkMchID("/"+mchid, c.text(mchid)); err != nil {
		return nil, err
	}
	if !c.merchant.owns(c.text(appid)) {
		return nil, appIDMismatch().hinting(appid + " is not bound to merchant " + c.merchant.MchID)
	}
	if err := c.checkSub(c.text("sub_mchid"), c.text("sub_appid")); err != nil {
		return nil, err
	}
	contract, err := get[Contract](c.Tx, c.vars["contract_id"])
	switch {
	case err != nil || contract.Product != Papay || contract.MchID != c.merchant.MchID:
		return nil, papayGone().hinting("merchant " + c.merchant.MchID + " has no papay contract with this id")
	case contract.SubMchID != c.text("sub_mchid"):
		return nil, papayGone().hinting("the contract was signed for another sub-merchant")
	}
	return contract, nil
}
