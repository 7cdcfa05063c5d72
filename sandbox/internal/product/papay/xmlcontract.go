package papay

import (
	"cmp"
	"errors"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// contractOfCall finds the contract that contract_id, or plan_id and
// contract_code, name.
func contractOfCall(c *xmlcall.Call) (*rows.Contract, error) {
	f := c.Fields
	gone := xmlcall.Refusal("CONTRACT_NOT_EXIST", "签约协议不存在")
	var contract *rows.Contract
	var err error
	switch {
	case f["contract_id"] != "":
		contract, err = contracts.Of(c.Call, ledger.Papay, f["contract_id"])
		if errors.Is(err, store.ErrNotFound) {
			return nil, gone.Hinting(contracts.NoneOf(c.Call, ledger.Papay))
		}
	case f["plan_id"] != "" && f["contract_code"] != "":
		contract, err = contracts.ByCode(c.Call.Step, c.Product, c.Merchant.MchID, f["plan_id"], f["contract_code"])
	default:
		return nil, xmlcall.Refusal("PARAM_ERROR", "contract_id或plan_id+contract_code不能为空").
			Hinting("name the contract by contract_id, or by plan_id and contract_code together")
	}
	switch {
	case err != nil:
		return nil, err
	case contract == nil:
		return nil, gone.Hinting("nobody has signed with this plan_id and contract_code")
	case contract.SubMchID != f["sub_mch_id"]:
		return nil, gone.Hinting("the contract was signed for another sub-merchant, or for none")
	}
	return contract, nil
}

// xmlQuery tells a contract as it is; 9 is one whose payer has not agreed so
// far. https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_7.shtml
func xmlQuery(c *xmlcall.Call) (wire.Fields, error) {
	contract, err := contractOfCall(c)
	if err == nil {
		out := contractFields(contract)
		out["err_code"], out["err_code_des"] = "0", "SUCCESS" // as recorded; a success all the same
		return out, nil
	}
	var none *engine.Refusal
	if !errors.As(err, &none) || c.Fields["contract_code"] == "" {
		return nil, err
	}
	use, missing := rows.Get[rows.CodeUse](c.Tx, xmlCodeKey(c.Merchant.MchID, c.Fields["plan_id"],
		c.Fields["contract_code"]))
	if missing != nil {
		return nil, err
	}
	session, missing := rows.Get[rows.Session](c.Tx, use.Token)
	if missing != nil {
		return nil, err
	}
	if session.SubMchID != c.Fields["sub_mch_id"] {
		return nil, err
	}
	if waits, wrong := contracts.Waits(c.Call.Step, session); !waits || wrong != nil {
		return nil, cmp.Or(wrong, err)
	}
	asked := push.FieldsOfJSON(session.Request)
	return wire.Fields{
		"plan_id": session.PlanID, "contract_code": session.Code, "request_serial": asked["request_serial"],
		"contract_display_account": session.Account, "contract_state": "9", "err_code": "0", "err_code_des": "SUCCESS",
	}, nil
}

// contractFields is a contract in APIv2's terms.
func contractFields(c *rows.Contract) wire.Fields {
	out := wire.Fields{
		"mch_id": c.MchID, "appid": c.AppID, "contract_id": c.ID, "plan_id": c.PlanID, "openid": c.OpenID,
		"request_serial": requestSerial(c), "contract_code": c.Code, "contract_display_account": c.Account,
		"contract_state": "0", "contract_signed_time": xmlcall.DateTime(c.SignedAt),
		"contract_expired_time": xmlcall.DateTime(c.ExpiresAt),
	}
	if c.SubMchID != "" {
		out["sub_mch_id"], out["sub_appid"], out["sub_openid"] = c.SubMchID, c.SubAppID, c.SubOpenID
	}
	if c.State == ledger.ContractTerminated {
		out["contract_state"], out["contract_terminated_time"] = "1", xmlcall.DateTime(c.TerminatedAt)
		out["contract_termination_mode"], out["contract_termination_remark"] = terminationMode(c), c.Remark
	}
	if c.State == ledger.ContractSignFailed { // signed without effect in APIv3; APIv2 has no word for it
		out["contract_state"], out["contract_signed_time"], out["contract_expired_time"] = "1", "", ""
	}
	for name, value := range out {
		if value == "" {
			delete(out, name)
		}
	}
	return out
}

// requestSerial is the request_serial of the signing; contracts signed in APIv3
// have none and show 0.
func requestSerial(c *rows.Contract) string {
	if c.V2 {
		return push.FieldsOfJSON(c.Request)["request_serial"]
	}
	return "0"
}

// terminationMode is contract_termination_mode. The console ends contracts by the API
// itself, and that is what merchants see of it.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_6.shtml
func terminationMode(c *rows.Contract) string {
	switch c.Mode {
	case ledger.ByUser:
		return "2"
	case ledger.ByMerchant, ledger.ByConsole:
		return "3"
	case ledger.ByCustomerService:
		return "7"
	}
	if c.Expired() {
		return "1"
	}
	return "5" // the account was closed; 6 nobody explains
}

// xmlDelete ends a contract in the merchant's name. The page knows MD5 only.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_9.shtml
func xmlDelete(c *xmlcall.Call) (wire.Fields, error) {
	f := c.Fields
	contract, err := contractOfCall(c)
	if err != nil {
		return nil, err
	}
	if !contract.Live() {
		return nil, xmlcall.Refusal("CONTRACT_NOT_EXIST", "签约协议已解约").Hinting("the contract has ended already")
	}
	if err := contracts.Terminate(c.Call.Step, contract, ledger.ByMerchant,
		f["contract_termination_remark"]); err != nil {
		return nil, err
	}
	return wire.Fields{"contract_id": contract.ID, "plan_id": contract.PlanID, "contract_code": contract.Code}, nil
}

// notifyContractXML writes the notification of a contract that was signed in APIv2, with the
// members that were recorded of an end; the page's sample of a signing has no others.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_6.shtml
func notifyContractXML(s *engine.Step, c *rows.Contract, url string) error {
	all := contractFields(c)
	f := wire.Fields{"return_code": "SUCCESS", "return_msg": "OK", "result_code": "SUCCESS"}
	told := []string{"mch_id", "sub_mch_id", "openid", "sub_openid", "contract_id", "contract_code", "plan_id",
		"request_serial"}
	summary := "签约结果通知"
	if c.State == ledger.ContractTerminated {
		summary = "解约结果通知"
		told = append(told, "contract_termination_mode")
		f["change_type"], f["operate_time"] = "DELETE", xmlcall.DateTime(c.TerminatedAt)
	} else {
		told = append(told, "contract_expired_time")
		f["change_type"], f["operate_time"] = "ADD", xmlcall.DateTime(c.SignedAt)
	}
	for _, name := range told {
		if value := all[name]; value != "" {
			f[name] = value
		}
	}
	return push.NotifyXML(s, &push.Row{Push: ledger.Push{MchID: c.MchID, URL: url, Event: push.EventV2Contract,
		Summary: summary,
		About:   c.ID}, Retries: rows.QuickSchedule}, f)
}
