package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/wxpay-go/wxpay"
)

// A file is one file of the repository, Go or not.
type file struct {
	name string // slash-separated, from the repository's root
	text string
}

func (f file) dir() string  { return path.Dir(f.name) }
func (f file) isGo() bool   { return strings.HasSuffix(f.name, ".go") }
func (f file) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }

// isGenerated reports the line that Go's convention sets for generated code.
func (f file) isGenerated() bool {
	return strings.Contains(f.text, "// Code generated ") && strings.Contains(f.text, " DO NOT EDIT.")
}

// source parses the file's imports and package clause.
func (f file) source(t *testing.T) *ast.File {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), f.name, f.text, parser.ImportsOnly)
	if err != nil {
		t.Fatalf("%s does not parse: %v", f.name, err)
	}
	return source
}

func imports(source *ast.File) []string {
	paths := make([]string, 0, len(source.Imports))
	for _, spec := range source.Imports {
		p, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
		paths = append(paths, p)
	}
	return paths
}

// tree reads the repository, save what git ignores and what is not text.
func tree(t *testing.T) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		switch rel = filepath.ToSlash(rel); {
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || rel == "bin"):
			return fs.SkipDir
		case !d.Type().IsRegular() || rel == "wxpay":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil || strings.ContainsRune(string(text), 0) {
			return err
		}
		files = append(files, file{rel, string(text)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
