package sandbox

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// passwordExempt is 免密支付, paying later orders without a password.
// https://pay.weixin.qq.com/doc/v3/partner/4012715383
func passwordExempt() *product {
	const root = "/v3/password-exempt-contract/contracts"
	const byCode = root + "/service-id/{service_id}/out-contract-code/{out_contract_code}"
	return &product{
		name:          PasswordExempt,
		ttl:           2 * time.Hour,
		token:         (*dice).preEntrustWebID,
		id:            (*dice).contractID,
		names:         names{plan: "service_id", code: "out_contract_code", account: "contract_display_account"},
		signed:        event{"ENTRUST.SIGN", "entrust", "免密支付签约通知"},
		ended:         event{"ENTRUST.TERMINATE", "entrust", "免密支付解约通知"},
		retries:       genericSchedule,
		resource:      passwordExemptResource,
		alreadySigned: func() *refusal { return invalidRequest("用户已开通该免密支付服务，请勿重复签约") },
		gone:          func() *refusal { return invalidRequest("协议不存在或已解约") },
		behaviours: map[string]behaviour{
			"POST " + root + "/ecommerce/pre-entrust-sign/pay-redirect-sign": passwordExemptAfterPay,
			"POST " + root + "/ecommerce/pre-entrust-sign/mini-program":      passwordExemptMiniProgram,
			"GET " + byCode:                 passwordExemptQuery,
			"POST " + byCode + "/terminate": passwordExemptTerminate,
		},
	}
}

// passwordExemptAfterPay decorates an order that is not paid yet: there is
// nothing to launch, so the reply has no token.
func passwordExemptAfterPay(c *call) (document, error) {
	if err := c.checkPrepay(c.text("prepay_id"), c.text("openid"), c.text("appid")); err != nil {
		return nil, err
	}
	s, err := c.presign(c.product)
	if err != nil {
		return nil, err
	}
	return document{"mchid": s.MchID, "service_id": integer(s.PlanID), "out_contract_code": s.Code}, nil
}

func passwordExemptMiniProgram(c *call) (document, error) {
	s, err := c.presign(c.product)
	if err != nil {
		return nil, err
	}
	return document{
		"pre_entrustweb_id": s.Token, "mchid": s.MchID, "service_id": integer(s.PlanID), "out_contract_code": s.Code,
		"sign_mp_appid": "wxbd687630cd02ce1d", "sign_mp_path": "pages/PwdExemptContract/index",
	}, nil
}

// checkPrepay checks that the order to be decorated is the same payer's, through
// the same appid, and still waiting for its payment.
func (c *call) checkPrepay(prepayID, openid, appid string) error {
	o, err := c.orderByPrepay(prepayID)
	var none *refusal
	switch {
	case errors.As(err, &none):
		return invalidRequest("prepay_id不存在").hinting("no order of this sandbox has this prepay_id: create one with POST /v3/pay/transactions/jsapi first")
	case err != nil:
		return err
	case o.MchID != c.merchant.MchID:
		return invalidRequest("prepay_id不存在").hinting("the prepay_id belongs to another merchant's order")
	case o.State != OrderNotPaid:
		return invalidRequest("订单已支付或已关闭").hinting("the order is " + string(o.State) + "; presign before the payer pays")
	case !c.now.Before(o.PrepayExpiresAt):
		return invalidRequest("prepay_id已失效").hinting("a prepay_id lives two hours; place the order again")
	case o.OpenID != openid:
		return invalidRequest("openid与下单用户不一致").hinting("openid is not the payer of the order")
	case o.AppID != appid:
		return invalidRequest("appid与下单appid不一致").hinting("appid is not the order's")
	}
	return nil
}

func passwordExemptQuery(c *call) (document, error) {
	contract, err := c.contractOfPath(c.vars["service_id"])
	if err != nil {
		return nil, err
	}
	out := passwordExemptResource(contract)
	delete(out, "attach")
	return out, nil
}

func passwordExemptTerminate(c *call) (document, error) {
	contract, err := c.terminateOfPath(c.vars["service_id"])
	if err != nil {
		return nil, err
	}
	return document{"mchid": contract.MchID, "service_id": integer(contract.PlanID), "out_contract_code": contract.Code}, nil
}

// passwordExemptResource is inferred: no page names the events of this product
// or their resource. It follows ENTRUST.SIGN with service_id for plan_id.
func passwordExemptResource(c *Contract) document {
	out := document{
		"mchid": c.MchID, "contract_id": c.ID, "appid": c.AppID, "openid": c.OpenID,
		"service_id": integer(c.PlanID), "out_contract_code": c.Code, "contract_display_account": c.Account,
		"contract_state": string(c.State), "contract_signed_time": wire.FormatTime(c.SignedAt),
	}
	out.set("sub_appid", c.SubAppID)
	out.set("sub_openid", c.SubOpenID)
	if c.State == ContractTerminated {
		out["contract_terminate_info"] = terminateInfo(c)
	}
	return out
}
