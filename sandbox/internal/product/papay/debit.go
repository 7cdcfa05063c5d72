package papay

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// rules are the rules of debits asked for in APIv3, the same as those of
// APIv2 (pappayapplyRules): 24 hours after, or, in plans of mode B and in contracts a
// notice was ever sent about, within the days of a notice; within twelve hours
// of signing at once. A scheduled one runs at any hour of its day.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
func rules() *engine.DebitRules {
	return &engine.DebitRules{
		Mode: ledger.DebitAfterADay,
		From: clock.DebitsFrom, Until: clock.DebitsUntil, Grace: clock.FreshFor,
		Notice: noticeRules(), Booking: scheduledBooking(),
		Limits: usualLimits, Daily: usualDaily,
		Paid:     engine.Event{EventType: "TRANSACTION.SUCCESS", OriginalType: "transaction", Summary: "扣费成功"},
		Failed:   engine.Event{EventType: "TRANSACTION.FAIL", OriginalType: "transaction", Summary: "扣费失败"},
		Resource: debits.PapayTransaction, Retries: rows.GenericSchedule,
		AsOrder: debits.PapayOrder,
	}
}

// apply asks for a debit. The reply says only that it was accepted; the
// outcome is notified, and found by the query of orders.
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/normal/normal-create-transaction.html
func apply(c *engine.Call) (engine.Document, error) {
	if err := c.CheckApps(); err != nil {
		return nil, err
	}
	contract, missing, err := own(c, c.Text("contract_id"), c.Text("sub_mchid"))
	switch {
	case err != nil:
		return nil, err
	case missing != "":
		return nil, debits.RulesOf(c.Step, ledger.Papay, "").Refuse(rows.ProblemGone, missing)
	}
	d, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{
		ContractID: contract.ID, OutTradeNo: c.Text("out_trade_no"), Total: engine.Fen(engine.Object(c.Body, "amount"),
			"total"),
		AppID: c.Either("appid", "sp_appid"), SubAppID: c.Text("sub_appid"),
		Description: c.Text("description"), Attach: c.Text("attach"), NotifyURL: c.Text("transaction_notify_url"),
	}})
	if err != nil {
		return nil, err
	}
	return engine.Document{"out_trade_no": d.OutTradeNo, "amount": engine.CNY(d.Total)}, nil
}

// usualLimits are those of a plan that sets none, in fen.
var usualLimits = ledger.Limits{PerDebit: 500_00, PerDay: 2500_00, AttemptsPerDay: 300}

// usualDaily is how often one contract is debited in a day: once where it renews by itself, five
// times where the payer's own doing is debited at once. Failures do not count.
// https://developers.weixin.qq.com/community/pay/doc/0004aaa01e8908b165985d15e5bc08
var usualDaily = map[ledger.DebitMode]int{ledger.DebitAfterADay: 1, ledger.DebitNoticed: 1, ledger.DebitAtOnce: 5}
