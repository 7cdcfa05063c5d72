// Package combinepapay is 委托代扣 of e-commerce platforms as the sandbox plays it: contracts
// pre-signed with combined orders, and combined debits.
//
// It stands on the engine and knows no other product. Start reading at [Product]; debit.go has
// its debits.
package combinepapay

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Product is 收付通合单代扣, recurring debits of a platform.
// https://pay.weixin.qq.com/doc/v3/partner/4012881608
func Product() *engine.Product {
	const root = "/v3/ecommerce/combine-papay/contracts"
	const orders = "/v3/ecommerce/combine-papay/transactions"
	const byCode = root + "/plan-id/{plan_id}/out-contract-code/{out_contract_code}"
	return &engine.Product{
		Name:    ledger.CombinePapay,
		Samples: []ledger.Plan{{ID: samples.PlanID, Name: "Monthly membership"}},
		TTL:     2 * time.Hour,
		Token:   (*random.Random).PreEntrustWebID,
		ID:      (*random.Random).ContractID,
		Names:   engine.Names{Plan: "plan_id", Code: "out_contract_code", Account: "contract_display_account"},
		Days:    3650, // the reply needs a contract_expired_time; that of papay was recorded
		Signed:  engine.Event{EventType: "ECOMMERCE_ENTRUST.SIGN", OriginalType: "entrust", Summary: "委托代扣签约通知"},
		Ended: engine.Event{EventType: "ECOMMERCE_ENTRUST.TERMINATE", OriginalType: "entrust",
			Summary: "委托代扣解约通知"},
		Retries:       rows.QuickSchedule,
		Resource:      resource,
		AlreadySigned: func() *engine.Refusal { return engine.InvalidRequest("用户已签约该模板，请勿重复签约") },
		Gone:          func() *engine.Refusal { return engine.InvalidRequest("协议不存在或已解约") },
		Debits:        []*engine.DebitRules{rules()},
		Behaviours: map[string]engine.Behaviour{
			"POST " + orders: debit,
			"GET " + orders + "/{combine_out_trade_no}":          debitQuery,
			"POST " + orders + "/{combine_out_trade_no}/reverse": reverse,
			"POST " + root + "/pre-entrust-sign":                 presign,
			"POST " + root + "/pre-entrust-sign/mini-program":    presign,
			"GET " + byCode:                 query,
			"POST " + byCode + "/terminate": terminate,
		},
	}
}

func presign(c *engine.Call) (engine.Document, error) {
	s, err := contracts.Presign(c, c.Product)
	if err != nil {
		return nil, err
	}
	return engine.Document{
		"pre_entrustweb_id": s.Token, "mchid": s.MchID,
		"plan_id": engine.Integer(s.PlanID), "out_contract_code": s.Code,
	}, nil
}

// query knows codes that are presigned only, as NOT_SIGNED.
func query(c *engine.Call) (engine.Document, error) {
	s, err := contracts.UnsignedOfPath(c, c.Vars["plan_id"])
	if err != nil {
		return nil, err
	}
	if s != nil {
		return engine.Document{
			"mchid": s.MchID, "appid": s.AppID, "plan_id": engine.Integer(s.PlanID), "out_contract_code": s.Code,
			"contract_display_account": s.Account, "contract_state": "NOT_SIGNED",
		}, nil
	}
	contract, err := contracts.OfPath(c, c.Vars["plan_id"])
	if err != nil {
		return nil, err
	}
	out := engine.Document{
		"mchid": contract.MchID, "contract_id": contract.ID, "appid": contract.AppID, "openid": contract.OpenID,
		"plan_id": engine.Integer(contract.PlanID), "out_contract_code": contract.Code,
		"contract_display_account": contract.Account, "contract_state": string(contract.State),
		"contract_signed_time":  wire.FormatTime(contract.SignedAt),
		"contract_expired_time": wire.FormatTime(contract.ExpiresAt),
	}
	if contract.State == ledger.ContractTerminated {
		out["contract_terminate_info"] = contracts.TerminateInfo(contract)
	}
	return out, nil
}

func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.TerminateOfPath(c, c.Vars["plan_id"])
	if err != nil {
		return nil, err
	}
	return engine.Document{"mchid": contract.MchID, "plan_id": engine.Integer(contract.PlanID),
			"out_contract_code": contract.Code},
		nil
}

// resource has no contract_id, as documented: merchants learn it by
// querying. https://pay.weixin.qq.com/doc/v3/partner/4012881605
func resource(c *rows.Contract) engine.Document {
	out := engine.Document{
		"mchid": c.MchID, "out_contract_code": c.Code, "plan_id": engine.Integer(c.PlanID),
		"appid": c.AppID, "openid": c.OpenID, "operate_time": wire.FormatTime(c.SignedAt),
	}
	out.Set("attach", c.Attach)
	if c.State == ledger.ContractTerminated {
		out["operate_time"] = wire.FormatTime(c.TerminatedAt)
		out["contract_termination_mode"] = string(c.Mode)
	} else {
		out["contract_expired_time"] = wire.FormatTime(c.ExpiresAt)
	}
	return out
}
