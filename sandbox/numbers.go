package sandbox

import (
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// The numbers WeChat Pay makes up are drawn at random, and two drawn at random may be the same. So
// every number that something is found by is looked for before it is given away, in the transaction
// that gives it away, and drawn again when it is in use. Only the number is: a conflict of the
// store still means that another transaction came first.

// draws is how many numbers in use are drawn in a row before there is none left.
const draws = 100

// free draws until it has a number that none of these finds and that this step has not drawn yet.
func (s *step) free(what string, draw func() string, finds ...func(id string) (bool, error)) (string, error) {
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

// rowOf finds the row of a kind by its id.
func (s *step) rowOf(kind string) func(string) (bool, error) {
	return func(id string) (bool, error) {
		_, err := s.Get(kind, id)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
}

// keyOf finds rows of a kind by an index key that ends in the number.
func (s *step) keyOf(kind, prefix string) func(string) (bool, error) {
	return func(id string) (bool, error) {
		rows, err := s.Find(kind, prefix+id, 1)
		return len(rows) > 0, err
	}
}

// newToken is the pre_entrustweb_id or presign_token of a session.
func (s *step) newToken(p *product) (string, error) {
	return s.free("session token", func() string { return p.token(s.random, s.now) },
		s.rowOf((*sessionRow)(nil).kind()))
}

func (s *step) newContractID(p *product) (string, error) {
	return s.free("contract_id", func() string { return p.id(s.random, s.now) }, s.rowOf((*contractRow)(nil).kind()))
}

func (s *step) newPrepayID() (string, error) {
	draw := func() string { return s.random.prepayID(s.now) }
	return s.free("prepay_id", draw, s.keyOf((*orderRow)(nil).kind(), "prepay:"))
}

// newLink is the code_url or h5_url of an order, "" where it is paid otherwise.
func (s *step) newLink(t TradeType, prepayID string) (string, error) {
	if t != TradeNative && t != TradeH5 {
		return "", nil
	}
	draw := func() string { return s.random.link(t, prepayID) }
	return s.free("payment link", draw, s.keyOf((*orderRow)(nil).kind(), "prepay:"))
}

func (s *step) newTransactionID() (string, error) {
	return s.free("transaction_id", func() string { return s.random.transactionID(s.now) },
		s.keyOf((*orderRow)(nil).kind(), "transaction:"), s.keyOf((*debitRow)(nil).kind(), "transaction:"))
}

func (s *step) newRefundID() (string, error) {
	draw := func() string { return s.random.refundID(s.now) }
	return s.free("refund_id", draw, s.keyOf((*refundRow)(nil).kind(), "refund:"))
}

func (s *step) newReturnID() (string, error) {
	draw := func() string { return s.random.refundID(s.now) }
	return s.free("advance_return_id", draw, s.keyOf((*refundRow)(nil).kind(), "return:"))
}

func (s *step) newEventID() (string, error) {
	return s.free("notification id", s.random.eventID, s.rowOf((*pushRow)(nil).kind()))
}
