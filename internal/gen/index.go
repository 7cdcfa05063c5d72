package main

import (
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

type indexView struct {
	Entries []indexEntry
}

type indexEntry struct {
	Path    string
	Methods string
}

// index writes api/index.go, the map of every path.
func index(c *catalogue.Catalogue, out Output) error {
	methods := map[string][]string{}
	for _, o := range c.Operations() {
		methods[o.SDKPath()] = append(methods[o.SDKPath()], o.Method)
	}
	var v indexView
	for path, m := range methods {
		slices.Sort(m)
		v.Entries = append(v.Entries, indexEntry{path, strings.Join(m, " ")})
	}
	slices.SortFunc(v.Entries, func(a, b indexEntry) int { return strings.Compare(a.Path, b.Path) })
	if err := out.goFile("api/index.go", "catalogue/data", "index.go.tmpl", v); err != nil {
		return err
	}
	if err := out.goFile("api/entry.go", "internal/gen/templates/entry.go.tmpl", "entry.go.tmpl", nil); err != nil {
		return err
	}
	return out.goFile("api/unknown.go", "internal/gen/templates/unknown.go.tmpl", "unknown.go.tmpl", nil)
}
