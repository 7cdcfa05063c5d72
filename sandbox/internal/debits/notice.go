package debits

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// SendNotice announces a debit of at most amount fen. days, above 0, is how many
// days the merchant wants to debit in; otherwise it is as many as the rules say.
func SendNotice(c *engine.Call, contract *rows.Contract, amount int64, days int) error {
	r := RulesOf(c.Step, contract.Product, "")
	n := r.Notice
	if !contract.Live() {
		if n.Gone != nil {
			return n.Gone()
		}
		return r.Refuse(rows.ProblemGone, "the contract has ended: "+string(contract.State))
	}
	if mode := modeOf(c.Step, r, contract); mode == ledger.DebitScheduled || mode == ledger.DebitAtOnce {
		return r.Refuse(rows.ProblemWrongPlan, "the plan debits in mode "+string(mode)+", which has no notices")
	}
	if engine.NoticeOpen(contract.Notice, c.Now) {
		if contract.Notice.Fingerprint == c.Fingerprint() {
			return n.Repeated()
		}
		return engine.InvalidRequest("已下发扣费前通知，请勿更改参数重复下发").
			Hinting("a notice with other parameters is open until " + contract.Notice.Until.Format(time.RFC3339))
	}
	if !clock.Within(c.Now, n.From, n.Until) {
		return r.Refuse(rows.ProblemHours, "notices may be sent from "+clock.Hhmm(n.From)+" to "+clock.Hhmm(n.Until)+
			" in Beijing, where it is "+clock.Hhmm(clock.HourOf(c.Now)))
	}
	w, err := c.Wallet(contract.Person)
	if err != nil {
		return err
	}
	if w.RefuseNotices > 0 {
		w.RefuseNotices--
		if err := rows.Put(c.Tx, w); err != nil {
			return err
		}
		return engine.Committed(&engine.Refusal{Status: 400, Code: "RULELIMIT",
			Message:  rows.FailureText(ledger.RiskRejected),
			Internal: engine.InternalParam,
			Hint:     "the payer was told to have risk control refuse a notice"})
	}
	last := n.Last
	if days > 0 {
		last = n.First + days - 1
	}
	today := clock.Midnight(c.Now)
	contract.Noticed = true
	contract.Notice = &ledger.Notice{
		SentAt: c.Now, Amount: amount, Fingerprint: c.Fingerprint(),
		From: today.AddDate(0, 0, n.First), Until: today.AddDate(0, 0, last+1),
	}
	return rows.Put(c.Tx, contract)
}

// FailNotice tells the payer to see to their money after a failed debit, while
// there is still time to debit again.
func FailNotice(c *engine.Call, contract *rows.Contract) error {
	r := RulesOf(c.Step, contract.Product, "")
	switch n := contract.Notice; {
	case !contract.Live():
		return r.Refuse(rows.ProblemGone, "the contract has ended: "+string(contract.State))
	case !engine.NoticeOpen(n, c.Now) || c.Now.Before(n.From):
		return engine.InvalidRequest("当前不在可扣费时间内，不能下发扣费失败通知").Hinting("no notice is open, or its days have not begun")
	case contract.FailedAt.Before(n.From):
		return engine.InvalidRequest("未发生扣费失败，不能下发扣费失败通知").Hinting("no debit has failed since the notice's days began")
	}
	return nil
}
