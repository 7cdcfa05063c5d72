package catalogue

import (
	"cmp"
	"slices"
	"strings"
)

// Endpoint is one of WeChat Pay's endpoints with what this module does for it. The command line's
// list and docs/fidelity.md are both made of these, so they cannot disagree.
type Endpoint struct {
	Known                // Title and Product are the operation's and its family's where there is one
	Operation *Operation // nil when the endpoint is known by path only
}

// Typed says whether the typed chain has it. Every other one is reached by its path.
func (e Endpoint) Typed() bool { return e.Operation != nil && e.Operation.Typed() }

// Fidelity says how the sandbox treats it.
func (e Endpoint) Fidelity() Fidelity {
	if e.Operation == nil {
		return FidelityNone
	}
	return e.Operation.Fidelity
}

// Typed says whether the typed chain has the endpoint: all but the downloads of APIv3, which are
// checked against a hash.
func (o *Operation) Typed() bool { return !o.Unsigned || o.Reply != nil || o.AnswersText() }

// AnswersText says whether a success is text in place of fields, as a bill of APIv2 is. Such an
// endpoint is unsigned and describes no reply.
func (o *Operation) AnswersText() bool {
	return o.Unsigned && o.Reply == nil && o.Family.Protocol == ProtocolV2
}

// Endpoints lists every known endpoint: first those of the catalogue, family by family, then those
// known by path only, product by product.
func (c *Catalogue) Endpoints() []Endpoint {
	var all []Endpoint
	for _, o := range c.Operations() {
		all = append(all, Endpoint{Known{o.Method, o.Path, o.Family.Title, o.Title}, o})
	}
	rest := len(all)
	turn := map[string]int{"": len(loadKnown())} // those without a product come last
	for _, k := range loadKnown() {
		if c.Operation(k.ID()) != nil {
			continue
		}
		if _, seen := turn[k.Product]; !seen {
			turn[k.Product] = len(turn)
		}
		all = append(all, Endpoint{Known: k})
	}
	slices.SortStableFunc(all[rest:], func(a, b Endpoint) int { return cmp.Compare(turn[a.Product], turn[b.Product]) })
	return all
}

// SearchEndpoints finds the endpoints that match every word, without regard to case, in the method,
// path, product or title, and where they are typed in what [Catalogue.Search] looks at as well. No
// words means every endpoint.
func (c *Catalogue) SearchEndpoints(words ...string) []Endpoint {
	all := c.Endpoints()
	if len(words) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(e Endpoint) bool {
		haystack := strings.ToLower(strings.Join([]string{e.Method, e.SDKPath(), e.Product, e.Title}, "\n"))
		if e.Operation != nil {
			haystack += "\n" + e.Operation.words()
		}
		return !matchesAll(haystack, words)
	})
}

// Coverage counts endpoints by what this module does for them.
type Coverage struct {
	Endpoints int // all of them
	Typed     int // on the typed chain
	Stateful  int // played by the sandbox with state
	Stub      int // answered by the sandbox with a fixed reply
}

// PathOnly is how many the typed chain lacks.
func (c Coverage) PathOnly() int { return c.Endpoints - c.Typed }

// NotEmulated is how many the sandbox lacks.
func (c Coverage) NotEmulated() int { return c.Endpoints - c.Stateful - c.Stub }

// Cover counts.
func Cover(list []Endpoint) Coverage {
	count := Coverage{Endpoints: len(list)}
	for _, e := range list {
		if e.Typed() {
			count.Typed++
		}
		switch e.Fidelity() {
		case FidelityStateful:
			count.Stateful++
		case FidelityStub:
			count.Stub++
		}
	}
	return count
}
