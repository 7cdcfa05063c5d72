package catalogue

import (
	_ "embed" // the list of endpoints
	"slices"
	"strings"
	"sync"
)

//go:embed known.tsv
var knownText string

// Known is an endpoint of WeChat Pay of which little more than its address is known: the typed ones
// are Operations.
type Known struct {
	Method  string // upper case
	Path    string // as on the wire, with {variables}: "/v3/papay/…", and "/papay/…" for APIv2
	Product string // official name of the product, Chinese; empty when no page names one
	Title   string // official title, Chinese
}

// ID is the method and the path, as of an Operation.
func (k Known) ID() string { return k.Method + " " + k.Path }

// SDKPath is the path as the chain and the index write it: without the leading slash, and with v2/
// before APIv2 paths.
func (k Known) SDKPath() string { return sdkPath(k.Path) }

func sdkPath(path string) string {
	if isV3(path) {
		return path[1:]
	}
	return "v2" + path
}

// isV3 tells a known path's protocol; APIv3 across the border begins with /hk/v3/ or /global/v3/.
func isV3(path string) bool {
	return strings.HasPrefix(path, "/v3/") || strings.HasPrefix(path, "/hk/v3/") || strings.HasPrefix(path,
		"/global/v3/")
}

var loadKnown = sync.OnceValue(func() []Known {
	var all []Known
	for line := range strings.Lines(knownText) {
		if columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(columns) == 4 {
			all = append(all, Known{columns[0], columns[1], columns[2], columns[3]})
		}
	}
	return all
})

// AllKnown lists every endpoint of WeChat Pay that is known by address, typed or not, ordered by
// path.
func AllKnown() []Known { return slices.Clone(loadKnown()) }

// MatchKnown finds what a request is meant for among all known endpoints, preferring plain segments
// to variables. A client that calls an endpoint the sandbox lacks can so be told apart from one
// that mistypes.
func MatchKnown(method, escapedPath string) (Known, bool) {
	best, score := Known{}, -1
	for _, k := range loadKnown() {
		if k.Method == method {
			if n := likeness(k.Path, escapedPath); n > score {
				best, score = k, n
			}
		}
	}
	return best, score >= 0
}

// KnownMethods lists the methods that this path is known to take, sorted; none means that the path
// is unknown.
func KnownMethods(escapedPath string) []string {
	var methods []string
	for _, k := range loadKnown() {
		if !slices.Contains(methods, k.Method) && likeness(k.Path, escapedPath) >= 0 {
			methods = append(methods, k.Method)
		}
	}
	slices.Sort(methods)
	return methods
}

var startsOfV2 = sync.OnceValue(func() map[string]bool {
	starts := map[string]bool{}
	for _, k := range loadKnown() {
		if !isV3(k.Path) {
			starts[firstSegment(k.Path)] = true
		}
	}
	return starts
})

// ProtocolOf tells how a path is spoken to, known or not: APIv2's are those that start as a known
// APIv2 path does.
func ProtocolOf(path string) Protocol {
	if !isV3(path) && startsOfV2()[firstSegment(path)] {
		return ProtocolV2
	}
	return ProtocolV3
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// likeness counts the plain segments that the path shares with the pattern; -1 means that it does
// not match.
func likeness(pattern, path string) int {
	if strings.Count(pattern, "/") != strings.Count(path, "/") {
		return -1
	}
	same := 0
	for pattern != "" {
		var want, got string
		want, pattern, _ = strings.Cut(pattern[1:], "/")
		got, path, _ = strings.Cut(path[1:], "/")
		if pattern != "" {
			pattern, path = "/"+pattern, "/"+path
		}
		switch {
		case want == got:
			same++
		case !strings.HasPrefix(want, "{") || got == "":
			return -1
		}
	}
	return same
}

// SearchKnown finds the known endpoints that match every word, without regard to case, in the
// method, path, product or title.
func SearchKnown(words ...string) []Known {
	var found []Known
	for _, k := range loadKnown() {
		if matchesAll(strings.ToLower(strings.Join([]string{k.Method, k.SDKPath(), k.Product, k.Title}, "\n")), words) {
			found = append(found, k)
		}
	}
	return found
}
