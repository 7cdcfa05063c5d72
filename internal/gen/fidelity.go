package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

type fidelityView struct {
	Families []familyFidelity
	All      catalogue.Coverage
}

type familyFidelity struct {
	*catalogue.Family
	catalogue.Coverage
	Fields []fieldFidelity
}

// fieldFidelity is one endpoint's fields by where they come from.
type fieldFidelity struct {
	ID                        string
	Doc, Seen, Spec, Inferred string
}

// fidelity writes docs/fidelity.md: what is typed, what the sandbox plays, and how sure every fact
// is. Its Chinese twin ends before the tables of the products, which are the same in any language.
func fidelity(c *catalogue.Catalogue, out Output) error {
	endpoints := c.Endpoints()
	v := fidelityView{All: catalogue.Cover(endpoints)}
	for _, f := range c.Families {
		own := slices.DeleteFunc(slices.Clone(endpoints), func(e catalogue.Endpoint) bool {
			return e.Operation == nil ||
				e.Operation.Family != f
		})
		ff := familyFidelity{Family: f, Coverage: catalogue.Cover(own)}
		for _, o := range f.Operations {
			by := map[catalogue.Source][]string{}
			for _, p := range slices.Concat(o.PathParams, o.Query) {
				by[p.Source] = append(by[p.Source], "`"+p.Name+"`")
			}
			collect(by, "", o.Body)
			collect(by, "→ ", o.Reply)
			ff.Fields = append(ff.Fields, row(o.Method+" "+o.Path, by))
		}
		for _, e := range f.Events {
			by := map[catalogue.Source][]string{}
			collect(by, "", e.Resource)
			ff.Fields = append(ff.Fields, row(e.Type, by))
		}
		v.Families = append(v.Families, ff)
	}
	for page, template := range map[string]string{
		"docs/fidelity.md":    "fidelity.md.tmpl",
		"docs/zh/fidelity.md": "fidelity.zh.md.tmpl",
	} {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, template, v); err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
		out[page] = b.Bytes()
	}
	return nil
}

func row(id string, by map[catalogue.Source][]string) fieldFidelity {
	list := func(s catalogue.Source) string { return strings.Join(by[s], " ") }
	return fieldFidelity{id, list(catalogue.SourceDoc), list(catalogue.SourceSeen), list(catalogue.SourceSpec),
		list(catalogue.SourceInferred)}
}

// collect names the members of a body or reply; nested ones are named with their parent only when
// their source differs.
func collect(by map[catalogue.Source][]string, mark string, object *catalogue.Field) {
	if object == nil {
		return
	}
	var visit func(prefix string, parent catalogue.Source, f *catalogue.Field)
	visit = func(prefix string, parent catalogue.Source, f *catalogue.Field) {
		name := prefix + f.Name
		if f.Source != parent {
			by[f.Source] = append(by[f.Source], mark+"`"+name+"`")
		}
		members := f.Fields
		if f.Items != nil {
			members = f.Items.Fields
		}
		for _, m := range members {
			visit(name+".", f.Source, m)
		}
	}
	for _, f := range object.Fields {
		visit("", "", f)
	}
}
