package wxpay_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/sandbox"
)

// newSandbox starts a WeChat Pay for an example. In a test of your own it is
// sandbox.New(t), which needs no closing.
func newSandbox() *sandbox.Sandbox {
	wechat, err := sandbox.Start(sandbox.Config{ManualClock: true, Start: time.Date(2026, 9, 1, 2, 0, 0, 0, time.UTC)})
	if err != nil {
		log.Fatal(err)
	}
	return wechat
}

// presign is the body of the edu-papay pre-sign page's sample.
func presign() map[string]any {
	return map[string]any{
		"appid": "wx8888888888888888", "openid": "oUpF8uMuAJOM2pxb1Q", "plan_id": "101164396123311331",
		"user_id": "20200330tony", "period_start_date": "2020-03-19", "trade_scene": "EDUCATION_PERIOD",
	}
}

// Wrong setup is told by New, with where to find the right value.
func ExampleNew() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig() // MchID, SerialNo, PrivateKey, PlatformKeys, APIv3Key, Host

	cfg.APIv3Key = wxpay.NewSecret("too short")
	_, err := wxpay.New(cfg)
	fmt.Println(err)
	// Output:
	// wxpay: Config.APIv3Key: an APIv3 key has 32 bytes, this one 9; set it in the merchant console under API security; it is not the APIv2 key, which also has 32 characters, nor base64
}

// Any endpoint by its path, with a map, a struct or raw JSON as body.
func ExampleClient_Chain() {
	wechat := newSandbox()
	defer wechat.Close()
	c := wechat.Client()

	result, err := c.Chain("v3/edu-papay/contracts/presign").Post(context.Background(), presign())
	if err != nil {
		log.Fatal(err)
	}
	var reply struct {
		PresignToken string `json:"presign_token"`
	}
	if err := result.Decode(&reply); err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Status, len(reply.PresignToken) > 0)
	// Output: 200 true
}

// Variables of the path are filled by name and escaped; one that is forgotten
// is an error before anything is signed.
func ExamplePath() {
	wechat := newSandbox()
	defer wechat.Close()
	query := wechat.Client().Chain("v3/edu-papay/contracts/id/{contract_id}")

	_, err := query.Get(context.Background())
	fmt.Println(err)

	_, err = query.Get(context.Background(), wxpay.Path("contract_id", "none/such"),
		wxpay.Query("appid", "wx8888888888888888"))
	var refused *wxpay.Error
	fmt.Println(errors.As(err, &refused), refused.Status, refused.Code, refused.Verified)
	// Output:
	// GET v3/edu-papay/contracts/id/{contract_id}: not sent: path variable {contract_id} is not filled: add wxpay.Path("contract_id", value)
	// true 404 NOT_FOUND true
}

// A typed call as a promise: Then runs on success, Otherwise on failure.
func ExamplePromise() {
	wechat := newSandbox()
	defer wechat.Close()
	presign := edupapay.Of(wechat.Client()).Contracts.Presign

	_, err := presign.PostAsync(context.Background(), &edupapay.PresignRequest{
		AppID: "wx8888888888888888", OpenID: "oUpF8uMuAJOM2pxb1Q", PlanID: "101164396123311331",
		UserID: "20200330tony", PeriodStartDate: "2020-03-31", TradeScene: "EDUCATION_PERIOD",
	}).Then(func(r *edupapay.PresignResponse) error {
		fmt.Println("signed with", r.PresignToken)
		return nil
	}).Otherwise(func(err error) (*edupapay.PresignResponse, error) {
		var refused *wxpay.Error
		if errors.As(err, &refused) {
			field, _ := refused.Field()
			fmt.Println(refused.Code, field)
		}
		return nil, errors.New("try another day")
	}).Wait(context.Background())
	fmt.Println(err)
	// Output:
	// PARAM_ERROR /period_start_date
	// try another day
}

