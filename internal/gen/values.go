package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// values are the constants of one package: of every field that takes one of a few strings, each
// string.
type values map[string]*valuesView // by what the names begin with

type valuesView struct {
	Field string // as the wire spells it
	texts []string
	names []string // of the strings
}

// Name is the constant of a string.
func (v *valuesView) Name(text string) string { return v.names[slices.Index(v.texts, text)] }

// Texts are in the order of the catalogue.
func (v *valuesView) Texts() []string { return v.texts }

// add takes in the strings of a field of an object, and gives what their names begin with. A name
// of one word, such as type or state, says little: the object's goes before it.
func (v values) add(owner string, f *catalogue.Field) (prefix string) {
	texts, of := f.Enum, f.Type
	if f.Items != nil {
		texts, of = f.Items.Enum, f.Items.Type
	}
	if len(texts) == 0 || of != catalogue.String {
		return ""
	}
	prefix = catalogue.GoName(f.Name)
	if !strings.Contains(f.Name, "_") && f.Name != "currency" && f.Name != "version" {
		prefix = owner + prefix
	}
	group := v[prefix]
	if group == nil {
		group = &valuesView{Field: f.Name}
		v[prefix] = group
	}
	for _, text := range texts {
		if !slices.Contains(group.texts, text) {
			group.texts = append(group.texts, text)
		}
	}
	return prefix
}

// name names the constants. Of CONTRACT_STATE_INVALID in contract_state the last word is enough,
// unless another text has it.
func (v *valuesView) name(prefix string) {
	v.names = make([]string, len(v.texts))
	own := catalogue.GoName(v.Field)
	for i, text := range v.texts {
		v.names[i] = prefix + afterName(catalogue.GoName(text))
	}
	for i, text := range v.texts {
		short, stutters := strings.CutPrefix(catalogue.GoName(text), own)
		if short = prefix + short; stutters && short != prefix && !slices.Contains(v.names, short) {
			v.names[i] = short
		}
	}
}

// afterName drops what GoName puts before a digit, which may stand inside a name.
func afterName(name string) string {
	if rest := strings.TrimPrefix(name, "N"); rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return rest
	}
	return name
}

// write makes the package's file of constants. taken are the package's other names.
func (v values) write(out Output, pkg, source string, taken map[string]bool) error {
	if len(v) == 0 {
		return nil
	}
	view := struct {
		Package string
		Groups  []*valuesView
	}{Package: pkg}
	for _, prefix := range slices.Sorted(maps.Keys(v)) {
		group := v[prefix]
		group.name(prefix)
		for _, name := range group.names {
			if taken[name] {
				return fmt.Errorf("package %s: %s is both a value of %s and something else", pkg, name, group.Field)
			}
			taken[name] = true
		}
		view.Groups = append(view.Groups, group)
	}
	return out.goFile("api/"+pkg+"/values.go", source, "values.go.tmpl", view)
}
