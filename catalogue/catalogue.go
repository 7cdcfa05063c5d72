// Package catalogue says once what every WeChat Pay endpoint of the contract family looks like: its
// method and path, the fields of its path, query, body and reply with their limits, its error
// codes, and the notifications it leads to.
//
// Everything else is told from it: the typed chain under api/ and its doc comments are generated
// from it, the sandbox routes and validates with it, the command line searches it. The entries are
// JSON files under data/, one per product family, in a closed vocabulary: a keyword the loader does
// not know is an error, so a typing mistake cannot silently weaken a rule.
//
// Most programs never import this package. Import it to build a tool that needs to know endpoints:
// a linter, a proxy, a mock.
//
// It knows nothing of a client or a sandbox. Start reading at [Operation] (family.go), for how the
// files are read at [Load], and for what a program has of them at [Default].
package catalogue

import (
	"strings"
	"sync"
)

var loadDefault = sync.OnceValues(func() (*Catalogue, error) { return unpack(packed) })

// Default is the catalogue compiled into the module. It is read once per process; treat it as
// read-only, it is shared.
func Default() (*Catalogue, error) { return loadDefault() }

// Catalogue holds every known endpoint. It is safe for concurrent use and is never changed after
// loading.
type Catalogue struct {
	Families []*Family // ordered by name

	byID   map[string]*Operation
	routes *route
}

// Operation finds an endpoint by its id, "POST /v3/edu-papay/contracts/presign", or returns nil.
func (c *Catalogue) Operation(id string) *Operation { return c.byID[id] }

// Operations lists every endpoint, family by family, in the order of the catalogue files.
func (c *Catalogue) Operations() []*Operation {
	var all []*Operation
	for _, f := range c.Families {
		all = append(all, f.Operations...)
	}
	return all
}

// Events lists every notification of every family. One event type may appear once per family that
// sends it.
func (c *Catalogue) Events() []*Event {
	var all []*Event
	for _, f := range c.Families {
		all = append(all, f.Events...)
	}
	return all
}

// Event finds the notification a family sends under this event type, or returns nil.
func (f *Family) Event(eventType string) *Event {
	for _, e := range f.Events {
		if e.Type == eventType {
			return e
		}
	}
	return nil
}

// Search finds the endpoints that match every word, without regard to case, in the method, path, Go
// name, package, official title, or the names and labels of their fields. No words means every
// endpoint.
func (c *Catalogue) Search(words ...string) []*Operation {
	all := c.Operations()
	if len(words) == 0 {
		return all
	}
	var found []*Operation
	for _, o := range all {
		if matchesAll(o.words(), words) {
			found = append(found, o)
		}
	}
	return found
}

func matchesAll(haystack string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(haystack, strings.ToLower(w)) {
			return false
		}
	}
	return true
}
