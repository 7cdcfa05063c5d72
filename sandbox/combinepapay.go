package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// combinePapay is 收付通合单代扣, recurring debits of a platform.
// https://pay.weixin.qq.com/doc/v3/partner/4012881608
func combinePapay() *product {
	const root = "/v3/ecommerce/combine-papay/contracts"
	const orders = "/v3/ecommerce/combine-papay/transactions"
	const byCode = root + "/plan-id/{plan_id}/out-contract-code/{out_contract_code}"
	return &product{
		name:          CombinePapay,
		ttl:           2 * time.Hour,
		token:         (*random).preEntrustWebID,
		id:            (*random).contractID,
		names:         names{plan: "plan_id", code: "out_contract_code", account: "contract_display_account"},
		years:         10, // the reply needs a contract_expired_time; what it is without one is not documented
		signed:        event{eventType: "ECOMMERCE_ENTRUST.SIGN", originalType: "entrust", summary: "委托代扣签约通知"},
		ended:         event{eventType: "ECOMMERCE_ENTRUST.TERMINATE", originalType: "entrust", summary: "委托代扣解约通知"},
		retries:       quickSchedule,
		resource:      combinePapayResource,
		alreadySigned: func() *refusal { return invalidRequest("用户已签约该模板，请勿重复签约") },
		gone:          func() *refusal { return invalidRequest("协议不存在或已解约") },
		debits:        []*debitRules{combinePapayDebits()},
		behaviours: map[string]behaviour{
			"POST " + orders: combinePapayDebit,
			"GET " + orders + "/{combine_out_trade_no}":          combinePapayDebitQuery,
			"POST " + orders + "/{combine_out_trade_no}/reverse": combinePapayReverse,
			"POST " + root + "/pre-entrust-sign":                 combinePapayPresign,
			"POST " + root + "/pre-entrust-sign/mini-program":    combinePapayPresign,
			"GET " + byCode:                 combinePapayQuery,
			"POST " + byCode + "/terminate": combinePapayTerminate,
		},
	}
}

func combinePapayPresign(c *call) (document, error) {
	s, err := c.presign(c.product)
	if err != nil {
		return nil, err
	}
	return document{
		"pre_entrustweb_id": s.Token, "mchid": s.MchID,
		"plan_id": integer(s.PlanID), "out_contract_code": s.Code,
	}, nil
}

// combinePapayQuery knows codes that are presigned only, as NOT_SIGNED.
func combinePapayQuery(c *call) (document, error) {
	s, err := c.unsignedOfPath(c.vars["plan_id"])
	if err != nil {
		return nil, err
	}
	if s != nil {
		return document{
			"mchid": s.MchID, "appid": s.AppID, "plan_id": integer(s.PlanID), "out_contract_code": s.Code,
			"contract_display_account": s.Account, "contract_state": "NOT_SIGNED",
		}, nil
	}
	contract, err := c.contractOfPath(c.vars["plan_id"])
	if err != nil {
		return nil, err
	}
	out := document{
		"mchid": contract.MchID, "contract_id": contract.ID, "appid": contract.AppID, "openid": contract.OpenID,
		"plan_id": integer(contract.PlanID), "out_contract_code": contract.Code,
		"contract_display_account": contract.Account, "contract_state": string(contract.State),
		"contract_signed_time":  wire.FormatTime(contract.SignedAt),
		"contract_expired_time": wire.FormatTime(contract.ExpiresAt),
	}
	if contract.State == ContractTerminated {
		out["contract_terminate_info"] = terminateInfo(contract)
	}
	return out, nil
}

func combinePapayTerminate(c *call) (document, error) {
	contract, err := c.terminateOfPath(c.vars["plan_id"])
	if err != nil {
		return nil, err
	}
	return document{"mchid": contract.MchID, "plan_id": integer(contract.PlanID), "out_contract_code": contract.Code},
		nil
}

// combinePapayResource has no contract_id, as documented: merchants learn it by
// querying. https://pay.weixin.qq.com/doc/v3/partner/4012881605
func combinePapayResource(c *contractRow) document {
	out := document{
		"mchid": c.MchID, "out_contract_code": c.Code, "plan_id": integer(c.PlanID),
		"appid": c.AppID, "openid": c.OpenID, "operate_time": wire.FormatTime(c.SignedAt),
	}
	out.set("attach", c.Attach)
	if c.State == ContractTerminated {
		out["operate_time"] = wire.FormatTime(c.TerminatedAt)
		out["contract_termination_mode"] = string(c.Mode)
	} else {
		out["contract_expired_time"] = wire.FormatTime(c.ExpiresAt)
	}
	return out
}
