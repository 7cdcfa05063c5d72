package sandbox

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Who a call is for, who pays or signs what it makes, and whose its numbers are.

// checkParties checks who the call is for: the merchant that signed it, one of
// its appids, and a sub-merchant it may act for.
func (c *call) checkParties() error {
	name := c.named("mchid", "sp_mchid")
	if err := c.checkMchID("/"+name, c.text(name)); err != nil {
		return err
	}
	if appid := c.either("appid", "sp_appid"); appid != "" && !c.merchant.owns(appid) {
		return appIDMismatch().hinting(appIDUnbound.hint(c.merchant, "appid", ""))
	}
	return c.checkSub(c.text("sub_mchid"), c.text("sub_appid"))
}

// payers are how an order, a session or a contract names its payer: by an openid under the
// merchant's appid, by one under the sub-merchant's, or by both, who are one person then. Without
// either it is whoever comes.
type payers struct{ openID, subOpenID string }

func (o *orderRow) payers() payers    { return payers{o.OpenID, o.SubOpenID} }
func (s *sessionRow) payers() payers  { return payers{s.OpenID, s.SubOpenID} }
func (c *contractRow) payers() payers { return payers{c.OpenID, c.SubOpenID} }

// name is an openid of the one who is named, "" for anybody.
func (p payers) name() string { return cmp.Or(p.openID, p.subOpenID) }

// payerOf is who pays or signs when openid comes, and whether openid is theirs. All that charges
// a named payer, signs for them or gives money back asks here, so that it is one person's.
func (s *step) payerOf(p payers, openid string) (who person, ok bool) {
	comes := s.registry.person(openid)
	if p.name() == "" {
		return comes, true
	}
	who = s.registry.person(p.name())
	return who, who.id == comes.id || openid != "" && (openid == p.openID || openid == p.subOpenID)
}

// whoPaid is who paid an order.
func (s *step) whoPaid(o *orderRow) person {
	if o.Person != "" {
		return s.registry.person(o.Person)
	}
	who, _ := s.payerOf(o.payers(), "") // of an order that an older version wrote
	return who
}

// checkMchID checks a merchant id in the call against the one that signed it.
func (c *call) checkMchID(pointer, mchid string) error {
	if mchid == c.merchant.MchID {
		return nil
	}
	return badField(pointer, mchid, "商户号与签名商户号不一致").
		hinting(pointer + " is not the merchant that signed the call, " + c.merchant.MchID)
}

// transactionID names an ordinary order: a partner's numbers are each
// sub-merchant's own.
func (c *call) transactionID(subMchID, outTradeNo string) string {
	if subMchID == "" {
		return orderID(false, c.merchant.MchID, outTradeNo)
	}
	return partnerOrderID(c.merchant.MchID, subMchID, outTradeNo)
}

// subOrders reads the parts of a combined order or debit and adds them up.
func (c *call) subOrders() (parts []SubOrder, total int64, err error) {
	seen := map[string]bool{}
	for i, sub := range objects(c.body, "sub_orders") {
		part := SubOrder{
			MchID: textOf(sub, "mchid"), SubMchID: textOf(sub, "sub_mchid"), OutTradeNo: textOf(sub, "out_trade_no"),
			Attach: textOf(sub, "attach"), Total: fen(object(sub, "amount"), "total_amount"), Request: encodeJSON(sub),
		}
		at := fmt.Sprintf("/sub_orders/%d", i)
		if part.MchID != c.merchant.MchID && c.merchant.sub(part.MchID) == nil {
			return nil, 0, badField(at+"/mchid", part.MchID, "子单商户号无权限")
		}
		if part.SubMchID != "" {
			if err := c.checkSub(part.SubMchID, textOf(sub, "sub_appid")); err != nil {
				return nil, 0, err
			}
		}
		if seen[part.OutTradeNo] {
			return nil, 0, badField(at+"/out_trade_no", part.OutTradeNo, "子单商户单号重复")
		}
		seen[part.OutTradeNo] = true
		if part.Total > math.MaxInt64-total {
			return nil, 0, badField(at+"/amount/total_amount", strconv.FormatInt(part.Total, 10), "合单总金额超出范围")
		}
		total += part.Total
		parts = append(parts, part)
	}
	return parts, total, nil
}

// namesAll checks that a call names every part of a combined order and no other.
func (c *call) namesAll(parts []SubOrder) error {
	named := objects(c.body, "sub_orders")
	for _, sub := range parts {
		if !slices.ContainsFunc(named,
			func(n map[string]any) bool { return textOf(n, "out_trade_no") == sub.OutTradeNo }) {
			return invalidRequest("子单信息与下单时不一致").hinting("sub_orders must name every sub-order of the combined order")
		}
	}
	if len(named) != len(parts) {
		return invalidRequest("子单信息与下单时不一致").hinting("sub_orders names an order that is not part of this one")
	}
	return nil
}
