package rows

import "github.com/wxpay-go/wxpay/sandbox/ledger"

func (c *Contract) View() *ledger.Contract {
	if c == nil {
		return nil
	}
	return &c.Contract
}

func (s *Session) View() *ledger.Session { return &s.Session }

func (o *Order) View() *ledger.Order { return &o.Order }

func (d *Debit) View() *ledger.Debit { return &d.Debit }

func (r *Refund) View() *ledger.Refund { return &r.Refund }
