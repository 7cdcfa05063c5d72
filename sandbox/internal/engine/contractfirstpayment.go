package engine

import (
	"cmp"
	"errors"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What products have in common whose signing may come with a first payment, and
// whose signing page shows a masked name.

// FreshNumber refuses an out_trade_no that an order or a debit to the session's parties has.
func (c *Call) FreshNumber(s *SessionRow, outTradeNo string) error {
	d := &DebitRow{Debit: ledger.Debit{MchID: s.MchID, SubMchID: s.SubMchID, OutTradeNo: outTradeNo}}
	used, err := c.numbersTaken(d)
	if err != nil || !used {
		return err
	}
	r := InvalidRequest("商户订单号重复")
	r.Internal = internalReplay
	return r.Hinting("this out_trade_no has been used: a first payment needs a new one")
}

// PayAtSigning takes the payment that comes with the signing of a contract, and
// writes its notification. A payer who cannot pay has not signed either, and
// nobody hears of it.
func (s *Step) PayAtSigning(d *DebitRow, c *ContractRow) error {
	r := s.RulesOf(c.Product, "")
	failed := Committed(&ledger.PageError{Reason: ledger.PageBlocked,
		Message: "The first payment failed, and with it the signing."})
	d.Product, d.Rules, d.MchID, d.ContractID = c.Product, r.Name, c.MchID, c.ID
	d.ID = debitID(d.Product, d.MchID, d.OutTradeNo)
	switch _, err := Get[DebitRow](s.Tx, d.ID); {
	case err == nil:
		return failed // another session got there first
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	d.takeFrom(c)
	if used, err := s.numbersTaken(d); used || err != nil {
		return cmp.Or(err, failed)
	}
	failure, err := s.take(r, d, c)
	if err != nil {
		return err
	}
	if failure != "" {
		return failed
	}
	d.Request, d.CreatedAt, d.ExecuteAt, d.EndedAt = c.Request, s.Now, s.Now, s.Now
	if err := Put(s.Tx, d); err != nil || d.NotifyURL == "" {
		return err
	}
	return s.notifyDebit(r, d)
}

// MaskedName says whether a name is shown as it must be: * for every character but
// the last, and never more than three of them.
func MaskedName(name string) bool {
	r := []rune(name)
	n := len(r)
	return 1 <= n && n <= 4 && strings.Trim(string(r[:n-1]), "*") == "" && r[n-1] != '*'
}
