// Package globalpapay is 委托代扣 across the border as the sandbox plays it.
//
// It stands on the engine and knows no other product. Start reading at [Product]; debit.go has
// its debits.
package globalpapay

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Product is 跨境∙代扣, recurring debits of merchants outside mainland China,
// direct ones and institutions with sub-merchants.
// https://pay.weixin.qq.com/doc/global/v3/en/4012356578
func Product() *engine.Product {
	const root = "/v3/global/papay"
	return &engine.Product{
		Name:          ledger.GlobalPapay,
		Samples:       []ledger.Plan{{ID: samples.CreditPlanID, Name: "Monthly plan abroad"}},
		TTL:           2 * time.Hour, // of calls without expired_time; not documented
		Token:         (*random.Random).SessionID,
		ID:            (*random.Random).LongContractID,
		Names:         engine.Names{Plan: "plan_id", Code: "out_contract_code", Account: "user_display_name"},
		Signed:        engine.Event{EventType: "PAPAY.SIGN", OriginalType: "papay", Summary: "委托代扣签约成功"},
		Ended:         engine.Event{EventType: "PAPAY.TERMINATE", OriginalType: "papay", Summary: "委托代扣解约成功"},
		Retries:       rows.ShortSchedule,
		Resource:      resource,
		AlreadySigned: func() *engine.Refusal { return engine.InvalidRequest("用户已签约该模板，请勿重复签约") },
		Gone:          gone,
		NoOrder:       func() *engine.Refusal { return engine.NotFound("NOT_FOUND", "订单不存在") },
		Debits:        []*engine.DebitRules{rules()},
		Make: func(m *engine.Made, c *rows.Contract) {
			if m.Partner {
				c.Request = rows.EncodeJSON(engine.Document{"sp_appid": c.AppID})
			}
		},
		Behaviours: map[string]engine.Behaviour{
			"POST " + root + "/contracts/app-pre-entrust-sign":                   presign("session_id", false),
			"POST " + root + "/contracts/miniprogram-pre-entrust-sign":           presign("session_id", false),
			"POST " + root + "/contracts/jsapi-pre-entrust-sign":                 presign("sign_url", true),
			"POST " + root + "/contracts/h5-pre-entrust-sign":                    presign("sign_url", true),
			"POST " + root + "/contracts/web-pre-entrust-sign":                   presign("show_code_url", true),
			"GET " + root + "/contracts/{contract_id}":                           query,
			"GET " + root + "/contracts/out-contract-code/{out_contract_code}":   queryByCode,
			"POST " + root + "/contracts/{contract_id}/terminate":                terminate,
			"POST " + root + "/transactions":                                     debit,
			"GET " + root + "/transactions/{transaction_id}":                     debits.Query(transaction),
			"GET " + root + "/transactions/out-trade-no/{out_trade_no}":          debits.Query(transaction),
			"POST " + root + "/transactions/out-trade-no/{out_trade_no}/reverse": reverse,
		},
	}
}

// gone is how this product says that a contract does not stand.
// https://pay.weixin.qq.com/doc/global/v3/en/4012356587
func gone() *engine.Refusal {
	return &engine.Refusal{Status: 403, Code: "CONTRACT_NOT_EXIST", Message: "协议不存在或已解约",
		Internal: engine.InternalNotFound}
}

// presign answers with a token under its name, or with the page of it.
func presign(name string, page bool) engine.Behaviour {
	return func(c *engine.Call) (engine.Document, error) {
		s, err := contracts.Presign(c, c.Product, may)
		if err != nil {
			return nil, err
		}
		if page {
			return engine.Document{name: contracts.SigningPage(s.Token)}, nil
		}
		return engine.Document{name: s.Token}, nil
	}
}

// may sorts out who calls and until when the session lives.
func may(c *engine.Call, s *rows.Session) error {
	if err := party(c, c.Text("sp_appid"), s.SubMchID, c.Text("sp_mchid")); err != nil {
		return err
	}
	if c.Text("sp_appid") != "" { // the payer is known to the sub-merchant
		s.AppID, s.OpenID, s.SubOpenID = c.Text("sp_appid"), "", c.Text("openid")
	}
	s.ClientIP = c.Text("user_client_ip")
	if text := c.Text("expired_time"); text != "" {
		until, err := time.Parse(time.RFC3339, text)
		if err != nil || !until.After(c.Now) {
			return engine.BadField("/expired_time", "expired_time需晚于当前时间").
				Hinting("the session would be over before it begins")
		}
		if clock.CheckTime(until) != nil {
			return engine.BeyondTime("/expired_time")
		}
		s.ExpiresAt = until
	}
	return nil
}

