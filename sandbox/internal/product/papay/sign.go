package papay

import (
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// presign opens a session for an app, or for a code that a payer without
// the app scans: a television's, a watch's, a HarmonyOS device's.
// https://pay.weixin.qq.com/doc/v3/merchant/4012978414
func presign(c *engine.Call) (engine.Document, error) {
	s, err := contracts.Presign(c, c.Product, recurring)
	if err != nil {
		return nil, err
	}
	out := engine.Document{"pre_entrustweb_id": s.Token}
	if c.Text("sign_scene") == "SIGN_SCENE_QRCODE" {
		out["redirect_url"] = contracts.SigningPage(s.Token)
		return out, nil
	}
	out["mini_program_username"], out["mini_program_path"] = contracts.SigningMiniProgram, contracts.SigningPath(
		s.Token)
	return out, nil
}

// recurring refuses plans that only debit on an agreed day: this call has no
// deduct_schedule.
func recurring(c *engine.Call, s *rows.Session) error {
	if plan := c.Merchant.Plan(ledger.Papay, s.PlanID); plan != nil && plan.Mode == ledger.DebitScheduled {
		return engine.InvalidRequest("该模板为预约扣费模板，请使用预约扣费预签约接口").
			Hinting("the plan is a scheduled one: sign it with /v3/papay/scheduled-deduct-sign and a deduct_schedule")
	}
	return nil
}

// query finds a contract by code, for either role.
func query(c *engine.Call) (engine.Document, error) {
	contract, err := ofPath(c, c.Query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	return papayContract(contract, c.Now), nil
}

// queryHarmony shows an id of the payer's, masked, and no schedule.
func queryHarmony(c *engine.Call) (engine.Document, error) {
	contract, err := ofPath(c, "")
	if err != nil {
		return nil, err
	}
	out := papayContract(contract, c.Now)
	delete(out, "deduct_schedule")
	out["mask_wxid"] = masked(contract.OpenID)
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

// terminate ends a contract by code, for either role, and shows it.
func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.ByCode(c.Step, c.Product, c.Merchant.MchID, c.Vars["plan_id"],
		c.Vars["out_contract_code"])
	switch {
	case err != nil:
		return nil, err
	case contract == nil:
		return nil, c.Product.Gone().Hinting("nobody has signed with this plan_id and out_contract_code")
	case contract.SubMchID != c.Text("sub_mchid"):
		return nil, c.Product.Gone().Hinting(anotherRole(contract))
	}
	if err := contracts.Terminate(c.Step, contract, ledger.ByMerchant,
		c.Text("contract_termination_remark")); err != nil {
		return nil, err
	}
	return papayContract(contract, c.Now), nil
}

// ofPath finds the contract of the path, signed for this sub-merchant or,
// with "", for nobody but the merchant.
func ofPath(c *engine.Call, sub string) (*rows.Contract, error) {
	contract, err := contracts.OfPath(c, c.Vars["plan_id"])
	if err != nil {
		return nil, err
	}
	if contract.SubMchID != sub {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "协议不存在").Hinting(anotherRole(contract))
	}
	return contract, nil
}

func anotherRole(c *rows.Contract) string {
	if c.SubMchID == "" {
		return "the contract was signed by a direct merchant: use the path without partner"
	}
	return "the contract was signed for a sub-merchant: use the partner path, with the sub_mchid it was signed for"
}
