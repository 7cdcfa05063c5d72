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

// codeFree says what keeps a session from being agreed to while a contract in force has its code,
// which was signed after the page was made.
func codeFree(s *engine.Step, session *rows.Session) error {
	p, err := s.ProductOf(session, session.Product)
	if err != nil || p.Names.Code == "" {
		return err
	}
	c, err := ByCode(s, p, session.MchID, session.PlanID, session.Code)
	if err != nil || c == nil || !c.Live() {
		return err
	}
	return &ledger.PageError{Reason: ledger.PageUsed,
		Message: "This request is out of date. Please start again from the merchant's app.",
		Hint:    "a contract with this contract code is in force"}
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
