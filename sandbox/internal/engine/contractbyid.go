package engine

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What products with a contract_id in their paths have in common.

// AnyContract finds a contract of the call's product and merchant, in whatever
// state.
func (c *Call) AnyContract(id string) (*ContractRow, error) {
	contract, err := c.ContractOf(c.Product.Name, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, c.Product.Gone().Hinting(c.NoContract(c.Product.Name))
	}
	return contract, err
}

// ContractOf finds a contract of the merchant's and of a product;
// errors.Is(err, ErrNotFound) when there is none.
func (c *Call) ContractOf(p ledger.Product, id string) (*ContractRow, error) {
	contract, err := Get[ContractRow](c.Tx, id)
	if err == nil && contract.Product != p {
		return nil, store.ErrNotFound
	}
	return contract, err
}

// NoContract is the hint of a contract_id that ContractOf does not find.
func (c *Call) NoContract(p ledger.Product) string {
	return "merchant " + c.Merchant.MchID + " has no contract of product " + string(p) + " with this id"
}

// OwnContract is AnyContract for products to which a contract that the payer has
// deleted is gone.
func (c *Call) OwnContract(id string) (*ContractRow, error) {
	contract, err := c.AnyContract(id)
	if err == nil && contract.Deleted {
		return nil, c.Product.Gone().Hinting("the payer has deleted the contract from their list")
	}
	return contract, err
}
