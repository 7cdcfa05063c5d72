package sandbox

import (
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Fund gives the payer money, in fen. From then on they have what they were given and
// no more; one who was never funded has as much as it takes.
func (p *Payer) Fund(fen int64) error {
	if fen < 0 {
		return errors.New("sandbox: fund a payer: the amount must not be negative; RunOut takes everything")
	}
	return p.change(func(w *rows.Wallet) { w.Limited, w.Balance = true, rows.Plus(w.Balance, fen) })
}

// RunOut leaves the payer without money: their debits fail with [ledger.NotEnough].
func (p *Payer) RunOut() error {
	return p.change(func(w *rows.Wallet) { w.Limited, w.Balance = true, 0 })
}

// Unlimit makes the payer as rich as they were at first.
func (p *Payer) Unlimit() error {
	return p.change(func(w *rows.Wallet) { w.Limited, w.Balance = false, 0 })
}

// FailNext makes the payer's next charge fail for this reason, whatever money they
// have. Told several times it fails as many, in this order.
func (p *Payer) FailNext(reasons ...ledger.Failure) error {
	for _, f := range reasons {
		if !rows.KnownFailure(f) {
			return fmt.Errorf("sandbox: no charge fails with %q; there are NOTENOUGH, RULELIMIT, BANKERROR, "+
				"USER_ACCOUNT_ABNORMAL, ACCOUNTERROR, USER_NOT_EXIST, TRADE_ERROR, CONTRACT_NOT_EXIST and SYSTEMERROR",
				f)
		}
	}
	return p.change(func(w *rows.Wallet) { w.FailNext = append(w.FailNext, reasons...) })
}

// RefuseNextNotice has risk control refuse the next pre-deduction notice to them.
func (p *Payer) RefuseNextNotice() error {
	return p.change(func(w *rows.Wallet) { w.RefuseNotices++ })
}

// BlockNextSigning puts a rule of WeChat Pay's in the way the next time they
// agree: the code is burnt, and nobody is notified.
func (p *Payer) BlockNextSigning() error {
	return p.change(func(w *rows.Wallet) { w.BlockSigning++ })
}

// FailNextRefund has the next refund not reach them: it ends as ABNORMAL.
func (p *Payer) FailNextRefund() error {
	return p.change(func(w *rows.Wallet) { w.FailRefunds++ })
}

// CloseNextRefund has the next refund to them closed, as happens when the
// merchant's money runs out meanwhile: nothing was given back, and the order may
// be refunded again.
func (p *Payer) CloseNextRefund() error {
	return p.change(func(w *rows.Wallet) { w.CloseRefunds++ })
}

// Identify says who they are. A merchant that gives another name or number for them
// gets no contract. Who was never identified is whoever a merchant says.
func (p *Payer) Identify(name, idNumber string) error {
	return p.change(func(w *rows.Wallet) { w.Name, w.IDNumber = name, idNumber })
}

// Repay pays everything they owe: what WeChat Pay advanced for them, and debits by face for which
// they had no money. A repayment is a payment by their own hand and counts towards no limit of the
// plan's.
func (p *Payer) Repay() error {
	return p.step(func(s *engine.Step) error { return debits.Repay(s, s.Registry.Person(p.openid).ID) })
}

// Wallet is what they have and owe.
func (p *Payer) Wallet() (*ledger.Wallet, error) {
	var w *rows.Wallet
	err := p.step(func(s *engine.Step) (err error) {
		w, err = s.Wallet(s.Registry.Person(p.openid).ID)
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
func (p *Payer) SignElsewhere(product ledger.Product, planID string) (*ledger.Contract, error) {
	var c *rows.Contract
	err := p.step(func(s *engine.Step) (err error) {
		m, kind := s.Registry.First(), s.Products[product]
		if m == nil || kind == nil || m.Plan(product, planID) == nil {
			return &ledger.PageError{Reason: ledger.PageUnknown, Message: "This merchant has no such service."}
		}
		appid := m.FirstAppID()
		c, err = signElsewhere(s, kind, &ledger.Session{MchID: m.MchID, AppID: appid, PlanID: planID,
			Account: "another app", OpenID: s.Registry.Person(p.openid).OpenID(appid, p.openid),
			NotifyURL: m.Plan(product, planID).NotifyURL}, p.openid)
		return err
	})
	return c.View(), err
}

// signElsewhere signs what no call presigned: the session lacks what only the sandbox gives, and
// its code where that does not matter.
func signElsewhere(s *engine.Step, kind *engine.Product, of *ledger.Session, openid string) (*rows.Contract, error) {
	token, err := s.NewToken(kind)
	if err != nil {
		return nil, err
	}
	session := &rows.Session{Session: *of}
	session.Token, session.Product, session.Request = token, kind.Name, []byte("{}")
	session.CreatedAt, session.ExpiresAt = s.Now, s.Now.Add(kind.TTL)
	if kind.Names.Code != "" && session.Code == "" {
		draw := func() string { return "elsewhere" + s.Random.Roll(random.Decimal, 16) }
		if session.Code, err = s.Free("out_contract_code", draw, func(code string) (bool, error) {
			return s.RowOf((*rows.CodeUse)(nil).RowKind())(kind.CodeKey(of.MchID, of.PlanID, code))
		}); err != nil {
			return nil, err
		}
	}
	c, err := contracts.Sign(s, session, openid)
	if errors.As(err, new(*ledger.PageError)) {
		c = nil
	}
	return c, err
}

func (p *Payer) change(f func(*rows.Wallet)) error {
	return p.step(func(s *engine.Step) error {
		w, err := s.Wallet(s.Registry.Person(p.openid).ID)
		if err != nil {
			return err
		}
		f(w)
		return rows.Put(s.Tx, w)
	})
}
