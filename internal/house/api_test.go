package house_test

import (
	"flag"
	"fmt"
	"go/constant"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the listings of the API again")

// The API is what somebody's program can be written against. What of it goes or comes is seen in
// these files, and a change that a program would notice needs its line in the CHANGELOG: see "What
// may change" in the README. One line is one thing, as in the files under api of the Go project.
func TestTheAPIIsTheOneListed(t *testing.T) {
	t.Parallel()
	packages, importer := library(t)
	for _, listing := range []struct {
		file string
		of   func(dir string) bool
	}{
		{"testdata/api.txt", func(dir string) bool {
			return !strings.Contains("/"+dir+"/", "/internal/") && !within(dir, "api")
		}},
		{"testdata/api-generated.txt", func(dir string) bool { return within(dir, "api") }},
	} {
		t.Run(listing.file, func(t *testing.T) { // one after the other: the importer is not for two at once
			var got []string
			for _, path := range slices.Sorted(maps.Keys(packages)) {
				if dir, ours := strings.CutPrefix(path, module); ours && listing.of(strings.TrimPrefix(dir, "/")) {
					p, err := importer.Import(path)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, exported(p)...)
				}
			}
			compareListing(t, filepath.Join(root, listing.file), got)
		})
	}
}

func compareListing(t *testing.T, file string, got []string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	var changes strings.Builder
	for _, line := range without(want, got) {
		fmt.Fprintf(&changes, "- %s\n", line)
	}
	for _, line := range without(got, want) {
		fmt.Fprintf(&changes, "+ %s\n", line)
	}
	if changes.Len() > 0 {
		t.Errorf("the API is not the one in %s:\n%sIf it is meant so: go test ./internal/house -run API -update, and "+
			"say it in CHANGELOG.md",
			strings.TrimPrefix(filepath.ToSlash(file), root+"/"), changes.String())
	}
}

// without gives the lines of a that are not in b.
func without(a, b []string) []string {
	in := map[string]bool{}
	for _, line := range b {
		in[line] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return in[line] })
}

// exported lists what a package declares for others, sorted.
func exported(p *types.Package) []string {
	var lines []string
	short := strings.TrimPrefix(strings.TrimPrefix(p.Path(), module), "/")
	if short == "" {
		short = p.Name()
	}
	say := func(format string, args ...any) {
		lines = append(lines, "pkg "+short+", "+fmt.Sprintf(format, args...))
	}
	in := func(other *types.Package) string {
		if other == p {
			return ""
		}
		return other.Name()
	}
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.Const:
			value := object.Val().ExactString()
			if object.Val().Kind() == constant.String && len(value) > 80 {
				value = "…"
			}
			say("const %s %s = %s", name, types.TypeString(object.Type(), in), value)
		case *types.Var:
			say("var %s %s", name, types.TypeString(object.Type(), in))
		case *types.Func:
			say("func %s%s", name, signature(object, in))
		case *types.TypeName:
			exportedType(object, in, say)
		}
	}
	slices.Sort(lines)
	return lines
}

func exportedType(object *types.TypeName, in types.Qualifier, say func(string, ...any)) {
	name := object.Name()
	named, ok := object.Type().(*types.Named)
	if !ok || object.IsAlias() {
		say("type %s = %s", name, types.TypeString(types.Unalias(object.Type()), in))
		return
	}
	switch under := named.Underlying().(type) {
	case *types.Struct:
		say("type %s struct", name)
		for field := range under.Fields() {
			if field.Exported() {
				say("type %s struct, %s %s", name, field.Name(), types.TypeString(field.Type(), in))
			}
		}
	case *types.Interface:
		say("type %s interface", name)
		for method := range under.Methods() {
			if method.Exported() {
				say("type %s interface, %s%s", name, method.Name(), signature(method, in))
			}
		}
	default:
		say("type %s %s", name, types.TypeString(under, in))
	}
	if types.IsInterface(named) {
		return
	}
	// The method set of the pointer has those of the value, and what is embedded.
	set := types.NewMethodSet(types.NewPointer(named))
	for selection := range set.Methods() {
		if method := selection.Obj().(*types.Func); method.Exported() {
			receiver := "*" + name
			if types.NewMethodSet(named).Lookup(method.Pkg(), method.Name()) != nil {
				receiver = name
			}
			say("method (%s) %s%s", receiver, method.Name(), signature(method, in))
		}
	}
}

// signature writes a function's type without the names of its parameters, which nobody's program
// depends on.
func signature(f *types.Func, in types.Qualifier) string {
	s := f.Signature()
	nameless := func(tuple *types.Tuple) *types.Tuple {
		var list []*types.Var
		for v := range tuple.Variables() {
			list = append(list, types.NewParam(0, nil, "", v.Type()))
		}
		return types.NewTuple(list...)
	}
	var params []*types.TypeParam
	for p := range s.TypeParams().TypeParams() {
		params = append(params, p)
	}
	var written strings.Builder
	if len(params) > 0 {
		for i, p := range params {
			params := "["
			if i > 0 {
				params = ", "
			}
			written.WriteString(params + p.Obj().Name() + " " + types.TypeString(p.Constraint(), in))
		}
		written.WriteString("]")
	}
	plain := types.NewSignatureType(nil, nil, nil, nameless(s.Params()), nameless(s.Results()), s.Variadic())
	return written.String() + strings.TrimPrefix(types.TypeString(plain, in), "func")
}
