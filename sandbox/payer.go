package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Payer is one WeChat user, with a thumb over the buttons of the signing and
// payment pages. What the pages would refuse comes back as a [*ledger.PageError], in the
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
func (p *Payer) Open(token string) (page *ledger.Page, err error) {
	err = p.step(func(s *engine.Step) error {
		session, err := contracts.Session(s, token)
		if err != nil {
			return err
		}
		page, err = contracts.Open(s, session, p.openid)
		return err
	})
	return page, err
}

// Agree opens the signing page and agrees. The merchant is notified.
func (p *Payer) Agree(token string) (*ledger.Contract, error) {
	return p.agree(contracts.Session, token)
}

func (p *Payer) agree(find func(*engine.Step, string) (*rows.Session, error), id string) (*ledger.Contract,
	error) {
	var c *rows.Contract
	err := p.step(func(s *engine.Step) error {
		session, err := find(s, id)
		if err != nil {
			return err
		}
		c, err = contracts.Sign(s, session, p.openid)
		return err
	})
	return c.View(), err
}

// Decline opens the signing page and leaves it. Nobody is notified, and the
// payer may come back as long as the session lives.
func (p *Payer) Decline(token string) error { return p.decline(contracts.Session, token) }

func (p *Payer) decline(find func(*engine.Step, string) (*rows.Session, error), id string) error {
	return p.step(func(s *engine.Step) error {
		session, err := find(s, id)
		if err != nil {
			return err
		}
		return contracts.Decline(s, session, p.openid)
	})
}

// Pay pays an order, by its prepay_id, code_url or h5_url. The merchant is
// notified at the order's notify_url. When the order was placed with a contract, it is
// signed. When it was decorated by a pay-redirect presign and nothing stands in the way,
// the receipt carries the offer to sign.
func (p *Payer) Pay(prepayID string) (*ledger.Receipt, error) { return p.pay(prepayID, true) }

// PayWithoutSigning pays an order that was placed with a contract, and leaves the switch
// of the contract off: the order is paid, nothing is signed, and no notification says so.
// A query of the contract tells. https://pay.weixin.qq.com/doc/v3/merchant/4011987907
func (p *Payer) PayWithoutSigning(prepayID string) (*ledger.Receipt, error) {
	return p.pay(prepayID, false)
}

func (p *Payer) pay(prepayID string, sign bool) (r *ledger.Receipt, err error) {
	err = p.step(func(s *engine.Step) error {
		o, err := s.OrderByPrepay(prepayID)
		if err != nil {
			return contracts.NotAnOrder(err)
		}
		if err := payments.MayPay(s, o, p.openid); err != nil {
			return err
		}
		var left *rows.Session
		if !sign {
			if left, err = contracts.ByPaying(s, o); err != nil {
				return err
			}
		}
		switch failure, err := payments.PayFrom(s, o, p.openid); {
		case err != nil:
			return err
		case failure == ledger.NotEnough:
			return engine.Committed(&ledger.PageError{Reason: ledger.PageNoMoney,
				Message: "There is not enough money for this."})
		case failure != "":
			return engine.Committed(&ledger.PageError{Reason: ledger.PageFailed,
				Message: "The payment failed. Please try again later."})
		}
		r = &ledger.Receipt{Order: o.View()}
		if r.PasswordFree, err = debits.Exempt(s, o); err != nil {
			return err
		}
		if err := payments.Pay(s, o); err != nil {
			return err
		}
		if !sign {
			return contracts.LeaveOff(s, left)
		}
		return contracts.SignByPaying(s, r, o, p.openid)
	})
	return r, err
}

// AgreeAfterPay accepts the offer to sign that came with a payment.
func (p *Payer) AgreeAfterPay(prepayID string) (*ledger.Contract, error) {
	return p.agree(contracts.PromptOf, prepayID)
}

// DeclineAfterPay turns the offer down. Nobody is notified.
func (p *Payer) DeclineAfterPay(prepayID string) error {
	return p.decline(contracts.PromptOf, prepayID)
}

