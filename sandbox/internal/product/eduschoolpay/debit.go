package eduschoolpay

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// schoolDebtLimit is how many debits a payer may owe before no more are made:
// the pages only say "a certain limit", their sample is FORBIDDEN with 2.
const schoolDebtLimit = 2

// debits: accepted and debited a moment later, or within the call
// when payment_mode is SYNC; at any hour, side by side; an empty account is
// advanced.
// https://pay.weixin.qq.com/docs/partner/apis/campus-easy-pay/transactions/create-transaction.html
func rules() []*engine.DebitRules {
	rules := func(name string, sync bool) *engine.DebitRules {
		return &engine.DebitRules{
			Name: name, Trade: engine.TradeAuth,
			Sync: sync, Delay: clock.DebitTakes, Several: true, Advances: true,
			Answers: engine.Answers{
				rows.ProblemGone: {Status: 404, Code: "NOT_FOUND", Message: "未找到对应合约"},
			},
			Check: mayDebit, Bar: mayOwe,
			Settled: func(s *engine.Step, d *rows.Debit, _ *rows.Contract) error {
				return schoolDebtChanged(s, d, d.Advanced)
			},
			Cleared: cleared,
			Paid: engine.Event{EventType: "TRANSACTION.INDUSTRY_SUCCESS", OriginalType: "transaction",
				Summary: "校园轻松付扣款成功"},
			Failed: engine.Event{EventType: "TRANSACTION.INDUSTRY_FAILED", OriginalType: "transaction",
				Summary: "校园轻松付扣款失败"},
			Retries:  rows.CampusSchedule,
			Resource: transaction,
		}
	}
	return []*engine.DebitRules{rules(string(ledger.EduSchoolPay), false), rules(string(ledger.EduSchoolPay)+
		" sync", true)}
}

func debit(c *engine.Call) (engine.Document, error) {
	if err := c.CheckApps(); err != nil {
		return nil, err
	}
	rules := c.Product.Debits[0]
	if c.Text("payment_mode") == "SYNC" {
		rules = c.Product.Debits[1]
	}
	d, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{ContractID: c.Text("contract_id"),
		OutTradeNo: c.Text("out_trade_no"),
		Total:      engine.Fen(engine.Object(c.Body, "amount"), "total"), AppID: c.Text("appid"),
		SubMchID: c.Text("sub_mchid"),
		SubAppID: c.Text("sub_appid"), Description: c.Text("description"), Attach: c.Text("attach"),
		NotifyURL: c.Text("notify_url")}, Rules: rules.Name})
	if err != nil {
		return nil, err
	}
	return transaction(d), nil
}

// mayDebit checks a debit against the pupil and the school.
func mayDebit(c *engine.Call, d *rows.Debit, contract *rows.Contract) error {
	school := engine.TextOf(engine.Object(c.Body, "scene_info"), "school_id")
	switch plan := c.PlanOf(contract); {
	case contract.Deleted:
		return c.Product.Gone().Hinting("the payer has deleted the contract from their list")
	case d.AppID != contract.AppID:
		return engine.BadField("/appid", "appid与签约时不一致").Hinting("the contract was signed under another appid")
	case c.Text("user_id") != contract.Account:
		return engine.BadField("/user_id", "学生账户与合约不匹配").
			Hinting("user_id is not that of the contract")
	case plan != nil && plan.Owner != "" && plan.Owner != school:
		return engine.BadField("/scene_info/school_id", "学校与签约模板不匹配").
			Hinting("the contract's plan belongs to another school")
	}
	return nil
}

// mayOwe keeps a payer who owes too much from being debited for more.
func mayOwe(s *engine.Step, _ *rows.Debit, contract *rows.Contract) error {
	w, err := s.Wallet(contract.Person)
	if err != nil || w.Owes(ledger.EduSchoolPay) < schoolDebtLimit {
		return err
	}
	return engine.InvalidRequest("用户欠款超过限制，暂不可扣款").
		Hinting("the payer is FORBIDDEN until they repay what WeChat Pay advanced: Payer.Repay, or POST " +
			"/sandbox/payers/{openid}/repay")
}

