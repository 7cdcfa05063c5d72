package sandbox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/scheduleddeduct"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// In January a payer agrees to one debit in December, and the merchant's program
// forgets to book it on the day before. Nothing fails and nobody complains: the
// contract is just over, on the morning after.
func Example_scheduledDeductForgotten() {
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 1, 5, 10, 0, 0, 0, time.FixedZone("Beijing", 8*60*60))))
	v3, ctx := api.V3(sb.Client()).Papay, context.Background()
	r := notify.New(sb.Keys())
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustSign) error {
		fmt.Println("signed, to debit on", e.DeductSchedule.EstimatedDeductDate)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustTerminate) error {
		end := e.ContractTerminateInfo
		fmt.Println("ended", end.ContractTerminatedTime, "by", end.ContractTerminationMode)
		fmt.Println("the debit is", e.DeductSchedule.ScheduleState)
		return nil
	})
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		panic(err)
	}

	session, err := v3.ScheduledDeductSign.Contracts.PreEntrustSign.App.Post(ctx, &scheduleddeduct.AppRequest{
		AppID: sandbox.DefaultAppID, PlanID: 12537, OutContractCode: "Christmas2026",
		ContractDisplayAccount: "用户A", ContractNotifyURL: "https://yourapp.com/signed",
		DeductSchedule: &scheduleddeduct.DeductSchedule{
			EstimatedDeductDate: "2026-12-24", EstimatedDeductAmount: scheduleddeduct.Amount{Total: 19900},
			Description: "A present",
		},
	})
	if err != nil {
		panic(err)
	}
	contract, err := sb.Payer("oYobu0MVnQfWpSMOYJz2AHPG_gQw").Agree(session.PreEntrustWebID)
	if err != nil {
		panic(err)
	}

	// On the day itself it is too late.
	if err := sb.Advance(time.Date(2026, 12, 24, 12, 0, 0, 0,
		time.FixedZone("Beijing", 8*60*60)).Sub(sb.Clock().Now())); err != nil {
		panic(err)
	}
	_, err = v3.Pay.Schedules.ContractID.ContractID(contract.ID).Schedule.Post(ctx, &scheduleddeduct.BookRequest{
		AppID: sandbox.DefaultAppID, ScheduleAmount: scheduleddeduct.Amount{Total: 19900},
	})
	fmt.Println("booking was refused:", err != nil)

	if err := sb.Advance(7 * 24 * time.Hour); err != nil {
		panic(err)
	}
	// Output:
	// signed, to debit on 2026-12-24
	// booking was refused: true
	// ended 2026-12-25T08:00:00+08:00 by SYSTEM_TERMINATE
	// the debit is EXPIRED
}
