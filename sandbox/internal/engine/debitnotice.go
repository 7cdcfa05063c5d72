package engine

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// NoticeRules are how a product's debits are announced to the payer. Days are
// counted from that of the notice, which is day 0.
type NoticeRules struct {
	From, Until time.Duration // hours in which a notice may be sent; both 0 means any
	First, Last int           // days in which the debit may follow
	// Repeated refuses the same notice again while the first is open.
	Repeated func() *Refusal
	// Gone refuses a notice about a contract that is not live; nil: as a debit.
	Gone func() *Refusal
}

// noticeOpen says whether a notice lets a debit through, or will.
func noticeOpen(n *ledger.Notice, now time.Time) bool {
	return n != nil && !n.Closed && now.Before(n.Until)
}

// SendNotice announces a debit of at most amount fen. days, above 0, is how many
// days the merchant wants to debit in; otherwise it is as many as the rules say.
func (c *Call) SendNotice(contract *ContractRow, amount int64, days int) error {
	r := c.RulesOf(contract.Product, "")
	n := r.Notice
	if !contract.Live() {
		if n.Gone != nil {
			return n.Gone()
		}
		return r.Refuse(ProblemGone, "the contract has ended: "+string(contract.State))
	}
	if mode := c.modeOf(r, contract); mode == ledger.DebitScheduled || mode == ledger.DebitAtOnce {
		return r.Refuse(problemWrongPlan, "the plan debits in mode "+string(mode)+", which has no notices")
	}
	if noticeOpen(contract.Notice, c.Now) {
		if contract.Notice.Fingerprint == c.Fingerprint() {
			return n.Repeated()
		}
		return InvalidRequest("已下发扣费前通知，请勿更改参数重复下发").
			Hinting("a notice with other parameters is open until " + contract.Notice.Until.Format(time.RFC3339))
	}
	if !Within(c.Now, n.From, n.Until) {
		return r.Refuse(problemHours, "notices may be sent from "+Hhmm(n.From)+" to "+Hhmm(n.Until)+
			" in Beijing, where it is "+Hhmm(HourOf(c.Now)))
	}
	w, err := c.Wallet(contract.Person)
	if err != nil {
		return err
	}
	if w.RefuseNotices > 0 {
		w.RefuseNotices--
		if err := Put(c.Tx, w); err != nil {
			return err
		}
		return Committed(&Refusal{Status: 400, Code: "RULELIMIT", Message: FailureText(ledger.RiskRejected),
			Internal: InternalParam,
			Hint:     "the payer was told to have risk control refuse a notice"})
	}
	last := n.Last
	if days > 0 {
		last = n.First + days - 1
	}
	today := Midnight(c.Now)
	contract.Noticed = true
	contract.Notice = &ledger.Notice{
		SentAt: c.Now, Amount: amount, Fingerprint: c.Fingerprint(),
		From: today.AddDate(0, 0, n.First), Until: today.AddDate(0, 0, last+1),
	}
	return Put(c.Tx, contract)
}

// FailNotice tells the payer to see to their money after a failed debit, while
// there is still time to debit again.
func (c *Call) FailNotice(contract *ContractRow) error {
	r := c.RulesOf(contract.Product, "")
	switch n := contract.Notice; {
	case !contract.Live():
		return r.Refuse(ProblemGone, "the contract has ended: "+string(contract.State))
	case !noticeOpen(n, c.Now) || c.Now.Before(n.From):
		return InvalidRequest("当前不在可扣费时间内，不能下发扣费失败通知").Hinting("no notice is open, or its days have not begun")
	case contract.FailedAt.Before(n.From):
		return InvalidRequest("未发生扣费失败，不能下发扣费失败通知").Hinting("no debit has failed since the notice's days began")
	}
	return nil
}
