package sandbox

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// papay is 委托代扣, recurring debits and the one debit of a scheduled deduct. Most
// merchants sign, debit and terminate in APIv2 (papayxml*.go) and use APIv3 for
// the notice before a debit; contracts of both are the same thing, so they share
// this product. A contract signed with a deduct_schedule is for that one debit;
// every other one recurs, in the mode its plan has.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987465
func papay() *product {
	return &product{
		name:      Papay,
		ttl:       2 * time.Hour,
		token:     (*random).preEntrustWebID,
		id:        (*random).longContractID,
		names:     names{plan: "plan_id", code: "out_contract_code", account: "contract_display_account"},
		years:     10, // queries show a contract_expired_time; what it is without one is not documented
		signed:    event{eventType: "ENTRUST.SIGN", originalType: "entrust", summary: "委托代扣签约通知"},
		ended:     event{eventType: "ENTRUST.TERMINATE", originalType: "entrust", summary: "委托代扣解约通知"},
		retries:   genericSchedule,
		resource:  func(c *contractRow) document { return papayContract(c, c.changedAt()) },
		notifyXML: notifyContractXML,
		alreadySigned: func() *refusal {
			return invalidRequest("用户已签约该模板，请勿重复签约").
				hinting("the payer has a contract in force under this plan, perhaps through another app of the " +
					"merchant; another out_user_code tells their accounts apart")
		},
		gone: func() *refusal {
			return invalidRequest("协议不存在或已解约").hinting("only a contract in force can be ended, and only once")
		},
		agreed:      papayAgreed,
		keepsFailed: true,
		debits:      []*debitRules{papayDebits(), pappayapplyRules()},
		behaviours:  papayBehaviours(),
	}
}

func papayBehaviours() map[string]behaviour {
	const (
		sign      = "/v3/papay/sign"
		byCode    = "/plan-id/{plan_id}/out-contract-code/{out_contract_code}"
		notices   = "/contracts/{contract_id}/"
		scheduled = "/v3/papay/scheduled-deduct-sign"
		pay       = "/v3/papay/pay"
		schedules = "/schedules/contract-id/{contract_id}"
	)
	out := map[string]behaviour{
		"POST " + sign + "/contracts/pre-entrust-sign":                                               papayPresign,
		"GET " + sign + "/contracts" + byCode:                                                        papayQuery,
		"GET " + sign + "/contracts/harmony-plan-id/{plan_id}/out-contract-code/{out_contract_code}": papayQueryHarmony,
		"POST " + sign + "/contracts" + byCode + "/terminate":                                        papayTerminate,
		"GET " + sign + "/partner/contracts" + byCode:                                                papayQuery,
		"POST " + sign + "/partner/contracts" + byCode + "/terminate":                                papayTerminate,

		"POST /v3/papay" + notices + "notify":              papayNotify,
		"POST /v3/partner-papay" + notices + "notify":      papayNotify,
		"POST /v3/papay" + notices + "fail-notify":         papayFailNotify,
		"POST /v3/partner-papay" + notices + "fail-notify": papayFailNotify,

		"POST " + pay + "/transactions/apply":         papayApply,
		"POST " + pay + "/harmony/transactions/apply": papayApply,
		"POST " + pay + "/partner/transactions/apply": papayApply,
	}
	for _, role := range []string{"", "/partner"} {
		for scene, reply := range scheduledScenes() {
			out["POST "+scheduled+role+"/contracts/pre-entrust-sign/"+scene] = reply
		}
		out["POST "+pay+role+schedules+"/schedule"] = scheduledBook
		out["GET "+pay+role+schedules] = scheduledQuery
	}
	return out
}

// papayAgreed gives the contract of a scheduled deduct its one debit, and its
// end when nobody books it.
func papayAgreed(_ *step, session *sessionRow, c *contractRow) error {
	agreed := object(decodeBody(session.Request), "deduct_schedule")
	if agreed == nil {
		return nil
	}
	c.Bookings = []Booking{{
		Date: textOf(agreed, "estimated_deduct_date"), Amount: fen(object(agreed, "estimated_deduct_amount"), "total"),
		Description: textOf(agreed, "description"),
	}}
	c.endAfterBookings(scheduledBooking())
	return nil
}

// papayOwn finds a contract of this product by its id, for the sub-merchant it
// was signed for, or says why it is not there.
func (c *call) papayOwn(id, sub string) (contract *contractRow, missing string, err error) {
	contract, err = c.contractOf(Papay, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, c.noContract(Papay), nil
	case err != nil:
		return nil, "", err
	case contract.SubMchID != sub:
		return nil, anotherRole(contract), nil
	}
	return contract, "", nil
}

// papayContract is a contract in queries and notifications, at a moment: its
// booking expires by time alone. A provider's has other names for the parties.
func papayContract(c *contractRow, at time.Time) document {
	out := document{
		"contract_id": c.ID, "plan_id": integer(c.PlanID), "out_contract_code": c.Code,
		"contract_display_account": c.Account, "contract_state": string(c.State),
	}
	c.parties(out)
	out.set("out_user_code", c.UserCode)
	if c.State != ContractSignFailed {
		out["contract_signed_time"] = wire.FormatTime(c.SignedAt)
		out["contract_expired_time"] = wire.FormatTime(c.ExpiresAt)
	}
	if c.State == ContractTerminated {
		out["contract_terminate_info"] = terminateInfo(c)
	}
	if b := c.booking(""); b != nil {
		schedule := scheduleDocument(b, at)
		delete(schedule, "deduct_start_date")
		delete(schedule, "deduct_end_date")
		schedule["estimated_deduct_date"], schedule["estimated_deduct_amount"] = b.Date, cny(b.Amount)
		out["deduct_schedule"] = schedule
	}
	return out
}

// parties writes who signed with whom, as a direct merchant or a provider calls
// it.
func (c *contractRow) parties(out document) {
	if c.SubMchID == "" {
		out["mchid"], out["appid"], out["openid"] = c.MchID, c.AppID, c.OpenID
		return
	}
	out["sp_mchid"], out["sp_appid"], out["sp_openid"] = c.MchID, c.AppID, c.OpenID
	out["sub_mchid"] = c.SubMchID
	out.set("sub_appid", c.SubAppID)
	out.set("sub_openid", c.SubOpenID)
}

// changedAt is when the contract was last signed or ended.
func (c *contractRow) changedAt() time.Time {
	if c.State == ContractTerminated {
		return c.TerminatedAt
	}
	return c.SignedAt
}
