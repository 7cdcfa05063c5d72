package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// eduSchoolPay is 校园轻松付, pupils' meals and the like, paid in advance by WeChat
// Pay when the parent's account is empty.
// https://pay.weixin.qq.com/doc/v3/partner/4012160445
func eduSchoolPay() *product {
	const root = "/v3/eduschoolpay"
	return &product{
		name:          EduSchoolPay,
		ttl:           2 * time.Hour,
		token:         (*random).presignToken,
		id:            (*random).campusContractID,
		names:         names{plan: "plan_id", code: "out_contract_code", account: "user_id"},
		codePerPlan:   true,
		signed:        event{eventType: "PAYSCORE.USER_OPEN_SERVICE", originalType: "payscore", summary: "校园轻松付签约通知"},
		ended:         event{eventType: "PAYSCORE.USER_CLOSE_SERVICE", originalType: "payscore", summary: "校园轻松付解约通知"},
		templateURL:   true,
		retries:       campusSchedule,
		resource:      eduSchoolPayResource,
		alreadySigned: func() *refusal { return invalidRequest("用户已签约，请勿重复签约") },
		gone:          func() *refusal { return notFound("NOT_FOUND", "未找到对应合约") },
		noOrder:       func() *refusal { return notFound("NOT_FOUND", "订单不存在") },
		debits:        eduSchoolPayDebits(),
		behaviours: map[string]behaviour{
			"POST " + root + "/contracts/presign":                       eduSchoolPayPresign,
			"GET " + root + "/contracts/{contract_id}":                  eduSchoolPayQuery,
			"POST " + root + "/contracts/{contract_id}/terminate":       eduSchoolPayTerminate,
			"GET " + root + "/users/{openid}/contracts":                 eduSchoolPayList,
			"GET " + root + "/users/{openid}/debt-state":                eduSchoolPayDebtState,
			"POST " + root + "/transactions":                            eduSchoolPayDebit,
			"GET " + root + "/transactions/id/{transaction_id}":         eduSchoolPayDebitByID,
			"GET " + root + "/transactions/out-trade-no/{out_trade_no}": eduSchoolPayDebitByNo,
		},
	}
}

func eduSchoolPayPresign(c *call) (document, error) {
	s, err := c.presign(c.product, eduSchoolPayMay)
	if err != nil {
		return nil, err
	}
	return document{"presign_token": s.Token}, nil
}

// eduSchoolPayMay checks a presign against what only this product asks.
func eduSchoolPayMay(c *call, s *sessionRow) error {
	school := c.text("school_id")
	if plan := c.merchant.plan(EduSchoolPay, s.PlanID); plan != nil && plan.Owner != "" && plan.Owner != school {
		return badField("/school_id", school, "签约模板与学校不匹配").
			hinting("plan_id belongs to another school: Plan.Owner is its school_id")
	}
	identity := object(c.body, "identity")
	if mode := c.text("contract_mode"); mode == "LIMIT_BANK_CARD" || mode == "PRIORITY_BANK_CARD" {
		if identity == nil {
			return badField("/identity", "", "指定卡和优先卡模式需要填写实名信息")
		}
		if object(c.body, "bank_card") == nil {
			return badField("/bank_card", "", "指定卡和优先卡模式需要填写签约银行卡")
		}
	}
	// Who allows the contract to become an ordinary one is not held to the
	// identity that the card needs.
	if c.body["downgrade_default_contract"] != true {
		s.RealName, s.IDNumber = textOf(identity, "real_name"), textOf(identity, "id_card_number")
	}
	return nil
}

func eduSchoolPayQuery(c *call) (document, error) {
	contract, err := c.ownContract(c.vars["contract_id"])
	if err != nil {
		return nil, err
	}
	return eduSchoolPayContract(contract), nil
}

func eduSchoolPayTerminate(c *call) (document, error) {
	contract, err := c.ownContract(c.vars["contract_id"])
	if err != nil {
		return nil, err
	}
	return nil, c.terminate(contract, ByMerchant, "")
}

// eduSchoolPayList pages through one payer's contracts, those that stand before
// those that ended, without those they deleted.
func eduSchoolPayList(c *call) (document, error) {
	offset, limit := c.queryInt("offset", 0), c.queryInt("limit", 20)
	if offset%limit != 0 {
		return nil, paramError(&catalogue.Violation{
			Field: "offset", Value: strconv.Itoa(offset), Issue: "必须为limit的整数倍", Location: catalogue.LocationQuery,
		}).hinting("offset must be a multiple of limit")
	}
	plan, want := c.query.Get("plan_id"), c.query.Get("contract_status")
	all, err := find[contractRow](c.Tx, contractUserKey(EduSchoolPay, c.merchant.MchID, plan, c.vars["openid"]), 0)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(contract *contractRow) bool {
		return contract.Deleted || (want != "ALL" && want != addOrDelete(contract))
	})
	slices.SortStableFunc(all, func(a, b *contractRow) int {
		switch {
		case a.live() == b.live():
			return 0
		case a.live():
			return -1
		}
		return 1
	})
	from := min(offset, len(all))
	rows := []document{}
	for _, contract := range all[from:min(from+limit, len(all))] {
		rows = append(rows, eduSchoolPayContract(contract))
	}
	page := func(offset int) string {
		return "/v3/eduschoolpay/users/" + url.PathEscape(c.vars["openid"]) + "/contracts?" + url.Values{
			"plan_id": {plan}, "contract_status": {want}, "offset": {strconv.Itoa(offset)},
			"limit": {strconv.Itoa(limit)},
		}.Encode()
	}
	links := document{"self": page(offset)}
	if offset+limit < len(all) {
		links["next"] = page(offset + limit)
	}
	if offset > 0 {
		links["prev"] = page(offset - limit)
	}
	return document{"data": rows, "total_count": len(all), "offset": offset, "limit": limit, "links": links}, nil
}

// addOrDelete is contract_status of the school products.
func addOrDelete(c *contractRow) string {
	if c.live() {
		return "ADD"
	}
	return "DELETE"
}

func eduSchoolPayContract(c *contractRow) document {
	return document{
		"contract_id": c.ID, "mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID, "plan_id": c.PlanID,
		"contract_status": addOrDelete(c), "create_time": wire.FormatTime(c.SignedAt), "out_contract_code": c.Code,
	}
}

// eduSchoolPayResource is inferred: the page that lists it could not be seen. It
// is the query's reply and the account.
func eduSchoolPayResource(c *contractRow) document {
	out := eduSchoolPayContract(c)
	out["user_id"] = c.Account
	return out
}
