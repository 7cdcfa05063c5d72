// Package insurance is 保险委托代扣 as the sandbox plays it: contracts with periods, renewed by the
// year, that a payer may think again about.
//
// It stands on the engine and knows no other product. Start reading at [Product]; periods.go has
// what may be agreed about periods, pay.go their booking and debits, change.go how a policy is
// changed, renewed and ends.
package insurance

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Product is 委托代扣∙保险业: a policy is paid by periods, each booked and
// debited within its month, and renewed for another term when the last is over.
// https://pay.weixin.qq.com/docs/merchant/products/insurance-entrusted-payment/introduction.html
func Product() *engine.Product {
	const (
		sign    = "/v3/papay/insurance-sign"
		pay     = "/v3/papay/insurance-pay"
		byCode  = "/plan-id/{plan_id}/out-contract-code/{out_contract_code}"
		byID    = "/plan-id/{plan_id}/contract-id/{contract_id}"
		period  = pay + "/policy-periods/contract-id/{contract_id}/policy-period-id/{policy_period_id}"
		presign = "POST " + sign + "/contracts/pre-entrust-sign"
	)
	page := func(s *rows.Session) engine.Document {
		return engine.Document{"redirect_url": contracts.SigningPage(s.Token)}
	}
	return &engine.Product{
		Name:    ledger.Insurance,
		Samples: []ledger.Plan{{ID: samples.PlanID, Name: "Insurance by month"}},
		TTL:     10 * time.Minute,
		Token:   (*random.Random).PreEntrustWebID,
		ID:      (*random.Random).ContractID,
		Names:   engine.Names{Plan: "plan_id", Code: "out_contract_code", Account: "insured_display_name"},
		Signed: engine.Event{EventType: "INSURANCE_ENTRUST.SIGN", OriginalType: "insurance_entrust",
			Summary: "保险委托代扣签约通知"},
		Ended: engine.Event{EventType: "INSURANCE_ENTRUST.TERMINATE", OriginalType: "insurance_entrust",
			Summary: "保险委托代扣解约通知"},
		Retries:  rows.GenericSchedule,
		Resource: resource,
		AlreadySigned: func() *engine.Refusal {
			return engine.InvalidRequest("用户已签约该模板，请勿重复签约").
				Hinting("the payer has a contract in force under this plan; another out_user_code tells their " +
					"accounts apart")
		},
		Gone: func() *engine.Refusal {
			return engine.InvalidRequest("协议不存在或已解约").Hinting("only a contract in force can be ended, and only once")
		},
		Most:        10,
		Agreed:      agreed,
		KeepsFailed: true,
		Cooling:     24 * time.Hour, // how long a payer may think again is not documented
		Debits:      []*engine.DebitRules{rules()},
		Make: func(_ *engine.Made, c *rows.Contract) {
			c.Account, c.EndsAt = "**明", c.SignedAt.AddDate(1, 0, 0)
		},
		Tells: []engine.Telling{{Event: renewed.EventType, Family: "insurance",
			Write: func(s *engine.Step, m *engine.Made) error {
				c, err := s.MakeContract(m, ledger.Insurance)
				if err != nil {
					return err
				}
				c.SignedAt = c.SignedAt.AddDate(-1, 0, 0)
				return contracts.Notify(s, s.Products[ledger.Insurance], c, renewed, true)
			}}},
		Behaviours: map[string]engine.Behaviour{
			presign + "/app": insurancePresign(false,
				func(s *rows.Session) engine.Document { return engine.Document{"pre_entrustweb_id": s.Token} }),
			presign + "/h5":           insurancePresign(false, page),
			presign + "/jsapi":        insurancePresign(true, page),
			presign + "/mini-program": insurancePresign(true, miniProgram),

			"GET " + sign + "/contracts" + byCode:                 query,
			"POST " + sign + "/contracts" + byCode + "/terminate": terminate,
			"POST " + sign + "/contracts" + byID + "/renew":       renew,
			"GET " + sign + "/policy_periods" + byCode:            insurancePeriods,
			"POST " + sign + "/policy-periods" + byID + "/modify": modify,

			"POST " + period + "/schedule":        book,
			"GET " + period:                       insurancePeriod,
			"POST " + pay + "/transactions/apply": apply,
		},
	}
}

// insurancePresign is one of the four scenes, which differ in what is launched;
// inside WeChat the payer must be named.
func insurancePresign(insideWeChat bool, reply func(*rows.Session) engine.Document) engine.Behaviour {
	return func(c *engine.Call) (engine.Document, error) {
		s, err := contracts.Presign(c, c.Product, insured, mayAgreePeriods,
			func(_ *engine.Call, s *rows.Session) error {
				if insideWeChat && s.Payers().Name() == "" {
					return engine.BadField("/openid", "JSAPI和小程序签约需上传openid")
				}
				return firstPayment(c, s)
			})
		if err != nil {
			return nil, err
		}
		return reply(s), nil
	}
}

