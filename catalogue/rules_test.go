package catalogue_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wxpay-go/wxpay/catalogue"
)

func TestLoadRefusesWhatTheNewerKeywordsCannotMean(t *testing.T) {
	t.Parallel()
	v2 := strings.NewReplacer(`"package": "demo"`, `"package": "demo", "protocol": "v2"`, "/v3/demo", "/demo",
		`204, "fid`, `200, "reply": [], "fid`).Replace
	two := `{"name": "a", "type": "string"}, {"name": "b", "type": "string"}`
	for _, row := range []struct{ name, file, want string }{
		{"a group of one", family(two, `, "one_of": [["a"]]`), "names at least two fields"},
		{"a group of an unknown field", family(two, `, "one_of": [["a", "c"]]`), `one_of names "c"`},
		{"a group of a required field", family(strings.Replace(two, `"string"}`, `"string", "required": true}`, 1),
			`, "one_of": [["a", "b"]]`), `one_of names "a"`},
		{"a group of a string", family(`{"name": "a", "type": "string", "one_of": []}`, ""), "one_of is for objects"},
		{"other spellings of an object", family(`{"name": "a", "type": "object", "also": ["b"]}`, ""),
			"also is for plain values"},
		{"a lenient integer", family(`{"name": "a", "type": "integer", "lenient": true}`, ""),
			"lenient are for strings"},
		{"mtls in APIv3", family("", `, "mtls": true`), "sign_type, mtls and page are for APIv2"},
		{"a page that is called", v2(family("", `, "page": true`)), "a page or an unsigned call"},
		{"text that is described", v2(family("", `, "unsigned": true`)), "an unsigned POST, which answers with text, none"},
		{"an unknown protocol", strings.Replace(family("", ""), `"package"`, `"protocol": "v4", "package"`, 1),
			`"v4" is not one of`},
		{"an APIv2 path under /v3", strings.Replace(family("", ""), `"package"`, `"protocol": "v2", "package"`, 1),
			"is not one of protocol v2"},
		{"an APIv3 path elsewhere", strings.ReplaceAll(family("", ""), "/v3/demo", "/demo"),
			"is not one of protocol v3"},
		{"an object in APIv2", v2(family(`{"name": "a", "type": "object"}`, "")), "neither a string nor an integer"},
		{"an APIv3 status in APIv2", v2(family("", `, "errors": [{"http": 400, "code": "X", "meaning": "x"}]`)),
			"200 in APIv2"},
	} {
		_, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(row.file)}})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
	c, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(v2(family(two,
		`, "one_of": [["a", "b"]], "sign_type": "HMAC-SHA256"`)))}})
	if err != nil {
		t.Fatal(err)
	}
	o := c.Operation("POST /demo/things")
	if o == nil || o.SDKPath() != "v2/demo/things" || o.Family.Protocol != catalogue.ProtocolV2 ||
		o.SignType != "HMAC-SHA256" || len(o.Errors) != 0 {
		t.Errorf("read as %+v", o)
	}
}

func TestOneOf(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	o := c.Operation("POST /v3/refund/domestic/refunds")
	const body = `{"out_refund_no":"r1","amount":{"refund":1,"total":1,"currency":"CNY"}%X%}`
	for more, fine := range map[string]bool{
		``: false, `,"transaction_id":"1"`: true, `,"out_trade_no":"n1"`: true,
		`,"transaction_id":"1","out_trade_no":"n1"`: true,
	} {
		v := o.CheckBody([]byte(strings.Replace(body, "%X%", more, 1)))
		if (v == nil) != fine || v != nil && (v.Field != "/transaction_id" || !strings.Contains(v.Issue,
			"one of transaction_id, out_trade_no")) {
			t.Errorf("%q: %v", more, v)
		}
	}
	payer := c.Operation("POST /v3/pay/partner/transactions/jsapi").Body.Field("payer")
	if !slices.EqualFunc(payer.OneOf, [][]string{{"sp_openid", "sub_openid"}}, slices.Equal) {
		t.Errorf("the payer of a sub-merchant's order: %v", payer.OneOf)
	}
}

