// Package creditrepayment is 信贷还款 as the sandbox plays it: repayments of loans, debited by
// contract.
//
// It stands on the engine and knows no other product. Start reading at [Product]; repay.go has
// its debits.
package creditrepayment

import (
	"cmp"
	"net/url"
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

// Product is 自动还款, repayments of loans, of service providers.
// https://pay.weixin.qq.com/doc/v3/partner/4016125804
func Product() *engine.Product {
	const root = "/v3/credit-repayment/partner"
	return &engine.Product{
		Name:    ledger.Credit,
		Samples: []ledger.Plan{{ID: samples.CreditPlanID, Name: "Repayment"}},
		TTL:     10 * time.Minute,
		Token:   (*random.Random).PresignToken,
		ID:      func(d *random.Random, now time.Time) string { return random.Day(now) + d.Roll(random.Decimal, 15) },
		Names:   engine.Names{Plan: "plan_id", Code: "out_contract_code", Account: "display_name"},
		Signed: engine.Event{EventType: "CREDIT_REPAYMENT.SIGN_CONTRACT", OriginalType: "credit_repayment",
			Summary: "信贷还款签约成功通知"},
		Ended: engine.Event{EventType: "CREDIT_REPAYMENT.TERMINATE_CONTRACT", OriginalType: "credit_repayment",
			Summary: "信贷还款解约成功通知"},
		Retries:  rows.QuickSchedule,
		Resource: resource,
		AlreadySigned: func() *engine.Refusal {
			return engine.InvalidRequest("用户已签约该模板，请勿重复签约").Hinting("the payer has a contract in force under this plan")
		},
		Gone: func() *engine.Refusal {
			return engine.InvalidRequest("还款协议不存在或已解约").Hinting("only a contract in force can be ended, and only once")
		},
		NoOrder: func() *engine.Refusal {
			return engine.NotFound("RESOURCE_NOT_EXISTS", "还款单不存在").
				Hinting("no repayment was asked for with this out_trade_no")
		},
		Agreed: creditAgreed,
		Debits: []*engine.DebitRules{rules()},
		Make: func(m *engine.Made, c *rows.Contract) {
			c.Request = []byte(`{"repayment_amount_limit":100000,"repayment_day":5}`)
			c.Bookings = []ledger.Booking{{ID: "R" + c.Code, SubMchID: m.SubMchID, SubAppID: m.SubAppID}}
		},
		Behaviours: map[string]engine.Behaviour{
			"POST " + root + "/contracts/app-presign":           appPresign,
			"POST " + root + "/contracts/h5-presign":            h5Presign,
			"GET " + root + "/contracts/{out_contract_code}":    query,
			"POST " + root + "/contracts/terminate":             terminate,
			"POST " + root + "/schedule-records/batch-create":   book,
			"GET " + root + "/schedule-records/{out_record_id}": record,
			"POST " + root + "/deduct-orders":                   repay,
			"GET " + root + "/deduct-orders/{out_trade_no}":     queryOrder,
		},
	}
}

// appPresign also serves mini programs. redirect_service is made up: no
// page shows one, and clients pass it on as it is.
func appPresign(c *engine.Call) (engine.Document, error) {
	s, err := presign(c)
	if err != nil {
		return nil, err
	}
	return engine.Document{"presign_token": s.Token, "redirect_service": "requestAutomaticRepayment"}, nil
}

func h5Presign(c *engine.Call) (engine.Document, error) {
	s, err := presign(c)
	if err != nil {
		return nil, err
	}
	return engine.Document{"redirect_url": "https://" + contracts.SigningHost + "/sandbox?presign_token=" +
			url.QueryEscape(s.Token)},
		nil
}

func presign(c *engine.Call) (*rows.Session, error) {
	return contracts.Presign(c, c.Product, func(_ *engine.Call, s *rows.Session) error {
		s.SubMchID = c.Either("sub_mchid", "sub_merchant_code")
		who := engine.Object(c.Body, "real_identity")
		s.RealName, s.IDNumber = engine.TextOf(who, "real_name"), engine.TextOf(who, "identity_id")
		limit := engine.Fen(c.Body, "repayment_amount_limit")
		most := debits.LimitsOf(c.Merchant.Plan(ledger.Credit, s.PlanID), ledger.Limits{}).PerDebit
		trade := engine.Object(c.Body, "trade_info")
		switch {
		case !contracts.MaskedName(s.Account):
			return engine.BadField("/display_name", "用户展示名称需使用姓名掩码").
				Hinting("display_name: write * for every character but the last, and never more than three of them, " +
					"such as ***G")
		case limit < 1:
			return engine.BadField("/repayment_amount_limit", "还款金额上限需大于0")
		case most > 0 && limit > most:
			return engine.InvalidRequest("还款金额上限超过模板的每次还款金额上限").Hinting("the template allows " +
				engine.FenText(most) + " fen for each repayment")
		case trade == nil:
			return nil
		case s.SubMchID == "":
			return engine.BadField("/sub_mchid", "传入trade_info时需传入子商户号").
				Hinting("trade_info is paid to the sub-merchant: name it")
		case engine.Fen(trade, "deduct_amount") > limit:
			return engine.InvalidRequest("还款金额超过还款金额上限").
				Hinting("trade_info.deduct_amount is over repayment_amount_limit")
		}
		return debits.FreshNumber(c, s, engine.TextOf(trade, "out_trade_no"))
	})
}

// creditAgreed takes the payment that came with the signing.
func creditAgreed(s *engine.Step, session *rows.Session, c *rows.Contract) error {
	trade := engine.Object(engine.DecodeBody(session.Request), "trade_info")
	if trade == nil {
		return nil
	}
	return debits.PayAtSigning(s, &rows.Debit{Debit: ledger.Debit{
		OutTradeNo: engine.TextOf(trade, "out_trade_no"), ScheduleID: engine.TextOf(trade, "out_trade_no"),
		Total:       engine.Fen(trade, "deduct_amount"),
		Description: cmp.Or(engine.TextOf(trade, "description"), "信贷还款"), Attach: engine.TextOf(trade, "attach"),
		NotifyURL: engine.TextOf(trade, "notify_url"),
	}}, c)
}

func query(c *engine.Call) (engine.Document, error) {
	contract, err := byCode(c, c.Vars["out_contract_code"])
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "还款协议不存在").
			Hinting("nobody has agreed to a contract with this out_contract_code")
	}
	return info(contract), nil
}

