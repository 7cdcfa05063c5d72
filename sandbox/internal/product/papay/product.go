// Package papay is 委托代扣 as the sandbox plays it: recurring debits and the one debit of a
// scheduled deduct, of merchants and partners, in APIv3 and in APIv2, whose contracts are the
// same thing.
//
// It stands on the engine and knows no other product. Start reading at [Product]; sign.go has the
// calls of contracts, debit.go and notice.go debits and what announces them, scheduled.go the one
// debit on its day, leave.go what a merchant is asked before a payer ends a contract. The files
// that begin with xml are its APIv2, listed in [XMLEndpoints]; xmldebit.go is pappayapply.
package papay

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Product is 委托代扣, recurring debits and the one debit of a scheduled deduct. Most
// merchants sign, debit and terminate in APIv2 (papayxml*.go) and use APIv3 for
// the notice before a debit; contracts of both are the same thing, so they share
// this product. A contract signed with a deduct_schedule is for that one debit;
// every other one recurs, in the mode its plan has.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987465
func Product() *engine.Product {
	return &engine.Product{
		Name: ledger.Papay,
		Samples: []ledger.Plan{
			{ID: samples.PlanID, Name: "Monthly plan"},
			{ID: samples.DayPlanID, Name: "Monthly plan, a day later", Mode: ledger.DebitAfterADay},
			{ID: samples.ScheduledPlanID, Name: "One debit on its day", Mode: ledger.DebitScheduled},
		},
		TTL:       2 * time.Hour,
		Token:     (*random.Random).PreEntrustWebID,
		ID:        (*random.Random).ContractID,
		Names:     engine.Names{Plan: "plan_id", Code: "out_contract_code", Account: "contract_display_account"},
		Days:      3650, // as production was recorded to answer
		Signed:    engine.Event{EventType: "ENTRUST.SIGN", OriginalType: "entrust", Summary: "委托代扣签约通知"},
		Ended:     engine.Event{EventType: "ENTRUST.TERMINATE", OriginalType: "entrust", Summary: "委托代扣解约通知"},
		Retries:   rows.ShortSchedule,
		Resource:  func(c *rows.Contract) engine.Document { return papayContract(c, changedAt(c)) },
		NotifyXML: notifyContractXML,
		AlreadySigned: func() *engine.Refusal {
			return engine.InvalidRequest("用户已签约该模板，请勿重复签约").
				Hinting("the payer has a contract in force under this plan, perhaps through another app of the " +
					"merchant; another out_user_code tells their accounts apart")
		},
		Gone: func() *engine.Refusal {
			return engine.InvalidRequest("协议不存在或已解约").Hinting("only a contract in force can be ended, and only once")
		},
		Beside:      oneDebit,
		Most:        10,
		Agreed:      papayAgreed,
		KeepsFailed: true,
		Debits:      []*engine.DebitRules{rules(), pappayapplyRules()},
		Behaviours:  behaviours(),
		Make:        makeContract,
		Tells:       tellings(),
	}
}

