package sandbox

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/papay"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Leave opens the page on which the payer ends a contract of 委托代扣, and shows
// what the merchant holds out to them: when Plan.Retention is set, WeChat asks the
// plan's URL by ENTRUST.TERMINATE_RETENTION, and shows nothing, a nil Offer, when
// the answer takes longer than a second or is not what it should be. It ends
// nothing: [Payer.Terminate] does.
func (p *Payer) Leave(contractID string) (*ledger.Offer, error) {
	c, plan, err := p.leaving(contractID)
	if err != nil || plan == nil || !plan.Retention {
		return nil, err
	}
	said, ok, err := p.sandbox.outbox.Ask(papay.Retention(c, plan), papay.RetentionPatience)
	if err != nil || !ok {
		return nil, err
	}
	return papay.Offered(said), nil
}

// mayLeave asks the merchant of a contract signed on HarmonyOS whether the payer
// may end it, where Plan.AsksFirst says so.
func (p *Payer) mayLeave(contractID string) error {
	c, plan, err := p.leaving(contractID)
	if err != nil || plan == nil || !plan.AsksFirst || c.UserCode == "" {
		return err
	}
	said, ok, err := p.sandbox.outbox.Ask(papay.Inquiry(c, plan), p.sandbox.outbox.Patience)
	if err != nil || ok && papay.Consents(said) {
		return err
	}
	return &ledger.PageError{Reason: ledger.PageRefused,
		Message: "The merchant does not let you end this service at the moment."}
}

// leaving is one of the payer's own live contracts of 委托代扣 with its plan; no
// plan where nobody is asked anything.
func (p *Payer) leaving(contractID string) (c *rows.Contract, plan *ledger.Plan, err error) {
	err = p.withOwn(contractID, func(s *engine.Step, own *rows.Contract) error {
		c, plan = own, papay.Leaving(s, own)
		return nil
	})
	return c, plan, err
}
