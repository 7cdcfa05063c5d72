package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

type indexView struct {
	Entries []indexEntry
	Presets []indexPreset
}

type indexEntry struct {
	Path    string
	Methods string
}

// indexPreset is what the catalogue knows every call of a path needs.
type indexPreset struct {
	Path    string
	Options string
}

// index writes api/index.go, the map of every path, typed or only known.
func index(c *catalogue.Catalogue, out Output) error {
	methods := map[string][]string{}
	add := func(path, method string) {
		if !slices.Contains(methods[path], method) {
			methods[path] = append(methods[path], method)
		}
	}
	for _, k := range catalogue.AllKnown() {
		add(k.SDKPath(), k.Method)
	}
	presetOf := map[string]string{}
	for _, o := range c.Operations() {
		add(o.SDKPath(), o.Method)
		if options := presets(o); options != "" {
			presetOf[o.SDKPath()] = options
		}
	}
	var v indexView
	for path, m := range methods {
		slices.Sort(m)
		v.Entries = append(v.Entries, indexEntry{path, strings.Join(m, " ")})
	}
	for _, path := range slices.Sorted(maps.Keys(presetOf)) {
		v.Presets = append(v.Presets, indexPreset{path, presetOf[path]})
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
