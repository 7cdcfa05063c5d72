package wxpay_test

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/partnerbrandstore"
)

// hostRow is where a path goes by default, with a global host of one's own, and with a host of
// one's own.
type hostRow struct{ path, usual, ownGlobal, own string }

// backup is where it goes with the twin of the usual host.
func (r hostRow) backup() string {
	if r.usual == "api.mch.weixin.qq.com" {
		return "api2.mch.weixin.qq.com"
	}
	return r.usual
}

// Calls go where the catalogue says the endpoint is, unless the host is the caller's own.
func TestHosts(t *testing.T) {
	t.Parallel()
	for _, row := range []hostRow{
		{"v3/certificates", "api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "127.0.0.1:1"},
		{"v3/global/certificates", "apihk.mch.weixin.qq.com", "global.example", "127.0.0.1:1"},
		{"hk/v3/certificates", "apihk.mch.weixin.qq.com", "global.example", "127.0.0.1:1"},
		{"global/v3/customs/orders", "apihk.mch.weixin.qq.com", "global.example", "127.0.0.1:1"},
		{"v3/payscore/oversea/partner/serviceorder", "apihk.mch.weixin.qq.com", "global.example", "127.0.0.1:1"},
		{"v2/secsvc/realnameauth", "fraud.mch.weixin.qq.com", "fraud.mch.weixin.qq.com", "127.0.0.1:1"},
		{"v2/face/get_wxpayface_authinfo", "payapp.weixin.qq.com", "payapp.weixin.qq.com", "127.0.0.1:1"},
		{"v2/secapi/mch/queryInstitutionsub", "apihk.mch.weixin.qq.com", "global.example", "127.0.0.1:1"},
		{"v2/pay/orderquery", "api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "127.0.0.1:1"},
	} {
		for i, want := range []string{row.usual, row.ownGlobal, row.own, row.backup()} {
			var went string
			cfg := testConfig()
			cfg.APIv2Key, cfg.Attempts = wxpay.NewSecret(testAPIv3Key), 1
			cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				went = r.URL.Host
				return nil, errors.New("enough")
			})}
			switch i {
			case 3:
				cfg.Host = wxpay.BackupHost // and no other for what is abroad
			case 0:
				cfg.Host = ""
			case 1:
				cfg.Host, cfg.GlobalHost = wxpay.BackupHost, "https://global.example"
			}
			c, err := wxpay.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(row.path, "v2/") {
				_, _ = c.Chain(row.path).Post(t.Context(), map[string]string{"appid": "wx1"})
			} else {
				_, _ = c.Chain(row.path).Get(t.Context())
			}
			if went != want {
				t.Errorf("%s, setup %d: went to %s, want %s", row.path, i, went, want)
			}
		}
	}
	cfg := testConfig()
	cfg.Host, cfg.APIv2Key = "", wxpay.NewSecret(testAPIv3Key)
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.Chain("v2/appauth/authindex").URL(map[string]string{"appid": "wx1"})
	if err != nil || !strings.HasPrefix(page, "https://payapp.mch.weixin.qq.com/appauth/authindex?") {
		t.Errorf("a page of another host: %s, %v", page, err)
	}
}

// Two paths end in a slash on the wire, however they are written here.
func TestPathsWithASlashAtTheirEnd(t *testing.T) {
	t.Parallel()
	var uri string
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		uri = r.URL.RequestURI()
		return signedReply(200, "{}"), nil
	})
	for path, want := range map[string]string{
		"v3/ecommerce/applyments": "/v3/ecommerce/applyments/", "v3/ecommerce/applyments/": "/v3/ecommerce/applyments/",
		"v3/applyment4sub/applyment/":     "/v3/applyment4sub/applyment/",
		"/v3/ecommerce/applyments/42/":    "/v3/ecommerce/applyments/42",
		"v3/ecommerce/combine-papay/sub/": "/v3/ecommerce/combine-papay/sub",
	} {
		if _, err := c.Chain(path).Post(t.Context(), map[string]any{}); err != nil || uri != want {
			t.Errorf("%s is sent as %s, %v", path, uri, err)
		}
	}
}

