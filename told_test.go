package wxpay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

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
		"capitals, sealed":     {map[string]any{"real_name": "ANN"}, "ANN", sealed},
		"a small one, sealed":  {map[string]any{"real_name": "sealed"}, "sealed", sealed},
		"trimmed":              {map[string]any{"openid": payer + "\n"}, payer, nil},
		"a trimmed query":      {nil, payer, wxpay.Query("openid", payer+" ")},
		"a trimmed variable":   {nil, payer, wxpay.Path("id", " "+payer)},
		"escaped as HTML":      {map[string]any{"a": "张三 & 李四"}, `张三 \u0026 李四`, nil},
		"escaped in a string":  {map[string]any{"a": `{"b":"张三\t李四"}`}, `张三\\t李四`, nil},
		"as it was written":    {`{"a":"\u5f20\u4e09\u674e"}`, `\u5f20\u4e09\u674e`, nil},
		"quotes":               {map[string]any{"a": `a "b"`}, `a \"b\"`, nil},
		"all as units":         {map[string]any{"a": "张三李四😀"}, `\u5F20\u4e09\u674e\u56db\ud83d\ude00`, nil},
		"units, twice":         {map[string]any{"a": "张三李四"}, `\\u5F20\\u4e09\\u674e\\u56db`, nil},
		"as Go quotes":         {map[string]any{"a": "张\x01\u200b李四"}, `张\x01\u200b李四`, nil},
		"as Go quotes bytes":   {map[string]any{"a": "张三"}, `\xe5\xbc\xa0\xe4\xb8\x89`, nil},
		"escaped slashes":      {map[string]any{"a": "甲/乙/丙"}, `甲\/乙\/丙`, nil},
		"small percents":       {nil, `%e5%bc%a0%e4%b8%89`, wxpay.Query("name", "张三")},
		"percents, twice":      {map[string]any{"a": "张三 & 李四"}, `%25E5%25bc%25a0%25E4%25B8%2589+%2526+李四`, nil},
		"as HTML": {map[string]any{"a": "O'Brien <三> & 李"}, `O&#39;Brien &lt;&#x4e09;&gt; &amp; &#26446;`,
			nil},
		"as HTML, twice":  {map[string]any{"a": "张三 & 李四"}, `张三 &amp;amp; 李四`, nil},
		"after a percent": {map[string]any{"a": "41abcdef"}, `41abcdef`, nil},
	} {
		c := clientOver(t, func(*http.Request) (*http.Response, error) {
			says, _ := json.Marshal(map[string]any{"code": "PARAM_ERROR", "message": "参数 " + row.repeated + " 错误 100%" +
				row.repeated,
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
		"line\noOPENID123456", "<plain>", long, "SECRET1" + strings.Repeat("n", 1<<15)} {
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

// In whatever order a value was escaped three times over, and whatever stands beside it that can be
// read in many ways.
func TestEveryOrderOfEscapes(t *testing.T) {
	t.Parallel()
	const value = "oUpF8uMu"
	escaped := func(format string) func(string) string {
		return func(s string) (out string) {
			for i := range len(s) {
				out += fmt.Sprintf(format, s[i])
			}
			return out
		}
	}
	ways := []func(string) string{escaped(`\u%04x`), escaped("%%%02X"), escaped("&#%d;")}
	const beside = `a+b%2Bc%25%32%42\u0026#43;&#37;2B&amp;#x25;\u0025\u0032\u0042%5Cu0026&#92;u0025+%26%2343;&#38;#43; `
	for i := range len(ways) * len(ways) * len(ways) {
		repeated := ways[i%3](ways[i/3%3](ways[i/9](value)))
		says, err := json.Marshal(map[string]string{"code": "X", "message": beside + repeated + " 尾"})
		if err != nil {
			t.Fatal(err)
		}
		c := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(400, string(says)), nil })
		text := second(c.Chain("v3/x").Post(bg, map[string]string{"openid": value})).Error()
		if strings.Contains(text, repeated[len(repeated)/2:][:20]) || !strings.Contains(text, "… 尾") {
			t.Errorf("order %d: %.300s", i, text)
		}
	}
}

// A value that is escaped, in whatever way and over again, is not readable in an error.
func FuzzWhatIsRepeated(f *testing.F) {
	f.Add("张三\n<李四>", "bc")
	f.Add("+86 138%2F", "fedc")
	f.Add(`C:\new&amp;"`, "ee")
	f.Add("😀', \x7f41", "d")
	escapes := map[byte]func(rune) string{
		'b': func(r rune) string { return strings.ReplaceAll(url.QueryEscape(string(r)), "%2F", "%2f") },
		'c': func(r rune) string { return html.EscapeString(string(r)) },
		'd': func(r rune) string {
			if unicode.IsControl(r) { // HTML has no numbers for these
				return string(r)
			}
			return fmt.Sprintf("&#x%X;", r)
		},
		'e': func(r rune) string {
			quoted := strconv.QuoteToASCII(string(r))
			return quoted[1 : len(quoted)-1]
		},
		'f': func(r rune) string {
			var b strings.Builder
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
			return b.String()
		},
	}
	f.Fuzz(func(t *testing.T, value, ways string) {
		value = "oA1b" + strings.ToValidUTF8(value, "") + "2Cd3"
		repeated := value
		for i := range min(len(ways), 3) { // as often as is looked for
			if way := escapes[ways[i]]; way != nil {
				var b strings.Builder
				for _, r := range repeated {
					b.WriteString(way(r))
				}
				repeated = b.String()
			}
		}
		by := transport(func(*http.Request) (*http.Response, error) { return nil, errors.New(repeated + " is bad") })
		err := second(clientAt(t, "https://api.example", by).Chain("v3/x").Post(bg, map[string]string{"a": value}))
		if text := err.Error(); len(repeated) < 200 && !strings.Contains(text, ": … is bad") {
			t.Errorf("%q as %q: %s", value, repeated, text)
		}
	})
}
