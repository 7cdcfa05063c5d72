package contracts

import (
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// useCode burns the contract's code: no other contract will ever have it. In APIv2 one may have it
// once its contract has ended. Both write the same row, so that of two payers who agree at once the
// later one finds the other's contract.
func useCode(s *engine.Step, p *engine.Product, c *rows.Contract) error {
	if p.Names.Code == "" {
		return nil
	}
	id := p.CodeKey(c.MchID, c.PlanID, c.Code)
	use, err := rows.Get[rows.CodeUse](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) { // signed without a presign call
		use, err = &rows.CodeUse{ID: id}, nil
	}
	if err != nil {
		return err
	}
	use.Burnt = use.Burnt || !c.V2
	return rows.Put(s.Tx, use)
}

// Outdated says why a session's code is the session's no more, "" for one that is. A contract with
// it was signed after the page was made, or in APIv3 another session has it: that of an order that
// could not be paid any more made room for one.
func Outdated(s *engine.Step, session *rows.Session) (why string, err error) {
	p, err := s.ProductOf(session, session.Product)
	if err != nil || p.Names.Code == "" {
		return "", err
	}
	c, err := ByCode(s, p, session.MchID, session.PlanID, session.Code)
	if err != nil {
		return "", err
	}
	if c != nil && c.Live() {
		return "a contract with this contract code is in force", nil
	}
	use, err := rows.Get[rows.CodeUse](s.Tx, p.CodeKey(session.MchID, session.PlanID, session.Code))
	switch {
	case errors.Is(err, store.ErrNotFound) || session.V2:
		return "", nil
	case err != nil:
		return "", err
	case use.Burnt:
		return "the contract code is burnt: signing was attempted with it", nil
	case use.Token != "" && use.Token != session.Token:
		return "a later session has the contract code", nil
	}
	return "", nil
}

// codeFree says what keeps a session from being agreed to.
func codeFree(s *engine.Step, session *rows.Session) error {
	why, err := Outdated(s, session)
	if err != nil || why == "" {
		return err
	}
	return &ledger.PageError{Reason: ledger.PageUsed,
		Message: "This request is out of date. Please start again from the merchant's app.", Hint: why}
}

// ByCode finds the contract in force that has a code under a plan, else the last one made with it,
// or nil.
func ByCode(s *engine.Step, p *engine.Product, mchid, plan, code string) (*rows.Contract, error) {
	list, err := rows.Find[rows.Contract](s.Tx, rows.ContractCodeKey(p.Name, mchid, plan, code), 0)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if i := slices.IndexFunc(list, (*rows.Contract).Live); i >= 0 {
		return list[i], nil
	}
	return list[len(list)-1], nil
}

// Former is the session that a code was used for last, nil for one that ended so long ago that it
// is not kept any more (outbox/retain.go).
func Former(tx store.Tx, use *rows.CodeUse) (*rows.Session, error) {
	session, err := rows.Get[rows.Session](tx, use.Token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return session, err
}
