package sandbox

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What products with a contract_id in their paths have in common.

// anyContract finds a contract of the call's product and merchant, in whatever
// state.
func (c *call) anyContract(id string) (*contractRow, error) {
	contract, err := c.contractOf(c.product.name, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, c.product.gone().hinting(c.noContract(c.product.name))
	}
	return contract, err
}

// contractOf finds a contract of the merchant's and of a product;
// errors.Is(err, ErrNotFound) when there is none.
func (c *call) contractOf(p Product, id string) (*contractRow, error) {
	contract, err := get[contractRow](c.Tx, id)
	if err == nil && contract.Product != p {
		return nil, store.ErrNotFound
	}
	return contract, err
}

// noContract is the hint of a contract_id that contractOf does not find.
func (c *call) noContract(p Product) string {
	return "merchant " + c.merchant.MchID + " has no contract of product " + string(p) + " with this id"
}

// ownContract is anyContract for products to which a contract that the payer has
// deleted is gone.
func (c *call) ownContract(id string) (*contractRow, error) {
	contract, err := c.anyContract(id)
	if err == nil && contract.Deleted {
		return nil, c.product.gone().hinting("the payer has deleted the contract from their list")
	}
	return contract, err
}
