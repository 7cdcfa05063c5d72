package sandbox

import (
	"time"
)

// noticeRules are how a product's debits are announced to the payer. Days are
// counted from that of the notice, which is day 0.
type noticeRules struct {
	from, until time.Duration // hours in which a notice may be sent; both 0 means any
	first, last int           // days in which the debit may follow
	// repeated refuses the same notice again while the first is open.
	repeated func() *refusal
	// gone refuses a notice about a contract that is not live; nil: as a debit.
	gone func() *refusal
}

// noticeOpen says whether a notice lets a debit through, or will.
func noticeOpen(n *Notice, now time.Time) bool { return n != nil && !n.Closed && now.Before(n.Until) }

// sendNotice announces a debit of at most amount fen. days, above 0, is how many
// days the merchant wants to debit in; otherwise it is as many as the rules say.
func (c *call) sendNotice(contract *contractRow, amount int64, days int) error {
	r := c.rulesOf(contract.Product, "")
	n := r.notice
	if !contract.live() {
		if n.gone != nil {
			return n.gone()
		}
		return r.refuse(problemGone, "the contract has ended: "+string(contract.State))
	}
	if mode := c.modeOf(r, contract); mode == DebitScheduled || mode == DebitAtOnce {
		return r.refuse(problemWrongPlan, "the plan debits in mode "+string(mode)+", which has no notices")
	}
	if noticeOpen(contract.Notice, c.now) {
		if contract.Notice.Fingerprint == c.fingerprint() {
			return n.repeated()
		}
		return invalidRequest("已下发扣费前通知，请勿更改参数重复下发").
			hinting("a notice with other parameters is open until " + contract.Notice.Until.Format(time.RFC3339))
	}
	if !within(c.now, n.from, n.until) {
		return r.refuse(problemHours, "notices may be sent from "+n.from.String()+" to "+n.until.String()+
			" in Beijing, where it is "+hourOf(c.now).String())
	}
	w, err := c.wallet(contract.Person)
	if err != nil {
		return err
	}
	if w.RefuseNotices > 0 {
		w.RefuseNotices--
		if err := put(c.Tx, w); err != nil {
			return err
		}
		return committed(&refusal{status: 400, code: "RULELIMIT", message: failureText(RiskRejected), internal: internalParam,
			hint: "the payer was told to have risk control refuse a notice"})
	}
	last := n.last
	if days > 0 {
		last = n.first + days - 1
	}
	today := midnight(c.now)
	contract.Noticed = true
	contract.Notice = &Notice{
		SentAt: c.now, Amount: amount, Fingerprint: c.fingerprint(),
		From: today.AddDate(0, 0, n.first), Until: today.AddDate(0, 0, last+1),
	}
	return put(c.Tx, contract)
}

// failNotice tells the payer to see to their money after a failed debit, while
// there is still time to debit again.
func (c *call) failNotice(contract *contractRow) error {
	r := c.rulesOf(contract.Product, "")
	switch n := contract.Notice; {
	case !contract.live():
		return r.refuse(problemGone, "the contract has ended: "+string(contract.State))
	case !noticeOpen(n, c.now) || c.now.Before(n.From):
		return invalidRequest("当前不在可扣费时间内，不能下发扣费失败通知").hinting("no notice is open, or its days have not begun")
	case contract.FailedAt.Before(n.From):
		return invalidRequest("未发生扣费失败，不能下发扣费失败通知").hinting("no debit has failed since the notice's days began")
	}
	return nil
}
