package sandbox

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// passwordExempt is 免密支付, paying later orders without a password. The four
// roles differ in what their calls name: a service provider's are sp_appid,
// sp_openid, sub_mchid and sub_appid, an institution's appid with the same subs.
//
// It debits nothing by itself: an order placed with the contract's id is paid
// without a password; see withcontract.go.
// https://pay.weixin.qq.com/doc/v3/partner/4012715383
func passwordExempt() *product {
	const root = "/v3/password-exempt-contract/contracts"
	const byCode = root + "/service-id/{service_id}/out-contract-code/{out_contract_code}"
	behaviours := map[string]behaviour{
		"GET " + byCode:                 passwordExemptQuery,
		"POST " + byCode + "/terminate": passwordExemptTerminate,
	}
	for _, role := range []string{"normal", "service-provider", "qs", "ecommerce"} {
		behaviours["POST "+root+"/"+role+"/pre-entrust-sign/pay-redirect-sign"] = passwordExemptAfterPay
		behaviours["POST "+root+"/"+role+"/pre-entrust-sign/mini-program"] = passwordExemptMiniProgram
	}
	return &product{
		name:          PasswordExempt,
		ttl:           2 * time.Hour,
		token:         (*random).preEntrustWebID,
		id:            (*random).contractID,
		names:         names{plan: "service_id", code: "out_contract_code", account: "contract_display_account"},
		signed:        event{eventType: "ENTRUST.SIGN", originalType: "entrust", summary: "免密支付签约通知"},
		ended:         event{eventType: "ENTRUST.TERMINATE", originalType: "entrust", summary: "免密支付解约通知"},
		retries:       genericSchedule,
		resource:      passwordExemptResource,
		alreadySigned: func() *refusal { return invalidRequest("用户已开通该免密支付服务，请勿重复签约") },
		gone:          func() *refusal { return invalidRequest("协议不存在或已解约") },
		behaviours:    behaviours,
	}
}

// passwordExemptAfterPay decorates an order that is not paid yet: there is
// nothing to launch, so the reply has no token.
func passwordExemptAfterPay(c *call) (document, error) {
	s, err := c.presign(c.product, (*call).namesPayer, (*call).checkPrepay)
	if err != nil {
		return nil, err
	}
	return c.exemptPresigned(s), nil
}

func passwordExemptMiniProgram(c *call) (document, error) {
	s, err := c.presign(c.product, (*call).namesPayer)
	if err != nil {
		return nil, err
	}
	out := c.exemptPresigned(s)
	out["pre_entrustweb_id"], out["sign_mp_appid"], out["sign_mp_path"] = s.Token, signingAppID, signingMPPath
	return out, nil
}

func (c *call) exemptPresigned(s *sessionRow) document {
	out := document{"mchid": s.MchID, "service_id": integer(s.PlanID), "out_contract_code": s.Code}
	if c.text("sp_appid") != "" { // only a service provider's replies name the sub-merchant
		out["sub_mchid"] = s.SubMchID
	}
	return out
}

// namesPayer wants one openid at least.
func (c *call) namesPayer(s *sessionRow) error {
	if s.payers().name() != "" {
		return nil
	}
	return badField("/"+c.named("sp_openid", "openid"), "", "openid与sub_openid至少填一个").
		hinting("name the payer: one of the two openids")
}

// checkPrepay checks that the order to be decorated is the same payer's, through
// the same appid, and still waiting for its payment.
func (c *call) checkPrepay(s *sessionRow) error {
	o, err := c.orderByPrepay(s.PrepayID)
	var none *refusal
	switch {
	case errors.As(err, &none):
		return invalidRequest("prepay_id不存在").hinting("no order of merchant " + c.merchant.MchID +
			" has this prepay_id: create one with POST /v3/pay/transactions/jsapi first")
	case err != nil:
		return err
	case s.SubMchID != "" && o.SubMchID != s.SubMchID && !o.Combined:
		return invalidRequest("prepay_id不存在").hinting("the prepay_id belongs to another sub-merchant's order")
	case o.State != OrderNotPaid:
		return invalidRequest("订单已支付或已关闭").hinting("the order is " + string(o.State) +
			"; presign before the payer pays")
	case !c.now.Before(o.PrepayExpiresAt):
		return invalidRequest("prepay_id已失效").hinting("a prepay_id lives two hours; place the order again")
	case differ(o.OpenID, s.OpenID) || differ(o.SubOpenID, s.SubOpenID) || o.payers().name() != "" &&
		!c.samePayer(o, s):
		return invalidRequest("openid与下单用户不一致").hinting("openid is not the payer of the order")
	case o.AppID != s.AppID:
		return invalidRequest("appid与下单appid不一致").hinting("appid is not the order's")
	}
	return nil
}

// differ says whether two openids are both there and not the same.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// samePayer says whether an order and a session are the same person's. Openids
// under different appids are one person's only when the registry says so.
func (c *call) samePayer(o *orderRow, s *sessionRow) bool {
	return o.OpenID != "" && o.OpenID == s.OpenID || o.SubOpenID != "" && o.SubOpenID == s.SubOpenID ||
		c.registry.person(o.payers().name()).id == c.registry.person(s.payers().name()).id
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
	return document{"mchid": contract.MchID, "service_id": integer(contract.PlanID),
		"out_contract_code": contract.Code}, nil
}

// passwordExemptResource is inferred: no page names the events of this product
// or their resource. It follows ENTRUST.SIGN with service_id for plan_id.
func passwordExemptResource(c *contractRow) document {
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
