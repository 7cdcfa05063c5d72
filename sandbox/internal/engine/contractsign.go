package engine

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Sign is the second half: the payer agrees, the session becomes a contract and
// the merchant is notified, all in this step.
func (s *Step) Sign(session *SessionRow, openid string) (*ContractRow, error) {
	p, err := s.productOf(session, session.Product)
	if err != nil {
		return nil, err
	}
	if _, err := s.page(session, openid); err != nil {
		return nil, err
	}
	who, _ := s.PayerOf(session.Payers(), openid)
	c, err := s.draft(p, session, who, openid)
	if err != nil {
		return nil, err
	}
	err = s.obstacle(session, who)
	if err == nil && p.Agreed != nil {
		err = p.Agreed(s, session, c)
	}
	if stop := (*ledger.PageError)(nil); errors.As(err, new(kept)) && errors.As(err, &stop) {
		if err := s.failSigning(p, session, c, stop.Reason); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	session.ContractID = c.ID
	claimed := &Claim{ID: c.liveKey(), ContractID: c.ID}
	if err := s.PutAll(claimed, session, c); err != nil {
		return nil, err
	}
	if err := s.useCode(p, c); err != nil {
		return nil, err
	}
	return c, s.NotifyContract(p, c, p.Signed, p.TemplateURL)
}

// draft is the contract a session would become.
func (s *Step) draft(p *Product, session *SessionRow, who person, openid string) (*ContractRow, error) {
	id, err := s.newContractID(p)
	if err != nil {
		return nil, err
	}
	c := &ContractRow{Contract: ledger.Contract{ID: id, Product: p.Name, State: ledger.ContractSigned,
		MchID:    session.MchID,
		SubMchID: session.SubMchID, AppID: session.AppID, SubAppID: session.SubAppID, PlanID: session.PlanID,
		Code: session.Code, OpenID: session.OpenID, SubOpenID: session.SubOpenID, Account: session.Account,
		NotifyURL: session.NotifyURL, Attach: session.Attach, UserCode: session.UserCode, Token: session.Token,
		Request: session.Request, V2: session.V2, SignedAt: s.Now}, Person: who.ID}
	if p.Years > 0 {
		c.ExpiresAt = s.Now.AddDate(p.Years, 0, 0)
	}
	if plan := s.PlanOf(c); plan != nil && plan.Days > 0 {
		c.ExpiresAt = s.Now.AddDate(0, 0, plan.Days)
	}
	if c.OpenID == "" { // the call named nobody: whoever agrees has signed
		c.OpenID = who.OpenID(session.AppID, openid)
	}
	return c, nil
}

// obstacle is what stands in the way of a payer who has agreed: a rule that was
// told to, or that they are somebody else.
func (s *Step) obstacle(session *SessionRow, who person) error {
	w, err := s.Wallet(who.ID)
	if err != nil {
		return err
	}
	if !w.is(session.RealName, session.IDNumber) {
		return Committed(&ledger.PageError{Reason: ledger.PageIdentity,
			Message: "Your identity is not the one the merchant has given."})
	}
	if w.BlockSigning > 0 {
		w.BlockSigning--
		if err := Put(s.Tx, w); err != nil {
			return err
		}
		return blocked()
	}
	return nil
}

// blocked is a rule of WeChat Pay's in the way of a payer who has agreed.
func blocked() error {
	return Committed(&ledger.PageError{Reason: ledger.PageBlocked,
		Message: "The service cannot be opened for this account at the moment."})
}

// failSigning writes down that the payer agreed without effect: the code is burnt, and
// nobody is notified.
func (s *Step) failSigning(p *Product, session *SessionRow, c *ContractRow, why ledger.PageReason) error {
	session.Burnt = true
	if err := Put(s.Tx, session); err != nil {
		return err
	}
	if p.KeepsFailed && why == ledger.PageBlocked && !session.V2 { // APIv2 has no such state
		c.State = ledger.ContractSignFailed
		if err := Put(s.Tx, c); err != nil {
			return err
		}
	}
	return s.useCode(p, c)
}

func (c *ContractRow) liveKey() string {
	return liveKey(c.Product, c.MchID, c.PlanID, c.Person, c.UserCode)
}

func (s *Step) PutAll(entities ...Entity) error {
	for _, e := range entities {
		if err := Put(s.Tx, e); err != nil {
			return err
		}
	}
	return nil
}
