package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// eduPapay is 教育续费通, recurring debits of tuition.
// https://pay.weixin.qq.com/doc/v3/partner/4012159970
func eduPapay() *product {
	const root = "/v3/edu-papay"
	return &product{
		name:          EduPapay,
		ttl:           2 * time.Hour, // not stated for this product; its campus sibling's
		token:         (*random).presignToken,
		id:            (*random).longContractID,
		names:         names{plan: "plan_id", account: "user_id"},
		signed:        event{eventType: "ENTRUST.SIGNING", originalType: "entrust", summary: "教育续费通签约通知"},
		ended:         event{eventType: "ENTRUST.RELEASE", originalType: "entrust", summary: "教育续费通解约通知"},
		templateURL:   true,
		retries:       genericSchedule,
		resource:      eduPapayContract,
		alreadySigned: func() *refusal { return alreadyExists("用户已签约，请勿重复签约") },
		gone:          func() *refusal { return notFound("NOT_FOUND", "签约协议不存在") },
		noOrder:       func() *refusal { return notFound("NOT_FOUND", "订单不存在") },
		debits:        []*debitRules{eduPapayDebits()},
		behaviours: map[string]behaviour{
			"POST " + root + "/user-notifications/{contract_id}/send":   eduPapayNotice,
			"POST " + root + "/transactions":                            eduPapayDebit,
			"GET " + root + "/transactions/out-trade-no/{out_trade_no}": eduPapayDebitByNo,
			"GET " + root + "/transactions/id/{transaction_id}":         eduPapayDebitByID,
			"POST " + root + "/contracts/presign":                       eduPapayPresign,
			"GET " + root + "/contracts/id/{contract_id}":               eduPapayQuery,
			"GET " + root + "/user/{openid}/contracts":                  eduPapayList,
			"DELETE " + root + "/contracts/{contract_id}":               eduPapayTerminate,
		},
	}
}

func eduPapayPresign(c *call) (document, error) {
	s, err := c.presign(c.product)
	if err != nil {
		return nil, err
	}
	return document{"presign_token": s.Token}, nil
}

// eduPapayQuery returns terminated contracts too, with status DELETE.
func eduPapayQuery(c *call) (document, error) {
	contract, err := c.anyContract(c.vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if appid := c.query.Get("appid"); appid != contract.AppID {
		return nil, c.product.gone().hinting("the contract was signed under another appid")
	}
	return eduPapayContract(contract), nil
}

// eduPapayList pages through one payer's contracts. A payer who has none in the
// wanted state is an error, not an empty page.
func eduPapayList(c *call) (document, error) {
	want := ContractSigned
	if c.query.Get("contract_status") == "DELETE" {
		want = ContractTerminated
	}
	all, err := find[contractRow](c.Tx,
		contractUserKey(EduPapay, c.merchant.MchID, c.query.Get("plan_id"), c.vars["openid"]), 0)
	if err != nil {
		return nil, err
	}
	rows := []document{}
	for _, contract := range all {
		if contract.State == want && contract.AppID == c.query.Get("appid") {
			rows = append(rows, eduPapayContract(contract))
		}
	}
	if len(rows) == 0 {
		return nil, notFound("NOT_FOUND", "用户未签约")
	}
	offset, limit := c.queryInt("offset", 0), c.queryInt("limit", 20)
	from := min(offset, len(rows))
	to := min(from+limit, len(rows))
	return document{"data": rows[from:to], "total_count": len(rows), "offset": offset, "limit": limit}, nil
}

func eduPapayTerminate(c *call) (document, error) {
	contract, err := c.anyContract(c.vars["contract_id"])
	if err != nil {
		return nil, err
	}
	return nil, c.terminate(contract, ByMerchant, "")
}

// eduPapayContract is a contract both in replies and in notifications. A direct
// merchant finds itself in sp_mchid.
func eduPapayContract(c *contractRow) document {
	status := "ADD"
	if c.State == ContractTerminated {
		status = "DELETE"
	}
	out := document{
		"sp_mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID, "plan_id": c.PlanID,
		"contract_information": document{
			"contract_id": c.ID, "contract_status": status, "create_time": wire.FormatTime(c.SignedAt),
		},
	}
	out.set("sub_mchid", c.SubMchID)
	out.set("sub_appid", c.SubAppID)
	out.set("sub_openid", c.SubOpenID)
	return out
}
