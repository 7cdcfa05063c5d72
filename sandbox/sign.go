package sandbox

import (
	"fmt"
)

// sign is the second half: the payer agrees, the session becomes a contract and
// the merchant is notified, all in this step.
func (s *step) sign(session *Session, openid string) (*Contract, error) {
	p := s.products[session.Product]
	if _, err := s.page(session, openid); err != nil {
		return nil, err
	}
	who := s.payerOf(session, openid)
	claimed := &claim{ID: liveKey(p.name, session.MchID, session.PlanID, who.id)}
	c := &Contract{
		ID: p.id(s.dice, s.now), Product: p.name, State: ContractSigned,
		MchID: session.MchID, SubMchID: session.SubMchID, AppID: session.AppID, SubAppID: session.SubAppID,
		PlanID: session.PlanID, Code: session.Code, OpenID: session.OpenID, SubOpenID: session.SubOpenID,
		Person: who.id, Account: session.Account, NotifyURL: session.NotifyURL, Attach: session.Attach,
		Token: session.Token, Request: session.Request, SignedAt: s.now,
	}
	if p.years > 0 {
		c.ExpiresAt = s.now.AddDate(p.years, 0, 0)
	}
	if c.OpenID == "" { // the call named nobody: whoever agrees has signed
		c.OpenID = who.openID(session.AppID, openid)
	}
	claimed.ContractID, session.ContractID = c.ID, c.ID
	if err := s.putAll(claimed, session, c); err != nil {
		return nil, err
	}
	if err := s.useCode(p, c); err != nil {
		return nil, err
	}
	return c, s.notifyContract(p, c, p.signed, p.templateURL)
}

// useCode burns the contract's code: no other contract will ever have it.
func (s *step) useCode(p *product, c *Contract) error {
	if p.names.code == "" {
		return nil
	}
	use, err := get[codeUse](s.Tx, codeKey(p.name, c.MchID, c.Code))
	if err != nil {
		return err
	}
	use.Burnt = true
	return put(s.Tx, use)
}

// terminate ends a live contract, whoever wants it, and notifies the plan's URL.
func (s *step) terminate(c *Contract, mode Termination, remark string) error {
	p := s.products[c.Product]
	if c.State != ContractSigned {
		return p.gone()
	}
	c.State, c.TerminatedAt, c.Mode, c.Remark = ContractTerminated, s.now, mode, remark
	if err := put(s.Tx, c); err != nil {
		return err
	}
	live, err := get[claim](s.Tx, liveKey(p.name, c.MchID, c.PlanID, c.Person))
	if err != nil {
		return fmt.Errorf("contract %s has lost its claim: %w", c.ID, err)
	}
	if err := s.Delete(live.kind(), live.ID, live.n); err != nil {
		return err
	}
	return s.notifyContract(p, c, p.ended, true)
}

// notifyContract writes the notification of what just happened to the contract.
// Signing goes to the URL of the call, ending to the one configured with the
// plan: merchants who expect both at one URL miss the second.
func (s *step) notifyContract(p *product, c *Contract, e event, toPlan bool) error {
	url := c.NotifyURL
	if toPlan {
		url = ""
		if m := s.registry.merchant(c.MchID); m != nil {
			if plan := m.plan(p.name, c.PlanID); plan != nil {
				url = plan.NotifyURL
			}
		}
	}
	return s.notify(&Push{
		MchID: c.MchID, URL: url, Event: e.eventType, OriginalType: e.originalType, Summary: e.summary,
		Resource: encodeJSON(p.resource(c)), About: c.ID, retries: p.retries,
	})
}

func (s *step) putAll(entities ...entity) error {
	for _, e := range entities {
		if err := put(s.Tx, e); err != nil {
			return err
		}
	}
	return nil
}

// contractByCode finds the last contract made with a code under a plan, or nil.
func (s *step) contractByCode(p *product, mchid, plan, code string) (*Contract, error) {
	list, err := find[Contract](s.Tx, contractCodeKey(p.name, mchid, plan, code), 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}
