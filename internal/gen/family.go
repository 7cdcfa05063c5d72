package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/wxpay-go/wxpay/catalogue"
)

type chainView struct {
	Family  *catalogue.Family
	Comment string
	Root    *node
	Nodes   []*node // all that need a type of their own
	Strconv bool
}

type structsView struct {
	Package string
	Wxpay   bool
	JSON    bool
	Structs []*structView
}

// families writes one package per family: chain.go with the path tree, a file per endpoint with its
// request and reply, and shapes.go with the shapes that several endpoints share.
func families(c *catalogue.Catalogue, out Output) error {
	for _, f := range c.Families {
		if len(chained(f)) == 0 {
			continue
		}
		if err := family(f, out); err != nil {
			return err
		}
	}
	return nil
}

func family(f *catalogue.Family, out Output) error {
	dir, source := "api/"+f.Package+"/", "catalogue/data/"+f.Name+".json"
	view, err := chain(f)
	if err != nil {
		return err
	}
	if err := out.goFile(dir+"chain.go", source, "chain.go.tmpl", view); err != nil {
		return err
	}
	s := newShapes(f.Package)
	written := map[string]bool{}
	for _, n := range view.Nodes {
		written[n.TypeName] = true
	}
	for _, o := range f.Operations {
		if err := s.operation(o); err != nil {
			return err
		}
	}
	var own []string // structs that belong to one endpoint's file
	for _, o := range f.Operations {
		structs := s.take(func(name string) bool { return strings.HasPrefix(name, o.Name) && ownedBy(f, o, name) })
		for _, v := range structs {
			own = append(own, v.Name)
		}
		if len(structs) == 0 {
			continue
		}
		path := dir + snake(o.Name) + ".go"
		if err := out.goFile(path, source, "structs.go.tmpl", structsOf(f.Package, structs)); err != nil {
			return err
		}
	}
	rest := s.take(func(name string) bool { return !slices.Contains(own, name) })
	if len(rest) > 0 {
		if err := out.goFile(dir+"shapes.go", source, "structs.go.tmpl", structsOf(f.Package, rest)); err != nil {
			return err
		}
	}
	for _, name := range s.names() {
		if written[name] {
			return fmt.Errorf("package %s: %s is both a path and a shape; rename one in the catalogue", f.Package, name)
		}
		written[name] = true
	}
	return s.values.write(out, f.Package, source, written)
}

func structsOf(pkg string, structs []*structView) structsView {
	return structsView{Package: pkg, Structs: structs, Wxpay: usesReply(structs), JSON: usesJSON(structs)}
}

func chain(f *catalogue.Family) (chainView, error) {
	for _, o := range chained(f) {
		if err := checkLeaf(o); err != nil {
			return chainView{}, err
		}
	}
	root, err := familyTree(f)
	if err != nil {
		return chainView{}, err
	}
	v := chainView{Family: f, Root: root}
	v.Comment = comment("Package "+f.Package+" is "+f.Title+", the product under "+f.Root+". "+f.Description) +
		"\n//\n" +
		comment(manners(f)) + notifications(f)
	root.each(func(n *node) {
		if !n.Bare() {
			v.Nodes = append(v.Nodes, n)
		}
		v.Strconv = v.Strconv || n.Variable != nil && n.Variable.Type == catalogue.Integer
	})
	return v, nil
}

// manners is what holds for every field of a package.
func manners(f *catalogue.Family) string {
	if f.Protocol == catalogue.ProtocolV2 {
		return "Start from [Of], or from api.V2 which gathers every product. The client fills in mch_id and sign, " +
			"which the requests therefore lack, and timestamp and nonce_str where they are empty. Amounts are " +
			"integers in fen; times are of Beijing, in the form each field names. What a field takes of a " +
			"few strings is a constant that begins with its name. A field that holds its zero value is not sent, " +
			"unless the option [wxpay.Zero] of the call names it."
	}
	return "Start from [Of], or from api.V3 which gathers every product. Amounts are integers in fen; times are RFC " +
		"3339 strings with the offset +08:00; dates are yyyy-MM-dd. What a field takes of a few strings is a " +
		"constant that begins with its name. An optional field that holds its zero value is not sent, unless the " +
		"option [wxpay.Zero] of the call names it."
}

// operation adds the structs of an endpoint.
func (s *shapes) operation(o *catalogue.Operation) error {
	about := func(name, what string) string {
		given := ""
		if what == "body" {
			given = oneOfText(o.Body)
		}
		return comment(name+" is the "+what+" of "+o.ID()+" ("+o.Title+").", o.Description, given, o.Doc)
	}
	query, body := "query", "json"
	if o.Family.Protocol == catalogue.ProtocolV2 {
		query, body = "xml", "xml"
	}
	if len(o.Query) > 0 {
		name := o.Name + "Query"
		if err := s.add(name, about(name, "query"), query, sent, &catalogue.Field{Fields: o.Query}); err != nil {
			return err
		}
	}
	if given := further(o); given != nil {
		if err := s.add(given.GoName, about(given.GoName, "body"), body, sent, given); err != nil {
			return err
		}
	}
	if o.Reply != nil {
		if err := s.add(o.ReplyName, about(o.ReplyName, "reply"), body, reply, o.Reply); err != nil {
			return err
		}
	}
	return nil
}

// ownedBy says that the struct was named after this endpoint and not after one whose name is
// longer.
func ownedBy(f *catalogue.Family, o *catalogue.Operation, name string) bool {
	for _, other := range f.Operations {
		if len(other.Name) > len(o.Name) && strings.HasPrefix(name, other.Name) {
			return false
		}
	}
	return !unicode.IsLower(rune((name + "A")[len(o.Name)]))
}

// snake names a file after a Go identifier: PreEntrustSign is pre_entrust_sign.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		upper := unicode.IsUpper(r)
		if upper && i > 0 {
			before := rune(name[i-1])
			after := i+1 < len(name) && unicode.IsLower(rune(name[i+1]))
			if unicode.IsLower(before) || unicode.IsUpper(before) && after {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
