package contracts

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// useCode burns the contract's code: no other contract will ever have it.
func useCode(s *engine.Step, p *engine.Product, c *rows.Contract) error {
	if p.Names.Code == "" || c.V2 {
		return nil // an APIv2 code may be used again once its contract has ended
	}
	id := p.CodeKey(c.MchID, c.PlanID, c.Code)
	use, err := rows.Get[rows.CodeUse](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) { // signed without a presign call
		use, err = &rows.CodeUse{ID: id}, nil
	}
	if err != nil {
		return err
	}
	use.Burnt = true
	return rows.Put(s.Tx, use)
}

// ByCode finds the last contract made with a code under a plan, or nil.
func ByCode(s *engine.Step, p *engine.Product, mchid, plan, code string) (*rows.Contract, error) {
	list, err := rows.Find[rows.Contract](s.Tx, rows.ContractCodeKey(p.Name, mchid, plan, code), 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}