// party tells direct merchants from institutions.
func party(c *engine.Call, spAppID, subMchID, spMchID string) error {
	if spMchID != "" {
		if err := c.CheckMchID("sp_mchid", spMchID); err != nil {
			return err
		}
	}
	switch {
	case spAppID == "" && subMchID != "":
		return engine.BadField("/sub_mchid", "直连模式不需填写sub_mchid").
			Hinting("sub_mchid goes with sp_appid, in institution mode")
	case spAppID != "" && subMchID == "":
		return engine.BadField("/sub_mchid", "机构模式需填写sub_mchid").
			Hinting("a call with sp_appid names the sub-merchant too")
	case spAppID != "" && !c.Merchant.Owns(spAppID):
		return engine.BadField("/sp_appid", "sp_appid与mchid不匹配").
			Hinting("this sp_appid is not bound to merchant " +
				c.Merchant.MchID)
	}
	return nil
}

// institution says whether a contract or debit was asked for in that mode.
func institution(request []byte) bool {
	return engine.TextOf(engine.DecodeBody(request), "sp_appid") != ""
}

func query(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Own(c, c.Vars["contract_id"])
	if err == nil {
		err = holds(c, contract)
	}
	if r := (*engine.Refusal)(nil); errors.As(err, &r) {
		return nil, engine.NotFound("NOT_FOUND", "协议不存在").Hinting(r.Hint)
	}
	if err != nil {
		return nil, err
	}
	return globalContract(contract), nil
}

func queryByCode(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.ByCode(c.Step, c.Product, c.Merchant.MchID, c.Query.Get("plan_id"),
		c.Vars["out_contract_code"])
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, engine.NotFound("NOT_FOUND", "协议不存在").
			Hinting("nobody has agreed to this out_contract_code, or it is of another plan_id")
	}
	if r := (*engine.Refusal)(nil); errors.As(holds(c, contract), &r) {
		return nil, engine.NotFound("NOT_FOUND", "协议不存在").Hinting(r.Hint)
	}
	return globalContract(contract), nil
}

// holds checks the parties a query names against the contract's.
func holds(c *engine.Call, contract *rows.Contract) error {
	appid := "appid"
	if institution(contract.Request) {
		appid = "sp_appid"
	}
	for name, want := range map[string]string{"sub_mchid": contract.SubMchID, appid: contract.AppID} {
		if got := c.Query.Get(name); got != "" && got != want {
			return gone().Hinting(name + " is not the contract's")
		}
	}
	return nil
}

func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Own(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if sub := c.Text("sub_mchid"); sub != "" && sub != contract.SubMchID {
		return nil, gone().Hinting("sub_mchid is not the contract's")
	}
	return nil, contracts.Terminate(c.Step, contract, ledger.ByMerchant, c.Text("termination_note"))
}

// globalContract is a contract in queries.
func globalContract(c *rows.Contract) engine.Document {
	out := parties(c)
	out["contract_id"], out["plan_id"], out["out_contract_code"] = c.ID, engine.Integer(c.PlanID), c.Code
	out["user_display_name"], out["state"], out["signed_time"] = c.Account, "SIGNED", wire.FormatTime(c.SignedAt)
	openid := c.OpenID
	if c.SubOpenID != "" {
		openid = c.SubOpenID
	}
	out["openid"] = openid
	delete(out, "sp_openid")
	delete(out, "sub_openid")
	if !c.Live() {
		out["state"], out["terminated_time"], out["termination_mode"] = "TERMINATED", wire.FormatTime(
			c.TerminatedAt), mode(c.Mode)
		out.Set("termination_note", c.Remark)
	}
	return out
}

// parties names the parties of a contract in the words of its mode.
func parties(c *rows.Contract) engine.Document {
	if !institution(c.Request) {
		return engine.Document{"mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID}
	}
	out := engine.Document{"sp_mchid": c.MchID, "sp_appid": c.AppID, "sub_mchid": c.SubMchID}
	out.Set("sub_appid", c.SubAppID)
	out.Set("sp_openid", c.OpenID)
	out.Set("sub_openid", c.SubOpenID)
	return out
}

// resource is what PAPAY.SIGN and PAPAY.TERMINATE carry.
func resource(c *rows.Contract) engine.Document {
	out := parties(c)
	out["contract_id"], out["plan_id"], out["out_contract_code"] = c.ID, engine.Integer(c.PlanID), c.Code
	out["operate_time"] = wire.FormatTime(c.SignedAt)
	if !c.Over().IsZero() {
		out["contract_expired_time"] = wire.FormatTime(c.Over())
	}
	if !c.Live() {
		out["operate_time"], out["contract_termination_mode"] = wire.FormatTime(c.TerminatedAt), mode(c.Mode)
	}
	return out
}

// mode is termination_mode of /v3/global/papay.
func mode(t ledger.Termination) string {
	switch t {
	case ledger.ByUser:
		return "USER"
	case ledger.ByMerchant, ledger.ByConsole:
		return "MERCHANT"
	}
	return "PLATFORM"
}
