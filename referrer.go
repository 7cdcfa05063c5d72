package wxpay

import (
	"encoding/json"
	"errors"
)

// maxReferrerInfo bounds what ParseReferrerInfo reads. What WeChat's signing mini
// programs send back has less than a tenth of it.
const maxReferrerInfo = 8 << 10

// ReferrerInfo is what a payer brings back from WeChat's signing mini program to the
// merchant's: referrerInfo of App.onShow, with scene 1038.
//
// It is good for choosing what to show next, and never says what became of the
// contract. The payer's own device sends it, so anyone can make it up; a payer who
// signs and leaves by the back arrow brings no code at all. Wait for the notification or
// query the contract by the out_contract_code of your pre-sign, and take no ContractID
// from here without checking whose it is.
//
// Source:
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/redirect-mini-program.html
type ReferrerInfo struct {
	AppID      string // where the payer comes from: compare it with [NavigateToMiniProgram].AppID
	ReturnCode string // "SUCCESS" or "FAIL", or what somebody made up; "" after the back arrow
	ReturnMsg  string // what went wrong, in words, which anybody may have written
	ContractID string // may come with SUCCESS
}

// ParseReferrerInfo reads the JSON of referrerInfo, as the mini program sends it to its
// backend with JSON.stringify(res.referrerInfo):
//
//	{"appId":"wxbd687630cd02ce1d","extraData":{"return_code":"SUCCESS","contract_id":"…"}}
//
// Without extraData ReturnCode is "", which is no error, and null counts as absent. Members it
// does not know are ignored. It is an error where the text has more than 8 KiB, is not one JSON
// object, or has another type where a string or extraData's object belongs.
//
// The documented members are those of 委托代扣 (APIv2, scheduled deduct, combine-papay);
// the pages of 教育续费通 and 校园轻松付 do not say what their mini programs send back.
func ParseReferrerInfo(text []byte) (ReferrerInfo, error) {
	if len(text) > maxReferrerInfo {
		return ReferrerInfo{}, errors.New("the referrerInfo has more than 8 KiB, and none from signing has")
	}
	var info, extra map[string]json.RawMessage
	if json.Unmarshal(text, &info) != nil || info == nil {
		return ReferrerInfo{}, errors.New("the referrerInfo is not a JSON object: send JSON.stringify of it")
	}
	if raw := info["extraData"]; raw != nil && json.Unmarshal(raw, &extra) != nil {
		return ReferrerInfo{}, errors.New("extraData of the referrerInfo is not an object")
	}
	var r ReferrerInfo
	for _, member := range []struct {
		of   map[string]json.RawMessage
		name string
		into *string
	}{
		{info, "appId", &r.AppID}, {extra, "return_code", &r.ReturnCode}, {extra, "return_msg", &r.ReturnMsg},
		{extra, "contract_id", &r.ContractID},
	} {
		if raw := member.of[member.name]; raw != nil && json.Unmarshal(raw, member.into) != nil {
			return ReferrerInfo{}, errors.New(member.name + " of the referrerInfo is not a string")
		}
	}
	return r, nil
}
