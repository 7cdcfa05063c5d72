package contracts

import (
	"errors"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What products with an out_contract_code in their paths have in common.

// OfPath finds the contract of {…}/out-contract-code/{out_contract_code}.
// A code that was presigned but never agreed to has no contract yet.
func OfPath(c *engine.Call, plan string) (*rows.Contract, error) {
	code := c.Vars["out_contract_code"]
	contract, err := ByCode(c.Step, c.Product, c.Merchant.MchID, plan, code)
	if err != nil {
		return nil, err
	}
	if contract == nil {
		r := engine.NotFound("RESOURCE_NOT_EXISTS", "协议不存在").
			Hinting("nobody has signed with this out_contract_code under the plan in the path")
		if use, err := rows.Get[rows.CodeUse](c.Tx, c.Product.CodeKey(c.Merchant.MchID, plan, code)); err == nil &&
			use.Token != "" {
			r.Hinting("this out_contract_code was presigned, but the payer has not agreed; or the plan in " +
				"the path is another one")
		}
		return nil, r
	}
	return contract, nil
}

// UnsignedOfPath finds the session of a code that nobody has agreed to so far,
// or nil.
func UnsignedOfPath(c *engine.Call, plan string) (*rows.Session, error) {
	contract, err := ByCode(c.Step, c.Product, c.Merchant.MchID, plan, c.Vars["out_contract_code"])
	if err != nil || contract != nil {
		return nil, err
	}
	use, err := rows.Get[rows.CodeUse](c.Tx, c.Product.CodeKey(c.Merchant.MchID, plan, c.Vars["out_contract_code"]))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := Former(c.Tx, use)
	if err != nil || s == nil || s.ContractID != "" || s.PlanID != plan {
		return nil, err
	}
	return s, nil
}

// TerminateOfPath ends the contract of the path in the merchant's name.
func TerminateOfPath(c *engine.Call, plan string) (*rows.Contract, error) {
	contract, err := ByCode(c.Step, c.Product, c.Merchant.MchID, plan, c.Vars["out_contract_code"])
	if err != nil {
		return nil, err
	}
	if contract == nil {
		return nil, c.Product.Gone()
	}
	return contract, Terminate(c.Step, contract, ledger.ByMerchant, c.Text("contract_termination_remark"))
}

func TerminateInfo(c *rows.Contract) engine.Document {
	out := engine.Document{
		"contract_termination_mode": string(c.Mode),
		"contract_terminated_time":  wire.FormatTime(c.TerminatedAt),
		// Required by the reply, although only the API asks for a reason.
		"contract_termination_remark": c.Remark,
	}
	return out
}
