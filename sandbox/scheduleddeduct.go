package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// scheduledScenes are the four ways to sign 预约扣费, which differ in what is
// launched. Plans that recur are signed with them too, without deduct_schedule.
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/normal/normal-schedule-deduction.html
func scheduledScenes() map[string]behaviour {
	presigned := func(insideWeChat bool, reply func(*sessionRow) document) behaviour {
		return func(c *call) (document, error) {
			s, err := c.presign(c.product, (*call).tenMinutes, (*call).agreedSchedule, func(_ *call, s *sessionRow) error {
				if insideWeChat && s.payers().name() == "" {
					return badField("/sp_openid", "", "sp_openid和sub_openid需至少上传一个")
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			return reply(s), nil
		}
	}
	page := func(s *sessionRow) document { return document{"redirect_url": signingPage(s.Token)} }
	return map[string]behaviour{
		"app": presigned(false, func(s *sessionRow) document {
			return document{"pre_entrustweb_id": s.Token, "miniprogram_username": signingMiniProgram,
				"miniprogram_path": signingPath(s.Token)}
		}),
		"mini-program": presigned(true, func(s *sessionRow) document {
			return document{"pre_entrustweb_id": s.Token, "redirect_appid": signingAppID,
				"redirect_path": signingMPPath}
		}),
		"jsapi": presigned(true, page),
		"h5":    presigned(false, page),
	}
}

// tenMinutes is the life of these sessions.
func (c *call) tenMinutes(s *sessionRow) error {
	s.ExpiresAt = c.now.Add(10 * time.Minute)
	return nil
}

// agreedSchedule checks the day agreed upon: scheduled plans need one, plans that
// recur have none, and plans that do not say take both. It must be far enough
// ahead to be booked on the day before.
func (c *call) agreedSchedule(s *sessionRow) error {
	const field = "/deduct_schedule"
	schedule, plan := object(c.body, "deduct_schedule"), c.merchant.plan(Papay, s.PlanID)
	switch {
	case plan == nil: // presign refuses it
	case schedule == nil && plan.Mode == DebitScheduled:
		return badField(field, "", "预约扣费模板必须上传deduct_schedule")
	case schedule == nil:
	case plan.Mode != "" && plan.Mode != DebitScheduled:
		return invalidRequest("该模板不是预约扣费模板，不能上传deduct_schedule").hinting("the plan recurs, in mode " +
			string(plan.Mode))
	default:
		date := textOf(schedule, "estimated_deduct_date")
		if checkTime(startOf(date)) != nil {
			return beyondTime(field+"/estimated_deduct_date", date)
		}
		if booked := startOf(date).AddDate(0, 0, -1).Add(scheduledBooking().until); !c.now.Before(booked) {
			return badField(field+"/estimated_deduct_date", date, "预计扣费日期需晚于可预约时间").
				hinting("a debit is booked on the day before it, until 19:30 in Beijing: this one cannot be " +
					"booked any more")
		}
	}
	return nil
}

// scheduledBook books the one debit of a contract for its day.
func scheduledBook(c *call) (document, error) {
	if err := c.checkAppID(); err != nil {
		return nil, err
	}
	contract, err := c.scheduledOfPath(c.text("sub_mchid"))
	if err != nil {
		return nil, err
	}
	b, err := c.book(contract, "", fen(object(c.body, "schedule_amount"), "total"))
	if err != nil {
		return nil, err
	}
	return scheduleDocument(b, c.now), nil
}

func scheduledQuery(c *call) (document, error) {
	contract, err := c.scheduledOfPath(c.query.Get("sub_mchid"))
	if err != nil {
		return nil, err
	}
	b := contract.booking("")
	if b == nil {
		return nil, notFound("RESOURCE_NOT_EXISTS", "扣费预约不存在").
			hinting("the contract was signed without a deduct_schedule: it recurs")
	}
	return scheduleDocument(b, c.now), nil
}

func (c *call) scheduledOfPath(sub string) (*contractRow, error) {
	contract, missing, err := c.papayOwn(c.vars["contract_id"], sub)
	if missing != "" {
		return nil, notFound("RESOURCE_NOT_EXISTS", "协议不存在").hinting(missing)
	}
	return contract, err
}

// scheduleDocument is a booking at a moment. Its days are known once it is
// booked, what was debited once it is paid.
func scheduleDocument(b *Booking, at time.Time) document {
	out := document{"schedule_state": string(b.State(at))}
	if !b.BookedAt.IsZero() {
		out["deduct_start_date"], out["deduct_end_date"] = b.Date, b.Date
		out["scheduled_amount"] = cny(b.Booked)
	}
	if !b.PaidAt.IsZero() {
		out["deduct_amount"], out["deduct_date"] = cny(b.Paid), b.PaidAt.In(wire.Beijing).Format(dayFormat)
	}
	return out
}
