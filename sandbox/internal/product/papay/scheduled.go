package papay

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// scheduledScenes are the four ways to sign 预约扣费, which differ in what is
// launched. Plans that recur are signed with them too, without deduct_schedule.
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/normal/normal-schedule-deduction.html
func scheduledScenes() map[string]engine.Behaviour {
	presigned := func(insideWeChat bool, reply func(*rows.Session) engine.Document) engine.Behaviour {
		return func(c *engine.Call) (engine.Document, error) {
			s, err := contracts.Presign(c, c.Product, tenMinutes, agreedSchedule,
				func(_ *engine.Call, s *rows.Session) error {
					if insideWeChat && s.Payers().Name() == "" {
						return engine.BadField("/sp_openid", "sp_openid和sub_openid需至少上传一个")
					}
					return nil
				})
			if err != nil {
				return nil, err
			}
			return reply(s), nil
		}
	}
	page := func(s *rows.Session) engine.Document {
		return engine.Document{"redirect_url": contracts.SigningPage(s.Token)}
	}
	return map[string]engine.Behaviour{
		"app": presigned(false, func(s *rows.Session) engine.Document {
			return engine.Document{"pre_entrustweb_id": s.Token, "miniprogram_username": contracts.SigningMiniProgram,
				"miniprogram_path": contracts.SigningPath(s.Token)}
		}),
		"mini-program": presigned(true, func(s *rows.Session) engine.Document {
			return engine.Document{"pre_entrustweb_id": s.Token, "redirect_appid": contracts.SigningAppID,
				"redirect_path": contracts.SigningMPPath}
		}),
		"jsapi": presigned(true, page),
		"h5":    presigned(false, page),
	}
}

// tenMinutes is the life of these sessions.
func tenMinutes(c *engine.Call, s *rows.Session) error {
	s.ExpiresAt = c.Now.Add(10 * time.Minute)
	return nil
}

// agreedUntil is until when, on the day before, a debit may be agreed upon.
// https://pay.weixin.qq.com/docs/merchant/products/entrusted-payment/introduction.html
const agreedUntil = 19 * time.Hour

// agreedSchedule checks the day agreed upon: scheduled plans need one, plans that
// recur have none, and plans that do not say take both. It must be far enough
// ahead to be booked on the day before.
func agreedSchedule(c *engine.Call, s *rows.Session) error {
	const field = "/deduct_schedule"
	schedule, plan := engine.Object(c.Body, "deduct_schedule"), c.Merchant.Plan(ledger.Papay, s.PlanID)
	switch {
	case plan == nil: // presign refuses it
	case schedule == nil && plan.Mode == ledger.DebitScheduled:
		return engine.BadField(field, "预约扣费模板必须上传deduct_schedule")
	case schedule == nil:
	case plan.Mode != "" && plan.Mode != ledger.DebitScheduled:
		return engine.InvalidRequest("该模板不是预约扣费模板，不能上传deduct_schedule").Hinting("the plan recurs, in mode " +
			string(plan.Mode))
	default:
		date := engine.TextOf(schedule, "estimated_deduct_date")
		if clock.CheckTime(clock.StartOf(date)) != nil {
			return engine.BeyondTime(field + "/estimated_deduct_date")
		}
		if last := clock.StartOf(date).AddDate(0, 0, -1).Add(agreedUntil); !c.Now.Before(last) {
			return engine.BadField(field+"/estimated_deduct_date", "预计扣费日期需晚于可预约时间").
				Hinting("a debit is agreed upon until 19:00 in Beijing of the day before it, when it is booked: " +
					"this one cannot be any more")
		}
		total := engine.Fen(engine.Object(schedule, "estimated_deduct_amount"), "total")
		if price := debits.LimitsOf(plan, usualLimits).PerDebit; total > price {
			return engine.BadField(field+"/estimated_deduct_amount/total", "预计扣费金额不能大于委托代扣模板的标准价格").
				Hinting("the template allows " + engine.FenText(price) + " fen a debit (Limits.PerDebit)")
		}
	}
	return nil
}

// scheduledBook books the one debit of a contract for its day.
func scheduledBook(c *engine.Call) (engine.Document, error) {
	if err := c.CheckAppID(); err != nil {
		return nil, err
	}
	contract, err := scheduledOfPath(c, c.Text("sub_mchid"))
	if err != nil {
		return nil, err
	}
	b, err := debits.Book(c, contract, "", engine.Fen(engine.Object(c.Body, "schedule_amount"), "total"))
	if err != nil {
		return nil, err
	}
	return scheduleDocument(b, c.Now), nil
}

func scheduledQuery(c *engine.Call) (engine.Document, error) {
	contract, err := scheduledOfPath(c, c.Query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	b := contract.Booking("")
	if b == nil {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "扣费预约不存在").
			Hinting("the contract was signed without a deduct_schedule: it recurs")
	}
	return scheduleDocument(b, c.Now), nil
}

func scheduledOfPath(c *engine.Call, sub string) (*rows.Contract, error) {
	contract, missing, err := own(c, c.Vars["contract_id"], sub)
	if missing != "" {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "协议不存在").Hinting(missing)
	}
	return contract, err
}

// scheduleDocument is a booking at a moment. Its days are known once it is
// booked, what was debited once it is paid.
func scheduleDocument(b *ledger.Booking, at time.Time) engine.Document {
	out := engine.Document{"schedule_state": string(b.State(at))}
	if !b.BookedAt.IsZero() {
		out["deduct_start_date"], out["deduct_end_date"] = b.Date, b.Date
		out["scheduled_amount"] = engine.CNY(b.Booked)
	}
	if !b.PaidAt.IsZero() {
		out["deduct_amount"], out["deduct_date"] = engine.CNY(b.Paid), b.PaidAt.In(wire.Beijing).
			Format(clock.DayFormat)
	}
	return out
}

// scheduledBooking is when the debit may be booked, and that a contract without one ends at 8:00 of
// the day after.
func scheduledBooking() *engine.BookingRules {
	return &engine.BookingRules{DaysBefore: 1, From: clock.BookingsFrom, Until: clock.BookingsUntil, Once: true,
		Ends: 8 * time.Hour}
}
