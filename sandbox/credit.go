package sandbox

import (
	"cmp"
	"net/url"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// credit is 自动还款, repayments of loans, of service providers.
// https://pay.weixin.qq.com/doc/v3/partner/4016125804
func credit() *product {
	const root = "/v3/credit-repayment/partner"
	return &product{
		name:     Credit,
		ttl:      10 * time.Minute,
		token:    (*random).presignToken,
		id:       func(d *random, now time.Time) string { return day(now) + d.roll(decimal, 15) },
		names:    names{plan: "plan_id", code: "out_contract_code", account: "display_name"},
		signed:   event{eventType: "CREDIT_REPAYMENT.SIGN_CONTRACT", originalType: "credit_repayment", summary: "信贷还款签约成功通知"},
		ended:    event{eventType: "CREDIT_REPAYMENT.TERMINATE_CONTRACT", originalType: "credit_repayment", summary: "信贷还款解约成功通知"},
		retries:  genericSchedule,
		resource: creditResource,
		alreadySigned: func() *refusal {
			return invalidRequest("用户已签约该模板，请勿重复签约").hinting("the payer has a contract in force under this plan")
		},
		gone: func() *refusal {
			return invalidRequest("还款协议不存在或已解约").hinting("only a contract in force can be ended, and only once")
		},
		noOrder: func() *refusal {
			return notFound("RESOURCE_NOT_EXISTS", "还款单不存在").
				hinting("no repayment was asked for with this out_trade_no")
		},
		agreed: creditAgreed,
		debits: []*debitRules{creditDebits()},
		behaviours: map[string]behaviour{
			"POST " + root + "/contracts/app-presign":           creditAppPresign,
			"POST " + root + "/contracts/h5-presign":            creditH5Presign,
			"GET " + root + "/contracts/{out_contract_code}":    creditQuery,
			"POST " + root + "/contracts/terminate":             creditTerminate,
			"POST " + root + "/schedule-records/batch-create":   creditBook,
			"GET " + root + "/schedule-records/{out_record_id}": creditRecord,
			"POST " + root + "/deduct-orders":                   creditRepay,
			"GET " + root + "/deduct-orders/{out_trade_no}":     creditQueryOrder,
		},
	}
}

// creditAppPresign also serves mini programs. redirect_service is made up: no
// page shows one, and clients pass it on as it is.
func creditAppPresign(c *call) (document, error) {
	s, err := c.creditPresign()
	if err != nil {
		return nil, err
	}
	return document{"presign_token": s.Token, "redirect_service": "requestAutomaticRepayment"}, nil
}

func creditH5Presign(c *call) (document, error) {
	s, err := c.creditPresign()
	if err != nil {
		return nil, err
	}
	return document{"redirect_url": "https://" + signingHost + "/sandbox?presign_token=" + url.QueryEscape(s.Token)},
		nil
}

func (c *call) creditPresign() (*sessionRow, error) {
	return c.presign(c.product, func(_ *call, s *sessionRow) error {
		s.SubMchID = c.either("sub_mchid", "sub_merchant_code")
		who := object(c.body, "real_identity")
		s.RealName, s.IDNumber = textOf(who, "real_name"), textOf(who, "identity_id")
		limit := fen(c.body, "repayment_amount_limit")
		plan := c.merchant.plan(Credit, s.PlanID)
		trade := object(c.body, "trade_info")
		switch {
		case !maskedName(s.Account):
			return badField("/display_name", "", "用户展示名称需使用姓名掩码").
				hinting("display_name: write * for every character but the last, and never more than three of them, " +
					"such as ***G")
		case limit < 1:
			return badField("/repayment_amount_limit", c.text("repayment_amount_limit"), "还款金额上限需大于0")
		case plan != nil && plan.Limits.PerDebit > 0 && limit > plan.Limits.PerDebit:
			return invalidRequest("还款金额上限超过模板的每次还款金额上限").hinting("the template allows " +
				fenText(plan.Limits.PerDebit) + " fen for each repayment")
		case trade == nil:
			return nil
		case s.SubMchID == "":
			return badField("/sub_mchid", "", "传入trade_info时需传入子商户号").
				hinting("trade_info is paid to the sub-merchant: name it")
		case fen(trade, "deduct_amount") > limit:
			return invalidRequest("还款金额超过还款金额上限").hinting("trade_info.deduct_amount is over repayment_amount_limit")
		}
		return c.freshNumber(s, textOf(trade, "out_trade_no"))
	})
}

// creditAgreed takes the payment that came with the signing.
func creditAgreed(s *step, session *sessionRow, c *contractRow) error {
	trade := object(decodeBody(session.Request), "trade_info")
	if trade == nil {
		return nil
	}
	return s.payAtSigning(&debitRow{Debit: Debit{
		OutTradeNo: textOf(trade, "out_trade_no"), ScheduleID: textOf(trade, "out_trade_no"),
		Total:       fen(trade, "deduct_amount"),
		Description: cmp.Or(textOf(trade, "description"), "信贷还款"), Attach: textOf(trade, "attach"),
		NotifyURL: textOf(trade, "notify_url"),
	}}, c)
}

func creditQuery(c *call) (document, error) {
	contract, err := c.creditByCode(c.vars["out_contract_code"])
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, notFound("RESOURCE_NOT_EXISTS", "还款协议不存在").
			hinting("nobody has agreed to a contract with this out_contract_code")
	}
	return creditInfo(contract), nil
}