func TestDeleteWithABody(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "DELETE" || string(body) != `{"brand_id":"123456789"}` ||
			r.URL.Path != "/v3/brand/partner/store/brandstores/20488000" ||
			r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %s, %v", r.Method, r.URL, body, err)
		}
		return signedReply(204, ""), nil
	})
	path, id := "v3/brand/partner/store/brandstores/{store_id}", wxpay.Path("store_id", "20488000")
	body := map[string]string{"brand_id": "123456789"}
	_, err := c.Chain(path).DeleteWith(t.Context(), body, id)
	_, async := c.Chain(path).DeleteWithAsync(t.Context(), body, id).Wait(t.Context())
	_, index := api.Index(c)[path].DeleteWith(t.Context(), body, id)
	store := partnerbrandstore.Of(c).Brandstores.StoreID("20488000")
	typed, typedErr := store.Delete(t.Context(), &partnerbrandstore.DeleteStoreRequest{BrandID: "123456789"})
	if err := errors.Join(err, async, index, typedErr); err != nil || typed.Status() != 204 {
		t.Error(err)
	}
	if _, err := store.Delete(t.Context(), nil); !errors.As(err, new(*wxpay.RequestError)) {
		t.Errorf("without a body: %v", err)
	}
}

// A success that WeChat Pay does not sign is no forgery where the catalogue knows that; everywhere
// else it is.
func TestAnswersThatNobodySigns(t *testing.T) {
	t.Parallel()
	answer := reply(200, nil, "\x89PNG\r\n\x1a\n")
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return answer, nil })
	r, err := c.Chain("v3/merchant-service/images/{media_id}").Get(t.Context(), wxpay.Path("media_id", "ABC"))
	if err != nil || r.Verified() || r.Hash() != "" || string(r.Body) != "\x89PNG\r\n\x1a\n" {
		t.Fatalf("a picture: %v, %v", r, err)
	}
	if err := r.Decode(&struct{}{}); !errors.As(err, new(*wxpay.DecodeError)) {
		t.Errorf("a picture decodes: %v", err)
	}
	for _, path := range []string{"v3/merchant-service/images/upload/x", "v3/bill/tradebill",
		"v3/merchant-service/images"} {
		answer = reply(200, nil, `{"a":1}`)
		if _, err := c.Chain(path).Get(t.Context()); !errors.As(err, new(*wxpay.SignatureError)) {
			t.Errorf("%s: %v", path, err)
		}
	}
	answer = reply(404, nil, "nothing")
	var refused *wxpay.Error
	image := c.Chain("v3/merchant-service/images/ABC")
	if _, err := image.Get(t.Context()); !errors.As(err, &refused) || refused.Verified {
		t.Errorf("refused: %v", err)
	}
	signed := signedReply(200, "{}")
	signed.Body = io.NopCloser(strings.NewReader("{ }"))
	answer = signed
	if _, err := image.Get(t.Context()); !errors.As(err, new(*wxpay.SignatureError)) {
		t.Errorf("a signature of something else: %v", err)
	}
	if r := (*wxpay.Result)(nil); r.Hash() != "" {
		t.Error("a nil Result has a hash")
	}
}

