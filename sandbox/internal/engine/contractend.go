package engine

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Terminate ends a live contract, whoever wants it, and notifies the plan's URL.
func (s *Step) Terminate(c *ContractRow, mode ledger.Termination, remark string) error {
	p, err := s.productOf(c, c.Product)
	if err != nil {
		return err
	}
	if !c.Live() {
		return p.Gone()
	}
	c.State, c.TerminatedAt, c.Mode, c.Remark = ledger.ContractTerminated, s.Now, mode, remark
	if err := Put(s.Tx, c); err != nil {
		return err
	}
	if err := s.giveUpPlace(c); err != nil {
		return err
	}
	return s.NotifyContract(p, c, p.Ended, true)
}

// giveUpPlace lets the payer sign again. A store may have lost the claim, and even given the place
// to another contract: this one ends all the same.
func (s *Step) giveUpPlace(c *ContractRow) error {
	live, err := Get[Claim](s.Tx, c.liveKey())
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && live.ContractID != c.ID:
		return nil
	case err != nil:
		return err
	}
	return s.Delete(live.RowKind(), live.ID, live.n)
}

// ByPayer is the remark of contracts that payers end.
const ByPayer = "用户主动解约"

// End is terminate for people: their errors are sentences.
func (s *Step) End(c *ContractRow, by ledger.Termination, remark string) error {
	if !c.Live() || (by == ledger.ByUser && c.State == ledger.ContractTerminatePending) {
		return &ledger.PageError{Reason: ledger.PageUsed, Message: "This contract has ended already."}
	}
	p, err := s.productOf(c, c.Product)
	if err != nil {
		return err
	}
	if p.Cooling > 0 && by == ledger.ByUser {
		c.State, c.LeavesAt = ledger.ContractTerminatePending, s.Now.Add(p.Cooling)
		return Put(s.Tx, c)
	}
	return s.Terminate(c, by, remark)
}
