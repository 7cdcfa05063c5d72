package sandbox

import (
	"strings"
)

// papayPresign opens a session for an app, or for a code that a payer without
// the app scans: a television's, a watch's, a HarmonyOS device's.
// https://pay.weixin.qq.com/doc/v3/merchant/4012978414
func papayPresign(c *call) (document, error) {
	s, err := c.presign(c.product, (*call).recurring)
	if err != nil {
		return nil, err
	}
	out := document{"pre_entrustweb_id": s.Token}
	if c.text("sign_scene") == "SIGN_SCENE_QRCODE" {
		out["redirect_url"] = signingPage(s.Token)
		return out, nil
	}
	out["mini_program_username"], out["mini_program_path"] = signingMiniProgram, signingPath(s.Token)
	return out, nil
}

// recurring refuses plans that only debit on an agreed day: this call has no
// deduct_schedule.
func (c *call) recurring(s *sessionRow) error {
	if plan := c.merchant.plan(Papay, s.PlanID); plan != nil && plan.Mode == DebitScheduled {
		return invalidRequest("该模板为预约扣费模板，请使用预约扣费预签约接口").
			hinting("the plan is a scheduled one: sign it with /v3/papay/scheduled-deduct-sign and a deduct_schedule")
	}
	return nil
}

// papayQuery finds a contract by code, for either role.
func papayQuery(c *call) (document, error) {
	contract, err := c.papayOfPath(c.query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	return papayContract(contract, c.now), nil
}

// papayQueryHarmony shows the payer's WeChat id, masked, and no schedule.
func papayQueryHarmony(c *call) (document, error) {
	contract, err := c.papayOfPath("")
	if err != nil {
		return nil, err
	}
	out := papayContract(contract, c.now)
	delete(out, "deduct_schedule")
	out["mask_wxid"] = masked(contract.Person)
	return out, nil
}

// masked keeps the ends of an id.
func masked(id string) string {
	runes := []rune(id)
	if len(runes) < 4 {
		return strings.Repeat("*", len(runes))
	}
	return string(runes[:2]) + "***" + string(runes[len(runes)-2:])
}

// papayTerminate ends a contract by code, for either role, and shows it.
func papayTerminate(c *call) (document, error) {
	contract, err := c.contractByCode(c.product, c.merchant.MchID, c.vars["plan_id"], c.vars["out_contract_code"])
	switch {
	case err != nil:
		return nil, err
	case contract == nil:
		return nil, c.product.gone().hinting("nobody has signed with this plan_id and out_contract_code")
	case contract.SubMchID != c.text("sub_mchid"):
		return nil, c.product.gone().hinting(anotherRole(contract))
	}
	if err := c.terminate(contract, ByMerchant, c.text("contract_termination_remark")); err != nil {
		return nil, err
	}
	return papayContract(contract, c.now), nil
}

// papayOfPath finds the contract of the path, signed for this sub-merchant or,
// with "", for nobody but the merchant.
func (c *call) papayOfPath(sub string) (*contractRow, error) {
	contract, err := c.contractOfPath(c.vars["plan_id"])
	if err != nil {
		return nil, err
	}
	if contract.SubMchID != sub {
		return nil, notFound("RESOURCE_NOT_EXISTS", "协议不存在").hinting(anotherRole(contract))
	}
	return contract, nil
}

func anotherRole(c *contractRow) string {
	if c.SubMchID == "" {
		return "the contract was signed by a direct merchant: use the path without partner"
	}
	return "the contract was signed for a sub-merchant: use the partner path, with the sub_mchid it was signed for"
}
