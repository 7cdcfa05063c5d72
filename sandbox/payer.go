package sandbox

import (
	"context"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
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

func (s *step) open(session *sessionRow, openid string) (*Page, error) {
	page, err := s.page(session, openid)
	if err != nil {
		return nil, err
	}
	session.OpenedAt = s.now
	return page, put(s.Tx, session)
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

func (s *step) decline(session *sessionRow, openid string) error {
	if _, err := s.page(session, openid); err != nil {
		return err
	}
	session.OpenedAt, session.DeclinedAt = s.now, s.now
	return put(s.Tx, session)
}

// Receipt is the page after a payment.
type Receipt struct {
	Order  *Order `json:"order"`
	Prompt *Page  `json:"prompt,omitempty"` // the offer to sign; nil when there is none
	// Contract is what paying an order that was placed together with a contract
	// signed. When nothing came of it although the payment is fine, Obstacle says
	// why; the merchant hears nothing of it.
	Contract *Contract  `json:"contract,omitempty"`
	Obstacle *PageError `json:"obstacle,omitempty"`
	// PasswordFree payments were made under a password-exempt contract: the payer
	// was asked for nothing.
	PasswordFree bool `json:"password_free,omitempty"`
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
			return &PageError{Reason: PageNoMoney, Message: "There is not enough money for this.", keep: true}
		case failure != "":
			return &PageError{Reason: PageFailed, Message: "The payment failed. Please try again later.", keep: true}
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

// payFrom takes an order's money from its payer when openid comes, and writes down who paid: by
// the openid under the order's appid, for one under another appid is not the merchant's to know.
func (s *step) payFrom(o *orderRow, openid string) (Failure, error) {
	who, _ := s.payerOf(o.payers(), openid)
	switch {
	case o.OpenID != "":
	case o.SubOpenID == "": // the call named nobody
		o.OpenID = who.openID(o.AppID, openid)
	default:
		o.OpenID = who.openID(o.AppID, "")
	}
	o.Person = who.id
	return s.charge(who.id, o.Total)
}

func (s *step) mayPay(o *orderRow, openid string) error {
	switch o.stateAt(s.now) {
	case OrderPaid:
		return &PageError{Reason: PageUsed, Message: "This order has been paid already."}
	case OrderClosed, OrderReversed, OrderFailed:
		return &PageError{Reason: PageClosed, Message: "This order is closed."}
	}
	if !s.now.Before(o.PrepayExpiresAt) {
		return &PageError{Reason: PageExpired,
			Message: "This payment has expired. Please start again from the merchant's app."}
	}
	who, ok := s.payerOf(o.payers(), openid)
	if !ok {
		return &PageError{Reason: PageWrongUser, Message: "This order is to be paid by another WeChat user."}
	}
	w, err := s.wallet(who.id)
	if err == nil && !w.is(o.RealName, o.IDNumber) {
		return &PageError{Reason: PageIdentity, Message: "Your identity is not the one the merchant has given."}
	}
	return err
}

// AgreeAfterPay accepts the offer to sign that came with a payment.
func (p *Payer) AgreeAfterPay(prepayID string) (*Contract, error) {
	return p.agree((*step).promptOf, prepayID)
}

// DeclineAfterPay turns the offer down. Nobody is notified.
func (p *Payer) DeclineAfterPay(prepayID string) error {
	return p.decline((*step).promptOf, prepayID)
}

func (s *step) promptOf(prepayID string) (*sessionRow, error) {
	o, err := s.orderByPrepay(prepayID)
	if err != nil {
		return nil, notAnOrder(err)
	}
	return s.prompt(o)
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

// byPayer is the remark of contracts that payers end.
const byPayer = "用户主动解约"

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
	if !by.known() {
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

func (s *step) contract(id string) (*contractRow, error) {
	c, err := get[contractRow](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &PageError{Reason: PageUnknown, Message: "This contract does not exist."}
	}
	return c, err
}

func notAnOrder(err error) error {
	if errors.As(err, new(*refusal)) {
		return &PageError{Reason: PageUnknown, Message: "This order does not exist."}
	}
	return err
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
