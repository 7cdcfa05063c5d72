package catalogue_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
)

const (
	eduPresign     = "POST /v3/edu-papay/contracts/presign"
	combinePresign = "POST /v3/ecommerce/combine-papay/contracts/pre-entrust-sign"
	payRedirect    = "POST /v3/password-exempt-contract/contracts/ecommerce/pre-entrust-sign/pay-redirect-sign"
	jsapi          = "POST /v3/pay/transactions/jsapi"
	creditRepay    = "POST /v3/credit-repayment/partner/deduct-orders"
)

// bodies are the requests of the three core endpoints, an order and a repayment, as the documents
// give them.
var bodies = map[string]string{
	creditRepay:    `{"contract_id":"1","out_record_id":"r1","out_trade_no":"t1","deduct_amount":"10000","description":"tea","notify_url":"https://yourapp.com/pay"}`,
	eduPresign:     `{"appid":"wx8888888888888888","openid":"oUpF8uMuAJOM2pxb1Q","plan_id":"101164396123311331","user_id":"20200330tony","period_start_date":"2020-03-19","trade_scene":"EDUCATION_PERIOD"}`,
	combinePresign: `{"appid":"wxd678efh567hg6787","plan_id":12535,"out_contract_code":"wxwtdk20200910100000","contract_display_account":"微信代扣用户A","notify_url":"https://yourapp.com/notify","return_app":true}`,
	payRedirect:    `{"appid":"wxd678efh567hg6787","service_id":12535,"out_contract_code":"wxwtdk20200910100000","notify_url":"https://yourapp.com/notify","contract_display_account":"微信代扣用户A","prepay_id":"wx201410272009395522657a690389285100","openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}`,
	jsapi:          `{"appid":"wxd678efh567hg6787","mchid":"1230000109","description":"tea","out_trade_no":"1217752501","amount":{"total":100,"currency":"CNY"},"notify_url":"https://yourapp.com/pay","payer":{"openid":"oUpF8"}}`,
}

