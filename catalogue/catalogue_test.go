package catalogue_test

import (
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
)

func embedded(tb testing.TB) *catalogue.Catalogue {
	tb.Helper()
	c, err := catalogue.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestDefaultKnowsThePresign(t *testing.T) {
	t.Parallel()
	o := embedded(t).Operation("POST /v3/edu-papay/contracts/presign")
	if o == nil {
		t.Fatal("the presign is missing")
	}
	if o.Family.Package != "edupapay" || o.Success != 200 || o.Body.Field("plan_id").Type != catalogue.String {
		t.Errorf("read as %+v", o)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	for _, row := range []struct {
		method, path string
		id           string
		variable     string
		value        string
	}{
		{"GET", "/v3/edu-papay/contracts/id/wx1", "GET /v3/edu-papay/contracts/id/{contract_id}", "contract_id", "wx1"},
		{"DELETE", "/v3/edu-papay/contracts/wx1", "DELETE /v3/edu-papay/contracts/{contract_id}", "contract_id", "wx1"},
		{"DELETE", "/v3/edu-papay/contracts/presign", "DELETE /v3/edu-papay/contracts/{contract_id}", "contract_id",
			"presign"},
		{"GET", "/v3/edu-papay/user/a%2Fb/contracts", "GET /v3/edu-papay/user/{openid}/contracts", "openid", "a/b"},
		{"POST", "/v3/edu-papay/contracts/presign", "POST /v3/edu-papay/contracts/presign", "", ""},
		{"PUT", "/v3/edu-papay/contracts/presign", "", "", ""},
		{"GET", "/v3/edu-papay/user//contracts", "", "", ""},
		{"GET", "/v3/edu-papay/user/%zz/contracts", "", "", ""},
		{"POST", "/v3/edu-papay/contracts/presign/", "", "", ""},
		{"POST", "", "", "", ""},
	} {
		o, vars, found := c.Match(row.method, row.path)
		if found != (row.id != "") || found && o.ID() != row.id || vars[row.variable] != row.value {
			t.Errorf("%s %s: got %v %v %v", row.method, row.path, o, vars, found)
		}
	}
	if got := c.Methods("/v3/edu-papay/contracts/presign"); !slices.Equal(got, []string{"DELETE", "POST"}) {
		t.Errorf("methods of the presign path: %v", got)
	}
	if got := c.Methods("/v3/nowhere"); got != nil {
		t.Errorf("methods of an unknown path: %v", got)
	}
}

// embeddedFiles is the folder behind Default.
func embeddedFiles(tb testing.TB) fs.FS {
	tb.Helper()
	return os.DirFS("data")
}

// The examples are what users copy, so they obey the rules they illustrate.
func TestExamplesObeyTheirOwnRules(t *testing.T) {
	t.Parallel()
	for _, o := range embedded(t).Operations() {
		if o.Body != nil {
			if v := o.CheckBody(o.Sample()); v != nil {
				t.Errorf("%s: the sample body breaks a rule: %v\n%s", o.ID(), v, o.Sample())
			}
		}
		vars, query := map[string]string{}, url.Values{}
		for _, p := range o.PathParams {
			vars[p.Name] = plain(p.Example)
		}
		for _, q := range o.Query {
			if q.Example != nil {
				query.Set(q.Name, plain(q.Example))
			}
		}
		if v := o.CheckPath(vars); v != nil {
			t.Errorf("%s: an example breaks a rule: %v", o.ID(), v)
		}
		if v := o.CheckQuery(query); v != nil {
			t.Errorf("%s: an example breaks a rule: %v", o.ID(), v)
		}
	}
}

func plain(example json.RawMessage) string { return strings.Trim(string(example), `"`) }

func TestEveryFieldIsDescribedInEnglishAndEveryEndpointHasErrors(t *testing.T) {
	t.Parallel()
	var visit func(where string, f *catalogue.Field)
	visit = func(where string, f *catalogue.Field) {
		if f == nil {
			return
		}
		if f.Name != "" {
			where += "." + f.Name
			if f.Description == "" {
				t.Errorf("%s has no description; add one, or one for all to shared.json", where)
			}
		}
		for _, m := range f.Fields {
			visit(where, m)
		}
		visit(where, f.Items)
	}
	c := embedded(t)
	for _, o := range c.Operations() {
		for _, f := range slices.Concat(o.PathParams, o.Query, []*catalogue.Field{o.Body, o.Reply}) {
			visit(o.ID(), f)
		}
		public := []string{"PARAM_ERROR", "SIGN_ERROR", "SYSTEM_ERROR"}
		if o.Family.Protocol == catalogue.ProtocolV2 {
			public = []string{"PARAM_ERROR", "SIGN_ERROR", "SYSTEMERROR"}
		}
		for _, code := range public {
			if !slices.ContainsFunc(o.Errors, func(e catalogue.ErrorCode) bool { return e.Code == code }) {
				t.Errorf("%s lacks the public error %s", o.ID(), code)
			}
		}
	}
	for _, e := range c.Events() {
		visit(e.Type, e.Resource)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	for _, row := range []struct {
		words []string
		want  string
		count int
	}{
		{[]string{"presign"}, eduPresign, 1},
		{[]string{"教育续费通", "预签约"}, eduPresign, 1},
		{[]string{"EDUPAPAY", "delete"}, "DELETE /v3/edu-papay/contracts/{contract_id}", 2},
		{[]string{"prepay_id", "service_id"}, payRedirect, 1},
		{[]string{"no", "such", "words", "together"}, "", 0},
	} {
		found := c.Search(row.words...)
		ok := row.want == "" || slices.Contains(found, c.Operation(row.want))
		if !ok || len(found) < min(row.count, 1) || row.count == 0 && len(found) > 0 {
			t.Errorf("%v: found %d, first %v", row.words, len(found), found)
		}
	}
	if len(c.Search()) != len(c.Operations()) {
		t.Error("no words should find everything")
	}
}

func TestGoNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"edu-papay":                {"EduPapay", "eduPapay"},
		"password-exempt-contract": {"PasswordExemptContract", "passwordExemptContract"},
		"contract_id":              {"ContractID", "contractID"},
		"{contract_id}":            {"ContractID", "contractID"},
		"id":                       {"ID", "id"},
		"openid":                   {"OpenID", "openID"},
		"jsapi":                    {"JSAPI", "jsapi"},
		"out-trade-no":             {"OutTradeNo", "outTradeNo"},
		"sub_mchid":                {"SubMchID", "subMchID"},
		"pre_entrustweb_id":        {"PreEntrustWebID", "preEntrustWebID"},
		"policy-periods":           {"PolicyPeriods", "policyPeriods"},
		"ECOMMERCE_ENTRUST.SIGN":   {"EcommerceEntrustSign", "ecommerceEntrustSign"},
		"h5":                       {"H5", "h5"},
		"type":                     {"Type", "typeValue"},
		"3d":                       {"N3d", "n3d"},
		"":                         {"N", "n"},
	} {
		if got := [2]string{catalogue.GoName(name), catalogue.GoVar(name)}; got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
