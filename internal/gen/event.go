package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// events writes api/event: one struct per event type. Several products may send the same type with
// other members; the type alone does not tell which one did, so the struct holds the members of
// all, none of them required.
func events(c *catalogue.Catalogue, out Output) error {
	byType := map[string][]*catalogue.Event{}
	var types []string
	for _, e := range c.Events() {
		if byType[e.Type] == nil {
			types = append(types, e.Type)
		}
		byType[e.Type] = append(byType[e.Type], e)
	}
	slices.Sort(types)
	constants, taken := values{}, map[string]bool{}
	for _, t := range types {
		name := catalogue.GoName(t)
		object := &catalogue.Field{Type: catalogue.Object}
		for _, e := range byType[t] {
			merged, err := merge(t, object.Fields, e.Resource.Fields)
			if err != nil {
				return err
			}
			object.Fields = merged
		}
		s := newShapes("event")
		s.values = constants
		tag := "json"
		if byType[t][0].Family.Protocol == catalogue.ProtocolV2 {
			tag = "xml"
		}
		if err := s.add(name, eventComment(name, byType[t]), tag, received, object); err != nil {
			return err
		}
		s.structs[name].Event = t
		var files []string
		for _, e := range byType[t] {
			files = append(files, "catalogue/data/"+e.Family.Name+".json")
		}
		for _, name := range s.names() {
			taken[name] = true
		}
		all := s.take(func(string) bool { return true })
		path := "api/event/" + strings.ToLower(strings.ReplaceAll(t, ".", "_")) + ".go"
		if err := out.goFile(path, strings.Join(files, " and "), "structs.go.tmpl",
			structsOf("event", all)); err != nil {
			return err
		}
	}
	if err := constants.write(out, "event", "catalogue/data", taken); err != nil {
		return err
	}
	return out.goFile("api/event/event.go", "catalogue/data", "event.go.tmpl", types)
}

func eventComment(name string, events []*catalogue.Event) string {
	lines := []string{name + " is the notification " + events[0].Type + ", decrypted."}
	for _, e := range events {
		lines = append(lines, e.Family.Title+": "+e.Description+" ("+e.Title+")")
	}
	return comment(lines...)
}

// merge joins the members of two resources. What only some products send is optional; the same name
// must mean the same type.
func merge(event string, a, b []*catalogue.Field) ([]*catalogue.Field, error) {
	var all []*catalogue.Field
	for _, f := range a {
		all = append(all, optional(f))
	}
	for _, f := range b {
		i := slices.IndexFunc(all, func(x *catalogue.Field) bool { return x.Name == f.Name })
		if i < 0 {
			all = append(all, optional(f))
			continue
		}
		old := all[i]
		if old.Type != f.Type || old.Items != nil && old.Items.Type != f.Items.Type {
			return nil, fmt.Errorf("event %s: %s has type %s in one product and %s in another", event, f.Name, old.Type,
				f.Type)
		}
		var err error
		switch {
		case f.Type == catalogue.Object:
			old.Fields, err = merge(event, old.Fields, f.Fields)
		case f.Type == catalogue.Array && f.Items.Type == catalogue.Object:
			old.Items.Fields, err = merge(event, old.Items.Fields, f.Items.Fields)
		case f.Enum != nil && old.Enum != nil:
			for _, v := range f.Enum {
				if !slices.Contains(old.Enum, v) {
					old.Enum = append(slices.Clip(old.Enum), v)
				}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// optional copies a field without what only one product promises. Nested shapes are named after the
// event, not after the product's own type, so that two products cannot clash.
func optional(f *catalogue.Field) *catalogue.Field {
	c := *f
	c.Required, c.GoName = false, ""
	c.Fields = nil
	for _, m := range f.Fields {
		c.Fields = append(c.Fields, optional(m))
	}
	if f.Items != nil {
		c.Items = optional(f.Items)
	}
	return &c
}
