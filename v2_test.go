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
	noCert, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := noCert.Chain("v2/secapi/pay/refund").Post(bg, map[string]string{}, wxpay.MTLS()); err == nil ||
		!strings.Contains(err.Error(), "Config.Certificate") {
		t.Errorf("got %v", err)
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
