package edupapay

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// debits: announced 1 to 3 days ahead, accepted, debited a moment later.
// https://pay.weixin.qq.com/doc/v3/partner/4012159970
func rules() *engine.DebitRules {
	return &engine.DebitRules{
		Mode:  ledger.DebitNoticed,
		Delay: clock.DebitTakes,
		From:  clock.DebitsFrom,
		Until: clock.DebitsUntil,
		Notice: &engine.NoticeRules{First: 1, Last: 3,
			Repeated: func() *engine.Refusal { return engine.AlreadyExists("扣款预通知已发送，请勿重复发送") }},
		Answers: engine.Answers{
			rows.ProblemGone: {Status: 404, Code: "NOT_FOUND", Message: "签约协议不存在"},
		},
		Paid:     engine.Event{EventType: "TRANSACTION.SUCCESS", OriginalType: "transaction", Summary: "教育续费通扣款成功"},
		Failed:   engine.Event{EventType: "TRANSACTION.FAIL", OriginalType: "transaction", Summary: "教育续费通扣款失败"},
		Retries:  rows.ShortSchedule,
		Resource: transaction,
		Check:    notBeforeStart,
	}
}

// notBeforeStart refuses debits before the date that a contract starts on, of plans that do.
func notBeforeStart(c *engine.Call, _ *rows.Debit, contract *rows.Contract) error {
	start := engine.TextOf(engine.DecodeBody(contract.Request), "period_start_date")
	if plan := c.PlanOf(contract); plan != nil && plan.FromStart && clock.DateOf(c.Now) < start {
		return engine.InvalidRequest("未到扣费周期开始日期").Hinting("the contract starts on " + start +
			", its period_start_date, and the plan is FromStart")
	}
	return nil
}

// notice announces a debit; the body says nothing about it but who sends.
func notice(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Any(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if c.Text("appid") != contract.AppID {
		return nil, c.Product.Gone().Hinting("the contract was signed under another appid")
	}
	return nil, debits.SendNotice(c, contract, 0, 0)
}

func debit(c *engine.Call) (engine.Document, error) {
	if err := c.CheckApps(); err != nil {
		return nil, err
	}
	_, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{
		ContractID: c.Text("contract_id"), OutTradeNo: c.Text("out_trade_no"),
		Total: engine.Fen(engine.Object(c.Body, "amount"), "total"),
		AppID: c.Text("appid"), SubMchID: c.Text("sub_mchid"), SubAppID: c.Text("sub_appid"),
		Description: c.Text("body"), Attach: c.Text("attach"), NotifyURL: c.Text("notify_url"),
	}})
	return nil, err
}

// transaction is a debit in queries and notifications.
func transaction(d *rows.Debit) engine.Document {
	out := debits.EduTransaction(d)
	out["sp_mchid"], out["trade_state_description"] = d.MchID, d.Text()
	out["device_information"] = engine.Object(engine.DecodeBody(d.Request), "device_information")
	return out
}
