package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Order is one order waiting for or having had its payment, or a combined one
// with its SubOrders.
type Order struct {
	ID         string    `json:"id"`
	MchID      string    `json:"mchid"`
	SubMchID   string    `json:"sub_mchid,omitempty"`
	AppID      string    `json:"appid"`
	OutTradeNo string    `json:"out_trade_no"` // combine_out_trade_no of a combined order
	Combined   bool      `json:"combined,omitempty"`
	TradeType  TradeType `json:"trade_type,omitempty"`
	SubAppID   string    `json:"sub_appid,omitempty"`
	// OpenID and SubOpenID are the only payer, one person; both empty where the call
	// names nobody. An empty OpenID is set by whoever pays.
	OpenID    string     `json:"openid"`
	SubOpenID string     `json:"sub_openid,omitempty"`
	Total     int64      `json:"total"` // fen
	NotifyURL string     `json:"notify_url"`
	State     OrderState `json:"trade_state"`
	PrepayID  string     `json:"prepay_id"`
	Link      string     `json:"link,omitempty"` // code_url or h5_url
	// Exempt is the password-exempt contract it is paid under.
	Exempt string `json:"exempt,omitempty"`
	// PrepayExpiresAt is two hours after the last time the prepay_id was asked
	// for; ExpiresAt is the order's own end, time_expire.
	PrepayExpiresAt time.Time       `json:"prepay_expires_at"`
	ExpiresAt       time.Time       `json:"expires_at,omitzero"`
	CreatedAt       time.Time       `json:"created_at"`
	PaidAt          time.Time       `json:"paid_at,omitzero"`
	TransactionID   string          `json:"transaction_id,omitempty"` // set once paid
	Refunded        int64           `json:"refunded,omitempty"`       // fen given back so far
	SubOrders       []SubOrder      `json:"sub_orders,omitempty"`
	Request         json.RawMessage `json:"request"`      // the body of the call that placed it
	V2              bool            `json:"v2,omitempty"` // placed in APIv2, and notified in it
}

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

// SubOrder is one merchant's part of a combined order.
type SubOrder struct {
	MchID         string          `json:"mchid"`
	SubMchID      string          `json:"sub_mchid,omitempty"`
	OutTradeNo    string          `json:"out_trade_no"`
	Attach        string          `json:"attach,omitempty"`
	Total         int64           `json:"total"` // fen
	TransactionID string          `json:"transaction_id,omitempty"`
	Refunded      int64           `json:"refunded,omitempty"` // fen
	Request       json.RawMessage `json:"request,omitempty"`
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
