package wxpay_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

const testAPIv2Key = "192006250b4c09247ec02edce69f6a2d"

type queryIn struct {
	AppID      string `xml:"appid"`
	ContractID string `xml:"contract_id,omitempty"`
	Serial     int64  `xml:"request_serial,omitempty"`
	Version    string `xml:"version"`
}

type queryOut struct {
	wxpay.Reply
	ContractID string `xml:"contract_id"`
	Serial     int64  `xml:"request_serial"`
}

// v2Client answers an APIv2 call with fields; sign adds a genuine signature.
func v2Client(t *testing.T, sign bool, answer wire.Fields, seen func(*http.Request, wire.Fields)) *wxpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		fields, err := wire.ParseXML(raw)
		if err != nil {
			return nil, err
		}
		if seen != nil {
			seen(r, fields)
		}
		if sign {
			answer["sign"] = answer.Digest(testAPIv2Key, wire.SignMD5)
		}
		return reply(200, nil, string(answer.XML())), nil
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestV2Call(t *testing.T) {
	t.Parallel()
	var request *http.Request
	var sent wire.Fields
	client := v2Client(t, true, wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "contract_id": "Wx1",
		"request_serial": "1000", "later": "x"},
		func(r *http.Request, f wire.Fields) { request, sent = r, f })
	got, err := leaf.NewPoster[queryIn, queryOut](leaf.Bind(client), "v2/papay/querycontract").
		Post(bg, &queryIn{AppID: "wxcbda96de0b165486", ContractID: "Wx1", Serial: 7, Version: "1.0"})
	if err != nil || got.ContractID != "Wx1" || got.Serial != 1000 || !strings.Contains(string(got.RawJSON()),
		"<later>") {
		t.Fatalf("got %+v, %v", got, err)
	}
	if request.URL.Path != "/papay/querycontract" || request.Header.Get("Authorization") != "" ||
		request.Header.Get("Content-Type") != "text/xml; charset=utf-8" {
		t.Errorf("sent to %s with %v", request.URL, request.Header)
	}
	if sent["mch_id"] != "1900000109" || sent["request_serial"] != "7" || sent["nonce_str"] != "" ||
		!sent.Verify(testAPIv2Key) || len(sent["sign"]) != 32 {
		t.Errorf("sent %v", sent)
	}

	result, err := client.Chain("v2/pay/orderquery").Post(bg, map[string]any{"appid": "wx1", "total_fee": 1,
		"detail": map[string]any{"a": "<b>"}}, wxpay.SignType("HMAC-SHA256"))
	if err != nil {
		t.Fatal(err)
	}
	if len(sent["nonce_str"]) != 32 || len(sent["sign"]) != 64 || !sent.Verify(testAPIv2Key) ||
		sent["total_fee"] != "1" || sent["detail"] != `{"a":"\u003cb\u003e"}` {
		t.Errorf("sent %v", sent)
	}
	if m, err := result.Map(); err != nil || m["contract_id"] != "Wx1" {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestV2Refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sign   bool
		answer wire.Fields
		want   wxpay.Error
	}{
		"return_code": {false, wire.Fields{"return_code": "FAIL", "return_msg": "签名失败"},
			wxpay.Error{Code: "FAIL", Message: "签名失败"}},
		// As secapi/pay/profitsharingreturn was seen to answer.
		"error_code": {false, wire.Fields{"return_code": "FAIL", "error_code": "NOAUTH", "error_msg": "回退方没有开通分账回退功能"},
			wxpay.Error{Code: "NOAUTH", Message: "回退方没有开通分账回退功能"}},
		"result_code": {true, wire.Fields{"return_code": "SUCCESS", "result_code": "FAIL",
			"err_code": "CONTRACT_NOT_EXIST", "err_code_des": "协议不存在"},
			wxpay.Error{Code: "CONTRACT_NOT_EXIST", Message: "协议不存在", Verified: true}},
	} {
		_, err := v2Client(t, c.sign, c.answer, nil).Chain("v2/papay/querycontract").
			Post(bg, map[string]string{"version": "1.0"})
		var e *wxpay.Error
		if !errors.As(err, &e) || e.Code != c.want.Code || e.Message != c.want.Message ||
			e.Verified != c.want.Verified || e.Operation != "POST v2/papay/querycontract" {
			t.Errorf("%s: got %v (%+v)", name, err, e)
		}
	}
}

