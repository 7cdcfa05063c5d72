package sandbox

import (
	"context"
	"errors"
	"time"
)

// Payer is one WeChat user, with a thumb over the buttons of the signing and
// payment pages. What the pages would refuse comes back as a [*PageError], in the
// words a person would read.
type Payer struct {
	sandbox *Sandbox
	openid  string
	from    string
}

// Payer is the user with this openid. Anybody may be one; see [WithPayer] for a
// person who has several.
func (s *Sandbox) Payer(openid string) *Payer { return &Payer{sandbox: s, openid: openid} }

// From is the payer on a machine with this IP address: sessions made for another
// address refuse them. One who is from nowhere is wherever merchants say.
func (p *Payer) From(ip string) *Payer {
	q := *p
	q.from = ip
	return &q
}

// OpenID is who the payer is.
func (p *Payer) OpenID() string { return p.openid }

// Open opens the signing page of a pre_entrustweb_id or presign_token.
func (p *Payer) Open(token string) (page *Page, err error) {
	err = p.step(func(s *step) error {
		session, err := s.session(token)
		if err != nil {
			return err
		}
		page, err = s.open(session, p.openid)
		return err
	})
	return page, err
}

// Agree opens the signing page and agrees. The merchant is notified.
func (p *Payer) Agree(token string) (*Contract, error) { return p.agree((*step).session, token) }

func (p *Payer) agree(find func(*step, string) (*sessionRow, error), id string) (*Contract, error) {
	var c *contractRow
	err := p.step(func(s *step) error {
		session, err := find(s, id)
		if err != nil {
			return err
		}
		c, err = s.sign(session, p.openid)
		return err
	})
	return c.view(), err
}

// Decline opens the signing page and leaves it. Nobody is notified, and the
// payer may come back as long as the session lives.
func (p *Payer) Decline(token string) error { return p.decline((*step).session, token) }

func (p *Payer) decline(find func(*step, string) (*sessionRow, error), id string) error {
	return p.step(func(s *step) error {
		session, err := find(s, id)
		if err != nil {
			return err
		}
		return s.decline(session, p.openid)
	})
}

// Pay pays an order, by its prepay_id, code_url or h5_url. The merchant is
// notified at the order's notify_url. When the order was decorated by a
// pay-redirect presign and nothing stands in the way, the receipt carries the
// offer to sign.
func (p *Payer) Pay(prepayID string) (r *Receipt, err error) {
	err = p.step(func(s *step) error {
		o, err := s.orderByPrepay(prepayID)
		if err != nil {
			return notAnOrder(err)
		}
		if err := s.mayPay(o, p.openid); err != nil {
			return err
		}
		switch failure, err := s.payFrom(o, p.openid); {
		case err != nil:
			return err
		case failure == NotEnough:
			return committed(&PageError{Reason: PageNoMoney, Message: "There is not enough money for this."})
		case failure != "":
			return committed(&PageError{Reason: PageFailed, Message: "The payment failed. Please try again later."})
		}
		r = &Receipt{Order: o.view()}
		if r.PasswordFree, err = s.exempt(o); err != nil {
			return err
		}
		if err := s.pay(o); err != nil {
			return err
		}
		return s.signByPaying(r, o, p.openid)
	})
	return r, err
}

// AgreeAfterPay accepts the offer to sign that came with a payment.
func (p *Payer) AgreeAfterPay(prepayID string) (*Contract, error) {
	return p.agree((*step).promptOf, prepayID)
}

// DeclineAfterPay turns the offer down. Nobody is notified.
func (p *Payer) DeclineAfterPay(prepayID string) error {
	return p.decline((*step).promptOf, prepayID)
}

// Terminate ends one of the payer's own contracts, in WeChat's settings. No
// merchant can keep them from it, unless the plan has AsksFirst; the plan's URL is
// notified. An insurance contract ends a day later, unless they think again: see
// [Payer.StayInsured].
func (p *Payer) Terminate(contractID string) error {
	if err := p.mayLeave(contractID); err != nil {
		return err
	}
	return p.withOwn(contractID, func(s *step, c *contractRow) error { return s.end(c, ByUser, byPayer) })
}

// StayInsured takes back the payer's wish to end an insurance contract, while it
// is TERMINATE_PENDING.
func (p *Payer) StayInsured(contractID string) error {
	return p.withOwn(contractID, func(s *step, c *contractRow) error {
		if c.State != ContractTerminatePending {
			return &PageError{Reason: PageUsed, Message: "There is nothing to take back."}
		}
		c.State, c.LeavesAt = ContractSigned, time.Time{}
		return put(s.Tx, c)
	})
}

// withOwn does something to one of the payer's own contracts.
func (p *Payer) withOwn(contractID string, do func(*step, *contractRow) error) error {
	return p.step(func(s *step) error {
		c, err := s.contract(contractID)
		if err != nil {
			return err
		}
		if c.Person != s.registry.person(p.openid).id && c.OpenID != p.openid &&
			(c.SubOpenID == "" || c.SubOpenID != p.openid) {
			return &PageError{Reason: PageWrongUser, Message: "This contract is another WeChat user's."}
		}
		return do(s, c)
	})
}

// Terminate ends a contract in another name than the merchant's API or the
// payer's: [ByConsole], [ByCustomerService], [BySystem]; [ByUser] and
// [ByMerchant] work too. The plan's URL is notified.
func (s *Sandbox) Terminate(contractID string, by Termination, remark string) error {
	if !knownTermination(by) {
		return errors.New("sandbox: unknown way to terminate " + string(by) + "; there are USER_TERMINATE, " +
			"MCH_API_TERMINATE, WEPAY_WEB_TERMINATE, CUSTOMER_SERVICE_TERMINATE and SYSTEM_TERMINATE")
	}
	return s.engine.step(context.Background(), func(st *step) error {
		c, err := st.contract(contractID)
		if err != nil {
			return err
		}
		return st.end(c, by, remark)
	})
}

// step runs f, and keeps what it did where the page says so although it refused.
func (p *Payer) step(f func(*step) error) error {
	if err := checkID("openid", p.openid); err != nil {
		return err
	}
	return p.sandbox.engine.decide(context.Background(), func(s *step) error {
		s.from = p.from
		return f(s)
	})
}

// Delete removes a contract of the payer's from their list in WeChat, and ends it
// before, when it stands. Products that say so, such as eduschoolpay, answer 404
// for it from then on.
func (p *Payer) Delete(contractID string) error {
	return p.withOwn(contractID, func(s *step, c *contractRow) error {
		if c.live() {
			if err := s.terminate(c, ByUser, byPayer); err != nil {
				return err
			}
		}
		c.Deleted = true
		return put(s.Tx, c)
	})
}

// ShowCode is the auth_code of a code payment, as scanned off the payer's phone.
// It lives a minute and pays once.
func (p *Payer) ShowCode() (authCode string, err error) {
	err = p.step(func(s *step) error {
		authCode, err = s.showCode(p.openid)
		return err
	})
	return authCode, err
}