// cleared tells about one repaid debit and what the payer still owes. Of one that was
// refunded the refund tells.
func cleared(s *engine.Step, d *rows.Debit) error {
	if d.RepaidAt.IsZero() {
		return schoolDebtChanged(s, d, true)
	}
	if err := tellRepaid(s, d); err != nil {
		return err
	}
	return schoolDebtChanged(s, d, true)
}

func tellRepaid(s *engine.Step, d *rows.Debit) error {
	return push.Notify(s, &push.Row{Push: ledger.Push{MchID: d.MchID, URL: d.NotifyURL,
		Event:        "TRANSACTION.PAY_BACK",
		OriginalType: "transaction", Summary: "校园轻松付用户还款", Resource: rows.EncodeJSON(transaction(d)),
		About: d.ID}, Retries: rows.CampusSchedule})
}

// schoolDebtChanged tells every merchant who has a contract with the debit's
// payer what they owe now, at the URL of the contract's plan.
func schoolDebtChanged(s *engine.Step, d *rows.Debit, changed bool) error {
	if !changed {
		return nil
	}
	w, err := s.Wallet(d.Person)
	if err != nil {
		return err
	}
	contracts, err := rows.FindReadable[rows.Contract](s.Tx, "person:"+d.Person)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for _, c := range contracts {
		plan := s.PlanOf(c)
		if c.Product != ledger.EduSchoolPay || !c.Live() || plan == nil || told[c.MchID+"|"+c.AppID] {
			continue
		}
		told[c.MchID+"|"+c.AppID] = true
		if err := tellDebt(s, c, plan.NotifyURL, w); err != nil {
			return err
		}
	}
	return nil
}

func tellDebt(s *engine.Step, c *rows.Contract, url string, w *rows.Wallet) error {
	return push.Notify(s, &push.Row{Push: ledger.Push{MchID: c.MchID, URL: url,
		Event: "EDU_SCHOOL_PAY.USER_DEBT_STATE_UPDATE", OriginalType: "edu_school_pay", Summary: "用户欠款状态变化",
		Resource: rows.EncodeJSON(schoolDebt(c, w)), About: c.ID}, Retries: rows.CampusSchedule})
}

// schoolDebt is what a payer owes, as the merchant of one of their contracts is
// told.
func schoolDebt(c *rows.Contract, w *rows.Wallet) engine.Document {
	state, at := "NORMAL", c.SignedAt
	if w.Owes(ledger.EduSchoolPay) >= schoolDebtLimit {
		state = "FORBIDDEN"
	}
	if !w.DebtsAt.IsZero() {
		at = w.DebtsAt
	}
	return engine.Document{
		"appid": c.AppID, "openid": c.OpenID, "state": state, "debt_count": w.Owes(ledger.EduSchoolPay),
		"update_time": wire.FormatTime(at),
	}
}

// debtState tells only of payers who have signed with the merchant:
// their contract says under which appid the openid is.
func debtState(c *engine.Call) (engine.Document, error) {
	contracts, err := rows.Find[rows.Contract](c.Tx, "person:"+c.Registry.Person(c.Vars["openid"]).ID, 0)
	if err != nil {
		return nil, err
	}
	for _, contract := range contracts {
		if contract.Product == ledger.EduSchoolPay && contract.OpenID == c.Vars["openid"] {
			w, err := c.Wallet(contract.Person)
			if err != nil {
				return nil, err
			}
			return schoolDebt(contract, w), nil
		}
	}
	return nil, engine.NotFound("NOT_FOUND", "用户未签约").
		Hinting("this openid has no contract of this product with this merchant")
}

// transaction is a debit in replies, queries and notifications. What
// WeChat Pay advanced has no bank of its own.
func transaction(d *rows.Debit) engine.Document {
	out := debits.EduTransaction(d)
	out["mchid"], out["trade_type"], out["trade_state_desc"] = d.MchID, string(engine.TradeAuth), d.Text()
	if device := engine.Object(engine.DecodeBody(d.Request), "device_info"); device != nil {
		out["device_info"] = device
	}
	if d.State == ledger.DebitPaid && d.Advanced {
		out["bank_type"] = "BPA"
	}
	return out
}