// The six call forms, on one endpoint.
func Example_sixForms() {
	wechat := newSandbox()
	defer wechat.Close()
	c, ctx := wechat.Client(), context.Background()
	typed := &edupapay.PresignRequest{
		AppID: "wx8888888888888888", OpenID: "oUpF8uMuAJOM2pxb1Q", PlanID: "101164396123311331",
		UserID: "20200330tony", PeriodStartDate: "2020-03-19", TradeScene: "EDUCATION_PERIOD",
	}

	index := api.Index(c) // made once, and kept

	// At once.
	reply, err := api.V3(c).EduPapay.Contracts.Presign.Post(ctx, typed)
	fmt.Println(reply.Status(), err)
	result, err := c.Chain("v3/edu-papay/contracts/presign").Post(ctx, presign())
	fmt.Println(result.Status, err)
	result, err = index["v3/edu-papay/contracts/presign"].Post(ctx, presign())
	fmt.Println(result.Status, err)

	// Later.
	reply, err = api.V3(c).EduPapay.Contracts.Presign.PostAsync(ctx, typed).Wait(ctx)
	fmt.Println(reply.Status(), err)
	result, err = c.Chain("v3/edu-papay/contracts/presign").PostAsync(ctx, presign()).Wait(ctx)
	fmt.Println(result.Status, err)
	result, err = index["v3/edu-papay/contracts/presign"].PostAsync(ctx, presign()).Wait(ctx)
	fmt.Println(result.Status, err)
	// Output:
	// 200 <nil>
	// 200 <nil>
	// 200 <nil>
	// 200 <nil>
	// 200 <nil>
	// 200 <nil>
}

// What a page needs to pay an order, signed by the merchant.
func ExampleClient_JSAPIPay() {
	wechat := newSandbox()
	defer wechat.Close()
	pay, err := wechat.Client().JSAPIPay("wx8888888888888888", "wx201410272009395522657a690389285100")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pay.AppID, pay.Package, pay.SignType, len(pay.NonceStr), pay.PaySign != "")
	// Output: wx8888888888888888 prepay_id=wx201410272009395522657a690389285100 RSA 32 true
}

// What an app needs to pay an order.
func ExampleClient_AppPay() {
	wechat := newSandbox()
	defer wechat.Close()
	pay, err := wechat.Client().AppPay("wx8888888888888888", "wx201410272009395522657a690389285100")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pay.PartnerID, pay.PrepayID, pay.Package, pay.Sign != "")
	// Output: 1900000109 wx201410272009395522657a690389285100 Sign=WXPay true
}

// What opens the signing pages: from an app, and from mini programs.
func ExampleContractApp() {
	fmt.Printf("%+v\n", wxpay.ContractApp("5778aadY9nltAsZzXixCkFIGYnV2V"))
	fmt.Printf("%+v\n", wxpay.ContractMiniProgram("5778aadY9nltAsZzXixCkFIGYnV2V"))
	fmt.Printf("%+v\n", wxpay.EduPapayMiniProgram("0044de6c799739c2e8534b"))
	// Output:
	// {BusinessType:12 QueryInfo:map[pre_entrustweb_id:5778aadY9nltAsZzXixCkFIGYnV2V]}
	// {AppID:wxbd687630cd02ce1d Path:pages/index/index ExtraData:map[pre_entrustweb_id:5778aadY9nltAsZzXixCkFIGYnV2V]}
	// {AppID:wx7a985467cbd06913 Path:pages/index/index ExtraData:map[presign_token:0044de6c799739c2e8534b]}
}

// Keys verify and open what WeChat Pay says, for programs that receive and
// never call.
func ExampleNewKeys() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig()

	keys, err := wxpay.NewKeys(cfg)
	if err != nil {
		log.Fatal(err)
	}
	err = keys.Verify(nil, []byte("{}"))
	var forged *wxpay.SignatureError
	fmt.Println(errors.As(err, &forged), forged.Check)
	fmt.Println(strings.HasPrefix(keys.Current().ID, "PUB_KEY_ID_"))
	// Output:
	// true headers
	// true
}

