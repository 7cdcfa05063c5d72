package registry

import (
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Mismatch is what is wrong with the plan, the appid or the sub-merchant that a call names. What a
// refusal of it is called differs between the protocols; why, and what helps, does not.
type Mismatch int

const (
	Fits Mismatch = iota
	PlanUnknown
	PlanDisabled
	AppIDUnbound
	SubMissing // a sub_appid without the sub-merchant
	SubUnbound
	SubAppIDUnbound
)

func (m *Merchant) PlanMismatch(product ledger.Product, id string) Mismatch {
	switch plan := m.Plan(product, id); {
	case plan == nil:
		return PlanUnknown
	case plan.Disabled:
		return PlanDisabled
	}
	return Fits
}

// SubMismatch takes a sub-merchant and its appid, each of which may be "".
func (m *Merchant) SubMismatch(mchid, appid string) Mismatch {
	if mchid == "" {
		if appid != "" {
			return SubMissing
		}
		return Fits
	}
	switch sub := m.Sub(mchid); {
	case sub == nil:
		return SubUnbound
	case appid != "" && !subOwns(sub, appid):
		return SubAppIDUnbound
	}
	return Fits
}

// Hint says what to do about it. name is the member's, product whose plan it is of.
func (x Mismatch) Hint(m *Merchant, name string, product ledger.Product) string {
	switch x {
	case PlanUnknown:
		return "merchant " + m.MchID + " has no " + name + " of product " + string(product) +
			" with this id; add it with WithPlan or POST /sandbox/plans"
	case PlanDisabled:
		return "the plan is disabled: it signs nobody any more"
	case AppIDUnbound:
		return "this " + name + " is not bound to merchant " + m.MchID + "; its appids are set with WithMerchant"
	case SubMissing:
		return "a sub_appid comes with " + name
	case SubUnbound:
		return "merchant " + m.MchID +
			" has no sub-merchant with this id; sub-merchants are set with WithMerchant"
	case SubAppIDUnbound:
		return "this " + name + " is not bound to the sub-merchant; its appids are set with WithMerchant"
	}
	return ""
}
