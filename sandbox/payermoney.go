package sandbox

import (
	"errors"
	"fmt"
)

// Fund gives the payer money, in fen. From then on they have what they were given and
// no more; one who was never funded has as much as it takes.
func (p *Payer) Fund(fen int64) error {
	if fen < 0 {
		return errors.New("sandbox: fund a payer: the amount must not be negative; RunOut takes everything")
	}
	return p.change(func(w *walletRow) { w.Limited, w.Balance = true, plus(w.Balance, fen) })
}

// RunOut leaves the payer without money: their debits fail with [NotEnough].
func (p *Payer) RunOut() error {
	return p.change(func(w *walletRow) { w.Limited, w.Balance = true, 0 })
}

// Unlimit makes the payer as rich as they were at first.
func (p *Payer) Unlimit() error {
	return p.change(func(w *walletRow) { w.Limited, w.Balance = false, 0 })
}

// FailNext makes the payer's next charge fail for this reason, whatever money they
// have. Told several times it fails as many, in this order.
func (p *Payer) FailNext(reasons ...Failure) error {
	for _, f := range reasons {
		if !knownFailure(f) {
			return fmt.Errorf("sandbox: no charge fails with %q; there are NOTENOUGH, RULELIMIT, BANKERROR, "+
				"USER_ACCOUNT_ABNORMAL, ACCOUNTERROR, USER_NOT_EXIST, TRADE_ERROR, CONTRACT_NOT_EXIST and SYSTEMERROR",
				f)
		}
	}
	return p.change(func(w *walletRow) { w.FailNext = append(w.FailNext, reasons...) })
}

// RefuseNextNotice has risk control refuse the next pre-deduction notice to them.
func (p *Payer) RefuseNextNotice() error {
	return p.change(func(w *walletRow) { w.RefuseNotices++ })
}

// BlockNextSigning puts a rule of WeChat Pay's in the way the next time they
// agree: the code is burnt, and nobody is notified.
func (p *Payer) BlockNextSigning() error {
	return p.change(func(w *walletRow) { w.BlockSigning++ })
}

// FailNextRefund has the next refund not reach them: it ends as ABNORMAL.
func (p *Payer) FailNextRefund() error {
	return p.change(func(w *walletRow) { w.FailRefunds++ })
}

// CloseNextRefund has the next refund to them closed, as happens when the
// merchant's money runs out meanwhile: nothing was given back, and the order may
// be refunded again.
func (p *Payer) CloseNextRefund() error {
	return p.change(func(w *walletRow) { w.CloseRefunds++ })
}

// Identify says who they are. A merchant that gives another name or number for them
// gets no contract. Who was never identified is whoever a merchant says.
func (p *Payer) Identify(name, idNumber string) error {
	return p.change(func(w *walletRow) { w.Name, w.IDNumber = name, idNumber })
}

// Repay pays everything they owe: what WeChat Pay advanced for them, and debits by face for which
// they had no money. A repayment is a payment by their own hand and counts towards no limit of the
// plan's.
func (p *Payer) Repay() error {
	return p.step(func(s *step) error { return s.repay(s.registry.person(p.openid).id) })
}

// Wallet is what they have and owe.
func (p *Payer) Wallet() (*Wallet, error) {
	var w *walletRow
	err := p.step(func(s *step) (err error) {
		w, err = s.wallet(s.registry.person(p.openid).id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &w.Wallet, nil
}

// SignElsewhere gives them a contract under a plan of the first merchant's as if
// they had signed it through another of the merchant's apps. The merchant hears of
// it at the plan's URL.
func (p *Payer) SignElsewhere(product Product, planID string) (*Contract, error) {
	var c *contractRow
	err := p.step(func(s *step) error {
		m, kind := s.registry.first(), s.products[product]
		if m == nil || kind == nil || m.plan(product, planID) == nil {
			return &PageError{Reason: PageUnknown, Message: "This merchant has no such service."}
		}
		plan := m.plan(product, planID)
		token, err := s.newToken(kind)
		if err != nil {
			return err
		}
		session := &sessionRow{Session: Session{
			Token: token, Product: product, MchID: m.MchID, AppID: m.firstAppID(), PlanID: planID,
			Account: "another app", OpenID: p.openid, NotifyURL: plan.NotifyURL, CreatedAt: s.now,
			ExpiresAt: s.now.Add(kind.ttl),
			Request:   []byte("{}"),
		}}
		if kind.names.code != "" {
			draw := func() string { return "elsewhere" + s.random.roll(decimal, 16) }
			used := func(code string) (bool, error) {
				return s.rowOf((*codeUse)(nil).kind())(kind.codeKey(m.MchID, planID, code))
			}
			if session.Code, err = s.free("out_contract_code", draw, used); err != nil {
				return err
			}
		}
		if c, err = s.sign(session, p.openid); errors.As(err, new(*PageError)) {
			c = nil
		}
		return err
	})
	return c.view(), err
}

func (p *Payer) change(f func(*walletRow)) error {
	return p.step(func(s *step) error {
		w, err := s.wallet(s.registry.person(p.openid).id)
		if err != nil {
			return err
		}
		f(w)
		return put(s.Tx, w)
	})
}
