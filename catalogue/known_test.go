package catalogue_test

import (
	"slices"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
)

func TestKnownHoldsEveryEndpointOnceAndEveryTypedOne(t *testing.T) {
	t.Parallel()
	all := catalogue.AllKnown()
	if len(all) != 1154 {
		t.Errorf("%d endpoints are known, want 1154", len(all))
	}
	ids := map[string]bool{}
	for _, k := range all {
		if ids[k.ID()] || k.Title == "" {
			t.Errorf("%s is there twice or has no title", k.ID())
		}
		ids[k.ID()] = true
	}
	for _, o := range embedded(t).Operations() {
		if !ids[o.ID()] {
			t.Errorf("%s is typed and not known", o.ID())
		}
	}
}

func TestMatchKnown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ method, path, want string }{
		{"POST", "/v3/security/echo", "POST /v3/security/echo"},
		{"POST", "/papay/querycontract", "POST /papay/querycontract"},
		{"GET", "/v3/payscore/permissions/openid/abc", "GET /v3/payscore/permissions/openid/{openid}"},
		{"GET", "/v3/ecommerce/refunds/id/a%2Fb", "GET /v3/ecommerce/refunds/id/{refund_id}"},
		{"GET", "/v3/ecommerce/refunds/id/", ""},
		{"PUT", "/v3/security/echo", ""},
		{"GET", "", ""}, {"GET", "/", ""}, {"GET", "v3", ""}, {"POST", "/v3/security/echo/", ""},
	} {
		k, found := catalogue.MatchKnown(row.method, row.path)
		if found != (row.want != "") || found && k.ID() != row.want {
			t.Errorf("%s %s: got %q %v", row.method, row.path, k.ID(), found)
		}
	}
	for _, k := range catalogue.AllKnown() {
		if got, found := catalogue.MatchKnown(k.Method, k.Path); !found || got != k {
			t.Errorf("%s is taken for %s", k.ID(), got.ID())
		}
	}
}

func TestSearchKnown(t *testing.T) {
	t.Parallel()
	found := catalogue.SearchKnown("v2/papay", "post", "解约")
	ids := []string{}
	for _, k := range found {
		ids = append(ids, k.ID())
	}
	if !slices.Equal(ids, []string{"POST /papay/deletecontract", "POST /papay/partner/deletecontract"}) {
		t.Errorf("found %v", ids)
	}
	if found[0].SDKPath() != "v2/papay/deletecontract" {
		t.Errorf("the chain writes it %s", found[0].SDKPath())
	}
}