func TestCheckBody(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	for id, body := range bodies {
		if v := c.Operation(id).CheckBody([]byte(body)); v != nil {
			t.Errorf("%s: the documented body is refused: %v", id, v)
		}
	}
	for _, row := range []struct{ name, id, old, new, field, issue string }{
		{"a required field missing", eduPresign, `"appid":"wx8888888888888888",`, ``, "/appid", "required"},
		{"a nested field missing", jsapi, `"total":100,`, ``, "/amount/total", "required"},
		{"null", eduPresign, `"20200330tony"`, `null`, "/user_id", "null is not allowed"},
		{"plan_id as a string where an integer is due", combinePresign, `12535`, `"12535"`, "/plan_id",
			"must be an integer, not a string"},
		{"plan_id as an integer where a string is due", eduPresign, `"101164396123311331"`, `101164396123311331`,
			"/plan_id", "must be a string, not a number"},
		{"a fraction", combinePresign, `12535`, `12535.5`, "/plan_id", "without fraction or exponent"},
		{"a zero fraction", combinePresign, `12535`, `12535.0`, "/plan_id", "without fraction or exponent"},
		{"an exponent", combinePresign, `12535`, `1e2`, "/plan_id", "without fraction or exponent"},
		{"zero where at least one is due", jsapi, `"total":100`, `"total":0`, "/amount/total", "at least 1"},
		{"beyond 64 bits", combinePresign, `12535`, `99999999999999999999`, "/plan_id", "64 bits"},
		{"text beyond 64 bits", creditRepay, `"10000"`, `"9223372036854775808"`, "/deduct_amount", "64 bits"},
		{"text that is no number", creditRepay, `"10000"`, `"+1"`, "/deduct_amount", "decimal digits"},
		{"a leading zero", combinePresign, `12535`, `012535`, "/plan_id", "malformed"},
		{"a string for a boolean", combinePresign, `"return_app":true`, `"return_app":"true"`, "/return_app",
			"must be a boolean, not a string"},
		{"a list for an object", jsapi, `{"openid":"oUpF8"}`, `[]`, "/payer", "must be an object, not an array"},
		{"too long", eduPresign, `20200330tony`, strings.Repeat("x", 33), "/user_id",
			"must be 1 to 32 bytes long, is 33"},
		{"too long in bytes", combinePresign, `微信代扣用户A`, strings.Repeat("微", 11), "/contract_display_account",
			"must be 1 to 32 bytes long, is 33"},
		{"empty", eduPresign, `20200330tony`, ``, "/user_id", "must be 1 to 32 bytes long, is 0"},
		{"a pattern broken", combinePresign, `wxwtdk20200910100000`, `wx_1`, "/out_contract_code", "must match"},
		{"an unknown constant", eduPresign, `EDUCATION_PERIOD`, `EDUCATION`, "/trade_scene",
			"must be one of EDUCATION_PERIOD"},
		{"an emoji", combinePresign, `微信代扣用户A`, `😀`, "/contract_display_account", "4-byte"},
		{"an escaped emoji", combinePresign, `微信代扣用户A`, `\ud83d\ude00`, "/contract_display_account", "4-byte"},
		{"an emoji in a name", combinePresign, `"return_app"`, `"😀"`, "", "4-byte"},
		{"invalid UTF-8", combinePresign, `微信代扣用户A`, "\xff", "/contract_display_account", "not valid UTF-8"},
		{"a line feed in a string", eduPresign, `20200330tony`, "a\nb", "/user_id", "malformed"},
		{"an unknown field", eduPresign, `"user_id"`, `"nickname":"x","user_id"`, "/nickname", "no such field"},
		{"an unknown field with a slash", eduPresign, `"user_id"`, `"a/b~c":"x","user_id"`, "/a~1b~0c",
			"no such field"},
		{"a field twice", eduPresign, `"user_id"`, `"appid":"x","user_id"`, "/appid", "given twice"},
		{"day 29", eduPresign, `2020-03-19`, `2020-03-29`, "/period_start_date", "day 1 to 28"},
		{"day 31", eduPresign, `2020-03-19`, `2020-03-31`, "/period_start_date", "day 1 to 28"},
		{"30 February", eduPresign, `2020-03-19`, `2020-02-30`, "/period_start_date", "a date that exists"},
		{"another date format", eduPresign, `2020-03-19`, `2020/03/19`, "/period_start_date", "yyyy-MM-dd"},
		{"http", combinePresign, `https://yourapp.com/notify`, `http://yourapp.com/notify`, "/notify_url",
			"must use https"},
		{"a query", combinePresign, `https://yourapp.com/notify`, `https://yourapp.com/notify?a=1`, "/notify_url",
			"query string"},
		{"an empty query", combinePresign, `https://yourapp.com/notify`, `https://yourapp.com/notify?`, "/notify_url",
			"query string"},
		{"a fragment", combinePresign, `https://yourapp.com/notify`, `https://yourapp.com/notify#a`, "/notify_url",
			"fragment"},
		{"no path", combinePresign, `https://yourapp.com/notify`, `https://yourapp.com`, "/notify_url",
			"must have a path"},
		{"no host", combinePresign, `https://yourapp.com/notify`, `/notify`, "/notify_url", "absolute"},
		{"a password", combinePresign, `https://yourapp.com/notify`, `https://u:p@yourapp.com/notify`, "/notify_url",
			"user name"},
		{"a long address", combinePresign, `https://yourapp.com/notify`, `https://yourapp.com/` +
			strings.Repeat("n", 237), "/notify_url", "is 257"},
		{"something after the end", eduPresign, `"EDUCATION_PERIOD"}`, `"EDUCATION_PERIOD"}}`, "",
			"goes on after the end"},
		{"a comma too many", eduPresign, `"EDUCATION_PERIOD"}`, `"EDUCATION_PERIOD",}`, "", "malformed"},
		{"cut off", eduPresign, `"EDUCATION_PERIOD"}`, `"EDUCATION_`, "/trade_scene", "malformed"},
	} {
		body := strings.Replace(bodies[row.id], row.old, row.new, 1)
		if body == bodies[row.id] {
			t.Fatalf("%s: the row changes nothing", row.name)
		}
		v := c.Operation(row.id).CheckBody([]byte(body))
		if v == nil || v.Field != row.field || !strings.Contains(v.Issue, row.issue) ||
			v.Location != catalogue.LocationBody {
			t.Errorf("%s: got %v, want %s: %s", row.name, v, row.field, row.issue)
		}
	}
	for _, body := range []string{"", " ", "[]", `"x"`, "null", "{", "x"} {
		if v := c.Operation(eduPresign).CheckBody([]byte(body)); v == nil || v.Field != "" {
			t.Errorf("the body %q: %v", body, v)
		}
	}
}

func TestCheckBodyAccepts(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	for _, row := range []struct{ name, id, old, new string }{
		{"32 bytes", combinePresign, `微信代扣用户A`, strings.Repeat("微", 10) + "ab"},
		{"escaped characters", combinePresign, `微信代扣用户A`, `\u5fae\"\\\/\n`},
		{"a loopback receiver under development", combinePresign, `https://yourapp.com/notify`,
			`http://127.0.0.1:8080/notify`},
		{"localhost", combinePresign, `https://yourapp.com/notify`, `http://localhost/notify`},
		{"IPv6 loopback", combinePresign, `https://yourapp.com/notify`, `http://[::1]:8080/notify`},
		{"white space", eduPresign, `{"appid":`, " {\r\n\t\"appid\" : "},
		{"a first debit in the past", eduPresign, `2020-03-19`, `1999-12-28`},
		{"an optional field", eduPresign, `"user_id"`, `"sub_mchid":"1900000109","user_id"`},
	} {
		body := strings.Replace(bodies[row.id], row.old, row.new, 1)
		if v := c.Operation(row.id).CheckBody([]byte(body)); v != nil {
			t.Errorf("%s: %v", row.name, v)
		}
	}
	noBody := c.Operation("GET /v3/certificates")
	for body, fine := range map[string]bool{"": true, "{}": true, " {} ": true, "{\"a\":1}": false, "x": false} {
		if v := noBody.CheckBody([]byte(body)); (v == nil) != fine {
			t.Errorf("an endpoint without a body, sent %q: %v", body, v)
		}
	}
}

