package sandbox

import (
	"net/http"
)

// papayNoticeRules: the day of the notice is the first, the third is when debits
// may begin, the ninth the last when no deduct_duration shortens it.
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/json/deduct-notify.html
func papayNoticeRules() *noticeRules {
	return &noticeRules{
		from: debitsFrom, until: debitsUntil, first: 2, last: 8,
		repeated: func() *refusal {
			return (&refusal{status: http.StatusBadRequest, code: "RESOURCE_ALREADY_EXISTS", message: "扣费前通知已下发",
				internal: internalParam}).
				hinting("the same notice was sent before: take it for success")
		},
		gone: papayGone,
	}
}

func papayGone() *refusal {
	return &refusal{status: http.StatusBadRequest, code: "CONTRACT_NOT_EXIST", message: "签约协议不存在",
		internal: internalParam}
}

// papayNotify announces a debit to the payer.
func papayNotify(c *call) (document, error) {
	contract, err := c.papayToNotify()
	if err != nil {
		return nil, err
	}
	days := int(fen(object(c.body, "deduct_duration"), "count"))
	return nil, c.sendNotice(contract, fen(object(c.body, "estimated_amount"), "amount"), days)
}

// papayFailNotify asks the payer to see to their money after a failed debit.
func papayFailNotify(c *call) (document, error) {
	contract, err := c.papayToNotify()
	if err != nil {
		return nil, err
	}
	return nil, c.failNotice(contract)
}

// papayToNotify checks who is calling, for either role, and finds the contract.
func (c *call) papayToNotify() (*contractRow, error) {
	name := c.named("mchid", "sp_mchid")
	if err := c.checkMchID("/"+name, c.text(name)); err != nil {
		return nil, err
	}
	if err := c.checkApps(); err != nil {
		return nil, err
	}
	contract, missing, err := c.papayOwn(c.vars["contract_id"], c.text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case missing != "":
		return nil, papayGone().hinting(missing)
	case !contract.live():
		return nil, papayGone().hinting("the contract is " + string(contract.State))
	}
	return contract, nil
}