func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := byCode(c, c.Text("out_contract_code"))
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, c.Product.Gone().Hinting("nobody has agreed to a contract with this out_contract_code")
	}
	if err := contracts.Terminate(c.Step, contract, ledger.ByMerchant,
		c.Text("contract_termination_remark")); err != nil {
		return nil, err
	}
	return engine.Document{"contract_info": info(contract)}, nil
}

// byCode finds a contract by its code alone, or nil: the paths of this
// product do not name the plan.
func byCode(c *engine.Call, code string) (*rows.Contract, error) {
	for _, plan := range c.Merchant.Plans {
		if plan.Product != ledger.Credit {
			continue
		}
		if contract, err := contracts.ByCode(c.Step, c.Product, c.Merchant.MchID, plan.ID, code); contract != nil ||
			err != nil {
			return contract, err
		}
	}
	return nil, nil
}

// info is a contract in replies.
func info(c *rows.Contract) engine.Document {
	asked := engine.DecodeBody(c.Request)
	out := engine.Document{
		"contract_id": c.ID, "plan_id": c.PlanID, "out_contract_code": c.Code, "display_name": c.Account,
		"contract_state": "CONTRACT_STATE_EFFECTIVE", "contract_signed_time": wire.FormatTime(c.SignedAt),
		"openid": c.OpenID, "appid": c.AppID, "repayment_amount_limit": engine.Fen(asked, "repayment_amount_limit"),
	}
	if d := engine.Fen(asked, "repayment_day"); d > 0 {
		out["repayment_day"] = d
	}
	if c.State == ledger.ContractTerminated {
		out["contract_state"], out["contract_terminated_mode"] = "CONTRACT_STATE_TERMINATED", mode(c.Mode)
		out["contract_terminated_time"] = wire.FormatTime(c.TerminatedAt)
		out.Set("contract_termination_remark", c.Remark)
	}
	return out
}

// resource is a contract in notifications, where amounts are strings.
func resource(c *rows.Contract) engine.Document {
	out := info(c)
	out["sp_mchid"] = c.MchID
	out["repayment_amount_limit"] = engine.FenText(engine.Fen(engine.DecodeBody(c.Request), "repayment_amount_limit"))
	return out
}

// mode is contract_terminated_mode of credit-repayment.
func mode(t ledger.Termination) string {
	switch t {
	case ledger.ByUser:
		return "TERMINATION_MODE_BY_USER"
	case ledger.ByMerchant, ledger.ByConsole:
		return "TERMINATION_MODE_BY_MERCHANT"
	case ledger.ByCustomerService, ledger.BySystem:
		return "TERMINATION_MODE_BY_CUSTOMER_SERVICE"
	}
	return "TERMINATION_MODE_INVALID"
}