func TestEncryptedFieldsAreNamedByPointer(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	for id, want := range map[string][]string{
		"POST /v3/eduschoolpay/contracts/presign": {"/identity/real_name", "/identity/id_card_number",
			"/bank_card/bank_card_no", "/bank_card/phone"},
		"POST /v3/pay/transactions/jsapi":               {"/payer/identity/number", "/payer/identity/name"},
		"POST /v3/papay/contracts/{contract_id}/notify": nil,
	} {
		if got := c.Operation(id).EncryptedBody(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", id, got, want)
		}
	}
	if got := c.Operation("POST /v3/security/echo").EncryptedReply(); !slices.Equal(got,
		[]string{"/encrypted_echo_message"}) {
		t.Errorf("the reply of the echo: %v", got)
	}
	list, err := catalogue.Load(fstest.MapFS{"demo.json": {Data: []byte(family(
		`{"name": "people", "type": "array", "items": {"type": "object", "fields": [{"name": "phone", "type": "string", "encrypted": true}]}}`, ""))}})
	if err != nil {
		t.Fatal(err)
	}
	if got := list.Operation("POST /v3/demo/things").EncryptedBody(); !slices.Equal(got, []string{"/people/*/phone"}) {
		t.Errorf("fields of a list: %v", got)
	}
	for _, phone := range []string{`13800138000`, `["13800138000"]`, `{"a":"13800138000"}`, `true`, `""`} {
		v := list.Operation("POST /v3/demo/things").CheckBody([]byte(`{"people":[{"phone":` + phone + `}]}`))
		if v == nil || v.Value != nil && v.Value != "" || strings.Contains(v.Error(), "138") {
			t.Errorf("%s: got %+v", phone, v)
		}
	}
}

func TestCheckFields(t *testing.T) {
	t.Parallel()
	o := embedded(t).Operation("POST /papay/querycontract")
	good := map[string]string{"appid": "wxcbda96de0b165486", "mch_id": "10000098", "contract_id": "Wx1",
		"version": "1.0", "sign": "C380BEC2BFD727A4B6845133519F3AD6", "nonce_str": "x", "sign_type": "MD5", "later": ""}
	if v := o.CheckFields(good); v != nil {
		t.Fatalf("a good message: %v", v)
	}
	for _, row := range []struct{ name, field, value, at, issue string }{
		{"a required field missing", "appid", "", "appid", "required"},
		{"a constant broken", "version", "2.0", "version", "must be one of 1.0"},
		{"too long", "contract_id", strings.Repeat("x", 33), "contract_id", "bytes long"},
		{"neither the id nor the code", "contract_id", "", "contract_id", "one of contract_id, contract_code"},
		{"a word for a number", "plan_id", "plan", "plan_id", "must be an integer"},
		{"an emoji", "contract_code", "😀", "contract_code", "4-byte"},
		{"one too many", "later", "x", "later", "no such field"},
	} {
		fields := maps.Clone(good)
		fields[row.field] = row.value
		v := o.CheckFields(fields)
		if v == nil || v.Field != row.at || !strings.Contains(v.Issue, row.issue) {
			t.Errorf("%s: %v", row.name, v)
		}
	}
	page := embedded(t).Operation("GET /papay/entrustweb")
	if v := page.CheckFields(map[string]string{"appid": "wx1"}); v == nil || v.Field != "mch_id" {
		t.Errorf("a page without its fields: %v", v)
	}
	if v := page.CheckFields(map[string]string{"nonce_str": "x", "a": "b"}); v == nil || len(v.Unknown) != 2 ||
		v.Message != "不识别的参数a" {
		t.Errorf("a page with others: %v", v)
	}
}
