package sandbox

import (
	"errors"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What products with an out_contract_code in their paths have in common.

// contractOfPath finds the contract of {…}/out-contract-code/{out_contract_code}.
// A code that was presigned but never agreed to has no contract yet.
func (c *call) contractOfPath(plan string) (*contractRow, error) {
	code := c.vars["out_contract_code"]
	contract, err := c.contractByCode(c.product, c.merchant.MchID, plan, code)
	if err != nil {
		return nil, err
	}
	if contract == nil {
		r := notFound("RESOURCE_NOT_EXISTS", "协议不存在").
			hinting("nobody has signed with this out_contract_code under the plan in the path")
		if use, err := get[codeUse](c.Tx, c.product.codeKey(c.merchant.MchID, plan, code)); err == nil &&
			use.Token != "" {
			r.hinting("this out_contract_code was presigned, but the payer has not agreed; or the plan in " +
				"the path is another one")
		}
		return nil, r
	}
	return contract, nil
}

// unsignedOfPath finds the session of a code that nobody has agreed to so far,
// or nil.
func (c *call) unsignedOfPath(plan string) (*sessionRow, error) {
	use, err := get[codeUse](c.Tx, c.product.codeKey(c.merchant.MchID, plan, c.vars["out_contract_code"]))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := get[sessionRow](c.Tx, use.Token)
	if err != nil || s.ContractID != "" || s.PlanID != plan {
		return nil, err
	}
	return s, nil
}

// terminateOfPath ends the contract of the path in the merchant's name.
func (c *call) terminateOfPath(plan string) (*contractRow, error) {
	contract, err := c.contractByCode(c.product, c.merchant.MchID, plan, c.vars["out_contract_code"])
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, c.product.gone()
	}
	return contract, c.terminate(contract, ByMerchant, c.text("contract_termination_remark"))
}

func terminateInfo(c *contractRow) document {
	out := document{
		"contract_termination_mode": string(c.Mode),
		"contract_terminated_time":  wire.FormatTime(c.TerminatedAt),
		// Required by the reply, although only the API asks for a reason.
		"contract_termination_remark": c.Remark,
	}
	return out
}
