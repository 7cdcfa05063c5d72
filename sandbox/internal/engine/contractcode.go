package engine

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// useCode burns the contract's code: no other contract will ever have it.
func (s *Step) useCode(p *Product, c *ContractRow) error {
	if p.Names.Code == "" || c.V2 {
		return nil // an APIv2 code may be used again once its contract has ended
	}
	id := p.CodeKey(c.MchID, c.PlanID, c.Code)
	use, err := Get[CodeUse](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) { // signed without a presign call
		use, err = &CodeUse{ID: id}, nil
	}
	if err != nil {
		return err
	}
	use.Burnt = true
	return Put(s.Tx, use)
}

// ContractByCode finds the last contract made with a code under a plan, or nil.
func (s *Step) ContractByCode(p *Product, mchid, plan, code string) (*ContractRow, error) {
	list, err := Find[ContractRow](s.Tx, contractCodeKey(p.Name, mchid, plan, code), 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func contractCodeKey(p ledger.Product, mchid, plan, code string) string {
	return "code:" + Joined(string(p), mchid, plan, code)
}

// CodeKey is the place of an out_contract_code, which most products want to be
// the merchant's only one.
func (p *Product) CodeKey(mchid, plan, code string) string {
	if p.CodePerPlan {
		return Joined(string(p.Name), mchid, plan, code)
	}
	return Joined(string(p.Name), mchid, code)
}
