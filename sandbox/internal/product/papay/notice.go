package papay

import (
	"net/http"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// noticeRules: the day of the notice is the first, the third is when debits
// may begin, the ninth the last when no deduct_duration shortens it.
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/json/deduct-notify.html
func noticeRules() *engine.NoticeRules {
	return &engine.NoticeRules{
		From: clock.DebitsFrom, Until: clock.DebitsUntil, First: 2, Last: 8,
		Repeated: func() *engine.Refusal {
			return (&engine.Refusal{Status: http.StatusBadRequest, Code: "RESOURCE_ALREADY_EXISTS", Message: "扣费前通知已下发",
				Internal: engine.InternalParam}).
				Hinting("the same notice was sent before: take it for success")
		},
		Gone: papayGone,
	}
}

func papayGone() *engine.Refusal {
	return &engine.Refusal{Status: http.StatusBadRequest, Code: "CONTRACT_NOT_EXIST", Message: "签约协议不存在",
		Internal: engine.InternalParam}
}

// notify announces a debit to the payer.
func notify(c *engine.Call) (engine.Document, error) {
	contract, err := toNotify(c)
	if err != nil {
		return nil, err
	}
	days := int(engine.Fen(engine.Object(c.Body, "deduct_duration"), "count"))
	return nil, debits.SendNotice(c, contract, engine.Fen(engine.Object(c.Body, "estimated_amount"), "amount"), days)
}

// failNotify asks the payer to see to their money after a failed debit.
func failNotify(c *engine.Call) (engine.Document, error) {
	contract, err := toNotify(c)
	if err != nil {
		return nil, err
	}
	return nil, debits.FailNotice(c, contract)
}

// toNotify checks who is calling, for either role, and finds the contract.
func toNotify(c *engine.Call) (*rows.Contract, error) {
	name := c.Named("mchid", "sp_mchid")
	if err := c.CheckMchID("/"+name, c.Text(name)); err != nil {
		return nil, err
	}
	if err := c.CheckApps(); err != nil {
		return nil, err
	}
	contract, missing, err := own(c, c.Vars["contract_id"], c.Text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case missing != "":
		return nil, papayGone().Hinting(missing)
	case !contract.Live():
		return nil, papayGone().Hinting("the contract is " + string(contract.State))
	}
	return contract, nil
}
