package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/globalpapay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A merchant outside mainland China: the client finds the other host by itself,
// debits answer at once, and one that failed is reversed before another number
// is used.
func Example_acrossTheBorder() {
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 1, 5, 10, 0, 0, 0, beijing)))
	v3, ctx := api.V3(sb.Client()).Global.Papay, context.Background()
	r := notify.New(sb.Keys())
	var contract string
	tell(r, func(e *event.PapaySign) string { contract = e.ContractID; return "signed " + e.OutContractCode })
	tell(r, func(e *event.TransactionSuccess) string {
		return e.OutTradeNo + " paid " + fmt.Sprint(e.Amount.Total, " ", e.Amount.Currency)
	})
	tell(r, func(e *event.PapayTerminate) string { return "ended by " + e.ContractTerminationMode })
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		panic(err)
	}
	session, err := v3.Contracts.H5PreEntrustSign.Post(ctx, &globalpapay.H5PreEntrustSignRequest{
		AppID: sandbox.DefaultAppID, PlanID: 123, OutContractCode: "HK0001", UserDisplayName: "User A",
		SuccessNotifyURL: "https://yourapp.com/signed", ExpiredTime: "2026-01-05T10:15:00+08:00",
	})
	if err != nil {
		panic(err)
	}
	payer := sb.Payer("ouFhd5X9s9WteC3eWRjXV3lea123")
	page, err := payer.OpenURL(session.SignURL)
	if err != nil {
		panic(err)
	}
	if _, err := payer.Agree(page.Token); err != nil {
		panic(err)
	}
	_ = sb.Settle()

	debit := func(outTradeNo string) error {
		_, err := v3.Transactions.Post(ctx, &globalpapay.DebitRequest{
			AppID: sandbox.DefaultAppID, Description: "A month", NotifyURL: "https://yourapp.com/paid",
			OutTradeNo:           outTradeNo,
			MerchantCategoryCode: "1011", ContractID: contract, Amount: globalpapay.DebitRequestAmount{Total: 8800,
				Currency: "HKD"},
		})
		return err
	}
	_ = payer.RunOut()
	var refused *wxpay.Error
	if errors.As(debit("month-1"), &refused) {
		fmt.Println("month-1", refused.Status, refused.Code)
	}
	if _, err := v3.Transactions.OutTradeNo.OutTradeNo("month-1").
		Reverse.Post(ctx, &globalpapay.ReverseRequest{}); err != nil {
		panic(err)
	}
	_ = payer.Fund(10_000)
	if err := debit("month-1b"); err != nil {
		panic(err)
	}
	_ = sb.Settle()
	if _, err := v3.Contracts.ContractID(contract).Terminate.Post(ctx, &globalpapay.TerminateRequest{
		AppID: sandbox.DefaultAppID, TerminationNote: "The service has ended",
	}); err != nil {
		panic(err)
	}
	_ = sb.Settle()
	// Output:
	// signed HK0001
	// month-1 403 NOT_ENOUGH
	// month-1b paid 8800 HKD
	// ended by MERCHANT
}
