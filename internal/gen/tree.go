package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// node is one path segment of a family's chain, from the family's root downwards.
type node struct {
	TypeName string
	Path     string // as the chain writes it, from the start
	Name     string // Go name of the field or method that leads here
	Variable *catalogue.Field
	Arg      string // of the method, when a variable leads here
	Ops      []*catalogue.Operation
	Children []*node

	segment string
}

// familyTree arranges the family's operations by path segment.
func familyTree(f *catalogue.Family) (*node, error) {
	root := &node{Path: strings.TrimPrefix(f.Root, "/")}
	root.segment = root.Path[strings.LastIndex(root.Path, "/")+1:]
	root.Name = catalogue.GoName(root.segment)
	root.TypeName = root.Name
	for _, o := range chained(f) {
		at := root
		rest := strings.TrimPrefix(strings.TrimPrefix(o.Path, f.Root), "/")
		if rest != "" {
			for segment := range strings.SplitSeq(rest, "/") {
				at = at.child(segment, root, o)
			}
		}
		at.Ops = append(at.Ops, o)
	}
	names := map[string]string{}
	return root, root.finish(names)
}

func (n *node) child(segment string, root *node, o *catalogue.Operation) *node {
	for _, c := range n.Children {
		if c.segment == segment {
			return c
		}
	}
	c := &node{segment: segment, Path: n.Path + "/" + segment, Name: o.Family.GoSegment(segment)}
	prefix := n.TypeName
	if n == root {
		prefix = ""
	}
	c.TypeName = prefix + c.Name
	if strings.HasPrefix(segment, "{") {
		i := slices.IndexFunc(o.PathParams, func(p *catalogue.Field) bool { return "{"+p.Name+"}" == segment })
		c.Variable = o.PathParams[i]
		c.Arg = catalogue.GoVar(c.Variable.Name)
		c.TypeName = prefix + "By" + c.Name
	}
	n.Children = append(n.Children, c)
	return c
}

// finish sorts and refuses what Go could not spell.
func (n *node) finish(names map[string]string) error {
	slices.SortFunc(n.Ops, func(a, b *catalogue.Operation) int { return strings.Compare(a.Method, b.Method) })
	slices.SortFunc(n.Children, func(a, b *node) int { return strings.Compare(a.segment, b.segment) })
	members := map[string]string{}
	for _, c := range n.Children {
		if other := members[c.Name]; other != "" {
			return fmt.Errorf("%s: the segments %s and %s have the same Go name; spell one with segments in the "+
				"catalogue file", n.Path, other, c.segment)
		}
		members[c.Name] = c.segment
	}
	if !n.Bare() {
		if other := names[n.TypeName]; other != "" {
			return fmt.Errorf("the paths %s and %s have the same Go type name %s", other, n.Path, n.TypeName)
		}
		names[n.TypeName] = n.Path
	}
	for _, c := range n.Children {
		if err := c.finish(names); err != nil {
			return err
		}
	}
	return nil
}

// Bare says that the node is one endpoint and nothing else, so that its type is the leaf itself.
func (n *node) Bare() bool { return len(n.Ops) == 1 && len(n.Children) == 0 }

// Type is the node's Go type, seen from a package where the family's names need this prefix ("" or
// "edupapay.").
func (n *node) Type(prefix string) string {
	if n.Bare() {
		return leafType(n.Ops[0], prefix)
	}
	return prefix + n.TypeName
}

// New is the expression that makes the node from the bound expression b, inside the family's
// package.
func (n *node) New(b string) string {
	if n.Bare() {
		return leafNew(n.Ops[0], b)
	}
	return fmt.Sprintf("new%s(%s)", n.TypeName, b)
}

// NeedsBound says that a method of the node needs the client and the variables filled so far.
func (n *node) NeedsBound() bool {
	return slices.ContainsFunc(n.Children, func(c *node) bool { return c.Variable != nil })
}

// Receiver is the one letter of the node's methods.
func (n *node) Receiver() string { return strings.ToLower(n.TypeName[:1]) }

// Convert turns the method's argument into the text of the path.
func (n *node) Convert() string {
	if n.Variable.Type == catalogue.Integer {
		return "strconv.FormatInt(" + n.Arg + ", 10)"
	}
	return n.Arg
}

// ArgType is the Go type of the method's argument.
func (n *node) ArgType() string {
	if n.Variable.Type == catalogue.Integer {
		return "int64"
	}
	return "string"
}

// each visits the node and everything below it.
func (n *node) each(visit func(*node)) {
	visit(n)
	for _, c := range n.Children {
		c.each(visit)
	}
}

// Comment documents the field or method that leads here.
func (n *node) Comment() string {
	if n.Variable == nil {
		return comment(n.about()...)
	}
	fills := n.Name + " fills {" + n.Variable.Name + "}: " + variableText(n.Variable)
	return comment(append([]string{fills}, n.about()...)...)
}

// TypeComment documents the node's own type.
func (n *node) TypeComment() string {
	return comment(append([]string{n.TypeName + " is the path " + n.Path + "."}, n.about()...)...)
}

// about is what an editor shows of a node: its endpoints, or else where it leads.
func (n *node) about() []string {
	var lines []string
	for _, o := range n.Ops {
		lines = append(lines, operationText(o)...)
	}
	if len(lines) > 0 {
		return lines
	}
	const most = 8
	var titles []string
	more := 0
	n.each(func(below *node) {
		for _, o := range below.Ops {
			switch {
			case slices.Contains(titles, o.Title):
			case len(titles) == most:
				more++
			default:
				titles = append(titles, o.Title)
			}
		}
	})
	text := "Leads to " + strings.Join(titles, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []string{text + "."}
}

func variableText(f *catalogue.Field) string {
	text := f.Description
	if text == "" {
		text = f.Label + "."
	} else if f.Label != "" {
		text = strings.TrimSuffix(text, ".") + " (" + f.Label + ")."
	}
	return text
}
