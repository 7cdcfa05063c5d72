package ledger

import (
	"encoding/json"
	"time"
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

// OrderState is the trade_state of an order.
type OrderState string

// The order states.
const (
	OrderNotPaid OrderState = "NOTPAY"
	OrderPaid    OrderState = "SUCCESS"
	OrderClosed  OrderState = "CLOSED"
	// The others are of orders paid by payment code: taken back, and failed.
	OrderReversed OrderState = "REVOKED"
	OrderFailed   OrderState = "PAYERROR"
	// OrderRefunded is what a paid order is called once some of it was given back.
	OrderRefunded OrderState = "REFUND"
)

// TradeType is how an order is paid, in the words of the wire.
type TradeType string

// The trade types.
const (
	TradeJSAPI  TradeType = "JSAPI" // inside WeChat, mini programs too
	TradeApp    TradeType = "APP"
	TradeH5     TradeType = "MWEB"
	TradeNative TradeType = "NATIVE"   // the payer scans a code
	TradeCode   TradeType = "MICROPAY" // the merchant scans the payer's code
)

// Refund gives money of one paid order or debit back. It is accepted by the call
// and reaches the payer when the clock gets to DueAt.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791862
type Refund struct {
	ID          string `json:"id"`
	MchID       string `json:"mchid"`
	SubMchID    string `json:"sub_mchid,omitempty"`
	AppID       string `json:"appid"`
	OutRefundNo string `json:"out_refund_no"`
	RefundID    string `json:"refund_id"`
	// Exactly one of OutTradeNo and TransactionID comes from the call; the
	// machine fills in the other.
	OutTradeNo    string `json:"out_trade_no"`
	TransactionID string `json:"transaction_id"`
	OpenID        string `json:"openid,omitempty"`
	Total         int64  `json:"total"`  // of the order, fen
	Amount        int64  `json:"amount"` // given back, fen
	Reason        string `json:"reason,omitempty"`
	NotifyURL     string `json:"notify_url,omitempty"` // "" notifies nobody

	State     RefundState     `json:"status"`
	CreatedAt time.Time       `json:"created_at"`
	DueAt     time.Time       `json:"due_at"`
	EndedAt   time.Time       `json:"ended_at,omitzero"`
	Request   json.RawMessage `json:"request"`

	// Channel is where an abnormal refund was sent when it was asked for again; ""
	// is back where the money came from.
	Channel  string `json:"channel,omitempty"`
	RedoneTo string `json:"redone_to,omitempty"` // the account, as merchants read it
	// Advanced refunds were paid by the platform for its sub-merchant, who has
	// paid it back once ReturnedAt is set.
	Advanced   bool      `json:"advanced,omitempty"`
	ReturnID   string    `json:"advance_return_id,omitempty"`
	ReturnedAt time.Time `json:"returned_at,omitzero"`
}

// RefundState is what has become of a refund.
type RefundState string

// The refund states.
const (
	RefundProcessing RefundState = "PROCESSING"
	RefundSuccess    RefundState = "SUCCESS"
	RefundClosed     RefundState = "CLOSED"
	RefundAbnormal   RefundState = "ABNORMAL" // the payer's card or account does not take it
)
