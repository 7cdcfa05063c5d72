package engine

import (
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// madeTotal is what made-up debits and orders cost, in fen.
const madeTotal = 100

// Number is one that a merchant could have given to something now, which nobody else has.
func (s *Step) Number() string { return random.Day(s.Now) + s.Random.Roll(random.Decimal, 12) }

// MakeContract makes a contract that was signed just now, and is not stored.
func (s *Step) MakeContract(m *Made, name ledger.Product) (*rows.Contract, error) {
	p := s.Products[name]
	id, err := s.NewContractID(p)
	if err != nil {
		return nil, err
	}
	c := &rows.Contract{Contract: ledger.Contract{ID: id, Product: p.Name, State: ledger.ContractSigned,
		MchID: m.Merchant.MchID, AppID: m.AppID, OpenID: m.OpenID, PlanID: m.PlanID(p), Code: s.Number(),
		Account: "微信代扣用户A", NotifyURL: m.Address, Request: []byte("{}"), SignedAt: s.Now}, Person: m.OpenID}
	if m.Partner {
		c.SubMchID, c.SubAppID, c.SubOpenID = m.SubMchID, m.SubAppID, m.SubOpenID
	}
	if p.Days > 0 {
		c.ExpiresAt = s.Now.AddDate(0, 0, p.Days)
	}
	if p.Make != nil {
		p.Make(m, c)
	}
	return c, nil
}

// endMade has a made-up contract be ended just now, after a month.
func (s *Step) endMade(c *rows.Contract, by ledger.Termination) {
	month := -30 * 24 * time.Hour
	c.SignedAt = c.SignedAt.Add(month)
	for _, end := range []*time.Time{&c.ExpiresAt, &c.EndsAt} {
		if !end.IsZero() {
			*end = end.Add(month)
		}
	}
	c.State, c.TerminatedAt, c.Mode, c.Remark = ledger.ContractTerminated, s.Now, by, "解约"
}

// MakeDebit makes a debit under a made-up contract that was paid just now, and is not stored.
func (s *Step) MakeDebit(c *rows.Contract, r *DebitRules) (*rows.Debit, error) {
	id, err := s.NewTransactionID()
	if err != nil {
		return nil, err
	}
	c.SignedAt = c.SignedAt.Add(-24 * time.Hour)
	d := &rows.Debit{Debit: ledger.Debit{Product: c.Product, ContractID: c.ID, PlanID: c.PlanID, MchID: c.MchID,
		SubMchID: c.SubMchID, AppID: c.AppID, SubAppID: c.SubAppID, OpenID: c.OpenID, SubOpenID: c.SubOpenID,
		OutTradeNo: s.Number(), TransactionID: id, Total: madeTotal, Description: "自动续费", NotifyURL: c.NotifyURL,
		State: ledger.DebitPaid, CreatedAt: s.Now, ExecuteAt: s.Now, EndedAt: s.Now, Request: c.Request},
		Rules: r.Name, Person: c.Person}
	d.ID = rows.DebitID(d.Product, d.MchID, d.OutTradeNo)
	if len(c.Bookings) > 0 {
		d.ScheduleID = c.Bookings[0].ID
	}
	if r.Payee != nil {
		r.Payee(d, c)
	}
	return d, nil
}

// MakeOrder makes an order that was paid just now, and is not stored.
func (s *Step) MakeOrder(m *Made) (*rows.Order, error) {
	id, err := s.NewTransactionID()
	if err != nil {
		return nil, err
	}
	o := &rows.Order{Order: ledger.Order{MchID: m.Merchant.MchID, AppID: m.AppID, OpenID: m.OpenID,
		OutTradeNo: s.Number(), TradeType: ledger.TradeJSAPI, Total: madeTotal, NotifyURL: m.Address,
		State: ledger.OrderPaid, TransactionID: id, CreatedAt: s.Now, PaidAt: s.Now, Request: []byte("{}")},
		Person: m.OpenID}
	if m.Partner {
		o.SubMchID, o.SubAppID, o.SubOpenID = m.SubMchID, m.SubAppID, m.SubOpenID
	}
	o.ID = rows.PartnerOrderID(o.MchID, o.SubMchID, o.OutTradeNo)
	return o, nil
}

// MakeParts makes it a combined order of two parts, for a sub-merchant each.
func (s *Step) MakeParts(m *Made, o *rows.Order) error {
	o.Combined, o.Total, o.SubMchID, o.SubAppID, o.SubOpenID = true, 2*madeTotal, "", "", ""
	o.ID = rows.OrderID(true, o.MchID, o.OutTradeNo)
	for i := range 2 {
		id, err := s.NewTransactionID()
		if err != nil {
			return err
		}
		o.SubOrders = append(o.SubOrders, ledger.SubOrder{MchID: o.MchID, SubMchID: m.SubMchID,
			OutTradeNo: o.OutTradeNo + strconv.Itoa(i+1), Attach: "attach", Total: madeTotal, TransactionID: id,
			Request: []byte("{}")})
	}
	return nil
}

// MakeRefund makes a refund of half a made-up payment, which ended just now and is not stored.
func (s *Step) MakeRefund(m *Made, r *RefundRules, state ledger.RefundState) (*rows.Refund, error) {
	o, err := s.MakeOrder(m)
	if err != nil {
		return nil, err
	}
	id, err := s.NewRefundID()
	if err != nil {
		return nil, err
	}
	return &rows.Refund{Refund: ledger.Refund{ID: rows.Joined(o.MchID, id), MchID: o.MchID, SubMchID: o.SubMchID,
		AppID: o.AppID, OutRefundNo: s.Number(), RefundID: id, OutTradeNo: o.OutTradeNo,
		TransactionID: o.TransactionID, OpenID: o.OpenID, Total: o.Total, Amount: o.Total / 2,
		NotifyURL: o.NotifyURL, State: state, CreatedAt: s.Now, DueAt: s.Now, EndedAt: s.Now,
		Request: []byte("{}")}, Person: o.Person, Kind: r.Name}, nil
}
