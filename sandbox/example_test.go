package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// t stands for the *testing.T of a test.
var t = example{}

type example struct{}

func (example) Helper()                   {}
func (example) Cleanup(func())            {}
func (example) Logf(string, ...any)       {}
func (example) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (example) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// A test of one's own: presign, let the payer agree, see the notification.
func ExampleNew() {
	sb := sandbox.New(t) // in a test, t is its *testing.T
	ctx := context.Background()

	// The merchant's receiver. Package notify has one that verifies and opens.
	if err := sb.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("notified at", r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	})); err != nil {
		panic(err)
	}

	result, err := sb.Client().Chain("v3/edu-papay/contracts/presign").Post(ctx, map[string]any{
		"appid": "wx8888888888888888", "openid": "oUpF8uMuAJOM2pxb1Q", "plan_id": "101164396123311331",
		"user_id": "20200330tony", "period_start_date": "2020-03-19", "trade_scene": "EDUCATION_PERIOD",
	})
	if err != nil {
		panic(err)
	}
	var presigned struct {
		Token string `json:"presign_token"`
	}
	if err := result.Decode(&presigned); err != nil {
		panic(err)
	}

	contract, err := sb.Payer("oUpF8uMuAJOM2pxb1Q").Agree(presigned.Token)
	if err != nil {
		panic(err)
	}
	_ = sb.Settle() // the notifications that are due have been answered
	fmt.Println("contract:", contract.State)
	// Output:
	// notified at /notify
	// contract: SIGNED
}

// Plans and appids of one's own, beside those of the official samples. Products
// whose calls have no notify_url are notified at the plan's.
func ExampleWithPlan() {
	m := sandbox.DefaultMerchant()
	m.AppIDs = append(m.AppIDs, "wx1234567890abcdef")
	sb := sandbox.New(t, sandbox.WithMerchant(m), sandbox.WithPlan(ledger.Plan{
		ID: "42", Product: ledger.EduPapay, Name: "Piano lessons", NotifyURL: "https://yourapp.com/contracts",
	}))

	reply, err := edupapay.Of(sb.Client()).Contracts.Presign.Post(context.Background(), &edupapay.PresignRequest{
		AppID: "wx1234567890abcdef", OpenID: "oUpF8uMuAJOM2pxb1Q", PlanID: "42",
		UserID: "tony", PeriodStartDate: "2026-12-01", TradeScene: "EDUCATION_PERIOD",
	})
	if err != nil {
		panic(err)
	}
	page, err := sb.Payer("oUpF8uMuAJOM2pxb1Q").Open(reply.PresignToken)
	if err != nil {
		panic(err)
	}
	fmt.Println(page.Plan, "for", page.Account)
	// Output: Piano lessons for tony
}

// A sandbox with a stopped clock and a seed tells the same story on every machine.
func ExampleSeed() {
	sb := sandbox.New(t, sandbox.At(time.Date(2020, 9, 10, 2, 0, 0, 0, time.UTC)), sandbox.Seed(1))
	presign := func() string {
		result, err := sb.Client().Chain("v3/ecommerce/combine-papay/contracts/pre-entrust-sign").
			Post(context.Background(), map[string]any{
				"appid": "wxd678efh567hg6787", "plan_id": 12535, "out_contract_code": "wxwtdk20200910100000",
				"contract_display_account": "微信代扣用户A", "notify_url": "https://yourapp.com/notify",
			})
		if err != nil {
			panic(err)
		}
		var reply struct {
			Token string `json:"pre_entrustweb_id"`
		}
		if err := result.Decode(&reply); err != nil {
			panic(err)
		}
		return reply.Token
	}
	first := presign()
	fmt.Println(len(first), first == presign())
	// Output: 29 true
}

// Two hours later the signing page is an error page, and nobody slept.
func ExampleSandbox_Advance() {
	sb := sandbox.New(t)
	result, err := sb.Client().Chain("v3/edu-papay/contracts/presign").Post(context.Background(), map[string]any{
		"appid": "wx8888888888888888", "openid": "oUpF8uMuAJOM2pxb1Q", "plan_id": "101164396123311331",
		"user_id": "20200330tony", "period_start_date": "2020-03-19", "trade_scene": "EDUCATION_PERIOD",
	})
	if err != nil {
		panic(err)
	}
	var reply struct {
		Token string `json:"presign_token"`
	}
	if err := result.Decode(&reply); err != nil {
		panic(err)
	}
	_ = sb.Advance(2 * time.Hour)
	_, err = sb.Payer("oUpF8uMuAJOM2pxb1Q").Open(reply.Token)
	fmt.Println(err)
	// Output: This page has expired. Please start again from the merchant's app.
}

// An order is paid, and the page after it offers to sign.
func ExamplePayer_Pay() {
	sb := sandbox.New(t)
	call := func(path string, body map[string]any) *wxpay.Result {
		result, err := sb.Client().Chain(path).Post(context.Background(), body)
		if err != nil {
			panic(err)
		}
		return result
	}
	var order struct {
		PrepayID string `json:"prepay_id"`
	}
	if err := call("v3/pay/transactions/jsapi", map[string]any{
		"appid": "wxd678efh567hg6787", "mchid": "1900000109", "description": "A cup of tea", "out_trade_no": "tea-0001",
		"notify_url": "https://yourapp.com/paid", "amount": map[string]any{"total": 100},
		"payer": map[string]any{"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
	}).Decode(&order); err != nil {
		panic(err)
	}
	call("v3/password-exempt-contract/contracts/ecommerce/pre-entrust-sign/pay-redirect-sign", map[string]any{
		"appid": "wxd678efh567hg6787", "service_id": 12535, "out_contract_code": "wxwtdk20200910100000",
		"notify_url": "https://yourapp.com/notify", "contract_display_account": "微信代扣用户A",
		"prepay_id": order.PrepayID, "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
	})

	payer := sb.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
	receipt, err := payer.Pay(order.PrepayID)
	if err != nil {
		panic(err)
	}
	fmt.Println(receipt.Order.State, "and offered:", receipt.Prompt.Plan)
	contract, err := payer.AgreeAfterPay(order.PrepayID)
	if err != nil {
		panic(err)
	}
	fmt.Println(contract.State)
	// Output:
	// SUCCESS and offered: Pay without password
	// SIGNED
}

// WeChat Pay answers a wrong signature with "wrong signature". The sandbox says
// what was signed instead.
func ExampleSandbox_Journal() {
	sb := sandbox.New(t)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, sb.URL()+"/v3/certificates", nil)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Authorization", "Bearer token")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		panic(err)
	}
	answer.Body.Close()

	journal, err := sb.Journal(0, 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(journal[0].Status, journal[0].Hint)
	// Output: 401 the scheme of the Authorization header is Bearer: it is WECHATPAY2-SHA256-RSA2048
}

// What the binary does: fresh keys, real ports.
func ExampleStart() {
	sb, err := sandbox.Start(sandbox.Config{
		Forward: map[string]string{"https://yourapp.com": "http://127.0.0.1:8080"},
	})
	if err != nil {
		panic(err)
	}
	defer sb.Close()
	client, err := wxpay.New(sb.ClientConfig())
	if err != nil {
		panic(err)
	}
	_, err = client.Chain("v3/certificates").Get(context.Background())
	fmt.Println(err)
	// Output: <nil>
}
