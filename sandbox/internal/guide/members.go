package guide

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Members are the members of a struct by their names in JSON; nil for what is no struct, or reads
// its JSON itself.
func Members(t reflect.Type) map[string]reflect.Type {
	if t == nil || t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) ||
		reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			maps.Copy(out, Members(f.Type))
		case f.IsExported() && name != "-":
			out[name] = f.Type
		}
	}
	return out
}

// paths are the names of all that a struct has members of, those within its members included, as in
// "plans.limits.per_day".
func paths(t reflect.Type, at string) (out []string) {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8) {
		t = t.Elem()
	}
	members := Members(t)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		path := strings.TrimPrefix(at+"."+name, ".")
		out = append(append(out, path), paths(members[name], path)...)
	}
	return out
}
