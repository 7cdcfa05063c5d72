package sandbox

import "errors"

// What products with a contract_id in their paths have in common.

// anyContract finds a contract of the call's product and merchant, in whatever
// state.
func (c *call) anyContract(id string) (*Contract, error) {
	contract, err := get[Contract](c.Tx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, c.product.gone().hinting("there is no such contract")
	case err != nil:
		return nil, err
	case contract.MchID != c.merchant.MchID || contract.Product != c.product.name:
		return nil, c.product.gone().hinting("the contract belongs to another merchant or product")
	}
	return contract, nil
}

// ownContract is anyContract for products to which a contract that the payer has
// deleted is gone.
func (c *call) ownContract(id string) (*Contract, error) {
	contract, err := c.anyContract(id)
	if err == nil && contract.Deleted {
		return nil, c.product.gone().hinting("the payer has deleted the contract from his list")
	}
	return contract, err
}

// Delete removes a contract of the payer's from his list in WeChat, and ends it
// before, when it stands. Products that say so, such as eduschoolpay, answer 404
// for it from then on.
func (p *Payer) Delete(contractID string) error {
	return p.withOwn(contractID, func(s *step, c *Contract) error {
		if c.live() {
			if err := s.terminate(c, ByUser, byPayer); err != nil {
				return err
			}
		}
		c.Deleted = true
		return put(s.Tx, c)
	})
}
