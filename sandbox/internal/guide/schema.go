package guide

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// object is JSON that is written by hand.
type object = map[string]any

// schemas writes the schemas of Go types, as OpenAPI 3.0 has them.
type schemas struct {
	named map[string]reflect.Type
	names map[reflect.Type]string
	same  map[reflect.Type]reflect.Type
}

func newSchemas(named, same map[string]reflect.Type) *schemas {
	s := &schemas{named, map[reflect.Type]string{}, map[reflect.Type]reflect.Type{}}
	for name, t := range named {
		s.names[t] = name
	}
	for name, t := range same {
		s.same[named[name]] = t
	}
	return s
}

// knows says whether an answer of calls.json has types.
func (s *schemas) knows(answer string) bool {
	for name := range strings.SplitSeq(answer, " or ") {
		name = strings.TrimPrefix(name, "[]")
		if _, ok := s.named[name]; !ok && name != done && name != anything {
			return false
		}
	}
	return true
}

// done is the answer of calls that have nothing to say, and anything that of those of which only
// the endpoint knows what they say.
const done, anything = "Done", "Any"

// answer is the schema of an answer of calls.json.
func (s *schemas) answer(of string) object {
	if of == "" {
		of = done
	}
	names := strings.Split(of, " or ")
	if len(names) > 1 {
		var all []any
		for _, name := range names {
			all = append(all, s.answer(name))
		}
		return object{"oneOf": all}
	}
	if one, ok := strings.CutPrefix(of, "[]"); ok {
		return closed(object{"data": object{"type": "array", "items": ref(one)},
			"next": object{"type": "string"}}, "data")
	}
	return ref(of)
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// closed is an object of these members and no others.
func closed(members object, required ...string) object {
	out := object{"type": "object", "properties": members, "additionalProperties": false}
	if len(required) > 0 {
		slices.Sort(required)
		out["required"] = required
	}
	return out
}

// components are the schemas that answers refer to.
func (s *schemas) components() object {
	out := object{
		done:     closed(object{"ok": object{"type": "boolean"}}, "ok"),
		anything: object{"type": "object"},
		"Error": closed(object{"error": object{"type": "string"}, "reason": object{"type": "string"}},
			"error"),
	}
	for name, t := range s.named {
		out[name] = s.written(t)
	}
	return out
}

// of is the schema of a value of a type that is answered.
func (s *schemas) of(t reflect.Type) object {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := s.names[t]; ok {
		return ref(name)
	}
	return s.written(t)
}

func (s *schemas) written(t reflect.Type) object {
	if like, ok := s.same[t]; ok {
		t = like
	}
	if simple := simple(t); simple != nil {
		return simple
	}
	switch t.Kind() {
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		members, required := object{}, []string(nil)
		s.fields(t, members, &required)
		return closed(members, required...)
	}
	return object{}
}

// fields are the members that a struct is written with. Those that may be left out are not
// required.
func (s *schemas) fields(t reflect.Type, members object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			s.fields(f.Type, members, required)
		case f.IsExported() && name != "-":
			members[name] = s.of(f.Type)
			if options == "" {
				*required = append(*required, name)
			}
		}
	}
}

// simple is the schema of what has no members of its own, nil for the rest.
func simple(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage](), t.Kind() == reflect.Interface:
		return object{}
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	}
	return nil
}
