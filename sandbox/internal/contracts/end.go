package contracts

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Terminate ends a live contract, whoever wants it, and notifies the plan's URL.
func Terminate(s *engine.Step, c *rows.Contract, mode ledger.Termination, remark string) error {
	p, err := s.ProductOf(c, c.Product)
	if err != nil {
		return err
	}
	if !c.Live() {
		return p.Gone()
	}
	c.State, c.TerminatedAt, c.Mode, c.Remark = ledger.ContractTerminated, s.Now, mode, remark
	if err := rows.Put(s.Tx, c); err != nil {
		return err
	}
	if err := giveUpPlace(s, c); err != nil {
		return err
	}
	return Notify(s, p, c, p.Ended, true)
}

// ByPayer is the remark of contracts that payers end.
const ByPayer = "用户主动解约"

// End is terminate for people: their errors are sentences.
func End(s *engine.Step, c *rows.Contract, by ledger.Termination, remark string) error {
	if !c.Live() || (by == ledger.ByUser && c.State == ledger.ContractTerminatePending) {
		return &ledger.PageError{Reason: ledger.PageUsed, Message: "This contract has ended already."}
	}
	p, err := s.ProductOf(c, c.Product)
	if err != nil {
		return err
	}
	if p.Cooling > 0 && by == ledger.ByUser {
		c.State, c.LeavesAt = ledger.ContractTerminatePending, s.Now.Add(p.Cooling)
		return rows.Put(s.Tx, c)
	}
	return Terminate(s, c, by, remark)
}

// Leave ends a contract for its payer.
func Leave(s *engine.Step, c *rows.Contract) error { return End(s, c, ledger.ByUser, ByPayer) }

// Delete takes a contract out of its payer's list, who leaves it where they have not done so.
func Delete(s *engine.Step, c *rows.Contract) error {
	if c.Live() && c.State != ledger.ContractTerminatePending {
		if err := Leave(s, c); err != nil {
			return err
		}
	}
	c.Deleted = true
	return rows.Put(s.Tx, c)
}

// contractDue ends a contract that time alone ends: its one debit's day is over,
// or its term is, or its payer did not think again.
func contractDue(s *engine.Step, c *rows.Contract) error {
	p, err := s.ProductOf(c, c.Product)
	if err != nil {
		return err
	}
	if p.Over != nil {
		return p.Over(s, c)
	}
	if c.State == ledger.ContractTerminatePending && c.Over().Equal(c.LeavesAt) {
		return Terminate(s, c, ledger.ByUser, ByPayer)
	}
	remark := "协议到期，系统解约"
	if c.Over().Equal(c.EndsAt) {
		remark = "超过约定扣费日期，系统自动解约"
	}
	return Terminate(s, c, ledger.BySystem, remark)
}

// Due has contracts end that time alone ends.
func Due() engine.Timer { return engine.On((*rows.Contract).Over, contractDue) }
