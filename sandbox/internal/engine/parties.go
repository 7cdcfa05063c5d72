package engine

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
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
		return AppIDMismatch().Hinting(registry.AppIDUnbound.Hint(c.Merchant, "appid", ""))
	}
	return c.CheckSub(c.Text("sub_mchid"), c.Text("sub_appid"))
}

// PayerOf is who pays or signs when openid comes, and whether openid is theirs. All that charges
// a named payer, signs for them or gives money back asks here, so that it is one person's.
func (s *Step) PayerOf(p rows.Payers, openid string) (who registry.Person, ok bool) {
	comes := s.Registry.Person(openid)
	if p.Name() == "" {
		return comes, true
	}
	who = s.Registry.Person(p.Name())
	return who, who.ID == comes.ID || openid != "" && (openid == p.OpenID || openid == p.SubOpenID)
}

// WhoPaid is who paid an order.
func (s *Step) WhoPaid(o *rows.Order) registry.Person {
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
	return BadParam("http header中的mchid与post payload中的mchid不匹配").
		Hinting(pointer + " is not the merchant that signed the call, " + c.Merchant.MchID)
}

// CheckPlan tells a plan the merchant does not have from a switched-off one.
func (c *Call) CheckPlan(p *Product, id string) error {
	wrong := c.Merchant.PlanMismatch(p.Name, id)
	hint := wrong.Hint(c.Merchant, p.Names.Plan, p.Name)
	switch wrong {
	case registry.PlanUnknown:
		return BadField("/"+p.Names.Plan, "签约模板非法，请检查"+p.Names.Plan).Hinting(hint)
	case registry.PlanDisabled:
		return NoAuth("该模板已停用").Hinting(hint)
	}
	return nil
}

// CheckAppID checks the appid of the call against the merchant's. Where the
// catalogue lets it be left out there is nothing to check.
func (c *Call) CheckAppID() error {
	name := c.Named("appid", "sp_appid")
	appid := c.Text(name)
	if appid == "" || c.Merchant.Owns(appid) {
		return nil
	}
	r := BadField("/"+name, name+"与mchid不匹配").Hinting(registry.AppIDUnbound.Hint(c.Merchant, name, ""))
	r.Internal = internalAppID
	return r
}

// CheckApps checks the appid of the call and the sub-merchant it names.
func (c *Call) CheckApps() error {
	if err := c.CheckAppID(); err != nil {
		return err
	}
	return c.CheckSub(c.Text("sub_mchid"), c.Text("sub_appid"))
}

// CheckSub checks that the merchant may act for the sub-merchant the call names.
func (c *Call) CheckSub(mchid, appid string) error {
	var r *Refusal
	wrong := c.Merchant.SubMismatch(mchid, appid)
	switch wrong {
	case registry.Fits:
		return nil
	case registry.SubMissing:
		r = BadField("/sub_mchid", "sub_appid需与sub_mchid同时上传").Hinting(wrong.Hint(c.Merchant, "sub_mchid", ""))
		r.Internal = InternalNoSubMchID
	case registry.SubUnbound:
		r = NoAuth("非法商户，服务商模式下请确认子商户正确").Hinting(wrong.Hint(c.Merchant, "sub_mchid", ""))
		r.Internal = internalNoRelation
	default:
		r = BadField("/sub_appid", "sub_appid与sub_mchid不匹配").Hinting(wrong.Hint(c.Merchant, "sub_appid", ""))
		r.Internal = internalAppID
	}
	return r
}
