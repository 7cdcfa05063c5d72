package sandbox

import (
	"errors"
)

// sign is the second half: the payer agrees, the session becomes a contract and
// the merchant is notified, all in this step.
func (s *step) sign(session *sessionRow, openid string) (*contractRow, error) {
	p, err := s.productOf(session, session.Product)
	if err != nil {
		return nil, err
	}
	if _, err := s.page(session, openid); err != nil {
		return nil, err
	}
	who, _ := s.payerOf(session.payers(), openid)
	c, err := s.draft(p, session, who, openid)
	if err != nil {
		return nil, err
	}
	err = s.obstacle(session, who)
	if err == nil && p.agreed != nil {
		err = p.agreed(s, session, c)
	}
	if stop := (*PageError)(nil); errors.As(err, new(kept)) && errors.As(err, &stop) {
		if err := s.failSigning(p, session, c, stop.Reason); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	session.ContractID = c.ID
	claimed := &claim{ID: c.liveKey(), ContractID: c.ID}
	if err := s.putAll(claimed, session, c); err != nil {
		return nil, err
	}
	if err := s.useCode(p, c); err != nil {
		return nil, err
	}
	return c, s.notifyContract(p, c, p.signed, p.templateURL)
}

// draft is the contract a session would become.
func (s *step) draft(p *product, session *sessionRow, who person, openid string) (*contractRow, error) {
	id, err := s.newContractID(p)
	if err != nil {
		return nil, err
	}
	c := &contractRow{Contract: Contract{ID: id, Product: p.name, State: ContractSigned, MchID: session.MchID,
		SubMchID: session.SubMchID, AppID: session.AppID, SubAppID: session.SubAppID, PlanID: session.PlanID,
		Code: session.Code, OpenID: session.OpenID, SubOpenID: session.SubOpenID, Account: session.Account,
		NotifyURL: session.NotifyURL, Attach: session.Attach, UserCode: session.UserCode, Token: session.Token,
		Request: session.Request, V2: session.V2, SignedAt: s.now}, Person: who.id}
	if p.years > 0 {
		c.ExpiresAt = s.now.AddDate(p.years, 0, 0)
	}
	if plan := s.planOf(c); plan != nil && plan.Days > 0 {
		c.ExpiresAt = s.now.AddDate(0, 0, plan.Days)
	}
	if c.OpenID == "" { // the call named nobody: whoever agrees has signed
		c.OpenID = who.openID(session.AppID, openid)
	}
	return c, nil
}

// obstacle is what stands in the way of a payer who has agreed: a rule that was
// told to, or that they are somebody else.
func (s *step) obstacle(session *sessionRow, who person) error {
	w, err := s.wallet(who.id)
	if err != nil {
		return err
	}
	if !w.is(session.RealName, session.IDNumber) {
		return committed(&PageError{Reason: PageIdentity,
			Message: "Your identity is not the one the merchant has given."})
	}
	if w.BlockSigning > 0 {
		w.BlockSigning--
		if err := put(s.Tx, w); err != nil {
			return err
		}
		return blocked()
	}
	return nil
}

// blocked is a rule of WeChat Pay's in the way of a payer who has agreed; a
// product's agreed may return it.
func blocked() error {
	return committed(&PageError{Reason: PageBlocked,
		Message: "The service cannot be opened for this account at the moment."})
}

// failSigning writes down that the payer agreed without effect: the code is burnt, and
// nobody is notified.
func (s *step) failSigning(p *product, session *sessionRow, c *contractRow, why PageReason) error {
	session.Burnt = true
	if err := put(s.Tx, session); err != nil {
		return err
	}
	if p.keepsFailed && why == PageBlocked && !session.V2 { // APIv2 has no such state
		c.State = ContractSignFailed
		if err := put(s.Tx, c); err != nil {
			return err
		}
	}
	return s.useCode(p, c)
}

func (c *contractRow) liveKey() string {
	return liveKey(c.Product, c.MchID, c.PlanID, c.Person, c.UserCode)
}

func (s *step) putAll(entities ...entity) error {
	for _, e := range entities {
		if err := put(s.Tx, e); err != nil {
			return err
		}
	}
	return nil
}
