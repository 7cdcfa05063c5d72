package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/wxpay-go/wxpay/catalogue"
)

// generated is what the catalogue is made into, by file.
func generated(t *testing.T) (*catalogue.Catalogue, map[string][]byte) {
	t.Helper()
	c, err := catalogue.Default()
	if err != nil {
		t.Fatal(err)
	}
	out, err := Generate(c)
	if err != nil {
		t.Fatal(err)
	}
	return c, out
}

// Whatever a chain is written through, the editor shows what it is, by its Chinese name too.
func TestEveryStepOfAChainIsExplained(t *testing.T) {
	t.Parallel()
	_, out := generated(t)
	steps := 0
	for name, source := range out {
		if name != "api/api.go" && !strings.HasSuffix(name, "/chain.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		explained := func(step string, doc *ast.CommentGroup) {
			steps++
			if !strings.ContainsFunc(doc.Text(), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s: nothing explains %s: %q", name, step, doc.Text())
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil && n.Name.IsExported() {
					explained(n.Name.Name, n.Doc)
				}
			case *ast.StructType:
				for _, f := range n.Fields.List {
					if len(f.Names) > 0 && f.Names[0].IsExported() {
						explained(f.Names[0].Name, f.Doc)
					}
				}
			}
			return true
		})
	}
	if steps < 200 {
		t.Errorf("only %d steps were seen", steps)
	}
}

// A product's package doc names what it notifies of.
func TestPackageDocsNameNotifications(t *testing.T) {
	t.Parallel()
	c, out := generated(t)
	for _, e := range c.Events() {
		doc, _, _ := strings.Cut(string(out["api/"+e.Family.Package+"/chain.go"]), "\npackage ")
		if len(chained(e.Family)) > 0 && (!strings.Contains(doc, e.Type+" (event."+catalogue.GoName(e.Type)+")") ||
			!strings.Contains(doc, e.Title)) {
			t.Errorf("package %s does not name %s", e.Family.Package, e.Type)
		}
	}
}

// Every text that a field is held to has a constant, for the editor to complete.
func TestEnumerationsAreConstants(t *testing.T) {
	t.Parallel()
	c, out := generated(t)
	var visit func(in string, f *catalogue.Field)
	visit = func(in string, f *catalogue.Field) {
		if f == nil {
			return
		}
		for _, text := range f.Enum {
			if f.Type == catalogue.String && !hidden(reply, f.Name) && !strings.Contains(in, strconv.Quote(text)+"\n") {
				t.Errorf("%s has no constant %s", f.Name, text)
			}
		}
		visit(in, f.Items)
		for _, member := range f.Fields {
			visit(in, member)
		}
	}
	for _, o := range c.Operations() {
		if !o.Typed() {
			continue
		}
		in := string(out["api/"+o.Family.Package+"/values.go"])
		visit(in, o.Body)
		visit(in, &catalogue.Field{Fields: o.Query})
		if !o.Page {
			visit(in, o.Reply)
		}
	}
	for _, e := range c.Events() {
		visit(string(out["api/event/values.go"]), e.Resource)
	}
}
