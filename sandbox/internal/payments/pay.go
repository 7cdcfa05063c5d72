package payments

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// PayFrom takes an order's money from its payer when openid comes, and writes down who paid: by
// the openid under the order's appid, for one under another appid is not the merchant's to know.
func PayFrom(s *engine.Step, o *rows.Order, openid string) (ledger.Failure, error) {
	who, _ := s.PayerOf(o.Payers(), openid)
	switch {
	case o.OpenID != "":
	case o.SubOpenID == "": // the call named nobody
		o.OpenID = who.OpenID(o.AppID, openid)
	default:
		o.OpenID = who.OpenID(o.AppID, "")
	}
	o.Person = who.ID
	return s.Charge(who.ID, o.Total)
}

func MayPay(s *engine.Step, o *rows.Order, openid string) error {
	switch o.StateAt(s.Now) {
	case ledger.OrderPaid:
		return &ledger.PageError{Reason: ledger.PageUsed, Message: "This order has been paid already."}
	case ledger.OrderClosed, ledger.OrderReversed, ledger.OrderFailed:
		return &ledger.PageError{Reason: ledger.PageClosed, Message: "This order is closed."}
	}
	if !s.Now.Before(o.PrepayExpiresAt) {
		return &ledger.PageError{Reason: ledger.PageExpired,
			Message: "This payment has expired. Please start again from the merchant's app."}
	}
	who, ok := s.PayerOf(o.Payers(), openid)
	if !ok {
		return &ledger.PageError{Reason: ledger.PageWrongUser,
			Message: "This order is to be paid by another WeChat user."}
	}
	w, err := s.Wallet(who.ID)
	if err == nil && !w.Is(o.RealName, o.IDNumber) {
		return &ledger.PageError{Reason: ledger.PageIdentity,
			Message: "Your identity is not the one the merchant has given."}
	}
	return err
}

// Pay settles the order and writes the notification of it, in this step.
func Pay(s *engine.Step, o *rows.Order) (err error) {
	o.State, o.PaidAt = ledger.OrderPaid, s.Now
	if o.TransactionID, err = s.NewTransactionID(); err != nil {
		return err
	}
	for i := range o.SubOrders {
		if o.SubOrders[i].TransactionID, err = s.NewTransactionID(); err != nil {
			return err
		}
	}
	if err := rows.Put(s.Tx, o); err != nil || o.NotifyURL == "" {
		return err
	}
	return s.TellPaid[o.Placing()](s, o)
}
