package sandbox

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// adminRoute is one admin call: what it takes, and what it does.
type adminRoute struct {
	query []string     // names of the parameters it takes
	body  reflect.Type // a struct, whose members are those it takes
	run   func(r *http.Request, raw []byte) (any, error)
	// asIs answers have keys in them because that is what the call is for, or none since they were
	// written down without.
	asIs bool
	// page answers a browser that asks for HTML, nil where there is none. Where it fails it has
	// written nothing, and the call is answered as any other.
	page func(w http.ResponseWriter, r *http.Request) error
	most int64 // bytes that its body may have; 0: as a call's
}

// matching is the pattern for the mux: an address that ends in a slash is that address alone.
func matching(pattern string) string {
	if strings.HasSuffix(pattern, "/") {
		return pattern + "{$}"
	}
	return pattern
}

// takes is a call whose body has the members of B, and no others.
func takes[B any](do func(*http.Request, *B) (any, error)) adminRoute {
	return adminRoute{body: reflect.TypeFor[B](), run: func(r *http.Request, raw []byte) (any, error) {
		body := new(B)
		if err := readMembers(raw, body); err != nil {
			return nil, err
		}
		return do(r, body)
	}}
}

// bare is a call without a body; {} passes for none.
func bare(do func(*http.Request) (any, error)) adminRoute {
	return takes(func(r *http.Request, _ *struct{}) (any, error) { return do(r) })
}

// silent is a bare call that has nothing to answer.
func silent(do func() error) adminRoute {
	return bare(func(*http.Request) (any, error) { return nil, do() })
}

// asking lets a call take query parameters as well.
func (a adminRoute) asking(query ...string) adminRoute {
	a.query = query
	return a
}

// answeringAsIs is a call whose answers are not searched for keys.
func (a adminRoute) answeringAsIs() adminRoute {
	a.asIs = true
	return a
}

// upTo is a call whose body may have so many bytes.
func (a adminRoute) upTo(most int64) adminRoute {
	a.most = most
	return a
}

// checkAddress checks what stands in the URL: the variables of the pattern are ids, and the query
// has only what the call takes, each once.
func (a adminRoute) checkAddress(pattern string, r *http.Request) error {
	for _, part := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			if name = strings.TrimSuffix(name, "}"); !shown.IsText(r.PathValue(name)) {
				return badCall("the {%s} of the path is no id: it holds a control character or is not UTF-8", name)
			}
		}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badCall("the query string is malformed")
	}
	for name, values := range query {
		if !slices.Contains(a.query, name) {
			return badCall("this call takes no query parameter %q%s", shown.Value(name), didYouMean(name, a.query))
		}
		if len(values) > 1 {
			return badCall("the query parameter %s is given twice", name)
		}
	}
	return nil
}
