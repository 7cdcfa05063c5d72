// Command gen writes what the files of catalogue/data say as Go: the typed chain under api/, the
// notification types, the index, docs/fidelity.md with its Chinese twin, what the client knows of
// endpoints that are out of the ordinary, and the catalogue itself as programs have it. Run it from
// the module's root:
//
//	go run ./internal/gen          write
//	go run ./internal/gen -check   write nothing; name the files that differ and exit 1
//
// It knows the catalogue and nothing of the client. Start reading at main.go, which lists what is
// written; family.go makes one package of api, and templates/ has the text of the others.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wxpay-go/wxpay/catalogue"
)

func main() {
	check := flag.Bool("check", false, "compare instead of writing; exit 1 if anything differs")
	root := flag.String("root", ".", "the module's root folder")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	c, err := catalogue.Load(os.DirFS(filepath.Join(root, "catalogue", "data")))
	if err != nil {
		return err
	}
	out, err := Generate(c)
	if err != nil {
		return err
	}
	if check {
		return out.check(root)
	}
	return out.write(root)
}

// Generate tells everything the catalogue says, as files by their path from the module's root.
func Generate(c *catalogue.Catalogue) (Output, error) {
	out := Output{}
	for _, step := range []func(*catalogue.Catalogue, Output) error{families, gather, index, events, fidelity, outcomes,
		pack, pathWords, exchanges} {
		if err := step(c, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}
