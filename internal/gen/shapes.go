package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// structView is one Go struct to be written.
type structView struct {
	Name    string
	Comment string
	Reply   bool // embeds wxpay.Reply
	Fields  []fieldView
	Event   string // the event type it decodes, for notifications

	from *catalogue.Field
}

type fieldView struct {
	Comment, Name, Type, Tag string
	Also                     []string // other spellings that decoding accepts
}

// Spellings are the fields that sources spell in several ways. Those of a whole event are read by
// package notify, for what embeds an event would inherit its method.
func (v *structView) Spellings() []fieldView {
	if v.Event != "" {
		return nil
	}
	var all []fieldView
	for _, f := range v.Fields {
		if len(f.Also) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// Zero is how Go writes that the field holds nothing.
func (f fieldView) Zero() string {
	switch f.Type {
	case "string", "Text":
		return `""`
	case "bool":
		return "false"
	}
	return "0"
}

// use says which way a struct travels; it decides what its comments promise.
type use int

const (
	sent     use = iota // a request or query, held to the declared limits
	reply               // the top of a reply: embeds wxpay.Reply
	received            // a notification, or an object inside a reply
)

// shapes collects the structs of one package: each name is written once, and must mean one shape.
type shapes struct {
	pkg     string
	structs map[string]*structView
	order   []string
	values  values
}

func newShapes(pkg string) *shapes {
	return &shapes{pkg: pkg, structs: map[string]*structView{}, values: values{}}
}

// add writes the struct of an object and of the objects inside. The tag is "json" or "query".
func (s *shapes) add(name, about, tag string, as use, object *catalogue.Field) error {
	if old := s.structs[name]; old != nil {
		if !reflect.DeepEqual(old.from.Fields, object.Fields) || old.Reply != (as == reply) {
			return fmt.Errorf("package %s: the type %s would have two shapes", s.pkg, name)
		}
		return nil
	}
	v := &structView{Name: name, Comment: about, Reply: as == reply, from: object}
	s.structs[name] = v
	s.order = append(s.order, name)
	for _, f := range object.Fields {
		if tag == "xml" && hidden(as, f.Name) {
			continue
		}
		goType, err := s.typeOf(name, as, f)
		if err != nil {
			return err
		}
		about := fieldComment(f, as)
		if constants := s.values.add(name, f); constants != "" {
			about += "\n" + comment("Its constants begin with "+constants+".")
		}
		optional := ""
		if !f.Required || f.Type == catalogue.Array || tag == "xml" {
			optional = ",omitempty"
		}
		if f.Type == catalogue.Object && !f.Required && goType != "json.RawMessage" {
			goType = "*" + goType
		}
		tags := fmt.Sprintf("%s:\"%s%s\"", tag, f.Name, optional)
		if len(f.Also) > 0 { // package notify asks
			tags += fmt.Sprintf(" also:%q", strings.Join(f.Also, ","))
		}
		v.Fields = append(v.Fields, fieldView{about, catalogue.GoName(f.Name), goType, "`" + tags + "`", f.Also})
	}
	return nil
}

// hidden members of APIv2 messages are the client's business: it fills them in, checks them, or
// makes an error of them.
func hidden(as use, name string) bool {
	switch name {
	case "sign":
		return true
	case "mch_id":
		return as == sent
	case "return_code", "return_msg", "result_code", "err_code", "err_code_des", "nonce_str":
		return as == reply
	}
	return false
}

func (s *shapes) typeOf(owner string, as use, f *catalogue.Field) (string, error) {
	switch f.Type {
	case catalogue.String:
		if f.Lenient {
			return "Text", nil
		}
		return "string", nil
	case catalogue.Integer:
		return "int64", nil
	case catalogue.Number:
		return "float64", nil
	case catalogue.Boolean:
		return "bool", nil
	case catalogue.Array:
		item := *f.Items
		item.Name = f.Name
		if item.Description == "" {
			item.Description, item.Label = f.Description, f.Label
		}
		element, err := s.typeOf(owner, as, &item)
		return "[]" + element, err
	}
	if len(f.Fields) == 0 {
		return "json.RawMessage", nil
	}
	name := f.GoName
	if name == "" {
		name = owner + catalogue.GoName(f.Name)
	}
	if as == reply {
		as = received
	}
	about := f.Description
	if about == "" {
		about = f.Label + "."
	}
	return name, s.add(name, comment(name+" is the object "+f.Name+".", about, oneOfText(f)), "json", as, f)
}

// take removes the structs of these names and of nothing else, in the order they were added.
func (s *shapes) take(keep func(name string) bool) []*structView {
	var taken []*structView
	for _, name := range s.order {
		if v := s.structs[name]; v != nil && keep(name) {
			taken = append(taken, v)
		}
	}
	return taken
}

// uses says whether any struct needs encoding/json.
func usesJSON(structs []*structView) bool {
	return slices.ContainsFunc(structs, func(v *structView) bool {
		return len(v.Spellings()) > 0 || slices.ContainsFunc(v.Fields, func(f fieldView) bool {
			return strings.Contains(f.Type, "json.")
		})
	})
}

func usesReply(structs []*structView) bool {
	return slices.ContainsFunc(structs, func(v *structView) bool { return v.Reply })
}

func (s *shapes) names() []string { return slices.Sorted(maps.Keys(s.structs)) }
