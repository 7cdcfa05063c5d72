package debits

import (
	"cmp"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What products have in common whose signing may come with a first payment.

// FreshNumber refuses an out_trade_no that an order or a debit to the session's parties has.
func FreshNumber(c *engine.Call, s *rows.Session, outTradeNo string) error {
	d := &rows.Debit{Debit: ledger.Debit{MchID: s.MchID, SubMchID: s.SubMchID, OutTradeNo: outTradeNo}}
	taken, err := rows.NumbersTaken(c.Tx, d.MchID, d.TradeNos())
	if err != nil || !taken {
		return err
	}
	r := engine.InvalidRequest("商户订单号重复")
	r.Internal = engine.InternalReplay
	return r.Hinting("this out_trade_no has been used: a first payment needs a new one")
}

// PayAtSigning takes the payment that comes with the signing of a contract, and
// writes its notification. A payer who cannot pay has not signed either, and
// nobody hears of it.
func PayAtSigning(s *engine.Step, d *rows.Debit, c *rows.Contract) error {
	r := RulesOf(s, c.Product, "")
	failed := engine.Committed(&ledger.PageError{Reason: ledger.PageBlocked,
		Message: "The first payment failed, and with it the signing."})
	d.Product, d.Rules, d.MchID, d.ContractID = c.Product, r.Name, c.MchID, c.ID
	d.ID = rows.DebitID(d.Product, d.MchID, d.OutTradeNo)
	switch _, err := rows.Get[rows.Debit](s.Tx, d.ID); {
	case err == nil:
		return failed // another session got there first
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	takeFrom(s, d, c)
	if taken, err := rows.NumbersTaken(s.Tx, d.MchID, d.TradeNos()); taken || err != nil {
		return cmp.Or(err, failed)
	}
	failure, err := take(s, r, d, c)
	if err != nil {
		return err
	}
	if failure != "" {
		return failed
	}
	d.Request, d.CreatedAt, d.ExecuteAt, d.EndedAt = c.Request, s.Now, s.Now, s.Now
	if err := rows.Put(s.Tx, d); err != nil || d.NotifyURL == "" {
		return err
	}
	return Notify(s, r, d)
}
