package house_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)\n```")

// standIns is what the snippets of README and docs name without declaring it: they are parts of a
// program that has these. A snippet that names something else does not compile.
const standIns = `
var (
	c           *wxpay.Client
	db          *sql.DB
	box         *inbox.Box
	ctx         context.Context
	err         error
	contractID  string
	org, user   string
	request     *edupapay.PresignRequest
	page        *papayv2.EntrustWebQuery
	signing     *combinepapay.PreEntrustSignRequest
	debit       *combinepapay.DebitRequest
	contracts   interface{ Signed(ctx context.Context, notificationID, contractID string) error }
)
func save(string) error
func archive(id, eventType string, plaintext []byte) error
func open(*combinepapay.DebitRequest) bool
func later(*combinepapay.DebitRequest) error
func failed(*combinepapay.DebitRequest, error) error
func alreadySigned(*wxpay.Error) error
func done(*combinepapay.DebitRequest, []combinepapay.SubOrder) error
`

// inside names pages whose snippets are parts of a package of ours, and not of its user's program.
var inside = map[string]string{"docs/adding-a-product.md": module + "/sandbox/internal/product/edupapay"}

// Every Go snippet of README, README.zh-CN and docs is type-checked, as a part of a program with
// the stand-ins or of our package it is about. It may leave values unused, as snippets do.
func TestSnippetsCompile(t *testing.T) {
	t.Parallel()
	packages, importer := library(t)
	seen := 0
	for _, f := range tree(t) {
		if path.Ext(f.name) != ".md" || f.dir() != "." && !strings.HasPrefix(f.name, "docs/") {
			continue
		}
		if path.Base(f.name) == "sdks.md" { // of modules that others wrote: TestRecipesAreTheOnesThatRun
			continue
		}
		for _, at := range goBlock.FindAllStringSubmatchIndex(f.text, -1) {
			seen++
			line := strings.Count(f.text[:at[2]], "\n") + 1
			complaints := compileSnippet(f.text[at[2]:at[3]], packages, importer, packages[inside[f.name]])
			for _, complaint := range complaints {
				t.Errorf("the snippet at %s:%d does not compile: %s", f.name, line, complaint)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d snippets were found", seen)
	}
}

func compileSnippet(snippet string, packages map[string]listed, importer types.Importer,
	host listed) (complaints []string) {
	fset := token.NewFileSet()
	var files []*ast.File
	name, stood := "snippet", standIns
	if host.ImportPath != "" {
		name, stood = path.Base(host.ImportPath), ""
		for _, file := range host.GoFiles {
			parsed, err := parser.ParseFile(fset, filepath.Join(host.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				return []string{err.Error()}
			}
			files = append(files, parsed)
		}
	}
	body := wrap(snippet, host.ImportPath != "")
	source := "package " + name + "\n" + importsFor(body+stood, packages, host.ImportPath == "") + stood + body
	parsed, err := parser.ParseFile(fset, "snippet.go", source, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	config := types.Config{Importer: importer, Error: func(err error) {
		complaint := err.Error()
		unused := strings.Contains(complaint, "declared and not used") || strings.Contains(complaint,
			"imported and not used")
		if strings.HasPrefix(complaint, "snippet.go:") && !unused && !strings.Contains(complaint,
			"missing function body") {
			complaints = append(complaints, complaint)
		}
	}}
	config.Check(name, fset, append(files, parsed), nil)
	return complaints
}

var (
	function = regexp.MustCompile(`^func (\w+)`)
	selector = regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`)
)

// wrap makes declarations of a snippet: a function stays one, under no name where the package has
// that already; a value becomes a variable's; statements become the body of a function that returns
// an error.
func wrap(snippet string, hosted bool) string {
	switch {
	case function.MatchString(snippet) && hosted:
		return function.ReplaceAllString(snippet, "func _")
	case function.MatchString(snippet):
		return snippet
	case strings.HasPrefix(snippet, "&"):
		return "var _ = " + snippet
	}
	return "func _() error {\n" + snippet + "\nreturn nil\n}"
}

// importedFrom is where packages are that snippets name by their last part.
var importedFrom = []string{"", module + "/", module + "/api/", module + "/sandbox/", module + "/sandbox/internal/",
	"net/", "database/"}

// importsFor imports by its last part every package that the source selects from; users says that
// it is of a program of theirs.
func importsFor(source string, packages map[string]listed, users bool) string {
	var lines []string
	for _, found := range selector.FindAllStringSubmatch(source, -1) {
		for _, folder := range importedFrom {
			importPath := folder + found[1]
			if found[1] == "wxpay" {
				importPath = module
			}
			if users && strings.Contains(folder, "/internal/") {
				continue // what is inside is no user's to import
			}
			if _, ok := packages[importPath]; ok {
				lines = append(lines, fmt.Sprintf("import %q\n", importPath))
				break
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}
