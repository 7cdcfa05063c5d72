package catalogue_test

import (
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
)

func TestEndpointsAreTheKnownOnesWithWhatIsDoneForThem(t *testing.T) {
	t.Parallel()
	all := embedded(t).Endpoints()
	if len(all) != len(catalogue.AllKnown()) {
		t.Errorf("%d endpoints, want the %d known ones", len(all), len(catalogue.AllKnown()))
	}
	ids, products, last := map[string]bool{}, map[string]bool{}, ""
	typed, stateful := 0, 0
	for _, e := range all {
		if ids[e.ID()] {
			t.Errorf("%s is there twice", e.ID())
		}
		ids[e.ID()] = true
		if e.Operation == nil {
			if e.Product != last && products[e.Product] {
				t.Errorf("%s: %s is not kept together", e.ID(), e.Product)
			}
			last = e.Product
			products[last] = true
		}
		if o := e.Operation; e.Typed() != (o != nil && (!o.Unsigned || o.Reply != nil || o.AnswersText())) ||
			o != nil && o.AnswersText() != (o.ID() == "POST /pay/downloadbill") {
			t.Errorf("%s: typed %v", e.ID(), e.Typed())
		}
		if e.Typed() {
			typed++
		}
		if e.Fidelity() == catalogue.FidelityStateful {
			stateful++
		}
	}
	count := catalogue.Cover(all)
	if count.Endpoints != len(all) || count.Typed != typed || count.Stateful != stateful ||
		count.PathOnly()+count.Typed != len(all) || count.NotEmulated()+count.Stateful+count.Stub != len(all) {
		t.Errorf("counted %+v", count)
	}
}

func TestSearchEndpoints(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	if found := c.SearchEndpoints("支付分", "permissions", "post"); len(found) == 0 || found[0].Typed() ||
		found[0].Fidelity() != catalogue.FidelityNone {
		t.Errorf("among those known by path: found %v", found)
	}
	// The typed ones are also found by their fields, as Search finds them.
	if found, want := c.SearchEndpoints("period_start_date"), c.Search("period_start_date"); len(want) == 0 ||
		len(found) != len(want) {
		t.Errorf("found %d by a field, want %d", len(found), len(want))
	}
}

func TestNearestKnown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ path, want string }{
		{"/v3/edu-papay/contract/presign", "/v3/edu-papay/contracts/presign"},
		{"v3/edu-papay/contracts/ids/202102285929035611", "/v3/edu-papay/contracts/id/{contract_id}"},
		{"edu-papay/contracts/presign", "/v3/edu-papay/contracts/presign"},
		{"V2/papay/QueryContracts", "/papay/querycontract"},
		{"/papay/contracts/query", ""},
		{"presgin", "/v3/edu-papay/contracts/presign"},
		{"/v3/nothing/like/it/at/all", ""},
		{"xyzzy", ""}, {"", ""}, {"/", ""}, {"//////", ""},
	} {
		got := ""
		if near := catalogue.NearestKnown(row.path, 1); len(near) > 0 {
			got = near[0].Path
		}
		if got != row.want {
			t.Errorf("%q: got %q, want %q", row.path, got, row.want)
		}
	}
	for i, k := range catalogue.AllKnown() {
		if i%25 != 0 {
			continue // each takes milliseconds
		}
		if near := catalogue.NearestKnown(k.Path, 1); len(near) == 0 || near[0].Path != k.Path {
			t.Errorf("%s is not nearest to itself: %v", k.Path, near)
		}
	}
}

func TestMistypedPathsOfAnotherMethod(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		"POST v3/edu-papay/contracts/presing":       "/v3/edu-papay/contracts/presign",
		"POST /v3/edu-papay/contracts/presign":      "",
		"GET v3/edu-papay/contracts/presign":        "",                                      // it takes POST
		"DELETE v3/edu-papay/contracts/id/12345678": "/v3/edu-papay/contracts/{contract_id}", // which takes it
		"GET v3/nothing/like/it":                    "",
	} {
		method, path, _ := strings.Cut(call, " ")
		if got, found := catalogue.Mistyped(method, path); got.Path != want || found != (want != "") {
			t.Errorf("%s: got %q, %t, want %q", call, got.Path, found, want)
		}
	}
}

func TestKnownPathsByProtocolAndMethod(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]catalogue.Protocol{
		"/papay/querycontract": catalogue.ProtocolV2, "/papay/nothing": catalogue.ProtocolV2,
		"/mmpaymkttransfers/x": catalogue.ProtocolV2,
		"/v3/papay/x":          catalogue.ProtocolV3, "/hk/v3/refunds": catalogue.ProtocolV3, "/": catalogue.ProtocolV3,
		"/favicon.ico": catalogue.ProtocolV3,
	} {
		if got := catalogue.ProtocolOf(path); got != want {
			t.Errorf("%s: got %s", path, got)
		}
	}
	for _, k := range catalogue.AllKnown() {
		if v2 := catalogue.ProtocolOf(k.Path) == catalogue.ProtocolV2; v2 != (k.SDKPath() == "v2"+k.Path) {
			t.Errorf("%s: the chain writes it %s", k.Path, k.SDKPath())
		}
	}
	if got := catalogue.KnownMethods("/v3/marketing/favor/users/o1/coupons"); len(got) != 2 || got[0] != "GET" ||
		got[1] != "POST" {
		t.Errorf("got %v", got)
	}
	if got := catalogue.KnownMethods("/v3/nothing"); got != nil {
		t.Errorf("got %v", got)
	}
}
