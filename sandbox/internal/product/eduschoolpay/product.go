// Package eduschoolpay is 校园轻松付 as the sandbox plays it: a wallet of the campus, whose debits
// may fail for lack of money and be paid later.
//
// It stands on the engine and knows no other product. Start reading at [Product]; debit.go has
// its debits.
package eduschoolpay

import (
	"net/url"
	"slices"
	"strconv"
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

// Product is 校园轻松付, pupils' meals and the like, paid in advance by WeChat
// Pay when the parent's account is empty.
// https://pay.weixin.qq.com/doc/v3/partner/4012160445
func Product() *engine.Product {
	const root = "/v3/eduschoolpay"
	return &engine.Product{
		Name:        ledger.EduSchoolPay,
		Samples:     []ledger.Plan{{ID: samples.EduPlanID, Name: "Campus wallet", Owner: samples.SchoolID}},
		TTL:         2 * time.Hour,
		Token:       (*random.Random).PresignToken,
		ID:          (*random.Random).CampusContractID,
		Names:       engine.Names{Plan: "plan_id", Code: "out_contract_code", Account: "user_id"},
		CodePerPlan: true,
		Signed: engine.Event{EventType: "PAYSCORE.USER_OPEN_SERVICE", OriginalType: "payscore",
			Summary: "校园轻松付签约通知"},
		Ended: engine.Event{EventType: "PAYSCORE.USER_CLOSE_SERVICE", OriginalType: "payscore",
			Summary: "校园轻松付解约通知"},
		TemplateURL: true,
		Retries:     rows.CampusSchedule,
		Resource:    resource,
		Beside:      func(*rows.Session) bool { return true }, // a parent signs for each child
		Gone:        func() *engine.Refusal { return engine.NotFound("NOT_FOUND", "未找到对应合约") },
		NoOrder:     func() *engine.Refusal { return engine.NotFound("NOT_FOUND", "订单不存在") },
		Debits:      rules(),
		Tells:       tellings(),
		Make:        func(_ *engine.Made, c *rows.Contract) { c.Account = "20200330tony" },
		Behaviours: map[string]engine.Behaviour{
			"POST " + root + "/contracts/presign":                       presign,
			"GET " + root + "/contracts/{contract_id}":                  query,
			"POST " + root + "/contracts/{contract_id}/terminate":       terminate,
			"GET " + root + "/users/{openid}/contracts":                 list,
			"GET " + root + "/users/{openid}/debt-state":                debtState,
			"POST " + root + "/transactions":                            debit,
			"GET " + root + "/transactions/id/{transaction_id}":         debits.Query(transaction),
			"GET " + root + "/transactions/out-trade-no/{out_trade_no}": debits.Query(transaction),
		},
	}
}

func presign(c *engine.Call) (engine.Document, error) {
	s, err := contracts.Presign(c, c.Product, may)
	if err != nil {
		return nil, err
	}
	return engine.Document{"presign_token": s.Token}, nil
}

// may checks a presign against what only this product asks.
func may(c *engine.Call, s *rows.Session) error {
	school := c.Text("school_id")
	if plan := c.Merchant.Plan(ledger.EduSchoolPay, s.PlanID); plan != nil && plan.Owner != "" && plan.Owner != school {
		return engine.BadField("/school_id", "签约模板与学校不匹配").
			Hinting("plan_id belongs to another school: Plan.Owner is its school_id")
	}
	identity := engine.Object(c.Body, "identity")
	if mode := c.Text("contract_mode"); mode == "LIMIT_BANK_CARD" || mode == "PRIORITY_BANK_CARD" {
		if identity == nil {
			return engine.BadField("/identity", "指定卡和优先卡模式需要填写实名信息")
		}
		if engine.Object(c.Body, "bank_card") == nil {
			return engine.BadField("/bank_card", "指定卡和优先卡模式需要填写签约银行卡")
		}
	}
	// Who allows the contract to become an ordinary one is not held to the
	// identity that the card needs.
	if c.Body["downgrade_default_contract"] != true {
		s.RealName, s.IDNumber = engine.TextOf(identity, "real_name"), engine.TextOf(identity, "id_card_number")
	}
	return nil
}

func query(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Own(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	return eduSchoolPayContract(contract), nil
}

func terminate(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Own(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	return nil, contracts.Terminate(c.Step, contract, ledger.ByMerchant, "")
}

// list pages through one payer's contracts, those that stand before
// those that ended, without those they deleted.
func list(c *engine.Call) (engine.Document, error) {
	offset, limit := c.QueryInt("offset", 0), c.QueryInt("limit", 20)
	if offset%limit != 0 {
		return nil, engine.BadParam("offset必须为limit的整数倍").Hinting("offset must be a multiple of limit")
	}
	plan, want := c.Query.Get("plan_id"), c.Query.Get("contract_status")
	all, err := rows.Find[rows.Contract](c.Tx, rows.ContractUserKey(ledger.EduSchoolPay, c.Merchant.MchID,
		plan, c.Vars["openid"]), 0)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(contract *rows.Contract) bool {
		return contract.Deleted || (want != "ALL" && want != addOrDelete(contract))
	})
	slices.SortStableFunc(all, func(a, b *rows.Contract) int {
		switch {
		case a.Live() == b.Live():
			return 0
		case a.Live():
			return -1
		}
		return 1
	})
	part, _, _ := engine.PageOf(c, all)
	list := []engine.Document{}
	for _, contract := range part {
		list = append(list, eduSchoolPayContract(contract))
	}
	page := func(offset int) string {
		return "/v3/eduschoolpay/users/" + url.PathEscape(c.Vars["openid"]) + "/contracts?" + url.Values{
			"plan_id": {plan}, "contract_status": {want}, "offset": {strconv.Itoa(offset)},
			"limit": {strconv.Itoa(limit)},
		}.Encode()
	}
	links := engine.Document{"self": page(offset)}
	if limit < len(all)-offset {
		links["next"] = page(offset + limit)
	}
	if offset > 0 {
		links["prev"] = page(offset - limit)
	}
	return engine.Document{"data": list, "total_count": len(all), "offset": offset, "limit": limit, "links": links}, nil
}

// addOrDelete is contract_status of the school products.
func addOrDelete(c *rows.Contract) string {
	if c.Live() {
		return "ADD"
	}
	return "DELETE"
}

func eduSchoolPayContract(c *rows.Contract) engine.Document {
	return engine.Document{
		"contract_id": c.ID, "mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID, "plan_id": c.PlanID,
		"contract_status": addOrDelete(c), "create_time": wire.FormatTime(c.SignedAt), "out_contract_code": c.Code,
	}
}

// resource is inferred: the page that lists it could not be seen. It
// is the query's reply and the account.
func resource(c *rows.Contract) engine.Document {
	out := eduSchoolPayContract(c)
	out["user_id"] = c.Account
	return out
}
