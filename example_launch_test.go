package wxpay_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/wxpay-go/wxpay"
)

func show(v any) {
	out, err := json.Marshal(v)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(out))
}

// From the merchant's mini program to the signing page of combine-papay.
func ExampleContractMiniProgram() {
	show(wxpay.ContractMiniProgram("5778aadY9nltAsZzXixCkFIGYnV2V"))
	// Output: {"appId":"wxbd687630cd02ce1d","path":"pages/index/index","extraData":{"pre_entrustweb_id":"5778aadY9nltAsZzXixCkFIGYnV2V"}}
}

// From the merchant's mini program to the signing page of 免密支付, by what the
// pre-sign's reply says, or by the documented values where it says nothing.
func ExamplePasswordExemptMiniProgram() {
	show(wxpay.PasswordExemptMiniProgram("", "", "5778aadY9nltAsZzXixCkFIGYnV2V"))
	// Output: {"appId":"wxbd687630cd02ce1d","path":"pages/PwdExemptContract/index","extraData":{"pre_entrustweb_id":"5778aadY9nltAsZzXixCkFIGYnV2V"}}
}

// From the merchant's mini program to the signing page of 教育续费通.
func ExampleEduPapayMiniProgram() {
	show(wxpay.EduPapayMiniProgram("0044de6c799739c2e8534b"))
	// Output: {"appId":"wx7a985467cbd06913","path":"pages/index/index","extraData":{"presign_token":"0044de6c799739c2e8534b"}}
}

// From the merchant's mini program to the signing page of scheduled deduct or insurance, by what
// the pre-sign's reply says.
func ExampleRedirectMiniProgram() {
	show(wxpay.RedirectMiniProgram("wxbd687630cd02ce1d", "pages/index/index", "5778aadY9nltAsZzXixCkFIGYnV2V"))
	// Output: {"appId":"wxbd687630cd02ce1d","path":"pages/index/index","extraData":{"pre_entrustweb_id":"5778aadY9nltAsZzXixCkFIGYnV2V"}}
}

// From the merchant's mini program to the signing page of 校园轻松付.
func ExampleEduSchoolPayMiniProgram() {
	show(wxpay.EduSchoolPayMiniProgram("10795c6b60c7eef60314b05c81783a87g9TTIo412K"))
	// Output: {"appId":"wxfb66fbe7068ae9cd","path":"pages/index/index","extraData":{"presign_token":"10795c6b60c7eef60314b05c81783a87g9TTIo412K"}}
}

// From the merchant's mini program to the signing page of 自动还款.
func ExampleCreditRepaymentMiniProgram() {
	show(wxpay.CreditRepaymentMiniProgram("xxxxx"))
	// Output: {"presignToken":"xxxxx"}
}

// From an app to the signing page of 自动还款: redirect_service and presign_token of the pre-sign's
// reply.
func ExampleCreditRepaymentApp() {
	show(wxpay.CreditRepaymentApp("example_redirect_service", "111111"))
	// Output: {"businessType":"example_redirect_service","query":"presign_token=111111"}
}

// What a payer brings back to the merchant's mini program chooses what to show. The contract is
// queried.
func ExampleParseReferrerInfo() {
	back, err := wxpay.ParseReferrerInfo([]byte(
		`{"appId":"wxbd687630cd02ce1d","extraData":{"return_code":"FAIL","return_msg":"签约失败"}}`))
	if err != nil {
		log.Fatal(err)
	}
	switch {
	case back.AppID != wxpay.SigningMiniProgram || back.ReturnCode == "":
		fmt.Println("the payer left: query the contract all the same")
	case back.ReturnCode == "FAIL":
		fmt.Println("show the payer:", back.ReturnMsg)
	default:
		fmt.Println("ask the payer to wait, and query the contract")
	}
	// Output: show the payer: 签约失败
}

// From an app, for templates made since 2025-09-23.
func ExampleContractLaunch() {
	show(wxpay.ContractLaunch("gh_9cc5d3a1d9b2", "", "5778aadY9nltAsZzXixCkFIGYnV2V").Path)
	// Output: "pages/index/index?sign_scene=app\u0026domain_type=cn\u0026pre_entrustweb_id=5778aadY9nltAsZzXixCkFIGYnV2V"
}

// APIv2 has a signed extraData and no call.
func ExampleClient_ContractExtraData() {
	wechat := newSandbox()
	defer wechat.Close()
	launch, err := wechat.Client().ContractExtraData(map[string]string{
		"appid": "wxd678efh567hg6787", "plan_id": "12535", "contract_code": "100000", "request_serial": "1000",
		"contract_display_account": "微信代扣", "notify_url": "https://yourapp.com/notify",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(launch.AppID, launch.ExtraData["mch_id"], len(launch.ExtraData["sign"]))
	// Output: wxbd687630cd02ce1d 1900000109 32
}

// An order of APIv2 is paid from a page, or from an app, with parameters signed by the APIv2 key.
func ExampleClient_JSAPIPayV2() {
	wechat := newSandbox()
	defer wechat.Close()
	pay, err := wechat.Client().JSAPIPayV2("wxd930ea5d5a258f4f", "wx201410272009395522657a690389285100", "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pay.Package, pay.SignType, len(pay.PaySign))
	// Output: prepay_id=wx201410272009395522657a690389285100 MD5 32
}

func ExampleClient_AppPayV2() {
	wechat := newSandbox()
	defer wechat.Close()
	const appID, prepay = "wxd930ea5d5a258f4f", "wx201410272009395522657a690389285100"
	pay, err := wechat.Client().AppPayV2(appID, "", prepay, "HMAC-SHA256")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pay.PartnerID, pay.Package, len(pay.Sign))
	// Output: 1900000109 Sign=WXPay 64
}