// Terminate ends one of the payer's own contracts, in WeChat's settings. No
// merchant can keep them from it, unless the plan has AsksFirst; the plan's URL is
// notified. An insurance contract ends a day later, unless they think again: see
// [Payer.StayInsured].
func (p *Payer) Terminate(contractID string) error { return p.leave(contractID, contracts.Leave) }

// leave is both ways out of a contract, of which the merchant is asked first.
func (p *Payer) leave(contractID string, do func(*engine.Step, *rows.Contract) error) error {
	if err := p.mayLeave(contractID); err != nil {
		return err
	}
	return p.withOwn(contractID, do)
}

// StayInsured takes back the payer's wish to end an insurance contract, while it
// is TERMINATE_PENDING. One that they deleted is in their list again.
func (p *Payer) StayInsured(contractID string) error {
	return p.withOwn(contractID, func(s *engine.Step, c *rows.Contract) error {
		if c.State != ledger.ContractTerminatePending {
			return &ledger.PageError{Reason: ledger.PageUsed, Message: "There is nothing to take back."}
		}
		c.State, c.LeavesAt, c.Deleted = ledger.ContractSigned, time.Time{}, false
		return rows.Put(s.Tx, c)
	})
}

// withOwn does something to one of the payer's own contracts.
func (p *Payer) withOwn(contractID string, do func(*engine.Step, *rows.Contract) error) error {
	return p.step(func(s *engine.Step) error {
		c, err := s.Contract(contractID)
		if err != nil {
			return err
		}
		if c.Person != s.Registry.Person(p.openid).ID && c.OpenID != p.openid &&
			(c.SubOpenID == "" || c.SubOpenID != p.openid) {
			return &ledger.PageError{Reason: ledger.PageWrongUser, Message: "This contract is another WeChat user's."}
		}
		return do(s, c)
	})
}

// Terminate ends a contract in another name than the merchant's API or the
// payer's: [ledger.ByConsole], [ledger.ByCustomerService], [ledger.BySystem]; [ledger.ByUser] and
// [ledger.ByMerchant] work too. The plan's URL is notified.
func (s *Sandbox) Terminate(contractID string, by ledger.Termination, remark string) error {
	if !rows.KnownTermination(by) {
		return errors.New("sandbox: unknown way to terminate " + string(by) + "; there are USER_TERMINATE, " +
			"MCH_API_TERMINATE, WEPAY_WEB_TERMINATE, CUSTOMER_SERVICE_TERMINATE and SYSTEM_TERMINATE")
	}
	return s.engine.Step(context.Background(), func(st *engine.Step) error {
		c, err := st.Contract(contractID)
		if err != nil {
			return err
		}
		return contracts.End(st, c, by, remark)
	})
}

// step runs f, and keeps what it did where the page says so although it refused.
func (p *Payer) step(f func(*engine.Step) error) error {
	if err := shown.CheckID("openid", p.openid); err != nil {
		return err
	}
	return p.sandbox.engine.Decide(context.Background(), func(s *engine.Step) error {
		s.From = p.from
		return f(s)
	})
}

// Delete removes a contract of the payer's from their list in WeChat. When it stands,
// it ends as by [Payer.Terminate] and no other way: where the merchant is asked first
// and says no it stays in the list, and an insurance contract ends a day later all the
// same. Products that say so, such as eduschoolpay, answer 404 for it from then on.
func (p *Payer) Delete(contractID string) error { return p.leave(contractID, contracts.Delete) }

// ShowCode is the auth_code of a code payment, as scanned off the payer's phone.
// It lives a minute and pays once.
func (p *Payer) ShowCode() (authCode string, err error) {
	err = p.step(func(s *engine.Step) error {
		authCode, err = payments.ShowCode(s, p.openid)
		return err
	})
	return authCode, err
}

// Format prints that it is a payer, and not who: an openid is one.
func (p *Payer) Format(f fmt.State, _ rune) { fmt.Fprint(f, "sandbox.Payer{…}") }
