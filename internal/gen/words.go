package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// pathWords writes words.go, the literal parts of all known paths: labels of metrics have no other.
func pathWords(c *catalogue.Catalogue, out Output) error {
	words := map[string]bool{}
	add := func(path string) {
		for part := range strings.SplitSeq(path, "/") {
			if !strings.Contains(part, "{") && part != "" {
				words[part] = true
			}
		}
	}
	for _, k := range catalogue.AllKnown() {
		add(k.SDKPath())
	}
	for _, o := range c.Operations() {
		add(o.SDKPath())
	}
	var lines []string
	line := ""
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if len(line)+len(word) > 95 {
			lines, line = append(lines, line), ""
		}
		line += word + " "
	}
	return out.goFile("words.go", "catalogue/data", "words.go.tmpl", append(lines, strings.TrimSuffix(line, " ")))
}