func behaviours() map[string]engine.Behaviour {
	const (
		sign      = "/v3/papay/sign"
		byCode    = "/plan-id/{plan_id}/out-contract-code/{out_contract_code}"
		notices   = "/contracts/{contract_id}/"
		scheduled = "/v3/papay/scheduled-deduct-sign"
		pay       = "/v3/papay/pay"
		schedules = "/schedules/contract-id/{contract_id}"
	)
	out := map[string]engine.Behaviour{
		"POST " + sign + "/contracts/pre-entrust-sign":                                               presign,
		"GET " + sign + "/contracts" + byCode:                                                        query,
		"GET " + sign + "/contracts/harmony-plan-id/{plan_id}/out-contract-code/{out_contract_code}": queryHarmony,
		"POST " + sign + "/contracts" + byCode + "/terminate":                                        terminate,
		"GET " + sign + "/partner/contracts" + byCode:                                                query,
		"POST " + sign + "/partner/contracts" + byCode + "/terminate":                                terminate,

		"POST /v3/papay" + notices + "notify":              notify,
		"POST /v3/partner-papay" + notices + "notify":      notify,
		"POST /v3/papay" + notices + "fail-notify":         failNotify,
		"POST /v3/partner-papay" + notices + "fail-notify": failNotify,

		"POST " + pay + "/transactions/apply":         apply,
		"POST " + pay + "/harmony/transactions/apply": apply,
		"POST " + pay + "/partner/transactions/apply": apply,
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

// oneDebit says whether a contract is for one debit on an agreed day. A payer may have ten of
// those under one plan.
// https://pay.weixin.qq.com/docs/merchant/products/entrusted-payment/introduction.html
func oneDebit(session *rows.Session) bool {
	return engine.Object(engine.DecodeBody(session.Request), "deduct_schedule") != nil
}

// papayAgreed gives the contract of a scheduled deduct its one debit, and its
// end when nobody books it.
func papayAgreed(_ *engine.Step, session *rows.Session, c *rows.Contract) error {
	agreed := engine.Object(engine.DecodeBody(session.Request), "deduct_schedule")
	if agreed == nil {
		return nil
	}
	c.Bookings = []ledger.Booking{{
		Date:        engine.TextOf(agreed, "estimated_deduct_date"),
		Amount:      engine.Fen(engine.Object(agreed, "estimated_deduct_amount"), "total"),
		Description: engine.TextOf(agreed, "description"),
	}}
	scheduledBooking().EndAfter(c)
	return nil
}

// own finds a contract of this product by its id, for the sub-merchant it
// was signed for, or says why it is not there.
func own(c *engine.Call, id, sub string) (contract *rows.Contract, missing string, err error) {
	contract, err = contracts.Of(c, ledger.Papay, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, contracts.NoneOf(c, ledger.Papay), nil
	case err != nil:
		return nil, "", err
	case contract.SubMchID != sub:
		return nil, anotherRole(contract), nil
	}
	return contract, "", nil
}

// papayContract is a contract in queries and notifications, at a moment: its
// booking expires by time alone. A provider's has other names for the parties.
func papayContract(c *rows.Contract, at time.Time) engine.Document {
	out := engine.Document{
		"contract_id": c.ID, "plan_id": engine.Integer(c.PlanID), "out_contract_code": c.Code,
		"contract_display_account": c.Account, "contract_state": string(c.State),
	}
	parties(c, out)
	out.Set("out_user_code", c.UserCode)
	if c.State != ledger.ContractSignFailed {
		out["contract_signed_time"] = wire.FormatTime(c.SignedAt)
		out["contract_expired_time"] = wire.FormatTime(c.ExpiresAt)
	}
	if c.State == ledger.ContractTerminated {
		out["contract_terminate_info"] = contracts.TerminateInfo(c)
	}
	if b := c.Booking(""); b != nil {
		schedule := scheduleDocument(b, at)
		delete(schedule, "deduct_start_date")
		delete(schedule, "deduct_end_date")
		schedule["estimated_deduct_date"], schedule["estimated_deduct_amount"] = b.Date, engine.CNY(b.Amount)
		out["deduct_schedule"] = schedule
	}
	return out
}

// parties writes who signed with whom, as a direct merchant or a provider calls
// it.
func parties(c *rows.Contract, out engine.Document) {
	if c.SubMchID == "" {
		out["mchid"], out["appid"], out["openid"] = c.MchID, c.AppID, c.OpenID
		return
	}
	out["sp_mchid"], out["sp_appid"], out["sp_openid"] = c.MchID, c.AppID, c.OpenID
	out["sub_mchid"] = c.SubMchID
	out.Set("sub_appid", c.SubAppID)
	out.Set("sub_openid", c.SubOpenID)
}

// changedAt is when the contract was last signed or ended.
func changedAt(c *rows.Contract) time.Time {
	if c.State == ledger.ContractTerminated {
		return c.TerminatedAt
	}
	return c.SignedAt
}
