package rows

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Order is a Order as the store has it, with what the rules need to know.
type Order struct {
	Rev
	ledger.Order
	// RealName and IDNumber are who must pay, where the call says it.
	RealName    string `json:"real_name,omitempty"`
	IDNumber    string `json:"id_number,omitempty"`
	Fingerprint string `json:"fingerprint"`
	// Person is who paid: an openid may be nobody's any more when the money goes back.
	Person string `json:"person,omitempty"`
}

func (o *Order) RowKind() string { return "order" }

func (o *Order) Row() store.Row {
	keys := []string{"prepay:" + o.PrepayID, TradeKey(o.MchID, o.OutTradeNo)}
	if o.Link != "" {
		keys = append(keys, "prepay:"+o.Link)
	}
	if o.TransactionID != "" {
		keys = append(keys, "transaction:"+o.TransactionID)
	}
	for _, part := range o.SubOrders {
		keys = append(keys, TradeKey(o.MchID, part.OutTradeNo))
		if part.TransactionID != "" {
			keys = append(keys, "transaction:"+part.TransactionID)
		}
	}
	row := store.Row{ID: o.ID, Keys: keys}
	if o.State == ledger.OrderPaid {
		moved(&row, o.MchID, o.PaidAt)
	}
	return row
}

// OrderID keeps plain and combined orders of a merchant apart.
func OrderID(combined bool, mchid, outTradeNo string) string {
	if combined {
		return Joined("combine", mchid, outTradeNo)
	}
	return Joined("order", mchid, outTradeNo)
}

// PartnerOrderID is OrderID in partner mode, where the numbers are each
// sub-merchant's own.
func PartnerOrderID(mchid, subMchID, outTradeNo string) string {
	return Joined("order", mchid, subMchID, outTradeNo)
}

// Placing is the kind of call that an order was placed by, and that it is notified after.
type Placing string

const (
	PlacedPlain    Placing = "order"
	PlacedCombined Placing = "combined order"
	PlacedXML      Placing = "APIv2 order"
)

func (o *Order) Placing() Placing {
	switch {
	case o.V2:
		return PlacedXML
	case o.Combined:
		return PlacedCombined
	}
	return PlacedPlain
}

// ClosedBy says whether the order was closed, or ran out by itself.
func (o *Order) ClosedBy(now time.Time) bool {
	return o.State == ledger.OrderClosed || (o.State == ledger.OrderNotPaid && !o.ExpiresAt.IsZero() &&
		!now.Before(o.ExpiresAt))
}

// StateAt is the order's state, counting what time alone did to it.
func (o *Order) StateAt(now time.Time) ledger.OrderState {
	if o.ClosedBy(now) {
		return ledger.OrderClosed
	}
	return o.State
}

// Shown is the state as merchants read it.
func (o *Order) Shown(now time.Time) ledger.OrderState {
	if o.State == ledger.OrderPaid && o.Refunded > 0 {
		return ledger.OrderRefunded
	}
	return o.StateAt(now)
}

// PaidBy is trade_type, of orders of APIv2 too.
func (o *Order) PaidBy() ledger.TradeType {
	if o.TradeType == "" {
		return ledger.TradeJSAPI
	}
	return o.TradeType
}

// sound finds what nobody can go on from.
func (o *Order) sound() error {
	switch o.State {
	case ledger.OrderNotPaid, ledger.OrderPaid, ledger.OrderClosed, ledger.OrderReversed, ledger.OrderFailed:
	default:
		return unknownState(o, string(o.State))
	}
	if o.Total < 1 || o.Refunded < 0 || o.Refunded > o.Total {
		return Misread(o, "is of %d fen, of which %d went back", o.Total, o.Refunded)
	}
	return soundParts(o, o.SubOrders, o.Total)
}
