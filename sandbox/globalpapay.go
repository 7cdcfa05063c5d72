package sandbox

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// globalPapay is 跨境∙代扣, recurring debits of merchants outside mainland China,
// direct ones and institutions with sub-merchants.
// https://pay.weixin.qq.com/doc/global/v3/en/4012356578
func globalPapay() *product {
	const root = "/v3/global/papay"
	return &product{
		name:          GlobalPapay,
		ttl:           2 * time.Hour, // of calls without expired_time; not documented
		token:         (*random).sessionID,
		id:            (*random).longContractID,
		names:         names{plan: "plan_id", code: "out_contract_code", account: "user_display_name"},
		signed:        event{eventType: "PAPAY.SIGN", originalType: "papay", summary: "委托代扣签约成功"},
		ended:         event{eventType: "PAPAY.TERMINATE", originalType: "papay", summary: "委托代扣解约成功"},
		retries:       globalSchedule,
		resource:      globalResource,
		alreadySigned: func() *refusal { return invalidRequest("用户已签约该模板，请勿重复签约") },
		gone:          globalGone,
		noOrder:       func() *refusal { return notFound("NOT_FOUND", "订单不存在") },
		debits:        []*debitRules{globalDebits()},
		behaviours: map[string]behaviour{
			"POST " + root + "/contracts/app-pre-entrust-sign":                   globalPresign("session_id", false),
			"POST " + root + "/contracts/miniprogram-pre-entrust-sign":           globalPresign("session_id", false),
			"POST " + root + "/contracts/jsapi-pre-entrust-sign":                 globalPresign("sign_url", true),
			"POST " + root + "/contracts/h5-pre-entrust-sign":                    globalPresign("sign_url", true),
			"POST " + root + "/contracts/web-pre-entrust-sign":                   globalPresign("show_code_url", true),
			"GET " + root + "/contracts/{contract_id}":                           globalQuery,
			"GET " + root + "/contracts/out-contract-code/{out_contract_code}":   globalQueryByCode,
			"POST " + root + "/contracts/{contract_id}/terminate":                globalTerminate,
			"POST " + root + "/transactions":                                     globalDebit,
			"GET " + root + "/transactions/{transaction_id}":                     globalDebitByID,
			"GET " + root + "/transactions/out-trade-no/{out_trade_no}":          globalDebitByNo,
			"POST " + root + "/transactions/out-trade-no/{out_trade_no}/reverse": globalReverse,
		},
	}
}

// globalGone is how this product says that a contract does not stand.
// https://pay.weixin.qq.com/doc/global/v3/en/4012356587
func globalGone() *refusal {
	return &refusal{status: 403, code: "CONTRACT_NOT_EXIST", message: "协议不存在或已解约", internal: internalNotFound}
}

// globalPresign answers with a token under its name, or with the page of it.
func globalPresign(name string, page bool) behaviour {
	return func(c *call) (document, error) {
		s, err := c.presign(c.product, globalMay)
		if err != nil {
			return nil, err
		}
		if page {
			return document{name: signingPage(s.Token)}, nil
		}
		return document{name: s.Token}, nil
	}
}

// globalMay sorts out who calls and until when the session lives.
func globalMay(c *call, s *sessionRow) error {
	if err := c.globalParty(c.text("sp_appid"), s.SubMchID, c.text("sp_mchid")); err != nil {
		return err
	}
	if c.text("sp_appid") != "" { // the payer is known to the sub-merchant
		s.AppID, s.OpenID, s.SubOpenID = c.text("sp_appid"), "", c.text("openid")
	}
	s.ClientIP = c.text("user_client_ip")
	if text := c.text("expired_time"); text != "" {
		until, err := time.Parse(time.RFC3339, text)
		if err != nil || !until.After(c.now) {
			return badField("/expired_time", text, "expired_time需晚于当前时间").
				hinting("the session would be over before it begins")
		}
		if checkTime(until) != nil {
			return beyondTime("/expired_time", text)
		}
		s.ExpiresAt = until
	}
	return nil
}

// globalParty tells direct merchants from institutions.
func (c *call) globalParty(spAppID, subMchID, spMchID string) error {
	if spMchID != "" {
		if err := c.checkMchID("sp_mchid", spMchID); err != nil {
			return err
		}
	}
	switch {
	case spAppID == "" && subMchID != "":
		return badField("/sub_mchid", subMchID, "直连模式不需填写sub_mchid").
			hinting("sub_mchid goes with sp_appid, in institution mode")
	case spAppID != "" && subMchID == "":
		return badField("/sub_mchid", "", "机构模式需填写sub_mchid").hinting("a call with sp_appid names the sub-merchant too")
	case spAppID != "" && !c.merchant.owns(spAppID):
		return badField("/sp_appid", spAppID, "sp_appid与mchid不匹配").hinting("this sp_appid is not bound to merchant " +
			c.merchant.MchID)
	}
	return nil
}

