// Package passwordexempt is 免密支付 as the sandbox plays it: contracts under which orders are paid
// without a password, signed from a page or after a payment.
//
// It stands on the engine and knows no other product. Start reading at [Product], which has the
// limits as well.
package passwordexempt

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Product is 免密支付, paying later orders without a password. The four
// roles differ in what their calls name: a service provider's are sp_appid,
// sp_openid, sub_mchid and sub_appid, an institution's appid with the same subs.
//
// It debits nothing by itself: an order placed with the contract's id is paid
// without a password, within limits (debits/exempt.go).
// https://pay.weixin.qq.com/doc/v3/partner/4012715383
func Product() *engine.Product {
	const root = "/v3/password-exempt-contract/contracts"
	const byCode = root + "/service-id/{service_id}/out-contract-code/{out_contract_code}"
	behaviours := map[string]engine.Behaviour{
		"GET " + byCode:                 query,
		"POST " + byCode + "/terminate": terminate,
	}
	for _, role := range []string{"normal", "service-provider", "qs", "ecommerce"} {
		behaviours["POST "+root+"/"+role+"/pre-entrust-sign/pay-redirect-sign"] = afterPay
		behaviours["POST "+root+"/"+role+"/pre-entrust-sign/mini-program"] = miniProgram
	}
	return &engine.Product{
		Name:     ledger.PasswordExempt,
		Samples:  []ledger.Plan{{ID: samples.PlanID, Name: "Pay without password"}},
		TTL:      2 * time.Hour,
		Token:    (*random.Random).PreEntrustWebID,
		ID:       (*random.Random).ContractID,
		Names:    engine.Names{Plan: "service_id", Code: "out_contract_code", Account: "contract_display_account"},
		Signed:   engine.Event{EventType: "ENTRUST.SIGN", OriginalType: "entrust", Summary: "免密支付签约通知"},
		Ended:    engine.Event{EventType: "ENTRUST.TERMINATE", OriginalType: "entrust", Summary: "免密支付解约通知"},
		Retries:  rows.GenericSchedule,
		Resource: resource,
		AlreadySigned: func() *engine.Refusal {
			return engine.InvalidRequest("用户已开通该免密支付服务，请勿重复签约")
		},
		Gone: func() *engine.Refusal { return engine.InvalidRequest("协议不存在或已解约") },
		// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
		Exempt:     ledger.Limits{PerDebit: 500_00, PerDay: 2500_00, SuccessesPerDay: 5},
		Behaviours: behaviours,
	}
}

// afterPay decorates an order that is not paid yet: there is
// nothing to launch, so the reply has no token.
func afterPay(c *engine.Call) (engine.Document, error) {
	s, err := contracts.Presign(c, c.Product, namesPayer, checkPrepay)
	if err != nil {
		return nil, err
	}
	return exemptPresigned(c, s), nil
}

func miniProgram(c *engine.Call) (engine.Document, error) {
	s, err := contracts.Presign(c, c.Product, namesPayer)
	if err != nil {
		return nil, err
	}
	out := exemptPresigned(c, s)
	out["pre_entrustweb_id"] = s.Token
	out["sign_mp_appid"], out["sign_mp_path"] = contracts.SigningAppID, contracts.SigningMPPath
	return out, nil
}

func exemptPresigned(c *engine.Call, s *rows.Session) engine.Document {
	out := engine.Document{"mchid": s.MchID, "service_id": engine.Integer(s.PlanID), "out_contract_code": s.Code}
	if c.Text("sp_appid") != "" { // only a service provider's replies name the sub-merchant
		out["sub_mchid"] = s.SubMchID
	}
	return out
}

// namesPayer wants one openid at least.
func namesPayer(c *engine.Call, s *rows.Session) error {
	if s.Payers().Name() != "" {
		return nil
	}
	return engine.BadField("/"+c.Named("sp_openid", "openid"), "openid与sub_openid至少填一个").
		Hinting("name the payer: one of the two openids")
}

// checkPrepay checks that the order to be decorated is the same payer's, through
// the same appid, and still waiting for its payment.
func checkPrepay(c *engine.Call, s *rows.Session) error {
	o, err := c.OrderByPrepay(s.PrepayID)
	var none *engine.Refusal
	switch {
	case errors.As(err, &none):
		return engine.InvalidRequest("prepay_id不存在").Hinting("no order of merchant " + c.Merchant.MchID +
			" has this prepay_id: create one with POST /v3/pay/transactions/jsapi first")
	case err != nil:
		return err
	case s.SubMchID != "" && o.SubMchID != s.SubMchID && !o.Combined:
		return engine.InvalidRequest("prepay_id不存在").Hinting("the prepay_id belongs to another sub-merchant's order")
	case o.State != ledger.OrderNotPaid:
		return engine.InvalidRequest("订单已支付或已关闭").Hinting("the order is " + string(o.State) +
			"; presign before the payer pays")
	case !c.Now.Before(o.PrepayExpiresAt):
		return engine.InvalidRequest("prepay_id已失效").Hinting("a prepay_id lives two hours; place the order again")
	case differ(o.OpenID, s.OpenID) || differ(o.SubOpenID, s.SubOpenID) || o.Payers().Name() != "" &&
		!samePayer(c, o, s):
		return engine.InvalidRequest("openid与下单用户不一致").Hinting("openid is not the payer of the order")
	case o.AppID != s.AppID:
		return engine.InvalidRequest("appid与下单appid不一致").Hinting("appid is not the order's")
	}
	return nil
}

// differ says whether two openids are both there and not the same.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// samePayer says whether an order and a session are the same person's. Openids
// under different appids are one person's only when the registry says so.
func samePayer(c *engine.Call, o *rows.Order, s *rows.Session) bool {
	return o.Payers().Share(s.Payers()) ||
		c.Registry.Person(o.Payers().Name()).ID == c.Registry.Person(s.Payers().Name()).ID
}

func query(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.OfPath(c, c.Vars["service_id"])
	if err != nil {
		return nil, err
	}
	out := resource(contract)
	delete(out, "attach")
	return out, nil
}

func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.TerminateOfPath(c, c.Vars["service_id"])
	if err != nil {
		return nil, err
	}
	return engine.Document{"mchid": contract.MchID, "service_id": engine.Integer(contract.PlanID),
		"out_contract_code": contract.Code}, nil
}

// resource is inferred: no page names the events of this product
// or their resource. It follows ENTRUST.SIGN with service_id for plan_id.
func resource(c *rows.Contract) engine.Document {
	out := engine.Document{
		"mchid": c.MchID, "contract_id": c.ID, "appid": c.AppID, "openid": c.OpenID,
		"service_id": engine.Integer(c.PlanID), "out_contract_code": c.Code, "contract_display_account": c.Account,
		"contract_state": string(c.State), "contract_signed_time": wire.FormatTime(c.SignedAt),
	}
	out.Set("sub_appid", c.SubAppID)
	out.Set("sub_openid", c.SubOpenID)
	if c.State == ledger.ContractTerminated {
		out["contract_terminate_info"] = contracts.TerminateInfo(c)
	}
	return out
}
