package engine

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// InForce is Live, but for a contract whose time is over and that could not be ended.
func (s *Step) InForce(c *rows.Contract) bool {
	over := c.Over()
	return c.Live() && (over.IsZero() || s.Now.Before(over))
}

// PlanOf is a contract's plan, nil when the merchant has it no more.
func (s *Step) PlanOf(contract *rows.Contract) *ledger.Plan {
	if m := s.Registry.Merchant(contract.MchID); m != nil {
		return m.Plan(contract.Product, contract.PlanID)
	}
	return nil
}

func (s *Step) Contract(id string) (*rows.Contract, error) {
	c, err := rows.Get[rows.Contract](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &ledger.PageError{Reason: ledger.PageUnknown, Message: "This contract does not exist."}
	}
	return c, err
}

func (s *Step) Order(combined bool, mchid, outTradeNo string) (*rows.Order, error) {
	o, err := rows.Get[rows.Order](s.Tx, rows.OrderID(combined, mchid, outTradeNo))
	if errors.Is(err, store.ErrNotFound) {
		return nil, NoSuchOrder()
	}
	return o, err
}

func (s *Step) OrderBy(key string) (*rows.Order, error) {
	list, err := rows.Find[rows.Order](s.Tx, key, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, NoSuchOrder()
	}
	return list[0], nil
}

func (s *Step) OrderByPrepay(prepayID string) (*rows.Order, error) {
	return s.OrderBy("prepay:" + prepayID)
}

// ContractUnder is the contract that a debit was accepted under.
func (s *Step) ContractUnder(d *rows.Debit) (*rows.Contract, error) {
	contract, err := rows.Get[rows.Contract](s.Tx, d.ContractID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, rows.Misread(d, "is under contract %s, which is not there", shown.Value(d.ContractID))
	}
	return contract, err
}
