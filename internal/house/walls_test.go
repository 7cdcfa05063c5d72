package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// products are the contract products that the sandbox plays, and the orders, by what the
// names of their files begin with. A file that begins with none of these is of the
// ground they all stand on.
var products = map[string][]string{
	"combine-papay":    {"combinepapay"},
	"credit-repayment": {"credit"},
	"edu-papay":        {"edupapay"},
	"eduschoolpay":     {"eduschoolpay"},
	"global-papay":     {"globalpapay"},
	"insurance":        {"insurance"},
	"offline-face":     {"offlineface"},
	"papay": {"papay.", "papaydebit", "papaynotice", "papaysign", "papayxml", "pagesigned",
		"scheduleddeduct"},
	"password-exempt": {"passwordexempt"},
	"orders":          {"transactions", "combineorders", "withcontract", "refundcalls", "platformrefunds"},
}

func productOf(file string) string {
	for product, beginnings := range products {
		if slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(file, b) }) {
			return product
		}
	}
	return ""
}

// hollow imports packages with nothing in them.
type hollow struct{}

func (hollow) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, filepath.Base(path))
	pkg.MarkComplete()
	return pkg, nil
}

// use is a name of one product's that another uses.
type use struct{ where, name, of string }

// crossings finds them in a package of which only the names of its own matter.
func crossings(t *testing.T, dir string) (out []use) {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: hollow{}, Error: func(error) {}} // of what is imported nothing is known
	pkg, _ := config.Check("sandbox", fset, files, info)
	file := func(pos token.Pos) string { return filepath.Base(fset.Position(pos).Filename) }
	for id, obj := range info.Uses {
		if obj.Pkg() != pkg {
			continue
		}
		user, of := productOf(file(id.Pos())), productOf(file(obj.Pos()))
		if user != "" && of != "" && user != of {
			out = append(out, use{fset.Position(id.Pos()).String(), id.Name, of})
		}
	}
	return out
}

// A product knows the ground and no other product: what two of them share is lifted out.
func TestProductsDoNotKnowEachOther(t *testing.T) {
	t.Parallel()
	for _, u := range crossings(t, filepath.Join("..", "..", "sandbox")) {
		t.Errorf("%s uses %s of %s: move what both need to the ground", u.where, u.name, u.of)
	}
}

// The test above sees what it is to see.
func TestACrossingIsSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"edupapay.go":  "package sandbox\n\ntype call struct{}\n\nfunc (c *call) mine() {}\n\nvar ours = 1\n",
		"insurance.go": "package sandbox\n\nfunc f(c *call) int {\n\tc.mine()\n\treturn ours\n}\n",
		"ground.go":    "package sandbox\n\nfunc g(c *call) { c.mine() }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := crossings(t, dir); len(got) != 3 {
		t.Errorf("got %v, want the type, the method and the variable", got)
	}
}
