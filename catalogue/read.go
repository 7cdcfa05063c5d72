package catalogue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// reader turns the tree of one file into a Family. Each kind of entry has one function with one
// switch: the switch is the vocabulary, and what it does not list is an error.
type reader struct {
	shared    *shared
	file      string
	operation string
	field     []string

	fam    *Family
	source Source
	errs   []ErrorCode // of the whole family
	types  map[string]*Field

	outcomes map[string]*Outcome
}

func (r *reader) fail(format string, args ...any) error {
	return &LoadError{File: r.file, Operation: r.operation, Field: strings.Join(r.field, "."),
		Problem: fmt.Sprintf(format, args...)}
}

func (r *reader) unknown(key string, known ...string) error {
	return r.fail("unknown keyword %q; the keywords here are %s", key, strings.Join(known, ", "))
}

func (r *reader) each(n *node, visit func(key string, value *node) error) error {
	if n.kind != Object {
		return r.fail("an object is due here")
	}
	for _, m := range n.members {
		if err := visit(m.key, m.value); err != nil {
			return err
		}
	}
	return nil
}

func list[T any](r *reader, n *node, read func(*node) (T, error)) ([]T, error) {
	if n.kind != Array {
		return nil, r.fail("a list is due here")
	}
	all := make([]T, 0, len(n.items))
	for _, item := range n.items {
		v, err := read(item)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (r *reader) text(n *node) (string, error) {
	if n.kind != String || n.text == "" {
		return "", r.fail("a string is due, not %s", n.raw)
	}
	return n.text, nil
}

func (r *reader) texts(n *node) ([]string, error) { return list(r, n, r.text) }

func (r *reader) boolean(n *node) (bool, error) {
	if n.kind != Boolean {
		return false, r.fail("true or false is due, not %s", n.raw)
	}
	return n.raw[0] == 't', nil
}

func (r *reader) integer(n *node) (int64, error) {
	v, err := strconv.ParseInt(string(n.raw), 10, 64)
	if n.kind != Integer || err != nil {
		return 0, r.fail("an integer is due, not %s", n.raw)
	}
	return v, nil
}

func (r *reader) count(n *node) (int, error) {
	v, err := r.integer(n)
	if err == nil && (v < 0 || v > 1<<20) {
		return 0, r.fail("%d is not a sensible count", v)
	}
	return int(v), err
}

// oneOf reads a string that must be one of a closed set.
func oneOf[T ~string](r *reader, n *node, allowed ...T) (T, error) {
	text, err := r.text(n)
	if err == nil && !slices.Contains(allowed, T(text)) {
		return "", r.fail("%q is not one of %q", text, allowed)
	}
	return T(text), err
}

func (r *reader) sourceOf(n *node) (Source, error) {
	return oneOf(r, n, SourceDoc, SourceSeen, SourceSpec, SourceInferred)
}

func (r *reader) family(n *node) error {
	f := &Family{Name: familyName(r.file), Protocol: ProtocolV3}
	r.fam, r.source = f, SourceSpec
	err := r.each(n, func(key string, v *node) (err error) {
		switch key {
		case "package":
			f.Package, err = r.text(v)
		case "protocol":
			f.Protocol, err = oneOf(r, v, ProtocolV3, ProtocolV2)
		case "root":
			f.Root, err = r.text(v)
		case "title":
			f.Title, err = r.text(v)
		case "description":
			f.Description, err = r.text(v)
		case "source":
			r.source, err = r.sourceOf(v)
		case "errors":
			r.errs, err = r.errors(v)
		case "outcomes":
			err = r.namedOutcomes(v)
		case "segments":
			f.Segments = map[string]string{}
			err = r.each(v, func(segment string, n *node) (err error) {
				if f.Segments[segment], err = r.text(n); err == nil && !exported(n.text) {
					err = r.fail("the segment %s is spelled %q, which is no Go identifier that starts with a capital",
						segment, n.text)
				}
				return err
			})
		case "types":
			err = r.each(v, r.namedType)
		case "operations":
			f.Operations, err = list(r, v, r.operationEntry)
		case "events":
			f.Events, err = list(r, v, r.event)
		case "rules":
			f.Rules, err = list(r, v, r.rule)
		default:
			return r.unknown(key, "package", "protocol", "root", "title", "description", "source", "errors", "segments",
				"types", "outcomes", "operations", "events", "rules")
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.checkFamily(f)
}

func (r *reader) checkFamily(f *Family) error {
	switch {
	case f.Package == "" || strings.Trim(f.Package, "abcdefghijklmnopqrstuvwxyz0123456789") != "":
		return r.fail("package is missing or not lower-case letters and digits")
	case !strings.HasPrefix(f.Root, "/") || strings.HasSuffix(f.Root, "/"):
		return r.fail("root is missing, does not start with / or ends with /")
	case (f.Protocol == ProtocolV2) == strings.HasPrefix(f.Root, "/v3/"):
		return r.fail("the root %s is not one of protocol %s", f.Root, f.Protocol)
	case f.Title == "":
		return r.fail("title is missing")
	case f.Description == "":
		return r.fail("description is missing")
	}
	names := map[string]string{}
	for _, o := range f.Operations {
		if other := names[o.Name]; other != "" {
			r.operation = o.ID()
			return r.fail("the name %q is already the name of %s", o.Name, other)
		}
		names[o.Name] = o.ID()
	}
	types := map[string]bool{}
	for _, e := range f.Events {
		if types[e.Type] {
			return r.fail("the event %q is described twice", e.Type)
		}
		types[e.Type] = true
	}
	return nil
}

// namedType declares an object shape that later entries of the file use by name. Only earlier types
// are known, so a shape cannot contain itself.
func (r *reader) namedType(name string, n *node) error {
	r.field = []string{"types", name}
	defer func() { r.field = nil }()
	if !exported(name) {
		return r.fail("a type name is a Go identifier that starts with a capital")
	}
	object, err := r.object(n)
	if err != nil {
		return err
	}
	object.GoName = name
	r.types[name] = object
	return nil
}

func (r *reader) errors(n *node) ([]ErrorCode, error) {
	return list(r, n, func(n *node) (e ErrorCode, err error) {
		e.Source = r.source
		if e.Source == "" {
			e.Source = SourceDoc
		}
		err = r.each(n, func(key string, v *node) (err error) {
			switch key {
			case "http":
				e.HTTP, err = r.count(v)
			case "code":
				e.Code, err = r.text(v)
			case "message":
				e.Message, err = r.text(v)
			case "meaning":
				e.Meaning, err = r.text(v)
			case "source":
				e.Source, err = r.sourceOf(v)
			default:
				return r.unknown(key, "http", "code", "message", "meaning", "source")
			}
			return err
		})
		v2 := r.fam != nil && r.fam.Protocol == ProtocolV2
		if err == nil && (!v2 && (e.HTTP < 400 || e.HTTP > 599) || v2 && e.HTTP != 200 || e.Code == "" ||
			e.Meaning == "") {
			err = r.fail("an error needs http 400 to 599 (200 in APIv2), code and meaning")
		}
		return e, err
	})
}

func (r *reader) rule(n *node) (rule Rule, err error) {
	rule.Source = r.source
	err = r.each(n, func(key string, v *node) (err error) {
		switch key {
		case "text":
			rule.Text, err = r.text(v)
		case "doc":
			rule.Doc, err = r.text(v)
		case "source":
			rule.Source, err = r.sourceOf(v)
		default:
			return r.unknown(key, "text", "doc", "source")
		}
		return err
	})
	if err == nil && rule.Text == "" {
		err = r.fail("a rule needs a string")
	}
	return rule, err
}
