package engine

import (
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// mismatch is what is wrong with the plan, the appid or the sub-merchant that a call names. What a
// refusal of it is called differs between the protocols; why, and what helps, does not.
type mismatch int

const (
	Fits mismatch = iota
	planUnknown
	planDisabled
	appIDUnbound
	subMissing // a sub_appid without the sub-merchant
	subUnbound
	subAppIDUnbound
)

func (m *Merchant) PlanMismatch(product ledger.Product, id string) mismatch {
	switch plan := m.Plan(product, id); {
	case plan == nil:
		return planUnknown
	case plan.Disabled:
		return planDisabled
	}
	return Fits
}

// subMismatch takes a sub-merchant and its appid, each of which may be "".
func (m *Merchant) subMismatch(mchid, appid string) mismatch {
	if mchid == "" {
		if appid != "" {
			return subMissing
		}
		return Fits
	}
	switch sub := m.sub(mchid); {
	case sub == nil:
		return subUnbound
	case appid != "" && !subOwns(sub, appid):
		return subAppIDUnbound
	}
	return Fits
}

// Hint says what to do about it. name is the member's, product whose plan it is of.
func (x mismatch) Hint(m *Merchant, name string, product ledger.Product) string {
	switch x {
	case planUnknown:
		return "merchant " + m.MchID + " has no " + name + " of product " + string(product) +
			" with this id; add it with WithPlan or POST /sandbox/plans"
	case planDisabled:
		return "the plan is disabled: it signs nobody any more"
	case appIDUnbound:
		return "this " + name + " is not bound to merchant " + m.MchID + "; its appids are set with WithMerchant"
	case subMissing:
		return "a sub_appid comes with " + name
	case subUnbound:
		return "merchant " + m.MchID +
			" has no sub-merchant with this id; sub-merchants are set with WithMerchant"
	case subAppIDUnbound:
		return "this " + name + " is not bound to the sub-merchant; its appids are set with WithMerchant"
	}
	return ""
}