// institution says whether a contract or debit was asked for in that mode.
func institution(request []byte) bool { return textOf(decodeBody(request), "sp_appid") != "" }

func globalQuery(c *call) (document, error) {
	contract, err := c.ownContract(c.vars["contract_id"])
	if err == nil {
		err = c.globalHolds(contract)
	}
	if r := (*refusal)(nil); errors.As(err, &r) {
		return nil, notFound("NOT_FOUND", "协议不存在").hinting(r.hint)
	}
	if err != nil {
		return nil, err
	}
	return globalContract(contract), nil
}

func globalQueryByCode(c *call) (document, error) {
	contract, err := c.contractByCode(c.product, c.merchant.MchID, c.query.Get("plan_id"), c.vars["out_contract_code"])
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, notFound("NOT_FOUND", "协议不存在").
			hinting("nobody has agreed to this out_contract_code, or it is of another plan_id")
	}
	if r := (*refusal)(nil); errors.As(c.globalHolds(contract), &r) {
		return nil, notFound("NOT_FOUND", "协议不存在").hinting(r.hint)
	}
	return globalContract(contract), nil
}

// globalHolds checks the parties a query names against the contract's.
func (c *call) globalHolds(contract *contractRow) error {
	appid := "appid"
	if institution(contract.Request) {
		appid = "sp_appid"
	}
	for name, want := range map[string]string{"sub_mchid": contract.SubMchID, appid: contract.AppID} {
		if got := c.query.Get(name); got != "" && got != want {
			return globalGone().hinting(name + " is not the contract's")
		}
	}
	return nil
}

func globalTerminate(c *call) (document, error) {
	contract, err := c.ownContract(c.vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if sub := c.text("sub_mchid"); sub != "" && sub != contract.SubMchID {
		return nil, globalGone().hinting("sub_mchid is not the contract's")
	}
	return nil, c.terminate(contract, ByMerchant, c.text("termination_note"))
}

// globalContract is a contract in queries.
func globalContract(c *contractRow) document {
	out := globalParties(c)
	out["contract_id"], out["plan_id"], out["out_contract_code"] = c.ID, integer(c.PlanID), c.Code
	out["user_display_name"], out["state"], out["signed_time"] = c.Account, "SIGNED", wire.FormatTime(c.SignedAt)
	openid := c.OpenID
	if c.SubOpenID != "" {
		openid = c.SubOpenID
	}
	out["openid"] = openid
	delete(out, "sp_openid")
	delete(out, "sub_openid")
	if !c.live() {
		out["state"], out["terminated_time"], out["termination_mode"] = "TERMINATED", wire.FormatTime(
			c.TerminatedAt), globalMode(c.Mode)
		out.set("termination_note", c.Remark)
	}
	return out
}

// globalParties names the parties of a contract in the words of its mode.
func globalParties(c *contractRow) document {
	if !institution(c.Request) {
		return document{"mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID}
	}
	out := document{"sp_mchid": c.MchID, "sp_appid": c.AppID, "sub_mchid": c.SubMchID}
	out.set("sub_appid", c.SubAppID)
	out.set("sp_openid", c.OpenID)
	out.set("sub_openid", c.SubOpenID)
	return out
}

// globalResource is what PAPAY.SIGN and PAPAY.TERMINATE carry.
func globalResource(c *contractRow) document {
	out := globalParties(c)
	out["contract_id"], out["plan_id"], out["out_contract_code"] = c.ID, integer(c.PlanID), c.Code
	out["operate_time"] = wire.FormatTime(c.SignedAt)
	if !c.over().IsZero() {
		out["contract_expired_time"] = wire.FormatTime(c.over())
	}
	if !c.live() {
		out["operate_time"], out["contract_termination_mode"] = wire.FormatTime(c.TerminatedAt), globalMode(c.Mode)
	}
	return out
}

// globalMode is termination_mode of /v3/global/papay.
func globalMode(t Termination) string {
	switch t {
	case ByUser:
		return "USER"
	case ByMerchant, ByConsole:
		return "MERCHANT"
	}
	return "PLATFORM"
}
