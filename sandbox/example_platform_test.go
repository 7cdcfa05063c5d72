package sandbox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/partnerpay"
	"github.com/wxpay-go/wxpay/api/passwordexemptcontract"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// An e-commerce platform offers password-free payment after a purchase. The payer
// declines, and nobody is told; they sign a week later, buy without a password,
// and quit. The platform learns of it at another address than of the signing.
func Example_payerDeclinesSignsAndQuits() {
	const openID, shop = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "1230000109"
	sb := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 10, 0, 0, 0, time.FixedZone("Beijing", 8*60*60))))
	v3, ctx, payer := api.V3(sb.Client()), context.Background(), sb.Payer(openID)
	r := notify.New(sb.Keys())
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.TransactionSuccess) error {
		fmt.Println("notified: paid", e.OutTradeNo)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustSign) error {
		fmt.Println("notified: signed", e.OutContractCode)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustTerminate) error {
		fmt.Println("notified: ended by", e.ContractTerminateInfo.ContractTerminationMode)
		return nil
	})
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		panic(err)
	}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}

	order, err := v3.Pay.Partner.Transactions.JSAPI.Post(ctx, &partnerpay.JSAPIRequest{
		SPAppID: sandbox.DefaultAppID, SPMchID: sandbox.DefaultMchID, SubMchID: shop, Description: "Tea",
		OutTradeNo: "order-1",
		NotifyURL:  "https://yourapp.com/paid", Amount: partnerpay.Amount{Total: 4500},
		Payer: partnerpay.JSAPIRequestPayer{SPOpenID: openID},
	})
	must(err)
	exempt := v3.PasswordExemptContract.Contracts
	_, err = exempt.Ecommerce.PreEntrustSign.PayRedirectSign.Post(ctx,
		&passwordexemptcontract.EcommercePayRedirectSignRequest{
			AppID: sandbox.DefaultAppID, ServiceID: 12535, OutContractCode: "Code1",
			NotifyURL:              "https://yourapp.com/signed",
			ContractDisplayAccount: "Tony", PrepayID: order.PrepayID, OpenID: openID,
		})
	must(err)
	receipt, err := payer.Pay(order.PrepayID)
	must(err)
	must(sb.Settle())
	fmt.Println("offered to", receipt.Prompt.Account)
	must(payer.DeclineAfterPay(order.PrepayID))
	must(sb.Settle())

	must(sb.Advance(7 * 24 * time.Hour))
	session, err := exempt.Ecommerce.PreEntrustSign.MiniProgram.Post(ctx,
		&passwordexemptcontract.EcommerceMiniProgramRequest{
			AppID: sandbox.DefaultAppID, ServiceID: 12535, OutContractCode: "Code2",
			NotifyURL:              "https://yourapp.com/signed",
			ContractDisplayAccount: "Tony", OpenID: openID,
		})
	must(err)
	contract, err := payer.Agree(session.PreEntrustWebID)
	must(err)
	must(sb.Settle())

	// Later orders name the contract, and ask the payer for nothing.
	buy := func(number string) (*partnerpay.JSAPIWithContractResponse, error) {
		return v3.Pay.Partner.Transactions.JSAPIWithContract.Post(ctx, &partnerpay.JSAPIWithContractRequest{
			SPAppID: sandbox.DefaultAppID, SPMchID: sandbox.DefaultMchID, SubMchID: shop, Description: "Tea",
			OutTradeNo: number,
			NotifyURL:  "https://yourapp.com/paid", Amount: partnerpay.Amount{Total: 4500},
			Payer:        partnerpay.Payer{SPOpenID: openID},
			ContractInfo: partnerpay.JSAPIWithContractRequestContractInfo{PasswordFreeContractID: contract.ID},
		})
	}
	again, err := buy("order-2")
	must(err)
	receipt, err = payer.Pay(again.PrepayID)
	must(err)
	must(sb.Settle())
	fmt.Println("without a password:", receipt.PasswordFree)

	must(payer.Terminate(contract.ID))
	must(sb.Settle())
	_, err = buy("order-3")
	fmt.Println("the contract still works:", err == nil)
	state, err := exempt.ServiceID.ServiceID(12535).OutContractCode.OutContractCode("Code2").Get(ctx)
	must(err)
	fmt.Println("the query says", state.ContractState)
	// Output:
	// notified: paid order-1
	// offered to Tony
	// notified: signed Code2
	// notified: paid order-2
	// without a password: true
	// notified: ended by USER_TERMINATE
	// the contract still works: false
	// the query says TERMINATED
}
