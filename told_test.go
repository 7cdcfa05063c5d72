package wxpay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// shown is all that is printed and marshalled of an error.
func shown(t *testing.T, err error) string {
	t.Helper()
	asJSON, errJSON := json.Marshal(err)
	asXML, errXML := xml.Marshal(err)
	if errJSON != nil || errXML != nil || err == nil {
		t.Errorf("%v: %v, %v", err, errJSON, errXML)
	}
	return fmt.Sprintf("%v %s %s", err, asJSON, asXML)
}

// Values are found in every spelling and of every kind in which they are repeated.
func TestWhatIsLookedForOfABody(t *testing.T) {
	t.Parallel()
	sealed := wxpay.Encrypt("/real_name")
	for name, row := range map[string]struct {
		body     any
		repeated string
		option   wxpay.Option
	}{
		"a number":             {map[string]any{"phone": 13800138000}, "13800138000", nil},
		"a number in a string": {map[string]any{"list": `[{"phone":13800138000}]`}, "13800138000", nil},
		"a long number":        {map[string]any{"id": json.Number("-110101199003071234")}, "110101199003071234", nil},
		"a small word":         {map[string]any{"real_name": "zhangsan"}, "zhangsan", nil},
		"a short one, sealed":  {map[string]any{"real_name": "Li"}, "Li", sealed},
		"a small one, sealed":  {map[string]any{"real_name": "sealed"}, "sealed", sealed},
		"trimmed":              {map[string]any{"openid": payer + "\n"}, payer, nil},
		"a trimmed query":      {nil, payer, wxpay.Query("openid", payer+" ")},
		"a trimmed variable":   {nil, payer, wxpay.Path("id", " "+payer)},
		"escaped as HTML":      {map[string]any{"a": "张三 & 李四"}, `张三 \u0026 李四`, nil},
		"escaped in a string":  {map[string]any{"a": `{"b":"张三\t李四"}`}, `张三\\t李四`, nil},
		"as it was written":    {`{"a":"\u5f20\u4e09\u674e"}`, `\u5f20\u4e09\u674e`, nil},
		"quotes":               {map[string]any{"a": `a "b"`}, `a \"b\"`, nil},
	} {
		c := clientOver(t, func(*http.Request) (*http.Response, error) {
			says, _ := json.Marshal(map[string]any{"code": "PARAM_ERROR", "message": "参数 " + row.repeated + " 错误",
				"detail": map[string]any{"field": "/a", "issue": "bad " + row.repeated}})
			return signedReply(400, string(says)), nil
		})
		path := "v3/x"
		if name == "a trimmed variable" {
			path = "v3/x/{id}"
		}
		err := second(c.Chain(path).Post(bg, row.body, row.option))
		again, _ := json.Marshal(row.repeated) // as JSON has it
		text := shown(t, err)
		for _, secret := range []string{row.repeated, strings.Trim(string(again), `"`)} {
			if strings.Contains(text, secret) || !strings.Contains(text, "参数 … 错误") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// A body that comes back as it was sent, whole, and a value that is longer than what is printed.
func TestABodyThatComesBack(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("oSECRETopenid,", 160)
	for _, value := range []string{"张三 & 李四", `O"Brien 13800138000`, `back\slash oOPENID123456`,
		"line\noOPENID123456", "<plain>", long, "SECRET1" + strings.Repeat("n", 1<<20)} {
		c := clientOver(t, func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			says, _ := json.Marshal(map[string]string{"code": "PARAM_ERROR", "message": "无法解析 " + string(body) + " 尾"})
			return signedReply(400, string(says)), err
		})
		text := shown(t, second(c.Chain("v3/x").Post(bg, map[string]string{"display_account": value})))
		if strings.Count(text, `…`) != 3 || !strings.Contains(text, "尾") {
			t.Errorf("%.40q: %.600s", value, text)
		}
	}
}

// What the protocol itself says stays readable.
func TestWordsOfTheProtocolStay(t *testing.T) {
	t.Parallel()
	const says = "transactions of payer with openid JSAPI: account 100 is NOT_FOUND"
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(400, `{"code":"PARAM_ERROR","message":"`+says+`"}`), nil
	})
	err := second(c.Chain("v3/pay/transactions").Post(bg, map[string]any{"payer": map[string]any{"openid": payer},
		"account": "openid", "kind": "transactions", "way": "JSAPI", "total": 100, "is": "with", "state": "NOT_FOUND"}))
	if !strings.Contains(err.Error(), says) {
		t.Errorf("got %v", err)
	}
}

// APIv2 and a transport repeat in the same ways.
func TestWhatOthersRepeatOfABody(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	for repeated, body := range map[string]any{
		payer:         map[string]any{"detail": "\n[\"" + payer + " \"]"},
		"13800138000": map[string]any{"detail": map[string]any{"phone": 13800138000}},
		"zhangsan":    map[string]string{"contract_display_account": "zhangsan"},
	} {
		refusing := transport(func(*http.Request) (*http.Response, error) {
			f := wire.Fields{"return_code": "SUCCESS", "result_code": "FAIL", "err_code": "PARAM_ERROR",
				"err_code_des": "bad " + repeated + " value"}
			f["sign"] = f.Digest(testAPIv2Key, wire.SignMD5)
			return reply(200, nil, string(f.XML())), nil
		})
		failing := transport(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("bad " + repeated + " value")
		})
		for _, by := range []transport{refusing, failing} {
			cfg.HTTPClient = &http.Client{Transport: by}
			c, err := wxpay.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			err = second(c.Chain("v2/papay/x").Post(bg, body))
			if strings.Contains(fmt.Sprint(err), repeated) || !strings.Contains(fmt.Sprint(err), "bad …") {
				t.Errorf("got %v", err)
			}
		}
	}
}
