package sandbox

import (
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// insurance is 委托代扣∙保险业: a policy is paid by periods, each booked and
// debited within its month, and renewed for another term when the last is over.
// https://pay.weixin.qq.com/docs/merchant/products/insurance-entrusted-payment/introduction.html
func insurance() *product {
	const (
		sign    = "/v3/papay/insurance-sign"
		pay     = "/v3/papay/insurance-pay"
		byCode  = "/plan-id/{plan_id}/out-contract-code/{out_contract_code}"
		byID    = "/plan-id/{plan_id}/contract-id/{contract_id}"
		period  = pay + "/policy-periods/contract-id/{contract_id}/policy-period-id/{policy_period_id}"
		presign = "POST " + sign + "/contracts/pre-entrust-sign"
	)
	page := func(s *sessionRow) document { return document{"redirect_url": signingPage(s.Token)} }
	return &product{
		name:     Insurance,
		ttl:      10 * time.Minute,
		token:    (*random).preEntrustWebID,
		id:       (*random).contractID,
		names:    names{plan: "plan_id", code: "out_contract_code", account: "insured_display_name"},
		signed:   event{eventType: "INSURANCE_ENTRUST.SIGN", originalType: "insurance_entrust", summary: "保险委托代扣签约通知"},
		ended:    event{eventType: "INSURANCE_ENTRUST.TERMINATE", originalType: "insurance_entrust", summary: "保险委托代扣解约通知"},
		retries:  genericSchedule,
		resource: insuranceResource,
		alreadySigned: func() *refusal {
			return invalidRequest("用户已签约该模板，请勿重复签约").
				hinting("the payer has a contract in force under this plan; another out_user_code tells their " +
					"accounts apart")
		},
		gone: func() *refusal {
			return invalidRequest("协议不存在或已解约").hinting("only a contract in force can be ended, and only once")
		},
		agreed:      insuranceAgreed,
		keepsFailed: true,
		cooling:     24 * time.Hour, // how long a payer may think again is not documented
		debits:      []*debitRules{insuranceDebits()},
		behaviours: map[string]behaviour{
			presign + "/app": insurancePresign(false,
				func(s *sessionRow) document { return document{"pre_entrustweb_id": s.Token} }),
			presign + "/h5":           insurancePresign(false, page),
			presign + "/jsapi":        insurancePresign(true, page),
			presign + "/mini-program": insurancePresign(true, insuranceMiniProgram),

			"GET " + sign + "/contracts" + byCode:                 insuranceQuery,
			"POST " + sign + "/contracts" + byCode + "/terminate": insuranceTerminate,
			"POST " + sign + "/contracts" + byID + "/renew":       insuranceRenew,
			"GET " + sign + "/policy_periods" + byCode:            insurancePeriods,
			"POST " + sign + "/policy-periods" + byID + "/modify": insuranceModify,

			"POST " + period + "/schedule":        insuranceBook,
			"GET " + period:                       insurancePeriod,
			"POST " + pay + "/transactions/apply": insuranceApply,
		},
	}
}

// insurancePresign is one of the four scenes, which differ in what is launched;
// inside WeChat the payer must be named.
func insurancePresign(insideWeChat bool, reply func(*sessionRow) document) behaviour {
	return func(c *call) (document, error) {
		s, err := c.presign(c.product, (*call).insured, (*call).mayAgreePeriods, func(_ *call, s *sessionRow) error {
			if insideWeChat && s.payers().name() == "" {
				return badField("/openid", "", "JSAPI和小程序签约需上传openid")
			}
			return c.firstPayment(s)
		})
		if err != nil {
			return nil, err
		}
		return reply(s), nil
	}
}

func insuranceMiniProgram(s *sessionRow) document {
	return document{"pre_entrustweb_id": s.Token, "redirect_appid": signingAppID, "redirect_path": signingMPPath}
}

// insured checks who is insured, and for how long.
func (c *call) insured(s *sessionRow) error {
	who := object(c.body, "real_identity")
	s.RealName, s.IDNumber = textOf(who, "real_name"), textOf(who, "id_card_number")
	again, _ := c.body["can_auto_insure"].(bool)
	anew, _ := c.body["can_auto_reinsure"].(bool)
	switch {
	case !maskedInsured(s.Account):
		return badField("/insured_display_name", "", "被保人的展示名称需使用姓名掩码").
			hinting("insured_display_name: write * for every character but the last, never more than three of them, " +
				"such as ***G; of several people 多人保单-**明等")
	case again && anew:
		return invalidRequest("不支持同时自动续保和自动重新投保").hinting("can_auto_insure and can_auto_reinsure cannot both be true")
	case c.text("policy_end_date") < c.text("policy_start_date"):
		return badField("/policy_end_date", c.text("policy_end_date"), "保单结束日期早于开始日期")
	}
	return nil
}

// firstPayment checks the payment that comes with the signing, which is that of
// the first period. Without out_trade_no there is none.
func (c *call) firstPayment(s *sessionRow) error {
	no, total := c.text("out_trade_no"), fen(object(c.body, "amount"), "total")
	if no == "" {
		return nil
	}
	for _, name := range []string{"description", "transaction_notify_url"} {
		if c.text(name) == "" {
			return badField("/"+name, "", "签约中支付需上传"+name).
				hinting("out_trade_no makes this a signing with a first payment, which needs " + name)
		}
	}
	if first := c.policyPeriods()[0].Amount; total != first || total == 0 {
		return badField("/amount/total", strconv.FormatInt(total, 10), "支付金额与首期预计扣费金额不一致").
			hinting("the first payment is that of the first period, " + fenText(first) + " fen")
	}
	return c.freshNumber(s, no)
}

// insuranceAgreed gives the contract its periods, and takes the first payment.
func insuranceAgreed(s *step, session *sessionRow, c *contractRow) error {
	asked := decodeBody(session.Request)
	c.Bookings, c.Policy = policyPeriodsOf(asked), &Policy{}
	s.endAfterTerm(c)
	if textOf(asked, "out_trade_no") == "" {
		return nil
	}
	return s.payAtSigning(&debitRow{Debit: Debit{
		OutTradeNo: textOf(asked, "out_trade_no"), ScheduleID: c.Bookings[0].ID, Total: fen(object(asked, "amount"),
			"total"),
		Description: textOf(asked, "description"), Attach: textOf(asked, "attach"), NotifyURL: textOf(asked,
			"transaction_notify_url"),
	}}, c)
}

// insuranceQuery also finds contracts that could not be signed.
func insuranceQuery(c *call) (document, error) {
	contract, err := c.contractOfPath(c.vars["plan_id"])
	if err != nil {
		return nil, err
	}
	out := insuranceContract(contract)
	if c.renewable(contract) == "" {
		out["contract_state"] = string(ContractToBeRenewed)
	}
	if contract.State == ContractTerminatePending {
		out["revoke_terminate_contract_redirect_url"] = signingMPPath
		out["revoke_terminate_contract_redirect_appid"] = signingAppID
	}
	return out, nil
}

func insuranceTerminate(c *call) (document, error) {
	contract, err := c.terminateOfPath(c.vars["plan_id"])
	if err != nil {
		return nil, err
	}
	return insuranceContract(contract), nil
}

// insuranceContract is a contract in replies.
func insuranceContract(c *contractRow) document {
	out := insuranceResource(c)
	out.set("out_user_code", c.UserCode)
	if c.State == ContractSignFailed {
		delete(out, "insured_display_name")
		delete(out, "contract_signed_time")
		delete(out, "contract_expired_time")
	}
	return out
}

// insuranceResource is a contract in notifications.
func insuranceResource(c *contractRow) document {
	out := document{
		"mchid": c.MchID, "contract_id": c.ID, "appid": c.AppID, "openid": c.OpenID, "plan_id": integer(c.PlanID),
		"out_contract_code":    c.Code,
		"insured_display_name": c.Account, "contract_state": string(c.State),
		"contract_signed_time": wire.FormatTime(c.SignedAt),
	}
	if !c.EndsAt.IsZero() {
		out["contract_expired_time"] = wire.FormatTime(c.EndsAt)
	}
	if c.State == ContractTerminated {
		out["contract_terminate_info"] = terminateInfo(c)
	}
	return out
}