func TestV2RepliesThatProveNothing(t *testing.T) {
	t.Parallel()
	ok := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS"}
	forged := wire.Fields{"return_code": "SUCCESS", "result_code": "FAIL", "err_code": "ORDERNOTEXIST",
		"sign": strings.Repeat("A", 32)}
	for name, answer := range map[string]wire.Fields{"unsigned": ok, "forged": forged} {
		_, err := v2Client(t, false, answer, nil).Chain("v2/papay/querycontract").
			Post(bg, map[string]string{"version": "1.0"})
		var e *wxpay.SignatureError
		if !errors.As(err, &e) || e.Check != wxpay.CheckSignature {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestV2CallsThatAreNotSent(t *testing.T) {
	t.Parallel()
	without, err := wxpay.New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	client := v2Client(t, false, nil, func(*http.Request, wire.Fields) { t.Error("it was sent") })
	for name, c := range map[string]struct {
		call func() (any, error)
		says string
	}{
		"no key": {func() (any, error) {
			return without.Chain("v2/pay/orderquery").Post(bg,
				map[string]string{})
		}, "Config.APIv2Key is not set"},
		"a GET": {func() (any, error) { return client.Chain("v2/pay/orderquery").Get(bg) }, "made with Post"},
		"raw JSON": {func() (any, error) { return client.Chain("v2/pay/orderquery").Post(bg, `{"a":1}`) },
			"APIv2 message"},
		"a list": {func() (any, error) { return client.Chain("v2/pay/orderquery").Post(bg, []int{1}) },
			"not an object"},
		"an unknown type": {func() (any, error) {
			return client.Chain("v2/x").Post(bg,
				map[string]string{"sign_type": "RSA"})
		}, "neither MD5"},
		"no certificate": {func() (any, error) {
			return without.Chain("v2/secapi/pay/refund").Post(bg, map[string]string{}, wxpay.MTLS())
		}, "APIv2Key"},
		"a v3 page": {func() (any, error) { return client.Chain("v3/x").URL(map[string]string{}) }, "only v2/"},
		"a URL of 2 KiB": {func() (any, error) {
			return client.Chain("v2/papay/entrustweb").URL(map[string]string{"notify_url": strings.Repeat("用", 300)})
		}, "at most 1024"},
	} {
		_, err := c.call()
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
	}
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	for name, lent := range map[string]*http.Client{
		"none": nil,
		"wrapped": {Transport: transport(func(*http.Request) (*http.Response, error) {
			t.Error("it was sent without a certificate")
			return nil, errors.New("sent")
		})},
	} {
		cfg.HTTPClient = lent
		noCert, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = noCert.Chain("v2/secapi/pay/refund").Post(bg, map[string]string{}, wxpay.MTLS())
		if e := (*wxpay.RequestError)(nil); !errors.As(err, &e) || !strings.Contains(e.Problem, "Config.Certificate") {
			t.Errorf("transport %s: got %v", name, err)
		}
	}
}

func TestV2URL(t *testing.T) {
	t.Parallel()
	client := v2Client(t, false, nil, nil)
	type page struct {
		AppID     string `xml:"appid"`
		NotifyURL string `xml:"notify_url"`
		Version   string `xml:"version"`
	}
	address, err := leaf.NewPage[page](leaf.Bind(client), "v2/papay/entrustweb").
		URL(&page{"wx1", "https://yourapp.com/notify", "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	fields := wire.Fields{}
	for name, values := range u.Query() {
		fields[name] = values[0]
	}
	if u.Path != "/papay/entrustweb" || !fields.Verify(testAPIv2Key) || fields["mch_id"] != "1900000109" ||
		len(fields["timestamp"]) != 10 ||
		!strings.Contains(address, "notify_url=https%3A%2F%2Fyourapp.com%2Fnotify") {
		t.Errorf("got %s", address)
	}
	launch, err := client.ContractExtraData(map[string]string{"appid": "wx1", "plan_id": "12535"})
	if err != nil || launch.AppID != wxpay.SigningMiniProgram || !wire.Fields(launch.ExtraData).Verify(testAPIv2Key) ||
		launch.ExtraData["nonce_str"] != "" {
		t.Errorf("got %+v, %v", launch, err)
	}
}

type h5Query struct {
	AppID    string `xml:"appid"`
	PlanID   int64  `xml:"plan_id"`
	ClientIP string `xml:"clientip"`
}

type h5Reply struct {
	wxpay.Reply
	RedirectURL string `xml:"redirect_url"`
}

// A GET of APIv2 is signed like a page, by an HMAC, and its answer by nobody.
func TestV2Get(t *testing.T) {
	t.Parallel()
	var request *http.Request
	answer := "<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code>" +
		"<redirect_url>https://payapp.weixin.qq.com/x</redirect_url></xml>"
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		request = r
		return reply(200, nil, answer), nil
	})}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	const path = "v2/papay/h5entrustweb"
	got, err := leaf.NewQuerier[h5Query, h5Reply](leaf.Bind(c), path).
		Get(bg, &h5Query{AppID: "wx1", PlanID: 7, ClientIP: "1.2.3.4"})
	if err != nil || got.RedirectURL != "https://payapp.weixin.qq.com/x" {
		t.Fatalf("got %+v, %v", got, err)
	}
	check := func(by wire.SignType) {
		t.Helper()
		f := wire.Fields{}
		for name, values := range request.URL.Query() {
			f[name] = values[0]
		}
		if request.Method != "GET" || request.URL.Path != "/papay/h5entrustweb" || request.Body != nil ||
			f["mch_id"] != "1900000109" || f["plan_id"] != "7" || len(f["timestamp"]) != 10 || f["nonce_str"] != "" ||
			f["sign"] != f.Digest(testAPIv2Key, by) {
			t.Errorf("sent %s %v", request.Method, f)
		}
	}
	check(wire.SignHMAC)
	seven := wxpay.Query("plan_id", "7")
	result, err := c.Chain(path).Get(bg, seven, wxpay.Query("appid", "wx1"))
	if err != nil || result.Verified() {
		t.Fatalf("got %v, verified %v", err, result.Verified())
	}
	check(wire.SignHMAC)
	if _, err := c.Chain(path).Get(bg, seven, wxpay.SignType("MD5")); err != nil {
		t.Fatal(err)
	}
	check(wire.SignMD5)

	// What a payer chose is held as in a page, and nothing is said twice.
	for says, options := range map[string][]wxpay.Option{
		"plan_id is given twice":    {seven, seven},
		"a signed query":            nil,
		"account holds an &":        {wxpay.Query("account", "x&return_code=SUCCESS")},
		"neither MD5 nor HMAC":      {seven, wxpay.SignType("RSA")},
		"/x, and no struct of":      {seven, wxpay.Zero("/x")},
		"cannot be encrypted or de": {seven, wxpay.Encrypt("/plan_id")},
	} {
		if _, err := c.Chain(path).Get(bg, options...); !errors.As(err, new(*wxpay.RequestError)) ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
	if _, err := c.Chain(path).URL(map[string]string{"appid": "wx1"}); err == nil ||
		!strings.Contains(err.Error(), "called by your backend") {
		t.Errorf("a page of it: %v", err)
	}

	// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_4.shtml
	answer = "<xml><return_code>SUCCESS</return_code><result_code>FAIL</result_code>" +
		"<result_msg>SIGN_ERROR</result_msg></xml>"
	var refused *wxpay.Error
	if _, err := c.Chain(path).Get(bg, seven); !errors.As(err, &refused) || refused.Code != "SIGN_ERROR" ||
		refused.Verified {
		t.Errorf("refused: %v", err)
	}
	// A sign that is there is looked at, and no other call does without.
	answer = "<xml><return_code>SUCCESS</return_code><redirect_url>https://evil.example</redirect_url>" +
		"<sign>00000000000000000000000000000000</sign></xml>"
	if _, err := c.Chain(path).Get(bg, seven); !errors.As(err, new(*wxpay.SignatureError)) {
		t.Errorf("a wrong sign: %v", err)
	}
	answer = "<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code></xml>"
	if _, err := c.Chain("v2/pay/orderquery").Get(bg, seven); !errors.As(err, new(*wxpay.SignatureError)) {
		t.Errorf("no sign: %v", err)
	}
}
