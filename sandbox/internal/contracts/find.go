package contracts

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What products with a contract_id in their paths have in common.

// Any finds a contract of the call's product and merchant, in whatever
// state.
func Any(c *engine.Call, id string) (*rows.Contract, error) {
	contract, err := Of(c, c.Product.Name, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, c.Product.Gone().Hinting(NoneOf(c, c.Product.Name))
	}
	return contract, err
}

// Of finds a contract of the merchant's and of a product;
// errors.Is(err, ErrNotFound) when there is none.
func Of(c *engine.Call, p ledger.Product, id string) (*rows.Contract, error) {
	contract, err := rows.Get[rows.Contract](c.Tx, id)
	if err == nil && contract.Product != p {
		return nil, store.ErrNotFound
	}
	return contract, err
}

// NoneOf is the hint of a contract_id that Of does not find.
func NoneOf(c *engine.Call, p ledger.Product) string {
	return "merchant " + c.Merchant.MchID + " has no contract of product " + string(p) + " with this id"
}

// Own is Any for products to which a contract that the payer has
// deleted is gone.
func Own(c *engine.Call, id string) (*rows.Contract, error) {
	contract, err := Any(c, id)
	if err == nil && contract.Deleted {
		return nil, c.Product.Gone().Hinting("the payer has deleted the contract from their list")
	}
	return contract, err
}
