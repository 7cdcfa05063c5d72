package house_test

import (
	"encoding/json"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// listed is what go list says of a package: Export is where its compiled declarations are.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// compiled lists the root module's packages and all they import, and testing for the docs' tests.
var compiled = sync.OnceValues(func() (map[string]listed, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", "./...", "testing")
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %v\n%s", err, stderr.String())
	}
	found := map[string]listed{}
	for in := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := in.Decode(&p); err == io.EOF {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		found[p.ImportPath] = p
	}
})

// library gives every package of ours, and how to import it and what it imports.
func library(t *testing.T) (map[string]listed, types.Importer) {
	t.Helper()
	tree(t) // so that go test runs this again when any file changes
	packages, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return packages, importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		p, ok := packages[path]
		if !ok {
			return nil, fmt.Errorf("no package %s", path)
		}
		return os.Open(p.Export)
	})
}
