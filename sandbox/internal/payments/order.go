package payments

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
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
		if end := engine.TextOf(c.Body, "time_expire"); end != "" {
			if o.ExpiresAt, err = time.Parse(time.RFC3339, end); err != nil {
				return nil, engine.BadField("/time_expire", "时间格式不正确")
			}
			if clock.CheckTime(o.ExpiresAt) != nil {
				return nil, engine.BeyondTime("/time_expire")
			}
			if !c.Now.Before(o.ExpiresAt) {
				return nil, engine.BadField("/time_expire", "time_expire需晚于当前时间")
			}
		}
	case err != nil:
		return nil, err
	case old.State == ledger.OrderPaid:
		r := engine.InvalidRequest("该订单已支付")
		r.Internal = engine.InternalPaid
		return nil, r.Hinting("this out_trade_no is paid; a new order needs a new number")
	case old.ClosedBy(c.Now) || old.State != ledger.OrderNotPaid:
		return nil, &engine.Refusal{Status: http.StatusBadRequest, Code: "ORDER_CLOSED", Message: "订单已关闭",
			Internal: engine.InternalParam,
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
	return o, rows.Put(c.Tx, o)
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
			return nil, 0, engine.BadField(at+"/mchid", "子单商户号无权限")
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

// NamesAll checks that a call names every part of a combined order and no other.
func NamesAll(c *engine.Call, parts []ledger.SubOrder) error {
	named := engine.Objects(c.Body, "sub_orders")
	for _, sub := range parts {
		if !slices.ContainsFunc(named,
			func(n map[string]any) bool { return engine.TextOf(n, "out_trade_no") == sub.OutTradeNo }) {
			return engine.InvalidRequest("子单信息与下单时不一致").
				Hinting("sub_orders must name every sub-order of the combined order")
		}
	}
	if len(named) != len(parts) {
		return engine.InvalidRequest("子单信息与下单时不一致").Hinting("sub_orders names an order that is not part of this one")
	}
	return nil
}
