package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// orderRow is a Order as the store has it, with what the rules need to know.
type orderRow struct {
	rev
	Order
	// RealName and IDNumber are who must pay, where the call says it.
	RealName    string `json:"real_name,omitempty"`
	IDNumber    string `json:"id_number,omitempty"`
	Fingerprint string `json:"fingerprint"`
	// Person is who paid: an openid may be nobody's any more when the money goes back.
	Person string `json:"person,omitempty"`
}

func (o *orderRow) kind() string { return "order" }

func (o *orderRow) row() store.Row {
	keys := []string{"mchid:" + o.MchID, "prepay:" + o.PrepayID, tradeKey(o.MchID, o.OutTradeNo)}
	if o.Link != "" {
		keys = append(keys, "prepay:"+o.Link)
	}
	if o.TransactionID != "" {
		keys = append(keys, "transaction:"+o.TransactionID)
	}
	for _, part := range o.SubOrders {
		keys = append(keys, tradeKey(o.MchID, part.OutTradeNo))
		if part.TransactionID != "" {
			keys = append(keys, "transaction:"+part.TransactionID)
		}
	}
	return store.Row{ID: o.ID, Keys: keys}
}

// orderID keeps plain and combined orders of a merchant apart.
func orderID(combined bool, mchid, outTradeNo string) string {
	if combined {
		return joined("combine", mchid, outTradeNo)
	}
	return joined("order", mchid, outTradeNo)
}

// partnerOrderID is orderID in partner mode, where the numbers are each
// sub-merchant's own.
func partnerOrderID(mchid, subMchID, outTradeNo string) string {
	return joined("order", mchid, subMchID, outTradeNo)
}

// place makes the order o, or finds it when the very same call came before: then
// its prepay_id is valid for another two hours.
func (c *call) place(o *orderRow) (*orderRow, error) {
	old, err := get[orderRow](c.Tx, o.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if o.Total < 1 {
			return nil, nothingToPay("/amount", o.Total)
		}
		used, err := numbersUsed[debitRow](c.Tx, o.MchID, o.tradeNos())
		if used || err != nil {
			return nil, cmp.Or(err, error(numberUsed("a debit has this out_trade_no: use a new number")))
		}
		o.State, o.CreatedAt, o.Fingerprint = OrderNotPaid, c.now, c.fingerprint()
		if o.PrepayID, err = c.newPrepayID(); err != nil {
			return nil, err
		}
		if o.Link, err = c.newLink(o.TradeType, o.PrepayID); err != nil {
			return nil, err
		}
		if end := textOf(c.body, "time_expire"); end != "" {
			if o.ExpiresAt, err = time.Parse(time.RFC3339, end); err != nil {
				return nil, badField("/time_expire", end, "时间格式不正确")
			}
			if checkTime(o.ExpiresAt) != nil {
				return nil, beyondTime("/time_expire", end)
			}
			if !c.now.Before(o.ExpiresAt) {
				return nil, badField("/time_expire", end, "time_expire需晚于当前时间")
			}
		}
	case err != nil:
		return nil, err
	case old.State == OrderPaid:
		r := invalidRequest("该订单已支付")
		r.internal = internalPaid
		return nil, r.hinting("this out_trade_no is paid; a new order needs a new number")
	case old.closedBy(c.now) || old.State != OrderNotPaid:
		return nil, &refusal{status: http.StatusBadRequest, code: "ORDER_CLOSED", message: "订单已关闭",
			internal: internalParam,
			hint:     "this out_trade_no is closed for ever; a new order needs a new number"}
	case old.Fingerprint != c.fingerprint():
		return nil, numberUsed("this out_trade_no was used with other parameters: repeat them exactly, or use a " +
			"new number")
	default:
		o = old
	}
	o.PrepayExpiresAt = c.now.Add(prepayLife)
	if o.TradeType == TradeH5 {
		o.PrepayExpiresAt = c.now.Add(linkLife)
	}
	return o, put(c.Tx, o)
}

func numberUsed(hint string) *refusal {
	return &refusal{status: http.StatusForbidden, code: "OUT_TRADE_NO_USED", message: "商户订单号重复",
		internal: internalReplay, hint: hint}
}

// nothingToPay refuses an order or a debit of less than a fen.
func nothingToPay(pointer string, total int64) *refusal {
	return badField(pointer, strconv.FormatInt(total, 10), "金额需大于0").
		hinting("orders and debits are of at least one fen")
}

// closeOrder closes an unpaid order; closing twice is a success.
func (c *call) closeOrder(o *orderRow) error {
	switch o.stateAt(c.now) {
	case OrderPaid:
		r := orderRefused(http.StatusBadRequest, "ORDER_PAID", "订单已支付，不能关闭", "a paid order is refunded, not closed")
		r.internal = internalPaid
		return r
	case OrderClosed:
		return nil
	case OrderReversed:
		return invalidRequest("订单已撤销").hinting("the order was reversed")
	}
	o.State = OrderClosed
	return put(c.Tx, o)
}

func (s *step) order(combined bool, mchid, outTradeNo string) (*orderRow, error) {
	o, err := get[orderRow](s.Tx, orderID(combined, mchid, outTradeNo))
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchOrder()
	}
	return o, err
}

func (s *step) orderBy(key string) (*orderRow, error) {
	list, err := find[orderRow](s.Tx, key, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noSuchOrder()
	}
	return list[0], nil
}

func (s *step) orderByPrepay(prepayID string) (*orderRow, error) {
	return s.orderBy("prepay:" + prepayID)
}
