package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// hub is a path segment above the families' roots: v3, v3/ecommerce.
type hub struct {
	Name     string
	Comment  string // of the field that leads here
	Path     string
	TypeName string
	Package  string // of the family whose root is here, when it is one alone
	Root     string // Go type of that root
	Parts    []part // of the families whose root is here, when they are several
	Children []*hub

	families []*catalogue.Family
	prefix   string // of the types below
}

// part is what one of several families with the same root puts there.
type part struct {
	Package, Var string
	Members      []partMember
}

type partMember struct{ Comment, Name, Type string }

type gatherView struct {
	Packages []string
	Hubs     []*hub // all that need a type of their own
}

// gather writes api/api.go: V3, the tree that holds every family where its path says.
func gather(c *catalogue.Catalogue, out Output) error {
	v := gatherView{}
	tops := map[catalogue.Protocol]*hub{
		catalogue.ProtocolV3: {Name: "V3", Path: "v3", TypeName: "V3Tree", prefix: ""},
		catalogue.ProtocolV2: {Name: "V2", Path: "v2", TypeName: "V2Tree", prefix: "V2"},
	}
	for _, f := range c.Families {
		if len(chained(f)) == 0 {
			continue
		}
		at := tops[f.Protocol]
		for segment := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(f.Root, "/v3"), "/"), "/") {
			at = at.child(segment)
		}
		at.families = append(at.families, f)
		v.Packages = append(v.Packages, f.Package)
	}
	v.Packages = append(v.Packages, "leaf")
	slices.Sort(v.Packages)
	for _, protocol := range []catalogue.Protocol{catalogue.ProtocolV3, catalogue.ProtocolV2} {
		if err := tops[protocol].settle(); err != nil {
			return err
		}
		tops[protocol].each(func(h *hub) {
			slices.SortFunc(h.Children, func(a, b *hub) int { return strings.Compare(a.Path, b.Path) })
			if !h.Leaf() {
				v.Hubs = append(v.Hubs, h)
			}
		})
	}
	return out.goFile("api/api.go", "catalogue/data", "api.go.tmpl", v)
}

func (h *hub) child(segment string) *hub {
	path := h.Path + "/" + segment
	for _, c := range h.Children {
		if c.Path == path {
			return c
		}
	}
	c := &hub{Name: catalogue.GoName(segment), Path: path}
	c.prefix = h.prefix + c.Name
	c.TypeName = c.prefix
	h.Children = append(h.Children, c)
	return c
}

// settle turns the families gathered at each hub into what the templates need.
func (h *hub) settle() error {
	for _, f := range h.families {
		root, err := familyTree(f)
		if err != nil {
			return err
		}
		if len(h.families) == 1 {
			h.Package, h.Root, h.Comment = f.Package, root.Type(f.Package+"."), familyComment(f)
			break
		}
		p := part{Package: f.Package, Var: f.Package + "Root"}
		if len(root.Ops) > 0 || root.NeedsBound() {
			return fmt.Errorf("%s: the root %s has an endpoint or a variable of its own, so no other family can "+
				"have it too", f.Name, f.Root)
		}
		for _, c := range root.Children {
			if slices.ContainsFunc(h.Parts, func(p part) bool {
				return slices.ContainsFunc(p.Members, func(m partMember) bool { return m.Name == c.Name })
			}) {
				return fmt.Errorf("%s: another family of the root %s has %s too", f.Name, f.Root, c.segment)
			}
			p.Members = append(p.Members, partMember{c.Comment(), c.Name, c.Type(f.Package + ".")})
		}
		h.Parts = append(h.Parts, p)
	}
	for _, c := range h.Children {
		if err := c.settle(); err != nil {
			return err
		}
	}
	if h.Comment == "" {
		h.Comment = comment("Leads to " + strings.Join(h.titles(), ", ") + ".")
	}
	return nil
}

// titles are the products below.
func (h *hub) titles() []string {
	var all []string
	h.each(func(below *hub) {
		for _, f := range below.families {
			all = append(all, f.Title)
		}
	})
	return all
}

func (h *hub) each(visit func(*hub)) {
	visit(h)
	for _, c := range h.Children {
		c.each(visit)
	}
}

// Leaf says that a family starts here and nothing else does, so that the type is the family's own.
func (h *hub) Leaf() bool { return h.Package != "" && len(h.Children) == 0 }

// Type is the Go type of the field that leads here.
func (h *hub) Type() string {
	if h.Leaf() {
		return h.Root
	}
	return h.TypeName
}

// New is the expression that makes it from the client c.
func (h *hub) New() string {
	if h.Leaf() {
		return h.Package + ".Of(c)"
	}
	return "new" + h.TypeName + "(c)"
}

// Embedded is the field name of the family's root inside a hub that has more children.
func (h *hub) Embedded() string {
	name := h.Root[strings.LastIndex(h.Root, ".")+1:]
	name, _, _ = strings.Cut(name, "[")
	return name
}
