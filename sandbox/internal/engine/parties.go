package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Who a call is for, who pays or signs what it makes, and whose its numbers are.

// CheckParties checks who the call is for: the merchant that signed it, one of
// its appids, and a sub-merchant it may act for.
func (c *Call) CheckParties() error {
	name := c.Named("mchid", "sp_mchid")
	if err := c.CheckMchID("/"+name, c.Text(name)); err != nil {
		return err
	}
	if appid := c.Either("appid", "sp_appid"); appid != "" && !c.Merchant.Owns(appid) {
		return AppIDMismatch().Hinting(appIDUnbound.Hint(c.Merchant, "appid", ""))
	}
	return c.CheckSub(c.Text("sub_mchid"), c.Text("sub_appid"))
}

// payers are how an order, a session or a contract names its payer: by an openid under the
// merchant's appid, by one under the sub-merchant's, or by both, who are one person then. Without
// either it is whoever comes.
type payers struct{ openID, subOpenID string }

func (o *OrderRow) Payers() payers    { return payers{o.OpenID, o.SubOpenID} }
func (s *SessionRow) Payers() payers  { return payers{s.OpenID, s.SubOpenID} }
func (c *ContractRow) Payers() payers { return payers{c.OpenID, c.SubOpenID} }

// Name is an openid of the one who is named, "" for anybody.
func (p payers) Name() string { return cmp.Or(p.openID, p.subOpenID) }

// PayerOf is who pays or signs when openid comes, and whether openid is theirs. All that charges
// a named payer, signs for them or gives money back asks here, so that it is one person's.
func (s *Step) PayerOf(p payers, openid string) (who person, ok bool) {
	comes := s.Registry.Person(openid)
	if p.Name() == "" {
		return comes, true
	}
	who = s.Registry.Person(p.Name())
	return who, who.ID == comes.ID || openid != "" && (openid == p.openID || openid == p.subOpenID)
}

// WhoPaid is who paid an order.
func (s *Step) WhoPaid(o *OrderRow) person {
	if o.Person != "" {
		return s.Registry.Person(o.Person)
	}
	who, _ := s.PayerOf(o.Payers(), "") // of an order that an older version wrote
	return who
}

// CheckMchID checks a merchant id in the call against the one that signed it.
func (c *Call) CheckMchID(pointer, mchid string) error {
	if mchid == c.Merchant.MchID {
		return nil
	}
	return BadField(pointer, mchid, "商户号与签名商户号不一致").
		Hinting(pointer + " is not the merchant that signed the call, " + c.Merchant.MchID)
}

// TransactionID names an ordinary order: a partner's numbers are each
// sub-merchant's own.
func (c *Call) TransactionID(subMchID, outTradeNo string) string {
	if subMchID == "" {
		return OrderID(false, c.Merchant.MchID, outTradeNo)
	}
	return partnerOrderID(c.Merchant.MchID, subMchID, outTradeNo)
}

// SubOrders reads the parts of a combined order or debit and adds them up.
func (c *Call) SubOrders() (parts []ledger.SubOrder, total int64, err error) {
	seen := map[string]bool{}
	for i, sub := range Objects(c.Body, "sub_orders") {
		part := ledger.SubOrder{
			MchID: TextOf(sub, "mchid"), SubMchID: TextOf(sub, "sub_mchid"), OutTradeNo: TextOf(sub, "out_trade_no"),
			Attach: TextOf(sub, "attach"), Total: Fen(Object(sub, "amount"), "total_amount"), Request: EncodeJSON(sub),
		}
		at := fmt.Sprintf("/sub_orders/%d", i)
		if part.MchID != c.Merchant.MchID && c.Merchant.sub(part.MchID) == nil {
			return nil, 0, BadField(at+"/mchid", part.MchID, "子单商户号无权限")
		}
		if part.SubMchID != "" {
			if err := c.CheckSub(part.SubMchID, TextOf(sub, "sub_appid")); err != nil {
				return nil, 0, err
			}
		}
		if seen[part.OutTradeNo] {
			return nil, 0, BadField(at+"/out_trade_no", part.OutTradeNo, "子单商户单号重复")
		}
		seen[part.OutTradeNo] = true
		if part.Total > math.MaxInt64-total {
			return nil, 0, BadField(at+"/amount/total_amount", strconv.FormatInt(part.Total, 10), "合单总金额超出范围")
		}
		total += part.Total
		parts = append(parts, part)
	}
	return parts, total, nil
}

// NamesAll checks that a call names every part of a combined order and no other.
func (c *Call) NamesAll(parts []ledger.SubOrder) error {
	named := Objects(c.Body, "sub_orders")
	for _, sub := range parts {
		if !slices.ContainsFunc(named,
			func(n map[string]any) bool { return TextOf(n, "out_trade_no") == sub.OutTradeNo }) {
			return InvalidRequest("子单信息与下单时不一致").Hinting("sub_orders must name every sub-order of the combined order")
		}
	}
	if len(named) != len(parts) {
		return InvalidRequest("子单信息与下单时不一致").Hinting("sub_orders names an order that is not part of this one")
	}
	return nil
}
