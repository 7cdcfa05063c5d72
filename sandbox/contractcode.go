package sandbox

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// useCode burns the contract's code: no other contract will ever have it.
func (s *step) useCode(p *product, c *contractRow) error {
	if p.names.code == "" || c.V2 {
		return nil // an APIv2 code may be used again once its contract has ended
	}
	id := p.codeKey(c.MchID, c.PlanID, c.Code)
	use, err := get[codeUse](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) { // signed without a presign call
		use, err = &codeUse{ID: id}, nil
	}
	if err != nil {
		return err
	}
	use.Burnt = true
	return put(s.Tx, use)
}

// contractByCode finds the last contract made with a code under a plan, or nil.
func (s *step) contractByCode(p *product, mchid, plan, code string) (*contractRow, error) {
	list, err := find[contractRow](s.Tx, contractCodeKey(p.name, mchid, plan, code), 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func contractCodeKey(p Product, mchid, plan, code string) string {
	return "code:" + joined(string(p), mchid, plan, code)
}

// codeKey is the place of an out_contract_code, which most products want to be
// the merchant's only one.
func (p *product) codeKey(mchid, plan, code string) string {
	if p.codePerPlan {
		return joined(string(p.name), mchid, plan, code)
	}
	return joined(string(p.name), mchid, code)
}
