package api_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/certificates"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/combinetransactions"
	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/api/passwordexemptcontract"
	"github.com/wxpay-go/wxpay/api/pay"
	"github.com/wxpay-go/wxpay/catalogue"
)

var key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// recorder keeps what leaves the client, and answers nothing.
type recorder struct {
	method, uri string
	body        string
}

var errRecorded = errors.New("recorded")

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.method, r.uri, r.body = req.Method, req.URL.RequestURI(), ""
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		r.body = string(raw)
	}
	return nil, errRecorded
}

func recording(t testing.TB) (*wxpay.Client, *recorder) {
	t.Helper()
	k, err := key()
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(5), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	c, err := wxpay.New(wxpay.Config{
		APIv2Key: wxpay.NewSecret("192006250b4c09247ec02edce69f6a2d"),
		MchID:    "1900000109", Certificate: certificate, PrivateKey: k,
		APIv3Key:     wxpay.NewSecret(strings.Repeat("k", 32)),
		PlatformKeys: []wxpay.PlatformKey{{ID: "PUB_KEY_ID_0119000001092026010100000000000001", Key: &other.PublicKey}},
		Host:         "http://127.0.0.1:1", HTTPClient: &http.Client{Transport: r},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, r
}

func TestTypedChainSendsWhatThePathSays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, r := recording(t)
	v3 := api.V3(c)
	edu := edupapay.Of(c)
	for _, row := range []struct {
		want, body string
		call       func() error
	}{
		{"POST /v3/edu-papay/contracts/presign",
			`{"appid":"wx1","openid":"o","plan_id":"101","user_id":"tony","period_start_date":"2027-03-01","trade_scene":"EDUCATION_PERIOD"}`, func() error {
				_, err := v3.EduPapay.Contracts.Presign.Post(ctx, &edupapay.PresignRequest{AppID: "wx1", OpenID: "o",
					PlanID: "101", UserID: "tony", PeriodStartDate: "2027-03-01", TradeScene: "EDUCATION_PERIOD"})
				return err
			}},
		{"GET /v3/edu-papay/contracts/id/wx%2F1?appid=wx1", "", func() error {
			_, err := edu.Contracts.ID.ContractID("wx/1").Get(ctx, &edupapay.ContractQuery{AppID: "wx1"})
			return err
		}},
		{"GET /v3/edu-papay/user/o/contracts?appid=wx1&plan_id=101&limit=20", "", func() error {
			_, err := edu.User.OpenID("o").Contracts.Get(ctx, &edupapay.UserContractsQuery{AppID: "wx1", PlanID: "101",
				Limit: 20})
			return err
		}},
		{"DELETE /v3/edu-papay/contracts/wx1", "", func() error {
			_, err := edu.Contracts.ContractID("wx1").Delete(ctx)
			return err
		}},
		{"POST /v3/ecommerce/combine-papay/contracts/pre-entrust-sign",
			`{"appid":"wx1","plan_id":12535,"out_contract_code":"c1","contract_display_account":"A","notify_url":"https://a.b/c","return_app":true}`, func() error {
				_, err := v3.Ecommerce.CombinePapay.Contracts.PreEntrustSign.Post(ctx,
					&combinepapay.PreEntrustSignRequest{AppID: "wx1", PlanID: 12535, OutContractCode: "c1",
						ContractDisplayAccount: "A", NotifyURL: "https://a.b/c", ReturnApp: true})
				return err
			}},
		{"POST /v3/ecommerce/combine-papay/contracts/pre-entrust-sign/mini-program", "", func() error {
			_, err := v3.Ecommerce.CombinePapay.Contracts.PreEntrustSign.MiniProgram.PostAsync(ctx,
				&combinepapay.PreEntrustSignMiniProgramRequest{}).Wait(ctx)
			return err
		}},
		{"GET /v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/c1", "", func() error {
			_, err := v3.Ecommerce.CombinePapay.Contracts.PlanID.PlanID(12535).OutContractCode.OutContractCode("c1").
				Get(ctx)
			return err
		}},
		{"POST /v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/c1/terminate",
			`{"contract_termination_remark":"x"}`, func() error {
				_, err := v3.Ecommerce.CombinePapay.Contracts.PlanID.PlanID(12535).
					OutContractCode.OutContractCode("c1").
					Terminate.Post(ctx, &combinepapay.TerminateRequest{ContractTerminationRemark: "x"})
				return err
			}},
		{"POST /v3/password-exempt-contract/contracts/ecommerce/pre-entrust-sign/pay-redirect-sign", "", func() error {
			_, err := v3.PasswordExemptContract.Contracts.Ecommerce.PreEntrustSign.PayRedirectSign.Post(ctx,
				&passwordexemptcontract.EcommercePayRedirectSignRequest{})
			return err
		}},
		{"GET /v3/password-exempt-contract/contracts/service-id/12535/out-contract-code/c1", "", func() error {
			_, err := v3.PasswordExemptContract.Contracts.ServiceID.ServiceID(12535).
				OutContractCode.OutContractCode("c1").Get(ctx)
			return err
		}},
		{"POST /v3/pay/transactions/jsapi",
			`{"appid":"","mchid":"","description":"","out_trade_no":"","amount":{"total":1},"notify_url":"","payer":{"openid":"o"}}`, func() error {
				_, err := v3.Pay.Transactions.JSAPI.Post(ctx, &pay.JSAPIRequest{Amount: pay.Amount{Total: 1},
					Payer: pay.Payer{OpenID: "o"}})
				return err
			}},
		{"GET /v3/pay/transactions/id/42?mchid=1900000109", "", func() error {
			_, err := v3.Pay.Transactions.ID.TransactionID("42").
				Get(ctx, &pay.OrderByTransactionIDQuery{MchID: c.MchID()})
			return err
		}},
		{"POST /v3/pay/transactions/out-trade-no/o1/close", `{"mchid":"1900000109"}`, func() error {
			_, err := v3.Pay.Transactions.OutTradeNo.OutTradeNo("o1").
				Close.Post(ctx, &pay.CloseRequest{MchID: c.MchID()})
			return err
		}},
		{"POST /v3/combine-transactions/jsapi", "", func() error {
			_, err := v3.CombineTransactions.JSAPI.Post(ctx, &combinetransactions.JSAPIRequest{})
			return err
		}},
		{"GET /v3/certificates?algorithm_type=RSA", "", func() error {
			_, err := v3.Certificates.Get(ctx, &certificates.ListQuery{AlgorithmType: "RSA"})
			return err
		}},
	} {
		err := row.call()
		if got := r.method + " " + r.uri; !errors.Is(err, errRecorded) || got != row.want {
			t.Errorf("sent %s, want %s (%v)", got, row.want, err)
		}
		if row.body != "" && !sameJSON(r.body, row.body) {
			t.Errorf("%s:\nsent %s\nwant %s", row.want, r.body, row.body)
		}
	}
}

// sameJSON compares without regard to the order of members: encrypting a field may change it.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// The index and the catalogue must agree on every path, in both directions.
func TestIndexHoldsEveryEndpoint(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cat, err := catalogue.Default()
	if err != nil {
		t.Fatal(err)
	}
	c, r := recording(t)
	index := api.Index(c)
	paths := map[string]bool{}
	for _, o := range cat.Operations() {
		paths[o.SDKPath()] = true
		var opts []wxpay.Option
		for _, p := range o.PathParams {
			opts = append(opts, wxpay.Path(p.Name, "12535"))
		}
		entry := index[o.SDKPath()]
		var err error
		if o.Page {
			var address string
			address, err = entry.URL(map[string]string{"appid": "wx1"}, opts...)
			if got, _, found := cat.Match("GET", strings.TrimPrefix(strings.SplitN(address, "?", 2)[0],
				"http://127.0.0.1:1")); err != nil || !found || got != o {
				t.Errorf("%s is opened at %s (%v)", o.ID(), address, err)
			}
			continue
		}
		switch o.Method {
		case "GET":
			if o.Family.Protocol == catalogue.ProtocolV2 {
				opts = append(opts, wxpay.Query("appid", "wx1"))
			}
			_, err = entry.Get(ctx, opts...)
		case "POST":
			_, err = entry.PostAsync(ctx, map[string]any{}, opts...).Wait(ctx)
		case "DELETE":
			_, err = entry.DeleteAsync(ctx, opts...).Wait(ctx)
		case "PATCH":
			_, err = entry.PatchAsync(ctx, map[string]any{}, opts...).Wait(ctx)
		default:
			t.Fatalf("%s: teach this test the method", o.ID())
		}
		uri, _, _ := strings.Cut(r.uri, "?")
		got, _, found := cat.Match(r.method, uri)
		if !errors.Is(err, errRecorded) || !found || got != o {
			t.Errorf("%s was sent as %s %s (%v)", o.ID(), r.method, r.uri, err)
		}
		if !strings.Contains(strings.Join(entry.Methods(), " "), o.Method) || entry.String() != o.SDKPath() {
			t.Errorf("the entry says %s %s, want %s", entry.Methods(), entry, o.ID())
		}
	}
	for _, k := range catalogue.AllKnown() {
		paths[k.SDKPath()] = true
		if !slices.Contains(index[k.SDKPath()].Methods(), k.Method) {
			t.Errorf("the index lacks %s", k.ID())
		}
	}
	for path := range index {
		if !paths[path] {
			t.Errorf("the index has %s, the catalogue does not", path)
		}
	}
}