func miniProgram(s *rows.Session) engine.Document {
	return engine.Document{"pre_entrustweb_id": s.Token, "redirect_appid": contracts.SigningAppID,
		"redirect_path": contracts.SigningMPPath}
}

// insured checks who is insured, and for how long.
func insured(c *engine.Call, s *rows.Session) error {
	who := engine.Object(c.Body, "real_identity")
	s.RealName, s.IDNumber = engine.TextOf(who, "real_name"), engine.TextOf(who, "id_card_number")
	again, _ := c.Body["can_auto_insure"].(bool)
	anew, _ := c.Body["can_auto_reinsure"].(bool)
	switch {
	case !maskedInsured(s.Account):
		return engine.BadField("/insured_display_name", "被保人的展示名称需使用姓名掩码").
			Hinting("insured_display_name: write * for every character but the last, never more than three of them, " +
				"such as ***G; of several people 多人保单-**明等")
	case again && anew:
		return engine.InvalidRequest("不支持同时自动续保和自动重新投保").
			Hinting("can_auto_insure and can_auto_reinsure cannot both be true")
	case c.Text("policy_end_date") < c.Text("policy_start_date"):
		return engine.BadField("/policy_end_date", "保单结束日期早于开始日期")
	}
	return nil
}

// firstPayment checks the payment that comes with the signing, which is that of
// the first period. Without out_trade_no there is none.
func firstPayment(c *engine.Call, s *rows.Session) error {
	no, total := c.Text("out_trade_no"), engine.Fen(engine.Object(c.Body, "amount"), "total")
	if no == "" {
		return nil
	}
	for _, name := range []string{"description", "transaction_notify_url"} {
		if c.Text(name) == "" {
			return engine.BadField("/"+name, "签约中支付需上传"+name).
				Hinting("out_trade_no makes this a signing with a first payment, which needs " + name)
		}
	}
	if first := policyPeriods(c)[0].Amount; total != first || total == 0 {
		return engine.BadField("/amount/total", "支付金额与首期预计扣费金额不一致").
			Hinting("the first payment is that of the first period, " + engine.FenText(first) + " fen")
	}
	return debits.FreshNumber(c, s, no)
}

// agreed gives the contract its periods, and takes the first payment.
func agreed(s *engine.Step, session *rows.Session, c *rows.Contract) error {
	asked := engine.DecodeBody(session.Request)
	c.Bookings, c.Policy = policyPeriodsOf(asked), &ledger.Policy{}
	endAfterTerm(s, c)
	if engine.TextOf(asked, "out_trade_no") == "" {
		return nil
	}
	if len(c.Bookings) == 0 {
		return rows.Misread(session, "comes with a first payment, and has no period")
	}
	return debits.PayAtSigning(s, &rows.Debit{Debit: ledger.Debit{
		OutTradeNo: engine.TextOf(asked, "out_trade_no"), ScheduleID: c.Bookings[0].ID,
		Total:       engine.Fen(engine.Object(asked, "amount"), "total"),
		Description: engine.TextOf(asked, "description"), Attach: engine.TextOf(asked, "attach"),
		NotifyURL: engine.TextOf(asked, "transaction_notify_url"),
	}}, c)
}

// query also finds contracts that could not be signed.
func query(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.OfPath(c, c.Vars["plan_id"])
	if err != nil {
		return nil, err
	}
	out := insuranceContract(contract)
	if renewable(c.Step, contract) == "" {
		out["contract_state"] = string(ledger.ContractToBeRenewed)
	}
	if contract.State == ledger.ContractTerminatePending {
		out["revoke_terminate_contract_redirect_url"] = contracts.SigningMPPath
		out["revoke_terminate_contract_redirect_appid"] = contracts.SigningAppID
	}
	return out, nil
}

func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.TerminateOfPath(c, c.Vars["plan_id"])
	if err != nil {
		return nil, err
	}
	return insuranceContract(contract), nil
}

// insuranceContract is a contract in replies.
func insuranceContract(c *rows.Contract) engine.Document {
	out := resource(c)
	if c.State == ledger.ContractSignFailed {
		delete(out, "insured_display_name")
		delete(out, "contract_signed_time")
		delete(out, "contract_expired_time")
	}
	return out
}

// resource is a contract in notifications.
func resource(c *rows.Contract) engine.Document {
	out := engine.Document{
		"mchid": c.MchID, "contract_id": c.ID, "appid": c.AppID, "openid": c.OpenID,
		"plan_id":              engine.Integer(c.PlanID),
		"out_contract_code":    c.Code,
		"insured_display_name": c.Account, "contract_state": string(c.State),
		"contract_signed_time": wire.FormatTime(c.SignedAt),
	}
	out.Set("out_user_code", c.UserCode)
	if !c.EndsAt.IsZero() {
		out["contract_expired_time"] = wire.FormatTime(c.EndsAt)
	}
	if c.State == ledger.ContractTerminated {
		out["contract_terminate_info"] = contracts.TerminateInfo(c)
	}
	return out
}
