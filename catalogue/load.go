package catalogue

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// LoadError names the place in a catalogue file that cannot be used, and why.
type LoadError struct {
	File      string // "edu-papay.json"
	Operation string // "POST /v3/edu-papay/contracts/presign", or the event type, or empty
	Field     string // "body.amount.currency", or empty
	Problem   string
}

func (e *LoadError) Error() string {
	place := e.File
	for _, part := range []string{e.Operation, e.Field} {
		if part != "" {
			place += ": " + part
		}
	}
	return "catalogue: " + place + ": " + e.Problem
}

// sharedFile holds what every family uses: descriptions of fields that mean the same everywhere,
// and the public errors.
const sharedFile = "shared.json"

// Load reads a catalogue from the .json files in the top folder of fsys. It is strict: an unknown
// keyword, a duplicate key or endpoint, an unknown type, a pattern that does not compile, a limit
// that makes no sense are each a *LoadError naming the file, the endpoint and the field.
func Load(fsys fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("catalogue: list files: %w", err)
	}
	s := shared{glossary: map[string]string{}}
	if slices.Contains(names, sharedFile) {
		if err := load(fsys, sharedFile, s.read); err != nil {
			return nil, err
		}
	}
	c := &Catalogue{}
	for _, name := range names {
		if name == sharedFile {
			continue
		}
		r := reader{shared: &s, file: name, types: map[string]*Field{}}
		if err := load(fsys, name, r.family); err != nil {
			return nil, err
		}
		c.Families = append(c.Families, r.fam)
	}
	if err := c.link(); err != nil {
		return c, err
	}
	return c, c.checkOutcomes()
}

func load(fsys fs.FS, name string, read func(*node) error) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("catalogue: read %s: %w", name, err)
	}
	tree, err := parseTree(data)
	if err != nil {
		return &LoadError{File: name, Problem: err.Error()}
	}
	return read(tree)
}

// link joins the families: ids, routes, and the events that operations name.
func (c *Catalogue) link() error {
	slices.SortFunc(c.Families, func(a, b *Family) int { return strings.Compare(a.Name, b.Name) })
	packages := map[string]string{}
	events := map[string]bool{}
	for _, f := range c.Families {
		file := f.Name + ".json"
		if other := packages[f.Package]; other != "" {
			return &LoadError{File: file, Problem: fmt.Sprintf("package %q is already the package of %s", f.Package,
				other)}
		}
		packages[f.Package] = file
		for _, e := range f.Events {
			events[e.Type] = true
		}
	}
	c.byID, c.routes = map[string]*Operation{}, &route{}
	for _, o := range c.Operations() {
		file := o.Family.Name + ".json"
		if other := c.byID[o.ID()]; other != nil {
			return &LoadError{File: file, Operation: o.ID(), Problem: "the endpoint is already in " +
				other.Family.Name + ".json"}
		}
		for _, e := range o.Events {
			if !events[e] {
				return &LoadError{File: file, Operation: o.ID(),
					Problem: fmt.Sprintf("no family describes the event %q", e)}
			}
		}
		c.byID[o.ID()] = o
		c.routes.add(o)
	}
	return nil
}

// words is the text Search looks at.
func (o *Operation) words() string {
	all := []string{o.Method, o.Path, o.Name, o.Title, o.Family.Package, o.Family.Title, o.Description}
	var visit func(*Field)
	visit = func(f *Field) {
		if f == nil {
			return
		}
		all = append(all, f.Name, f.Label)
		for _, m := range f.Fields {
			visit(m)
		}
		visit(f.Items)
	}
	for _, f := range slices.Concat(o.PathParams, o.Query, []*Field{o.Body, o.Reply}) {
		visit(f)
	}
	return strings.ToLower(strings.Join(all, "\n"))
}

// shared is the content of sharedFile.
type shared struct {
	glossary map[string]string
	errors   []ErrorCode
}

func (s *shared) read(n *node) error {
	r := reader{shared: s, file: sharedFile}
	return r.each(n, func(key string, v *node) (err error) {
		switch key {
		case "glossary":
			return r.each(v, func(name string, text *node) (err error) {
				s.glossary[name], err = r.text(text)
				return err
			})
		case "errors":
			s.errors, err = r.errors(v)
		default:
			return r.unknown(key, "glossary", "errors")
		}
		return err
	})
}

// familyName is the file name without its ending.
func familyName(file string) string { return strings.TrimSuffix(path.Base(file), ".json") }
