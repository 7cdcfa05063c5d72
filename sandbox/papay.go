package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// papay is 委托代扣, classic recurring debits. Most merchants sign, debit and
// terminate in APIv2 (papayv2*.go) and use APIv3 for the notice before a debit;
// contracts of both are the same thing, so they share this product.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987465
func papay() *product {
	return &product{
		name:          Papay,
		ttl:           2 * time.Hour,
		token:         (*dice).preEntrustWebID,
		id:            (*dice).longContractID,
		names:         names{plan: "plan_id", code: "out_contract_code", account: "contract_display_account"},
		years:         10, // queries show a contract_expired_time; what it is without one is not documented
		signed:        event{"ENTRUST.SIGN", "entrust", "委托代扣签约通知"},
		ended:         event{"ENTRUST.TERMINATE", "entrust", "委托代扣解约通知"},
		retries:       genericSchedule,
		resource:      papayResource,
		alreadySigned: func() *refusal { return invalidRequest("用户已签约该模板，请勿重复签约") },
		gone:          func() *refusal { return invalidRequest("协议不存在或已解约") },
		debits:        []*debitRules{debitsV2()},
		behaviours:    papayNotices(),
	}
}

// papayResource is the contract in APIv3's terms.
func papayResource(c *Contract) document {
	out := document{
		"mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID, "contract_id": c.ID, "plan_id": integer(c.PlanID),
		"out_contract_code": c.Code, "contract_display_account": c.Account, "contract_state": string(c.State),
		"contract_signed_time":  wire.FormatTime(c.SignedAt),
		"contract_expired_time": wire.FormatTime(c.ExpiresAt),
	}
	if c.State == ContractTerminated {
		out["contract_terminate_info"] = terminateInfo(c)
	}
	return out
}
