package engine

import (
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func List[E, V any, P interface {
	*E
	Entity
}](e *Engine, view func(P) *V) (out []*V, err error) {
	err = e.Look(func(s *Step) error {
		rows, err := Find[E, P](s.Tx, "", 0)
		for _, row := range rows {
			out = append(out, view(row))
		}
		return err
	})
	return out, err
}

// Look is one of those that list lists.
func Look[E, V any, P interface {
	*E
	Entity
}](e *Engine, id string, view func(P) *V) (v *V, err error) {
	err = e.Look(func(s *Step) error {
		row, err := Get[E, P](s.Tx, id)
		if err == nil {
			v = view(row)
		}
		return err
	})
	return v, err
}

func (c *ContractRow) View() *ledger.Contract {
	if c == nil {
		return nil
	}
	return &c.Contract
}

func (s *SessionRow) View() *ledger.Session { return &s.Session }
func (o *OrderRow) View() *ledger.Order     { return &o.Order }
func (d *DebitRow) View() *ledger.Debit     { return &d.Debit }
func (r *RefundRow) View() *ledger.Refund   { return &r.Refund }
func (p *PushRow) View() *ledger.Push       { return &p.Push }