// The most frequent mix-up is caught before a call is made.
func ExampleConfigError() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig()
	own := cfg.PrivateKey.Public().(*rsa.PublicKey)
	cfg.PlatformKeys = []wxpay.PlatformKey{{ID: "PUB_KEY_ID_0119000001092026010100000000000001", Key: own}}

	_, err := wxpay.New(cfg)
	var wrong *wxpay.ConfigError
	fmt.Println(errors.As(err, &wrong), wrong.Field)
	fmt.Println(wrong.Problem)
	// Output:
	// true PlatformKeys
	// PUB_KEY_ID_0119000001092026010100000000000001 is the merchant's own certificate or key, not WeChat Pay's
}

// The same key in both spellings PEM knows.
func ExampleLoadPrivateKey() {
	one, err := wxpay.LoadPrivateKey("testdata/vectors/keys/merchant-pkcs1.pem")
	if err != nil {
		log.Fatal(err)
	}
	two, err := wxpay.LoadPrivateKey("testdata/vectors/keys/merchant-pkcs8.pem")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(one.Public().(*rsa.PublicKey).Equal(two.Public()))

	_, err = wxpay.LoadPrivateKey("testdata/vectors/keys/merchant-certificate.pem")
	fmt.Println(err)
	// Output:
	// true
	// testdata/vectors/keys/merchant-certificate.pem: wxpay: cannot read a merchant private key: it is a PEM block "CERTIFICATE", not "PRIVATE KEY"; use apiclient_key.pem, downloaded with the API certificate
}

// Both kinds of platform key, as a merchant has them while moving from one to
// the other.
func ExampleLoadPublicKey() {
	public, err := wxpay.LoadPublicKey("PUB_KEY_ID_0119000001092026010100000000000001",
		"testdata/vectors/keys/merchant-public.pem")
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := wxpay.LoadPlatformCertificate("testdata/vectors/keys/platform-certificate.pem")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(public.ID, public.NotAfter.IsZero())
	fmt.Println(len(certificate.ID), certificate.NotAfter.IsZero())
	// Output:
	// PUB_KEY_ID_0119000001092026010100000000000001 true
	// 40 false
}

// Sensitive fields of a path that is called by name are named by pointers; the
// typed chain knows them.
func ExampleEncrypt() {
	wechat := newSandbox()
	defer wechat.Close()

	_, err := wechat.Client().Chain("v3/nowhere/yet").Post(context.Background(), map[string]any{
		"identity": map[string]any{"real_name": "李四"},
	}, wxpay.Encrypt("/identity/real_name"))
	var refused *wxpay.Error
	fmt.Println(errors.As(err, &refused), refused.Status)
	// Output: true 404
}

// An APIv2 signing page is opened in WeChat, not called.
func ExampleChain_URL() {
	wechat := newSandbox()
	defer wechat.Close()
	cfg := wechat.ClientConfig()
	cfg.APIv2Key = wxpay.NewSecret("192006250b4c09247ec02edce69f6a2d")
	cfg.Host = "https://api.mch.weixin.qq.com"
	cfg.Now = func() time.Time { return time.Unix(1414488825, 0) }
	c, err := wxpay.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	address, err := c.Chain("v2/papay/entrustweb").URL(map[string]string{
		"appid": "wxcbda96de0b165486", "plan_id": "12535", "contract_code": "100000", "request_serial": "1000",
		"contract_display_account": "微信代扣", "notify_url": "https://weixin.qq.com", "version": "1.0",
	})
	if err != nil {
		log.Fatal(err)
	}
	address, _, _ = strings.Cut(address, "&notify_url")
	fmt.Println(address)
	// Output: https://api.mch.weixin.qq.com/papay/entrustweb?appid=wxcbda96de0b165486&contract_code=100000&contract_display_account=%E5%BE%AE%E4%BF%A1%E4%BB%A3%E6%89%A3&mch_id=1900000109
}
