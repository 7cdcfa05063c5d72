package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What the admin lists of the journal. A value of a filter that no call can have is refused, and so
// is the code of a refusal that nobody knows.

// journalFilters are read in this order.
var journalFilters = []struct {
	name string
	read func(*admin, string) (func(*ledger.Exchange) bool, error)
}{
	{"method", (*admin).byMethod}, {"path", (*admin).byPath}, {"status", (*admin).byStatus}, {"code", (*admin).byCode},
	{"mchid", (*admin).byMchID}, {"refused", (*admin).byRefused}, {"since", (*admin).bySince},
}

// journalQuery names what a look at the journal takes.
func journalQuery() []string {
	names := []string{"after", "newest"}
	for _, f := range journalFilters {
		names = append(names, f.name)
	}
	return names
}

func (a *admin) exchanges(r *http.Request) (any, error) {
	query := r.URL.Query()
	after, newest := int64(0), 100
	for name, set := range map[string]func(int64){"after": func(n int64) { after = n },
		"newest": func(n int64) { newest = int(n) }} {
		if v := query.Get(name); v != "" {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || n < 0 {
				return nil, badCall("%s must be a number from 0", name)
			}
			set(n)
		}
	}
	wants, err := a.wantedExchanges(query)
	if err != nil {
		return nil, err
	}
	found, err := a.front.Journal.Look(r.Context(), after, newest, wants)
	if err != nil {
		return nil, err
	}
	if code := query.Get("code"); code != "" && !slices.Contains(found.Codes, code) && !a.knownCode(code) {
		return nil, badCall("nothing is refused with the code %s; in the journal there are %s", shown.Value(code),
			orNone(found.Codes))
	}
	return journalShown{append([]ledger.Exchange{}, found.List...), found.Journal}, nil
}

// journalShown is what the admin answers: exchanges, and which journal they are numbered in.
type journalShown struct {
	Data    []ledger.Exchange `json:"data"`
	Journal string            `json:"journal"`
}

// wantedExchanges are those that pass every filter, nil for all.
func (a *admin) wantedExchanges(query url.Values) (func(*ledger.Exchange) bool, error) {
	var all []func(*ledger.Exchange) bool
	for _, f := range journalFilters {
		if !query.Has(f.name) {
			continue
		}
		wants, err := f.read(a, query.Get(f.name))
		if err != nil {
			return nil, err
		}
		all = append(all, wants)
	}
	if all == nil {
		return nil, nil
	}
	return func(x *ledger.Exchange) bool {
		return !slices.ContainsFunc(all, func(wants func(*ledger.Exchange) bool) bool { return !wants(x) })
	}, nil
}

func (a *admin) byMethod(v string) (func(*ledger.Exchange) bool, error) {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodHead, http.MethodOptions, http.MethodConnect}
	if v = strings.ToUpper(v); !slices.Contains(methods, v) {
		return nil, badCall("method is one of %s", strings.Join(methods, ", "))
	}
	return func(x *ledger.Exchange) bool { return x.Method == v }, nil
}

// byPath takes a path of the catalogue or of a call, in which * and {name} stand for any segment, and
// a last * for all that follow.
func (a *admin) byPath(v string) (func(*ledger.Exchange) bool, error) {
	if v == "" || strings.ContainsAny(v, " ?#") || strings.Contains(v, "://") {
		return nil, badCall("path is one such as /v3/papay/contracts/{contract_id} or /v3/papay/*, without a host " +
			"or a query")
	}
	want := "/" + strings.TrimPrefix(v, "/")
	return func(x *ledger.Exchange) bool {
		path, _, _ := strings.Cut(x.URI, "?")
		_, known, _ := strings.Cut(x.Operation, " ")
		for _, want := range []string{want, strings.TrimPrefix(want, "/v2")} { // as the SDK names those of APIv2
			if armed.MatchPath(want, path) || known != "" && armed.MatchPath(want, known) {
				return true
			}
		}
		return false
	}, nil
}

func (a *admin) byStatus(v string) (func(*ledger.Exchange) bool, error) {
	class, ok := strings.CutSuffix(v, "xx")
	n, err := strconv.Atoi(class)
	switch {
	case err != nil:
	case ok && n >= 1 && n <= 5:
		return func(x *ledger.Exchange) bool { return x.Status/100 == n }, nil
	case !ok && (n == 0 || n >= 100 && n <= 599):
		return func(x *ledger.Exchange) bool { return x.Status == n }, nil
	}
	return nil, badCall("status is a number such as 404, a class such as 4xx, or 0 for what was cut off")
}

func (a *admin) byCode(v string) (func(*ledger.Exchange) bool, error) {
	return func(x *ledger.Exchange) bool { return x.Code == v }, nil
}

// knownCode says whether the catalogue has a code of refusals.
func (a *admin) knownCode(code string) bool {
	for _, op := range a.engine.Catalogue.Operations() {
		for _, e := range op.Errors {
			if e.Code == code {
				return true
			}
		}
	}
	return false
}

func (a *admin) byMchID(v string) (func(*ledger.Exchange) bool, error) {
	known := map[string]bool{}
	for _, m := range a.engine.Registry.All() {
		known[m.MchID] = true
	}
	if !known[v] {
		return nil, badCall("there is no merchant %s; there are %s", shown.Value(v),
			orNone(slices.Sorted(maps.Keys(known))))
	}
	return func(x *ledger.Exchange) bool { return x.MchID == v }, nil
}

func (a *admin) byRefused(v string) (func(*ledger.Exchange) bool, error) {
	if v != "true" && v != "false" {
		return nil, badCall("refused is true or false")
	}
	return func(x *ledger.Exchange) bool {
		return (v == "true") == (x.Code != "" || x.Status == 0 || x.Status >= http.StatusBadRequest)
	}, nil
}

// bySince goes by the sandbox's clock, which dates the journal.
func (a *admin) bySince(v string) (func(*ledger.Exchange) bool, error) {
	from, err := time.Parse(time.RFC3339, v)
	if err != nil {
		ago, bad := time.ParseDuration(v)
		if bad != nil || ago < 0 {
			return nil, badCall(`since is a Go duration such as "10m", or a time of RFC 3339 such as ` +
				`"2020-09-10T10:00:00+08:00"`)
		}
		from = a.Clock().Now().Add(-ago)
	}
	return func(x *ledger.Exchange) bool { return !x.At.Before(from) }, nil
}

// orNone is a list in a sentence.
func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