func creditTerminate(c *call) (document, error) {
	contract, err := c.creditByCode(c.text("out_contract_code"))
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, c.product.gone().hinting("nobody has agreed to a contract with this out_contract_code")
	}
	if err := c.terminate(contract, ByMerchant, c.text("contract_termination_remark")); err != nil {
		return nil, err
	}
	return document{"contract_info": creditInfo(contract)}, nil
}

// creditByCode finds a contract by its code alone, or nil: the paths of this
// product do not name the plan.
func (c *call) creditByCode(code string) (*contractRow, error) {
	for _, plan := range c.merchant.Plans {
		if plan.Product != Credit {
			continue
		}
		if contract, err := c.contractByCode(c.product, c.merchant.MchID, plan.ID, code); contract != nil ||
			err != nil {
			return contract, err
		}
	}
	return nil, nil
}

// creditInfo is a contract in replies.
func creditInfo(c *contractRow) document {
	asked := decodeBody(c.Request)
	out := document{
		"contract_id": c.ID, "plan_id": c.PlanID, "out_contract_code": c.Code, "display_name": c.Account,
		"contract_state": "CONTRACT_STATE_EFFECTIVE", "contract_signed_time": wire.FormatTime(c.SignedAt),
		"openid": c.OpenID, "appid": c.AppID, "repayment_amount_limit": fen(asked, "repayment_amount_limit"),
	}
	if d := fen(asked, "repayment_day"); d > 0 {
		out["repayment_day"] = d
	}
	if c.State == ContractTerminated {
		out["contract_state"], out["contract_terminated_mode"] = "CONTRACT_STATE_TERMINATED", creditMode(c.Mode)
		out["contract_terminated_time"] = wire.FormatTime(c.TerminatedAt)
		out.set("contract_termination_remark", c.Remark)
	}
	return out
}

// creditResource is a contract in notifications, where amounts are strings.
func creditResource(c *contractRow) document {
	out := creditInfo(c)
	out["sp_mchid"] = c.MchID
	out["repayment_amount_limit"] = fenText(fen(decodeBody(c.Request), "repayment_amount_limit"))
	return out
}

// creditMode is contract_terminated_mode of credit-repayment.
func creditMode(t Termination) string {
	switch t {
	case ByUser:
		return "TERMINATION_MODE_BY_USER"
	case ByMerchant, ByConsole:
		return "TERMINATION_MODE_BY_MERCHANT"
	case ByCustomerService, BySystem:
		return "TERMINATION_MODE_BY_CUSTOMER_SERVICE"
	}
	return "TERMINATION_MODE_INVALID"
}
