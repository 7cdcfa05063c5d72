package engine

import (
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// The numbers WeChat Pay makes up are drawn at random, and two drawn at random may be the same. So
// every number that something is found by is looked for before it is given away, in the transaction
// that gives it away, and drawn again when it is in use. Only the number is: a conflict of the
// store still means that another transaction came first.

// draws is how many numbers in use are drawn in a row before there is none left.
const draws = 100

// Free draws until it has a number that none of these finds and that this step has not drawn yet.
func (s *Step) Free(what string, draw func() string, finds ...func(id string) (bool, error)) (string, error) {
	for range draws {
		id := draw()
		used := s.drawn[what+id]
		for i := 0; i < len(finds) && !used; i++ {
			var err error
			if used, err = finds[i](id); err != nil {
				return "", err
			}
		}
		if used {
			continue
		}
		if s.drawn == nil {
			s.drawn = map[string]bool{}
		}
		s.drawn[what+id] = true
		return id, nil
	}
	return "", fmt.Errorf("sandbox: there is no free %s: %d drawn in a row are in use. Config.Rand repeats itself, "+
		"or the day's numbers are used up: move the clock on, or start with an empty store", what, draws)
}

// RowOf finds the row of a kind by its id.
func (s *Step) RowOf(kind string) func(string) (bool, error) {
	return func(id string) (bool, error) {
		_, err := s.Get(kind, id)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
}

// keyOf finds rows of a kind by an index key that ends in the number.
func (s *Step) keyOf(kind, prefix string) func(string) (bool, error) {
	return func(id string) (bool, error) {
		rows, err := s.Find(kind, prefix+id, 1)
		return len(rows) > 0, err
	}
}

// NewToken is the pre_entrustweb_id or presign_token of a session.
func (s *Step) NewToken(p *Product) (string, error) {
	return s.Free("session token", func() string { return p.Token(s.Random, s.Now) },
		s.RowOf((*rows.Session)(nil).RowKind()))
}

func (s *Step) NewContractID(p *Product) (string, error) {
	return s.Free("contract_id", func() string { return p.ID(s.Random, s.Now) },
		s.RowOf((*rows.Contract)(nil).RowKind()))
}

func (s *Step) NewPrepayID() (string, error) {
	draw := func() string { return s.Random.PrepayID(s.Now) }
	return s.Free("prepay_id", draw, s.keyOf((*rows.Order)(nil).RowKind(), "prepay:"))
}

// NewLink is the code_url or h5_url of an order, "" where it is paid otherwise.
func (s *Step) NewLink(t ledger.TradeType, prepayID string) (string, error) {
	if t != ledger.TradeNative && t != ledger.TradeH5 {
		return "", nil
	}
	draw := func() string { return s.Random.Link(t, prepayID) }
	return s.Free("payment link", draw, s.keyOf((*rows.Order)(nil).RowKind(), "prepay:"))
}

func (s *Step) NewTransactionID() (string, error) {
	return s.Free("transaction_id", func() string { return s.Random.TransactionID(s.Now) },
		s.keyOf((*rows.Order)(nil).RowKind(), "transaction:"), s.keyOf((*rows.Debit)(nil).RowKind(), "transaction:"))
}

func (s *Step) NewRefundID() (string, error) {
	draw := func() string { return s.Random.RefundID(s.Now) }
	return s.Free("refund_id", draw, s.keyOf((*rows.Refund)(nil).RowKind(), "refund:"))
}

func (s *Step) NewReturnID() (string, error) {
	draw := func() string { return s.Random.RefundID(s.Now) }
	return s.Free("advance_return_id", draw, s.keyOf((*rows.Refund)(nil).RowKind(), "return:"))
}
