package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What production was recorded to answer callers that it cannot tell, which differs by endpoint.
func TestStrangersAreAnsweredAsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: "1900000120"}))
	other, err := w.ClientConfigFor("1900000120")
	w.ok(err)
	const (
		certificates, orders = "/v3/certificates", "/v3/pay/transactions/native"
		refund               = "/v3/refund/domestic/refunds"
		bad                  = "SIGN_ERROR"
		malformed            = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
	)
	public, old := w.ClientConfig().PlatformKeys[0].ID, start.AddDate(-1, 0, 0)
	for what, c := range map[string]struct {
		raw     raw
		status  int
		code    string
		message string
	}{
		"no header, certificates": {raw{method: "GET", uri: certificates, auth: "-"}, 401, bad, malformed},
		"no header, a refund":     {raw{uri: refund, auth: "-"}, 401, bad, malformed},
		"no header, a bill": {raw{method: "GET", uri: "/v3/bill/tradebill?bill_date=2020-09-09", auth: "-"}, 401, bad,
			malformed},
		"no header, an order": {raw{uri: orders, auth: "-"}, 401, bad, "签名信息错误，验签失败"},
		"a bearer, an order":  {raw{uri: orders, auth: "Bearer x"}, 401, bad, "签名信息错误，验签失败"},
		// https://github.com/wechatpay-apiv3/wechatpay-go/issues/228
		"wrong parts, certificates": {raw{method: "GET", uri: certificates, auth: wire.Scheme + " test"}, 401, bad,
			"Authorization不合法"},
		"wrong parts, an order": {raw{uri: orders, auth: wire.Scheme + " test"}, 401, bad, "签名信息错误，验签失败"},
		"a bearer, a refund":    {raw{uri: refund, auth: "Bearer x"}, 401, bad, "Http头Authorization认证类型不正确"},
		"another key, certificates": {raw{method: "GET", uri: certificates, key: other.PrivateKey}, 401, bad,
			"错误的签名，验签失败"},
		"another key, an order":             {raw{uri: orders, key: other.PrivateKey}, 401, bad, "签名错误"},
		"nobody's number":                   {raw{uri: refund, mchid: "1", serial: "AB"}, 401, bad, "签名错误"},
		"the public key's id, a refund":     {raw{uri: refund, serial: public}, 401, bad, "商户证书序列号有误。"},
		"another's serial number, an order": {raw{uri: orders, serial: other.SerialNo}, 401, bad, "商户证书序列号有误。"},
		"the public key's id, an order":     {raw{uri: orders, serial: public}, 401, bad, "签名错误，请检查后再试"},
		"a year old": {raw{uri: orders, at: old}, 401, bad,
			"Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"},
		"no User-Agent, a refund": {raw{uri: refund, auth: "-", header: map[string]string{"User-Agent": ""}}, 400,
			"INVALID_REQUEST", "Http头缺少Accept或User-Agent"},
		"no User-Agent, an order": {raw{uri: orders, auth: "-", header: map[string]string{"User-Agent": ""}}, 401,
			bad, "签名信息错误，验签失败"},
		"no Accept, certificates": {raw{method: "GET", uri: certificates, header: map[string]string{"Accept": ""}}, 400,
			"INVALID_REQUEST", "Http头缺少Accept或User-Agent"},
		"no such path":   {raw{uri: "/v3/fund-app/mch-transfer/transfers"}, 404, "", ""},
		"another method": {raw{method: "GET", uri: orders}, 405, "", ""},
	} {
		p, e := w.send(c.raw)
		if p.StatusCode != c.status || e.Code != c.code || e.Message != c.message {
			t.Errorf("%s: got %d %s %s", what, p.StatusCode, e.Code, e.Message)
		}
		if number := p.Header.Get("Request-Id"); e.Message == "Authorization不合法" &&
			!strings.HasSuffix(number, "-270924332") {
			t.Errorf("%s: Request-ID %s", what, number)
		}
		named := c.status == 400 || c.status == 401 && c.raw.uri != orders
		if p.Header.Get(wire.HeaderSignature) != "" || (p.Header.Get("Request-Id") != "") != named {
			t.Errorf("%s: signed, or Request-ID %q", what, p.Header.Get("Request-Id"))
		}
	}
	// A stranger learns no more of a path than a merchant.
	answer, err := http.Post(w.URL()+"/v3/fund-app/nothing", "application/json", strings.NewReader("{}")) //nolint:noctx
	w.ok(err)
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 404 || len(body) > 0 {
		t.Errorf("a stranger at no path: %d %s %v", answer.StatusCode, body, err)
	}
}

