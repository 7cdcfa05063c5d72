package payments

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Place makes the order o, or finds it when the very same call came before: then
// its prepay_id is valid for another two hours.
func Place(c *engine.Call, o *rows.Order) (*rows.Order, error) {
	old, err := rows.Get[rows.Order](c.Tx, o.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if o.Total < 1 {
			return nil, engine.NothingToPay("/amount", o.Total)
		}
		if taken, err := rows.NumbersTaken(c.Tx, o.MchID, o.TradeNos()); taken || err != nil {
			return nil, cmp.Or(err, error(numberUsed("another order, a debit or a part of one has this out_trade_no: "+
				"use a new number")))
		}
		o.State, o.CreatedAt, o.Fingerprint = ledger.OrderNotPaid, c.Now, c.Fingerprint()
		if o.PrepayID, err = c.NewPrepayID(); err != nil {
			return nil, err
		}
		if o.Link, err = c.NewLink(o.TradeType, o.PrepayID); err != nil {
			return nil, err
		}
		if o.ExpiresAt, err = expiry(c, o.TradeType); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case old.State == ledger.OrderPaid:
		r := engine.InvalidRequest("该订单已支付")
		r.Internal = engine.InternalPaid
		return nil, r.Hinting("this out_trade_no is paid; a new order needs a new number")
	case old.ClosedBy(c.Now) || old.State != ledger.OrderNotPaid:
		return nil, &engine.Refusal{Status: http.StatusBadRequest, Code: "ORDER_CLOSED", Message: "订单已关闭",
			Internal: engine.InternalClosed,
			Hint:     "this out_trade_no is closed for ever; a new order needs a new number"}
	case old.Fingerprint != c.Fingerprint():
		used := numberUsed("this out_trade_no was used with other parameters: repeat them exactly, or use a " +
			"new number")
		if settledOtherwise(old.SubOrders, o.SubOrders) {
			used.Message = "重复下单且结算信息不一致"
		}
		return nil, used
	default:
		o = old
	}
	o.PrepayExpiresAt = c.Now.Add(prepayLife)
	if o.TradeType == ledger.TradeH5 {
		o.PrepayExpiresAt = c.Now.Add(linkLife)
	}
	return o, rows.Put(c.Tx, o)
}

// expiry is when an order closes by itself: at its time_expire, which is no sooner than in a minute
// and no later than in 15 days, in 7 for native orders; without one after a week.
func expiry(c *engine.Call, t ledger.TradeType) (time.Time, error) {
	week := c.Now.Add(7 * 24 * time.Hour)
	asked := engine.TextOf(c.Body, "time_expire")
	if asked == "" {
		return week, nil
	}
	at, err := time.Parse(time.RFC3339, asked)
	if err != nil {
		return time.Time{}, engine.BadField("/time_expire", "时间格式不正确")
	}
	latest := c.Now.Add(15 * 24 * time.Hour)
	if t == ledger.TradeNative {
		latest = week
	}
	switch soonest := c.Now.Add(time.Minute); {
	case at.Before(soonest):
		return soonest, nil
	case at.After(latest):
		return latest, nil
	}
	return at, nil
}

// settledOtherwise says that the parts of a combined order differ in their settle_info.
func settledOtherwise(old, asked []ledger.SubOrder) bool {
	return slices.CompareFunc(old, asked, func(a, b ledger.SubOrder) int {
		settled := func(part ledger.SubOrder) []byte {
			return rows.EncodeJSON(engine.Object(engine.DecodeBody(part.Request), "settle_info"))
		}
		return bytes.Compare(settled(a), settled(b))
	}) != 0
}

func numberUsed(hint string) *engine.Refusal {
	return &engine.Refusal{Status: http.StatusForbidden, Code: "OUT_TRADE_NO_USED", Message: "商户订单号重复",
		Internal: engine.InternalReplay, Hint: hint}
}

// CloseOrder closes an unpaid order; closing twice is a success.
func CloseOrder(c *engine.Call, o *rows.Order) error {
	switch o.StateAt(c.Now) {
	case ledger.OrderPaid:
		r := orderRefused(http.StatusBadRequest, "ORDER_PAID", "订单已支付，不能关闭", "a paid order is refunded, not closed")
		r.Internal = engine.InternalPaid
		return r
	case ledger.OrderClosed:
		return nil
	case ledger.OrderReversed:
		return engine.InvalidRequest("订单已撤销").Hinting("the order was reversed")
	}
	o.State = ledger.OrderClosed
	return rows.Put(c.Tx, o)
}

// TransactionID names an ordinary order: a partner's numbers are each
// sub-merchant's own.
func TransactionID(c *engine.Call, subMchID, outTradeNo string) string {
	if subMchID == "" {
		return rows.OrderID(false, c.Merchant.MchID, outTradeNo)
	}
	return rows.PartnerOrderID(c.Merchant.MchID, subMchID, outTradeNo)
}

// SubOrders reads the parts of a combined order or debit and adds them up.
func SubOrders(c *engine.Call) (parts []ledger.SubOrder, total int64, err error) {
	seen := map[string]bool{}
	for i, sub := range engine.Objects(c.Body, "sub_orders") {
		part := ledger.SubOrder{
			MchID: engine.TextOf(sub, "mchid"), SubMchID: engine.TextOf(sub, "sub_mchid"),
			OutTradeNo: engine.TextOf(sub, "out_trade_no"),
			Attach:     engine.TextOf(sub, "attach"), Total: engine.Fen(engine.Object(sub, "amount"), "total_amount"),
			Request: rows.EncodeJSON(sub),
		}
		at := fmt.Sprintf("/sub_orders/%d", i)
		if part.MchID != c.Merchant.MchID && c.Merchant.Sub(part.MchID) == nil {
			return nil, 0, engine.NoAuth("特约子商户商户号未授权服务商的产品权限").
				Hinting(at + "/mchid is neither merchant " + c.Merchant.MchID + " nor a sub-merchant of theirs")
		}
		if part.SubMchID != "" {
			if err := c.CheckSub(part.SubMchID, engine.TextOf(sub, "sub_appid")); err != nil {
				return nil, 0, err
			}
		}
		if seen[part.OutTradeNo] {
			return nil, 0, engine.BadField(at+"/out_trade_no", "子单商户单号重复")
		}
		seen[part.OutTradeNo] = true
		if part.Total > math.MaxInt64-total {
			return nil, 0, engine.BadField(at+"/amount/total_amount", "合单总金额超出范围")
		}
		total += part.Total
		parts = append(parts, part)
	}
	return parts, total, nil
}

// MisnamedParts says what is wrong where a call has to name every part of a combined order and no
// other, "" for nothing.
func MisnamedParts(c *engine.Call, parts []ledger.SubOrder) string {
	named := engine.Objects(c.Body, "sub_orders")
	for _, sub := range parts {
		if !slices.ContainsFunc(named,
			func(n map[string]any) bool { return engine.TextOf(n, "out_trade_no") == sub.OutTradeNo }) {
			return "sub_orders must name every sub-order of the combined order"
		}
	}
	if len(named) != len(parts) {
		return "sub_orders names an order that is not part of this one"
	}
	return ""
}
