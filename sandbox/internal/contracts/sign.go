package contracts

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Sign is the second half: the payer agrees, the session becomes a contract and
// the merchant is notified, all in this step.
func Sign(s *engine.Step, session *rows.Session, openid string) (*rows.Contract, error) {
	p, err := s.ProductOf(session, session.Product)
	if err != nil {
		return nil, err
	}
	if _, err := page(s, session, openid); err != nil {
		return nil, err
	}
	who, _ := s.PayerOf(session.Payers(), openid)
	c, err := draft(s, p, session, who, openid)
	if err != nil {
		return nil, err
	}
	err = obstacle(s, session, who)
	if err == nil && p.Agreed != nil {
		err = p.Agreed(s, session, c)
	}
	if stop := (*ledger.PageError)(nil); errors.As(err, new(engine.Kept)) && errors.As(err, &stop) {
		if err := failSigning(s, p, session, c, stop.Reason); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	session.ContractID = c.ID
	if err := s.PutAll(session, c); err != nil {
		return nil, err
	}
	if claims(p, session) {
		if err := rows.Put(s.Tx, &rows.Claim{ID: c.LiveKey(), ContractID: c.ID}); err != nil {
			return nil, err
		}
	}
	if err := useCode(s, p, c); err != nil {
		return nil, err
	}
	return c, Notify(s, p, c, p.Signed, p.TemplateURL)
}

// draft is the contract a session would become.
func draft(s *engine.Step, p *engine.Product, session *rows.Session, who registry.Person,
	openid string) (*rows.Contract, error) {
	id, err := s.NewContractID(p)
	if err != nil {
		return nil, err
	}
	c := &rows.Contract{Contract: ledger.Contract{ID: id, Product: p.Name, State: ledger.ContractSigned,
		MchID:    session.MchID,
		SubMchID: session.SubMchID, AppID: session.AppID, SubAppID: session.SubAppID, PlanID: session.PlanID,
		Code: session.Code, OpenID: session.OpenID, SubOpenID: session.SubOpenID, Account: session.Account,
		NotifyURL: session.NotifyURL, Attach: session.Attach, UserCode: session.UserCode, Token: session.Token,
		Request: session.Request, V2: session.V2, SignedAt: s.Now}, Person: who.ID}
	if p.Days > 0 {
		c.ExpiresAt = s.Now.AddDate(0, 0, p.Days)
	}
	if plan := s.PlanOf(c); plan != nil && plan.Days > 0 {
		c.ExpiresAt = s.Now.AddDate(0, 0, plan.Days)
	}
	switch {
	case c.OpenID != "":
	case c.SubOpenID == "": // the call named nobody: whoever agrees has signed
		c.OpenID = who.OpenID(session.AppID, openid)
	default:
		c.OpenID = who.OpenID(session.AppID, "")
	}
	return c, nil
}

// obstacle is what stands in the way of a payer who has agreed: a rule that was
// told to, or that they are somebody else.
func obstacle(s *engine.Step, session *rows.Session, who registry.Person) error {
	w, err := s.Wallet(who.ID)
	if err != nil {
		return err
	}
	if !w.Is(session.RealName, session.IDNumber) {
		return engine.Committed(&ledger.PageError{Reason: ledger.PageIdentity,
			Message: "Your identity is not the one the merchant has given."})
	}
	if w.BlockSigning > 0 {
		w.BlockSigning--
		if err := rows.Put(s.Tx, w); err != nil {
			return err
		}
		return blocked()
	}
	return nil
}

// blocked is a rule of WeChat Pay's in the way of a payer who has agreed.
func blocked() error {
	return engine.Committed(&ledger.PageError{Reason: ledger.PageBlocked,
		Message: "The service cannot be opened for this account at the moment."})
}

// failSigning writes down that the payer agreed without effect: the code is burnt, and
// nobody is notified.
func failSigning(s *engine.Step, p *engine.Product, session *rows.Session, c *rows.Contract,
	why ledger.PageReason) error {
	session.Burnt = true
	if err := rows.Put(s.Tx, session); err != nil {
		return err
	}
	if p.KeepsFailed && why == ledger.PageBlocked && !session.V2 { // APIv2 has no such state
		c.State = ledger.ContractSignFailed
		if err := rows.Put(s.Tx, c); err != nil {
			return err
		}
	}
	return useCode(s, p, c)
}
