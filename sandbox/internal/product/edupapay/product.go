// Package edupapay is 教育续费通 as the sandbox plays it: tuition by term, agreed to once and debited
// by the school.
//
// It stands on the engine and knows no other product. Start reading at [Product]; debit.go has
// its debits.
package edupapay

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Product is 教育续费通, recurring debits of tuition.
// https://pay.weixin.qq.com/doc/v3/partner/4012159970
func Product() *engine.Product {
	const root = "/v3/edu-papay"
	return &engine.Product{
		Name:          ledger.EduPapay,
		Samples:       []ledger.Plan{{ID: samples.EduPlanID, Name: "Tuition by term"}},
		TTL:           2 * time.Hour, // not stated for this product; its campus sibling's
		Token:         (*random.Random).PresignToken,
		ID:            (*random.Random).LongContractID,
		Names:         engine.Names{Plan: "plan_id", Account: "user_id"},
		Signed:        engine.Event{EventType: "ENTRUST.SIGNING", OriginalType: "entrust", Summary: "教育续费通签约通知"},
		Ended:         engine.Event{EventType: "ENTRUST.RELEASE", OriginalType: "entrust", Summary: "教育续费通解约通知"},
		TemplateURL:   true,
		Retries:       rows.EduSchedule,
		Resource:      eduPapayContract,
		AlreadySigned: func() *engine.Refusal { return engine.AlreadyExists("用户已签约，请勿重复签约") },
		Gone:          func() *engine.Refusal { return engine.NotFound("NOT_FOUND", "签约协议不存在") },
		NoOrder:       func() *engine.Refusal { return engine.NotFound("NOT_FOUND", "订单不存在") },
		Debits:        []*engine.DebitRules{rules()},
		Make: func(_ *engine.Made, c *rows.Contract) {
			c.Request = []byte(`{"device_information":{"device_id":"12343232","device_ip":"123.12.12.123"}}`)
		},
		Behaviours: map[string]engine.Behaviour{
			"POST " + root + "/user-notifications/{contract_id}/send":   notice,
			"POST " + root + "/transactions":                            debit,
			"GET " + root + "/transactions/out-trade-no/{out_trade_no}": debits.Query(transaction),
			"GET " + root + "/transactions/id/{transaction_id}":         debits.Query(transaction),
			"POST " + root + "/contracts/presign":                       presign,
			"GET " + root + "/contracts/id/{contract_id}":               query,
			"GET " + root + "/user/{openid}/contracts":                  list,
			"DELETE " + root + "/contracts/{contract_id}":               terminate,
		},
	}
}

func presign(c *engine.Call) (engine.Document, error) {
	s, err := contracts.Presign(c, c.Product)
	if err != nil {
		return nil, err
	}
	return engine.Document{"presign_token": s.Token}, nil
}

// query returns terminated contracts too, with status DELETE.
func query(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Any(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if appid := c.Query.Get("appid"); appid != contract.AppID {
		return nil, c.Product.Gone().Hinting("the contract was signed under another appid")
	}
	return eduPapayContract(contract), nil
}

// list pages through one payer's contracts. A payer who has none in the
// wanted state is an error, not an empty page.
func list(c *engine.Call) (engine.Document, error) {
	want := ledger.ContractSigned
	if c.Query.Get("contract_status") == "DELETE" {
		want = ledger.ContractTerminated
	}
	all, err := rows.Find[rows.Contract](c.Tx,
		rows.ContractUserKey(ledger.EduPapay, c.Merchant.MchID, c.Query.Get("plan_id"), c.Vars["openid"]), 0)
	if err != nil {
		return nil, err
	}
	list := []engine.Document{}
	for _, contract := range all {
		if contract.State == want && contract.AppID == c.Query.Get("appid") {
			list = append(list, eduPapayContract(contract))
		}
	}
	if len(list) == 0 {
		return nil, engine.NotFound("NOT_FOUND", "用户未签约")
	}
	page, offset, limit := engine.PageOf(c, list)
	return engine.Document{"data": page, "total_count": len(list), "offset": offset, "limit": limit}, nil
}

func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Any(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	return nil, contracts.Terminate(c.Step, contract, ledger.ByMerchant, "")
}

// eduPapayContract is a contract both in replies and in notifications. A direct
// merchant finds itself in sp_mchid.
func eduPapayContract(c *rows.Contract) engine.Document {
	status := "ADD"
	if c.State == ledger.ContractTerminated {
		status = "DELETE"
	}
	out := engine.Document{
		"sp_mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID, "plan_id": c.PlanID,
		"contract_information": engine.Document{
			"contract_id": c.ID, "contract_status": status, "create_time": wire.FormatTime(c.SignedAt),
		},
	}
	out.Set("sub_mchid", c.SubMchID)
	out.Set("sub_appid", c.SubAppID)
	out.Set("sub_openid", c.SubOpenID)
	return out
}
