package main

import (
	"context"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox"
)

// What the shop asks of WeChat Pay, by product.

type object = map[string]any

const byCode = "plan-id/{plan_id}/out-contract-code/{out_contract_code}"

// presign opens a signing session.
func (s *shop) presign(ctx context.Context, p product, openID, code string) (token string, err error) {
	switch p {
	case papayV2:
		res, err := s.client.Chain("v2/papay/preentrustweb").Post(ctx, map[string]string{
			"appid": sandbox.DefaultAppID, "plan_id": strconv.Itoa(planID), "contract_code": code,
			"request_serial": "1", "contract_display_account": "微信代扣", "notify_url": sandbox.DefaultNotifyURL,
			"version": "1.0", "timestamp": strconv.FormatInt(time.Now().Unix(), 10),
		})
		if err != nil {
			return "", err
		}
		var said struct {
			Token string `xml:"pre_entrustweb_id"`
		}
		err = res.Decode(&said)
		return said.Token, err
	case combine:
		res, err := s.client.Chain("v3/ecommerce/combine-papay/contracts/pre-entrust-sign").Post(ctx, object{
			"appid": sandbox.DefaultAppID, "plan_id": 12535, "out_contract_code": code,
			"contract_display_account": "微信代扣", "notify_url": sandbox.DefaultNotifyURL,
		})
		return tokenOf(res, err)
	}
	res, err := s.client.Chain("v3/papay/sign/contracts/pre-entrust-sign").Post(ctx, object{
		"sign_scene": "SIGN_SCENE_APP", "appid": sandbox.DefaultAppID, "openid": openID, "plan_id": planID,
		"out_contract_code": code, "contract_display_account": "微信代扣",
		"contract_notify_url": sandbox.DefaultNotifyURL, "out_user_code": "1",
		"device_info": object{"device_type": "DEVICE_TYPE_PHONE", "device_os": "Android 16", "device_id": "1",
			"device_ip": "14.23.150.211", "weixin_installed": true, "weixin_version": "8.0.60",
			"device_running_as_root": false, "days_since_first_login": "DAYS_SINCE_FIRST_LOGIN_MORE_THEN_180_DAYS"},
	})
	return tokenOf(res, err)
}

func tokenOf(res *wxpay.Result, err error) (string, error) {
	if err != nil {
		return "", err
	}
	var said struct {
		Token string `json:"pre_entrustweb_id"`
	}
	err = res.Decode(&said)
	return said.Token, err
}

// debit asks for a debit, which happens a moment later.
func (s *shop) debit(ctx context.Context, p product, contractID, number string, fen int64) error {
	if p == papayV2 {
		_, err := s.client.Chain("v2/pay/pappayapply").Post(ctx, map[string]string{
			"appid": sandbox.DefaultAppID, "body": "A month", "out_trade_no": number,
			"total_fee": strconv.FormatInt(fen, 10), "spbill_create_ip": "8.8.8.8",
			"notify_url": sandbox.DefaultNotifyURL, "trade_type": "PAP", "contract_id": contractID,
		})
		return err
	}
	_, err := s.client.Chain("v3/papay/pay/transactions/apply").Post(ctx, object{
		"appid": sandbox.DefaultAppID, "out_trade_no": number, "description": "A month",
		"transaction_notify_url": sandbox.DefaultNotifyURL, "contract_id": contractID,
		"amount": object{"total": fen, "currency": "CNY"},
	})
	return err
}

// terminate ends a contract for the merchant.
func (s *shop) terminate(ctx context.Context, p product, code string) error {
	path, plan := "v3/papay/sign/contracts/"+byCode+"/terminate", strconv.Itoa(planID)
	switch p {
	case papayV2:
		_, err := s.client.Chain("v2/papay/deletecontract").Post(ctx, map[string]string{
			"appid": sandbox.DefaultAppID, "plan_id": plan, "contract_code": code,
			"contract_termination_remark": "over", "version": "1.0",
		})
		return err
	case combine:
		path, plan = "v3/ecommerce/combine-papay/contracts/"+byCode+"/terminate", sandbox.DefaultPlanID
	}
	_, err := s.client.Chain(path).Post(ctx, object{"contract_termination_remark": "over"},
		wxpay.Path("plan_id", plan), wxpay.Path("out_contract_code", code))
	return err
}

// expectedContract is what the inbox is told of a contract that is pre-signed.
func (s *shop) expectedContract(p product, openID, code string) inbox.Expected {
	x := inbox.Expected{Kind: inbox.PapayContract, MchID: s.client.MchID(), PlanID: strconv.Itoa(planID), Number: code,
		OpenID: openID, After: askAfter}
	switch p {
	case papayV2:
		x.Kind, x.AppID = inbox.V2Contract, sandbox.DefaultAppID
	case combine:
		x.Kind, x.PlanID = inbox.CombinedContract, sandbox.DefaultPlanID
	}
	return x
}

// expectedDebit is what it is told of a debit that is asked for.
func (s *shop) expectedDebit(p product, openID, number string) inbox.Expected {
	x := inbox.Expected{Kind: inbox.Debit, MchID: s.client.MchID(), Number: number, OpenID: openID, After: askAfter}
	if p == papayV2 {
		x.Kind, x.AppID = inbox.V2Debit, sandbox.DefaultAppID
	}
	return x
}
