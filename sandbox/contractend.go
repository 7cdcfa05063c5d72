package sandbox

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// terminate ends a live contract, whoever wants it, and notifies the plan's URL.
func (s *step) terminate(c *contractRow, mode Termination, remark string) error {
	p, err := s.productOf(c, c.Product)
	if err != nil {
		return err
	}
	if !c.live() {
		return p.gone()
	}
	c.State, c.TerminatedAt, c.Mode, c.Remark = ContractTerminated, s.now, mode, remark
	if err := put(s.Tx, c); err != nil {
		return err
	}
	live, err := get[claim](s.Tx, c.liveKey())
	if errors.Is(err, store.ErrNotFound) {
		return misread(c, "is in force, and yet not the contract of its payer under the plan")
	}
	if err != nil {
		return err
	}
	if err := s.Delete(live.kind(), live.ID, live.n); err != nil {
		return err
	}
	return s.notifyContract(p, c, p.ended, true)
}

// notifyContract writes the notification of what just happened to the contract.
// Signing goes to the URL of the call, ending to the one configured with the
// plan: merchants who expect both at one URL miss the second.
func (s *step) notifyContract(p *product, c *contractRow, e event, toPlan bool) error {
	url := c.NotifyURL
	if toPlan {
		url = ""
		if plan := s.planOf(c); plan != nil {
			url = plan.NotifyURL
		}
	}
	if c.V2 {
		return p.notifyXML(s, c, url)
	}
	return s.notify(&pushRow{Push: Push{MchID: c.MchID, URL: url, Event: e.eventType, OriginalType: e.originalType,
		Summary: e.summary, Resource: encodeJSON(p.resource(c)), About: c.ID}, retries: p.retries})
}

// byPayer is the remark of contracts that payers end.
const byPayer = "用户主动解约"

// end is terminate for people: their errors are sentences.
func (s *step) end(c *contractRow, by Termination, remark string) error {
	if !c.live() || (by == ByUser && c.State == ContractTerminatePending) {
		return &PageError{Reason: PageUsed, Message: "This contract has ended already."}
	}
	p, err := s.productOf(c, c.Product)
	if err != nil {
		return err
	}
	if p.cooling > 0 && by == ByUser {
		c.State, c.LeavesAt = ContractTerminatePending, s.now.Add(p.cooling)
		return put(s.Tx, c)
	}
	return s.terminate(c, by, remark)
}