func TestCheckQueryAndPath(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	list := c.Operation("GET /v3/edu-papay/user/{openid}/contracts")
	for _, row := range []struct{ query, field, issue string }{
		{"appid=wx1&plan_id=1", "", ""},
		{"appid=wx1&plan_id=1&limit=20&offset=0&contract_status=DELETE", "", ""},
		{"plan_id=1", "appid", "required"},
		{"appid=&plan_id=1", "appid", "1 to 32 bytes"},
		{"appid=wx1&appid=wx1&plan_id=1", "appid", "given twice"},
		{"appid=wx1&plan_id=1&openid=o1", "openid", "the path has it already"},
		{"appid=wx1&plan_id=1&limit=ten", "limit", "must be an integer"},
		{"appid=wx1&plan_id=1&limit=1.0", "limit", "must be an integer"},
		{"appid=wx1&plan_id=1&offset=-1", "offset", "at least 0"},
		{"appid=wx1&plan_id=1&contract_status=ALL", "contract_status", "must be one of ADD, DELETE"},
		{"appid=wx1&plan_id=1&status=ADD", "status", "no such query parameter"},
		{"appid=%F0%9F%98%80&plan_id=1", "appid", "4-byte"},
		{"appid=%FF&plan_id=1", "appid", "not valid UTF-8"},
	} {
		query, err := url.ParseQuery(row.query)
		if err != nil {
			t.Fatal(err)
		}
		v := list.CheckQuery(query)
		if row.issue == "" && v == nil {
			continue
		}
		if v == nil || v.Field != row.field || !strings.Contains(v.Issue, row.issue) ||
			v.Location != catalogue.LocationQuery {
			t.Errorf("%s: got %v, want %s: %s", row.query, v, row.field, row.issue)
		}
	}
	query := c.Operation(
		"GET /v3/ecommerce/combine-papay/contracts/plan-id/{plan_id}/out-contract-code/{out_contract_code}")
	if v := query.CheckPath(map[string]string{"plan_id": "12535", "out_contract_code": "wx1"}); v != nil {
		t.Error(v)
	}
	if v := query.CheckPath(map[string]string{"plan_id": "x", "out_contract_code": "wx1"}); v == nil ||
		v.Field != "plan_id" || v.Location != catalogue.LocationURL {
		t.Errorf("a word for an integer in the path: %v", v)
	}
	if v := query.CheckPath(map[string]string{"plan_id": "1"}); v == nil || v.Field != "out_contract_code" {
		t.Errorf("an empty path variable: %v", v)
	}
}

func TestCheckReplyIgnoresDeclaredLengths(t *testing.T) {
	t.Parallel()
	o := embedded(t).Operation(eduPresign)
	if v := o.CheckReply([]byte(`{"presign_token":"` + strings.Repeat("0", 42) + `"}`)); v != nil {
		t.Errorf("the official sample's length is refused: %v", v)
	}
	for _, body := range []string{`{}`, `{"presign_token":1}`, `{"presign_token":"a","x":1}`, ``} {
		if o.CheckReply([]byte(body)) == nil {
			t.Errorf("the reply %s is accepted", body)
		}
	}
}

// FuzzCheckBody checks the validator's own JSON reader against encoding/json: what is accepted is
// JSON, and an object.
func FuzzCheckBody(f *testing.F) {
	for _, body := range bodies {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"amount":{"total":-0,"currency":"\u0043NY"}}`))
	c := embedded(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		for id := range bodies {
			if v := c.Operation(id).CheckBody(body); v != nil {
				if v.Issue == "" || v.Location != catalogue.LocationBody {
					t.Fatalf("a violation without an issue: %+v", v)
				}
				if _, err := json.Marshal(v); err != nil {
					t.Fatalf("the violation does not marshal: %v", err)
				}
				continue
			}
			var object map[string]any
			if err := json.Unmarshal(body, &object); err != nil {
				t.Fatalf("%s accepts what is no JSON object: %v", id, err)
			}
			for _, m := range c.Operation(id).Body.Fields {
				if _, given := object[m.Name]; m.Required && !given {
					t.Fatalf("%s accepts a body without %s", id, m.Name)
				}
			}
		}
	})
}

func BenchmarkCheckBody(b *testing.B) {
	o := embedded(b).Operation(eduPresign)
	body := []byte(bodies[eduPresign])
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if v := o.CheckBody(body); v != nil {
			b.Fatal(v)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	c := embedded(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := c.Match("GET", "/v3/edu-papay/user/oUpF8uMuAJOM2pxb1Q/contracts"); !ok {
			b.Fatal("not found")
		}
	}
}
