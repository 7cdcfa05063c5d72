package catalogue_test

import (
	"slices"
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
		{"DELETE", "/v3/edu-papay/contracts/presign", "DELETE /v3/edu-papay/contracts/{contract_id}", "contract_id", "presign"},
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