// Of a statement WeChat Pay signs the SHA1, which a header has, and not the bytes.
func TestStatements(t *testing.T) {
	t.Parallel()
	const text = "交易时间,公众账号ID\r\n`2018-01-03,`wx1\r\n"
	sum := sha1.Sum([]byte(text))
	proven := func(sum string) *http.Response {
		r := signedReply(200, `{"sha1":"`+sum+`"}`)
		r.Header.Set("Wechatpay-Statement-Sha1", sum)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		return r
	}
	var answer *http.Response
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return answer, nil })
	get := func() (*wxpay.Result, error) {
		return c.Chain("v3/global/statements").Get(t.Context(), wxpay.Query("date", "20180103"))
	}
	answer = proven(hex.EncodeToString(sum[:]))
	r, err := get()
	if err != nil || !r.Verified() || r.Hash() != "SHA1" || string(r.Body) != text {
		t.Fatalf("got %v, %v", r, err)
	}
	other := proven(strings.Repeat("0", 40))
	swapped := proven(hex.EncodeToString(sum[:]))
	swapped.Header.Set("Wechatpay-Statement-Sha1", strings.Repeat("0", 40))
	odd := proven("nonsense")
	bare := reply(200, nil, text)
	for name, forged := range map[string]*http.Response{"of another file": other, "another hash": swapped,
		"no hash": odd, "no signature": bare} {
		answer = forged
		var e *wxpay.SignatureError
		if _, err := get(); !errors.As(err, &e) || strings.Contains(err.Error(), "20180103") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// APIv2: successes without a sign, text of two kinds, and JSON.
func TestAnswersOfAPIv2ThatNobodySigns(t *testing.T) {
	t.Parallel()
	var answer string
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv3Key)
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return reply(200, nil, answer), nil
	})}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	post := func(path string) (*wxpay.Result, error) {
		return c.Chain(path).Post(t.Context(), map[string]string{"appid": "wx1"})
	}
	answer = "<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code></xml>"
	for _, path := range []string{"v2/mchrisk/setmchriskcallback", "v2/mmpaymkttransfers/promotion/transfers",
		"v2/mmpaymkttransfers/sendredpack", "v2/mmpaymkttransfers/gettransferinfo", "v2/payitil/report"} {
		if r, err := post(path); err != nil || r.Verified() {
			t.Errorf("%s, an answer without a sign: %v", path, err)
		}
	}
	if _, err := post("v2/pay/orderquery"); !errors.As(err, new(*wxpay.SignatureError)) {
		t.Errorf("an answer that lacks its sign: %v", err)
	}
	answer = "<xml><return_code>FAIL</return_code><return_msg>no</return_msg></xml>"
	for _, path := range []string{"v2/mchrisk/setmchriskcallback", "v2/billcommentsp/batchquerycomment",
		"v2/pay/downloadfundflow"} {
		var e *wxpay.Error
		if _, err := post(path); !errors.As(err, &e) || e.Code != "FAIL" || e.Verified {
			t.Errorf("%s refused: %v", path, err)
		}
	}
	answer = "100\n`2017-07-01 10:00:05,`1001690740201411100005734289,`5,`赞"
	if r, err := post("v2/billcommentsp/batchquerycomment"); err != nil || string(r.Text()) != answer || r.Verified() {
		t.Errorf("comments: %v", err)
	}
	answer = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号\r\n" +
		"`2018-02-01 04:21:23,`50000305742018020103387128253,`1900009231201802015884652186,`退款,`退款,`支出,`0.02,`0.17,`system," +
		"`缺货,`REF4200000068201801293084726067\r\n资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n`1,`0,`0.00,`1,`0.02\r\n"
	if r, err := post("v2/pay/downloadfundflow"); err != nil || string(r.Text()) != answer {
		t.Errorf("a bill of funds: %v", err)
	}
	for _, page := range []string{"<html><body>gateway</body></html>", ""} {
		answer = page
		if _, err := post("v2/billcommentsp/batchquerycomment"); !errors.As(err, new(*wxpay.Error)) {
			t.Errorf("a page for comments: %v", err)
		}
	}
	token := func() (*wxpay.Result, error) {
		return c.Chain("v2/appauth/getaccesstoken").Get(t.Context(), wxpay.Query("code", "001"))
	}
	answer = `{"retcode":0,"retmsg":"OK","access_token":"t"}`
	r, err := token()
	var got struct{ AccessToken string }
	if err != nil || r.Verified() || json.Unmarshal(r.Body, &got) != nil {
		t.Errorf("JSON: %v", err)
	}
	m, err := r.Map()
	if err != nil || m["access_token"] != "t" {
		t.Errorf("JSON as a map: %v, %v", m, err)
	}
	answer = `{"retcode":-1,"retmsg":"code been used"}`
	var e *wxpay.Error
	if _, err = token(); !errors.As(err, &e) || e.Code != "-1" || e.Message != "code been used" {
		t.Errorf("refused in JSON: %v", err)
	}
	answer = "<html>"
	if _, err = token(); !errors.As(err, &e) || e.Code != "" {
		t.Errorf("a page for JSON: %v", err)
	}
}
