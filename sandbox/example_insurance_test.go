package sandbox_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/insurance"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// Insurance by month: the first premium is paid with the signing, the second is
// booked and debited, a third is lowered; the term is renewed for another month;
// and when the payer wants to leave they think again, once.
func Example_insurance() {
	beijing := time.FixedZone("Beijing", 8*60*60)
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 1, 5, 10, 0, 0, 0, beijing)))
	api, ctx := insurance.Of(sb.Client()), context.Background()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	r := notify.New(sb.Keys())
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.InsuranceEntrustSign) error {
		fmt.Println("signed, until", e.ContractExpiredTime)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.TransactionSuccess) error {
		fmt.Println(e.OutTradeNo, "paid", e.Amount.Total)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.InsuranceEntrustRenew) error {
		fmt.Println("renewed, until", e.ContractExpiredTime)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.InsuranceEntrustTerminate) error {
		fmt.Println("ended", e.ContractTerminateInfo.ContractTerminationMode)
		return nil
	})
	must(sb.Receive("https://yourapp.com", r))

	period := func(id int64, date string, fen int64) insurance.PolicyPeriod {
		return insurance.PolicyPeriod{PolicyPeriodID: id, EstimatedDeductDate: date,
			EstimatedDeductAmount: insurance.Amount{Total: fen}}
	}
	session, err := api.InsuranceSign.Contracts.PreEntrustSign.App.Post(ctx, &insurance.AppRequest{
		AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: "policy2026", InsuredDisplayName: "*三",
		ContractNotifyURL: "https://yourapp.com/signed", PolicyStartDate: "2026-01-05", PolicyEndDate: "2027-01-04",
		CanAutoInsure: true,
		PolicyPeriods: []insurance.PolicyPeriod{period(1, "2026-01-05", 4800), period(2, "2026-02-05", 4800),
			period(3, "2026-03-05", 4800)},
		OutTradeNo: "Premium1", Amount: &insurance.Amount{Total: 4800}, Description: "Premium",
		TransactionNotifyURL: "https://yourapp.com/paid",
	})
	must(err)
	payer := sb.Payer("oYobu0MVnQfWpSMOYJz2AHPG_gQw")
	contract, err := payer.Agree(session.PreEntrustWebID)
	must(err)
	must(sb.Settle())

	until := func(date time.Time) { must(sb.Advance(date.Sub(sb.Clock().Now()))) }
	byID := api.InsuranceSign.Contracts.PlanID.PlanID(12535).ContractID.ContractID(contract.ID)
	byCode := api.InsuranceSign.Contracts.PlanID.PlanID(12535).OutContractCode.OutContractCode("policy2026")
	state := func() {
		c, err := byCode.Get(ctx)
		must(err)
		fmt.Println("the contract is", c.ContractState)
	}
	debit := func(id, fen int64, date time.Time) {
		until(date.AddDate(0, 0, -1))
		_, err := api.InsurancePay.PolicyPeriods.ContractID.ContractID(contract.ID).PolicyPeriodID.PolicyPeriodID(id).
			Schedule.Post(ctx, &insurance.BookRequest{
			AppID: sandbox.DefaultAppID, ScheduledAmount: insurance.Amount{Total: fen},
		})
		must(err)
		until(date)
		_, err = api.InsurancePay.Transactions.Apply.Post(ctx, &insurance.ApplyRequest{
			AppID: sandbox.DefaultAppID, ContractID: contract.ID, PolicyPeriodID: id, OutTradeNo: "Premium" +
				strconv.FormatInt(id, 10), Description: "Premium",
			TransactionNotifyURL: "https://yourapp.com/paid", Amount: insurance.Amount{Total: fen},
		})
		must(err)
		must(sb.Advance(time.Minute))
	}
	debit(2, 4800, time.Date(2026, 2, 5, 10, 0, 0, 0, beijing))
	_, err = api.InsuranceSign.PolicyPeriods.PlanID.PlanID(12535).ContractID.ContractID(contract.ID).
		Modify.Post(ctx, &insurance.ModifyPeriodsRequest{
		AppID: sandbox.DefaultAppID,
		PolicyPeriods: []insurance.PolicyPeriod{period(1, "2026-01-05", 4800), period(2, "2026-02-05", 4800),
			period(3, "2026-03-05", 4000)},
	})
	must(err)
	debit(3, 4000, time.Date(2026, 3, 5, 10, 0, 0, 0, beijing))

	until(time.Date(2026, 3, 6, 10, 0, 0, 0, beijing))
	state()
	_, err = byID.Renew.Post(ctx, &insurance.RenewRequest{AppID: sandbox.DefaultAppID,
		PolicyPeriods: []insurance.PolicyPeriod{period(4, "2026-04-05", 4000)}})
	must(err)
	must(sb.Settle())

	must(payer.Terminate(contract.ID))
	state()
	must(payer.StayInsured(contract.ID))
	state()
	must(payer.Terminate(contract.ID))
	must(sb.Advance(24 * time.Hour))
	// Output:
	// Premium1 paid 4800
	// signed, until 2026-04-05T00:00:00+08:00
	// Premium2 paid 4800
	// Premium3 paid 4000
	// the contract is TO_BE_RENEWED
	// renewed, until 2026-05-06T00:00:00+08:00
	// the contract is TERMINATE_PENDING
	// the contract is SIGNED
	// ended USER_TERMINATE
}
