// Elsewhere type-checks both modules for every system they are meant for, without cgo. It says the
// same as six builds as far as our own code is concerned, in seconds: of what we depend on it reads
// the declarations alone, and it writes nothing. script/check builds for real.
//
// It imports nothing of this module. Start reading at main.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const module = "github.com/wxpay-go/wxpay"

// systems are those that script/check builds for, too.
var systems = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

func main() {
	wrong := false
	for _, system := range systems {
		goos, goarch, _ := strings.Cut(system, "/")
		if err := check(goos, goarch); err != nil {
			fmt.Fprintf(os.Stderr, "%s:\n%v\n", system, err)
			wrong = true
		}
	}
	if wrong {
		os.Exit(1)
	}
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	ImportMap       map[string]string
}

func check(goos, goarch string) error {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,ImportMap", "work")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	known := map[string]*types.Package{"unsafe": types.Unsafe}
	sizes := types.SizesFor("gc", goarch)
	// Dependencies come before those that import them.
	for in := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := in.Decode(&p); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if p.ImportPath == "unsafe" {
			continue
		}
		if known[p.ImportPath], err = p.check(known, sizes); err != nil {
			return err
		}
	}
}

// check type-checks one package: ours as a whole, of others what they declare.
func (p *listed) check(known map[string]*types.Package, sizes types.Sizes) (*types.Package, error) {
	ours := p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/")
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	var complaints []string
	config := types.Config{
		Sizes: sizes, IgnoreFuncBodies: !ours, Importer: importer(func(path string) (*types.Package, error) {
			if mapped, ok := p.ImportMap[path]; ok {
				path = mapped
			}
			if found := known[path]; found != nil {
				return found, nil
			}
			return nil, fmt.Errorf("%s is not there", path)
		}),
		Error: func(err error) { complaints = append(complaints, err.Error()) },
	}
	checked, _ := config.Check(p.ImportPath, fset, files, nil)
	if ours && len(complaints) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(complaints, "\n"))
	}
	return checked, nil
}

type importer func(path string) (*types.Package, error)

func (i importer) Import(path string) (*types.Package, error) { return i(path) }