// The whole answer to a signature that does not hold, of a call without a body and of one with.
// https://github.com/wechatpay-apiv3/wechatpay-go/issues/235
func TestSignaturesThatDoNotHoldAsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: "1900000120"}))
	other, err := w.ClientConfigFor("1900000120")
	w.ok(err)
	const head = `{"code":"SIGN_ERROR","detail":{"detail":{"issue":"sign not match"},"field":"signature",` +
		`"location":"authorization","sign_information":{"method":`
	const nonce = "YUjasecRiOHIBMIXgopcfVBYQc2p1PNY"
	body := []byte(`{"appid":"wxd678efh567hg6787"}`)
	for what, c := range map[string]struct {
		raw  raw
		want string
	}{
		"certificates": {raw{method: "GET", uri: "/v3/certificates", key: other.PrivateKey, nonce: nonce}, head +
			`"GET","sign_message_length":66,"truncated_sign_message":"GET\n/v3/certificates\n1599703200\n` + nonce +
			`\n\n","url":"/v3/certificates"}},"message":"错误的签名，验签失败"}`},
		"an order": {raw{uri: "/v3/pay/transactions/jsapi", body: body, key: other.PrivateKey, nonce: nonce}, head +
			`"POST","sign_message_length":107,"truncated_sign_message":"POST\n/v3/pay/transactions/jsapi\n1599703200\n` +
			nonce + `\n{\"appid\"\n","url":"/v3/pay/transactions/jsapi"}},"message":"签名错误"}`},
	} {
		if p, answer := w.exchange(c.raw); p.StatusCode != 401 || string(answer) != c.want {
			t.Errorf("%s: got %d\ngot  %s\nwant %s", what, p.StatusCode, answer, c.want)
		}
	}
}

// The numbers at the end of Request-ID that other tests do not name, as WeChat Pay lists them.
// https://github.com/wechatpay-apiv3/wechatpay-skills
func TestNumbersOfErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const order, partner = "/v3/pay/transactions/jsapi", "/v3/pay/partner/transactions/jsapi"
	number := func(what, want string, r raw, body object) {
		t.Helper()
		if body != nil {
			text, err := json.Marshal(body)
			w.ok(err)
			r.body = text
		}
		p, answer := w.exchange(r)
		if !strings.HasSuffix(p.Header.Get("Request-Id"), "-"+want) {
			t.Errorf("%s: got %d %s, Request-ID %s", what, p.StatusCode, answer, p.Header.Get("Request-Id"))
		}
	}
	w.paid(w.must("POST", order[1:], with(orderBody(), "out_trade_no", "paid-1"))["prepay_id"])
	w.must("POST", order[1:], with(orderBody(), "out_trade_no", "over-1"))
	w.must("POST", "v3/pay/transactions/out-trade-no/over-1/close", object{"mchid": sandbox.DefaultMchID})
	number("a paid order, again", "268449538", raw{uri: order}, with(orderBody(), "out_trade_no", "paid-1"))
	number("a closed order, again", "268447914", raw{uri: order}, with(orderBody(), "out_trade_no", "over-1"))
	number("another's appid", "268445527", raw{uri: order}, with(orderBody(), "appid", "wx0000000000000000"))
	number("a sub-merchant who did not agree", "268443701", raw{uri: partner},
		with(partnerOrder(), "sub_mchid", "1888888888"))
	number("a sub_appid without its sub-merchant", "268443704", raw{uri: "/" + presignEdu},
		with(eduBody(), "sub_mchid", nil))
	number("a body of two MiB", "268435464", raw{uri: order, body: make([]byte, 2<<20)}, nil)
	w.ok(w.Inject(fault.Fault{Name: fault.RateLimit}))
	number("too many calls", "268447840", raw{uri: order}, orderBody())
}
