package engine

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// OrderRow is a Order as the store has it, with what the rules need to know.
type OrderRow struct {
	Rev
	ledger.Order
	// RealName and IDNumber are who must pay, where the call says it.
	RealName    string `json:"real_name,omitempty"`
	IDNumber    string `json:"id_number,omitempty"`
	Fingerprint string `json:"fingerprint"`
	// Person is who paid: an openid may be nobody's any more when the money goes back.
	Person string `json:"person,omitempty"`
}

func (o *OrderRow) RowKind() string { return "order" }

func (o *OrderRow) Row() store.Row {
	keys := []string{"mchid:" + o.MchID, "prepay:" + o.PrepayID, TradeKey(o.MchID, o.OutTradeNo)}
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
	return store.Row{ID: o.ID, Keys: keys}
}

// OrderID keeps plain and combined orders of a merchant apart.
func OrderID(combined bool, mchid, outTradeNo string) string {
	if combined {
		return Joined("combine", mchid, outTradeNo)
	}
	return Joined("order", mchid, outTradeNo)
}

// partnerOrderID is OrderID in partner mode, where the numbers are each
// sub-merchant's own.
func partnerOrderID(mchid, subMchID, outTradeNo string) string {
	return Joined("order", mchid, subMchID, outTradeNo)
}

// Place makes the order o, or finds it when the very same call came before: then
// its prepay_id is valid for another two hours.
func (c *Call) Place(o *OrderRow) (*OrderRow, error) {
	old, err := Get[OrderRow](c.Tx, o.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if o.Total < 1 {
			return nil, nothingToPay("/amount", o.Total)
		}
		used, err := numbersUsed[DebitRow](c.Tx, o.MchID, o.tradeNos())
		if used || err != nil {
			return nil, cmp.Or(err, error(numberUsed("a debit has this out_trade_no: use a new number")))
		}
		o.State, o.CreatedAt, o.Fingerprint = ledger.OrderNotPaid, c.Now, c.Fingerprint()
		if o.PrepayID, err = c.newPrepayID(); err != nil {
			return nil, err
		}
		if o.Link, err = c.newLink(o.TradeType, o.PrepayID); err != nil {
			return nil, err
		}
		if end := TextOf(c.Body, "time_expire"); end != "" {
			if o.ExpiresAt, err = time.Parse(time.RFC3339, end); err != nil {
				return nil, BadField("/time_expire", end, "时间格式不正确")
			}
			if CheckTime(o.ExpiresAt) != nil {
				return nil, BeyondTime("/time_expire", end)
			}
			if !c.Now.Before(o.ExpiresAt) {
				return nil, BadField("/time_expire", end, "time_expire需晚于当前时间")
			}
		}
	case err != nil:
		return nil, err
	case old.State == ledger.OrderPaid:
		r := InvalidRequest("该订单已支付")
		r.Internal = InternalPaid
		return nil, r.Hinting("this out_trade_no is paid; a new order needs a new number")
	case old.closedBy(c.Now) || old.State != ledger.OrderNotPaid:
		return nil, &Refusal{Status: http.StatusBadRequest, Code: "ORDER_CLOSED", Message: "订单已关闭",
			Internal: InternalParam,
			Hint:     "this out_trade_no is closed for ever; a new order needs a new number"}
	case old.Fingerprint != c.Fingerprint():
		return nil, numberUsed("this out_trade_no was used with other parameters: repeat them exactly, or use a " +
			"new number")
	default:
		o = old
	}
	o.PrepayExpiresAt = c.Now.Add(prepayLife)
	if o.TradeType == ledger.TradeH5 {
		o.PrepayExpiresAt = c.Now.Add(linkLife)
	}
	return o, Put(c.Tx, o)
}

func numberUsed(hint string) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Code: "OUT_TRADE_NO_USED", Message: "商户订单号重复",
		Internal: internalReplay, Hint: hint}
}

// nothingToPay refuses an order or a debit of less than a fen.
func nothingToPay(pointer string, total int64) *Refusal {
	return BadField(pointer, strconv.FormatInt(total, 10), "金额需大于0").
		Hinting("orders and debits are of at least one fen")
}

// CloseOrder closes an unpaid order; closing twice is a success.
func (c *Call) CloseOrder(o *OrderRow) error {
	switch o.StateAt(c.Now) {
	case ledger.OrderPaid:
		r := orderRefused(http.StatusBadRequest, "ORDER_PAID", "订单已支付，不能关闭", "a paid order is refunded, not closed")
		r.Internal = InternalPaid
		return r
	case ledger.OrderClosed:
		return nil
	case ledger.OrderReversed:
		return InvalidRequest("订单已撤销").Hinting("the order was reversed")
	}
	o.State = ledger.OrderClosed
	return Put(c.Tx, o)
}

func (s *Step) Order(combined bool, mchid, outTradeNo string) (*OrderRow, error) {
	o, err := Get[OrderRow](s.Tx, OrderID(combined, mchid, outTradeNo))
	if errors.Is(err, store.ErrNotFound) {
		return nil, NoSuchOrder()
	}
	return o, err
}

func (s *Step) OrderBy(key string) (*OrderRow, error) {
	list, err := Find[OrderRow](s.Tx, key, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, NoSuchOrder()
	}
	return list[0], nil
}

func (s *Step) OrderByPrepay(prepayID string) (*OrderRow, error) {
	return s.OrderBy("prepay:" + prepayID)
}
