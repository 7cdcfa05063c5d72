package sandbox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/api/creditrepayment"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A loan is repaid: the payer signs under the name the provider gave, the
// repayment is booked two days ahead, fails for want of money, of which nobody is
// told, and succeeds in part. Then the loan is paid off elsewhere, and the
// provider ends the contract.
func Example_repayment() {
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 1, 5, 10, 0, 0, 0, time.FixedZone("Beijing", 8*60*60))))
	partner, ctx := creditrepayment.Of(sb.Client()).Partner, context.Background()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	r := notify.New(sb.Keys())
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.CreditRepaymentSignContract) error {
		fmt.Println("signed by", e.DisplayName, "for at most", e.RepaymentAmountLimit)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.CreditRepaymentDeductionPay) error {
		fmt.Println("repaid", e.PaySuccessAmount, "of", e.OutRecordID)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.CreditRepaymentTerminateContract) error {
		fmt.Println("ended", e.ContractTerminatedMode)
		return nil
	})
	must(sb.Receive("https://yourapp.com", r))

	payer := sb.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
	must(payer.Identify("张三", "440101199001011234"))
	must(payer.Fund(50000))
	session, err := partner.Contracts.AppPresign.Post(ctx, &creditrepayment.AppPresignRequest{
		AppID: sandbox.DefaultAppID, PlanID: sandbox.DefaultCreditPlanID, OutContractCode: "loan2026",
		DisplayName:       "*三",
		ContractNotifyURL: "https://yourapp.com/signed", RepaymentDay: 7, RepaymentAmountLimit: "100000",
		// Encrypted on its way by the typed chain.
		RealIdentity: &creditrepayment.RealIdentity{IdentityType: "REAL_IDENTITY_TYPE_ID_CARD",
			IdentityID: "440101199001011234", RealName: "张三"},
	})
	must(err)
	contract, err := payer.Agree(session.PresignToken)
	must(err)

	_, err = partner.ScheduleRecords.BatchCreate.Post(ctx, &creditrepayment.BookRequest{
		ContractID: contract.ID, AppID: contract.AppID, OpenID: contract.OpenID,
		ScheduleItems: []creditrepayment.BookRequestScheduleItems{{
			OutRecordID: "January", SubMchID: sandbox.DefaultMchID, RepaymentAmount: "100000",
			MinRepaymentAmount: "20000", RepaymentDate: "2026-01-07",
		}},
	})
	must(err)
	must(sb.Advance(2 * 24 * time.Hour))
	repay := func(outTradeNo, amount string) {
		_, err := partner.DeductOrders.Post(ctx, &creditrepayment.RepayRequest{
			ContractID: contract.ID, OutRecordID: "January", OutTradeNo: outTradeNo, DeductAmount: amount,
			NotifyURL: "https://yourapp.com/repaid", Description: "January",
		})
		must(err)
		must(sb.Advance(time.Minute))
		order, err := partner.DeductOrders.OutTradeNo(outTradeNo).Get(ctx)
		must(err)
		fmt.Println(outTradeNo, order.OrderState)
	}
	repay("January1", "100000")
	repay("January2", "50000")

	_, err = partner.Contracts.Terminate.Post(ctx, &creditrepayment.TerminateRequest{OutContractCode: "loan2026",
		ContractTerminationRemark: "paid off"})
	must(err)
	must(sb.Settle())
	// Output:
	// signed by *三 for at most 100000
	// January1 DEDUCT_ORDER_STATE_PAY_FAIL
	// repaid 50000 of January
	// January2 DEDUCT_ORDER_STATE_PAY_SUCCESS
	// ended TERMINATION_MODE_BY_MERCHANT
}
