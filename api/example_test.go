package api_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/papayv2"
	"github.com/wxpay-go/wxpay/api/payv2"
	"github.com/wxpay-go/wxpay/api/secapiv2"
	"github.com/wxpay-go/wxpay/sandbox"
)

// The typed chain follows the path, segment by segment; a path variable is a
// method on the node above it.
func ExampleV3() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer wechat.Close()
	c := wechat.Client()

	certificates, err := api.V3(c).Certificates.Get(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(certificates.Data), certificates.Data[0].EncryptCertificate.Algorithm)
	fmt.Println(api.V3(c).EduPapay.Contracts.ContractID("42").Path())
	// Output:
	// 1 AEAD_AES_256_GCM
	// v3/edu-papay/contracts/{contract_id}
}

// The index knows every catalogued path, and of a typing mistake the nearest.
func ExampleIndex() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer wechat.Close()
	index := api.Index(wechat.Client())

	fmt.Println(index["v3/edu-papay/contracts/presign"].Methods())

	_, err = index.At("v3/edu-papay/contracts/presing")
	fmt.Println(err)
	// Output:
	// [POST]
	// wxpay: the index has no path "v3/edu-papay/contracts/presing"; the nearest is "v3/edu-papay/contracts/presign", and Client.Chain calls any path
}

// 委托代扣 in APIv2: sign on a page, debit, query, refund, end. That a debit was
// accepted says nothing about the money; the notification and the query do.
func ExampleV2() {
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer wechat.Close()
	ctx, v2 := context.Background(), api.V2(wechat.Client())
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}

	h5, err := v2.Papay.H5EntrustWeb.Get(ctx, &papayv2.H5EntrustWebQuery{
		AppID: sandbox.DefaultAppID, PlanID: 12535, ContractCode: "100000", RequestSerial: 1000,
		ContractDisplayAccount: "微信代扣",
		NotifyURL:              sandbox.DefaultNotifyURL, Version: "1.0", Clientip: "119.145.83.6",
	})
	check(err)
	payer := wechat.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
	page, err := payer.OpenURL(h5.RedirectURL)
	check(err)
	_, err = payer.Agree(page.Token)
	check(err)
	contract, err := v2.Papay.QueryContract.Post(ctx, &papayv2.QueryContractRequest{
		AppID: sandbox.DefaultAppID, PlanID: 12535, ContractCode: "100000", Version: "1.0",
	})
	check(err)
	fmt.Println("state", contract.ContractState, "of plan", contract.PlanID)

	_, err = v2.Pay.PapPayApply.Post(ctx, &payv2.PapPayApplyRequest{
		AppID: sandbox.DefaultAppID, Body: "水电代扣", OutTradeNo: "20261121", TotalFee: 888, SpbillCreateIP: "8.8.8.8",
		NotifyURL: sandbox.DefaultNotifyURL, TradeType: "PAP", ContractID: contract.ContractID,
	})
	check(err)
	check(wechat.Settle())
	debit, err := v2.Pay.PapOrderQuery.Post(ctx, &payv2.PapOrderQueryRequest{AppID: sandbox.DefaultAppID,
		OutTradeNo: "20261121"})
	check(err)
	fmt.Println(debit.TradeState, debit.TotalFee, "fen")

	refund, err := v2.SecAPI.Pay.Refund.Post(ctx, &secapiv2.RefundRequest{
		AppID: sandbox.DefaultAppID, OutTradeNo: "20261121", OutRefundNo: "R1", TotalFee: 888, RefundFee: 88,
	})
	check(err)
	fmt.Println("refunding", refund.RefundFee, "fen")
	_, err = v2.Papay.DeleteContract.Post(ctx, &papayv2.DeleteContractRequest{
		AppID: sandbox.DefaultAppID, ContractID: contract.ContractID, ContractTerminationRemark: "moved",
		Version: "1.0",
	})
	check(err)
	_, err = v2.Pay.PapPayApply.Post(ctx, &payv2.PapPayApplyRequest{
		AppID: sandbox.DefaultAppID, Body: "水电代扣", OutTradeNo: "20261221", TotalFee: 888, SpbillCreateIP: "8.8.8.8",
		NotifyURL: sandbox.DefaultNotifyURL, TradeType: "PAP", ContractID: contract.ContractID,
	})
	var refused *wxpay.Error
	fmt.Println(errors.As(err, &refused), refused.Code)
	// Output:
	// state 0 of plan 12535
	// SUCCESS 888 fen
	// refunding 88 fen
	// true CONTRACT_NOT_EXIST
}
