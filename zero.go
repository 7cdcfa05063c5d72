package wxpay

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Zero sends fields of the call's struct that would be left out because they hold
// their zero value: a 0, a false or an empty string that is meant.
//
//	presign.Post(ctx, &combinepapay.PreEntrustSignRequest{…}, wxpay.Zero("/return_app"))
//
// The pointers are as for [Encrypt], without "*"; a field of a query is named so too.
// One that no struct of the call has, or that is inside what is nil, is a
// [*RequestError], as is an empty string in APIv2, which does not sign those. A map
// sends what is in it and needs no Zero.
func Zero(pointers ...string) Option {
	return func(c *call) { c.name(&c.zeros, pointers) }
}

// takeZero tells whether Zero names the field of a query, and ticks it off.
func (c *call) takeZero(name string) bool {
	rest := slices.DeleteFunc(slices.Clone(c.zeros), func(pointer string) bool { return pointer == "/"+name })
	found := len(rest) < len(c.zeros)
	c.zeros = rest
	return found
}

// withZeros is the JSON of a body, with what Zero names put in. What it does not find
// stays on the list, which ends the call.
func (c *call) withZeros(raw []byte, body any) []byte {
	if len(c.zeros) == 0 {
		return raw
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&tree) != nil {
		return raw
	}
	c.zeros = slices.DeleteFunc(slices.Clone(c.zeros), func(pointer string) bool {
		path := pointerPath(pointer)
		value, ok := valueAt(reflect.ValueOf(body), path)
		return ok && putAt(tree, path, value)
	})
	if whole, err := json.Marshal(tree); err == nil {
		return whole
	}
	return raw
}

// valueAt finds a number, boolean or text inside of structs and lists, and writes it
// as encoding/json would if it were not to be left out.
func valueAt(v reflect.Value, path []string) (json.RawMessage, bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || hasForm(v.Type()) {
		return nil, false // what it writes of itself is not its fields
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < v.Len() && len(path) > 1 {
			return valueAt(v.Index(i), path[1:])
		}
	case reflect.Struct:
		f, ok := memberOf(v.Type(), path[0])
		if !ok {
			return nil, false
		}
		field, err := v.FieldByIndexErr(f.Index)
		switch {
		case err != nil: // inside an embedded pointer that is nil
			return nil, false
		case len(path) > 1:
			return valueAt(field, path[1:])
		}
		return written(field, f)
	}
	return nil, false
}

// written is a field's JSON, with its type's own methods and its tag's "string".
func written(v reflect.Value, f reflect.StructField) (json.RawMessage, bool) {
	at := v
	for at.Kind() == reflect.Pointer && !at.IsNil() {
		at = at.Elem()
	}
	switch at.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map:
		return nil, false
	case reflect.Struct, reflect.Slice, reflect.Array:
		if !hasForm(at.Type()) {
			return nil, false
		}
	}
	tag := "v"
	if _, options, _ := strings.Cut(f.Tag.Get("json"), ","); slices.Contains(strings.Split(options, ","), "string") {
		tag = "v,string"
	}
	box := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: v.Type(),
		Tag: reflect.StructTag(`json:"` + tag + `"`)}}))
	box.Elem().Field(0).Set(v)
	if !v.CanAddr() { // methods of the pointer are not called of what was passed by value
		box = box.Elem()
	}
	raw, err := json.Marshal(box.Interface())
	var out struct {
		V json.RawMessage `json:"v"`
	}
	ok := err == nil && json.Unmarshal(raw, &out) == nil && string(out.V) != "null"
	return out.V, ok
}

// hasForm says whether a type writes itself.
func hasForm(t reflect.Type) bool {
	for _, form := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(form) || reflect.PointerTo(t).Implements(form) {
			return true
		}
	}
	return false
}

// memberOf is the field that encoding/json writes as name: the one nearest to the
// surface, there the one with a tag, and none of two.
func memberOf(t reflect.Type, name string) (reflect.StructField, bool) {
	level := []reflect.StructField{{Type: t}}
	for walked := map[reflect.Type]bool{}; len(level) > 0; {
		var tagged, named, deeper []reflect.StructField
		for _, in := range level {
			walked[in.Type] = true
			for i := range in.Type.NumField() {
				f := in.Type.Field(i)
				f.Index = append(slices.Clone(in.Index), i)
				tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				inner := f.Type
				if inner.Kind() == reflect.Pointer {
					inner = inner.Elem()
				}
				switch embeds := f.Anonymous && tag == "" && inner.Kind() == reflect.Struct; {
				case f.Tag.Get("json") == "-":
				case embeds && !walked[inner]:
					f.Type = inner
					deeper = append(deeper, f)
				case embeds || !f.IsExported():
				case tag == name:
					tagged = append(tagged, f)
				case tag == "" && f.Name == name:
					named = append(named, f)
				}
			}
		}
		switch {
		case len(tagged) == 1:
			return tagged[0], true
		case len(tagged) == 0 && len(named) == 1:
			return named[0], true
		case len(tagged)+len(named) > 0:
			return reflect.StructField{}, false
		}
		level = deeper
	}
	return reflect.StructField{}, false
}

// putAt puts a value where there is none, in what is there.
func putAt(node any, path []string, value json.RawMessage) bool {
	switch n := node.(type) {
	case map[string]any:
		if len(path) > 1 {
			return putAt(n[path[0]], path[1:], value)
		}
		if _, there := n[path[0]]; !there {
			n[path[0]] = value
		}
		return true
	case []any:
		i, err := strconv.Atoi(path[0])
		return err == nil && len(path) > 1 && i >= 0 && i < len(n) && putAt(n[i], path[1:], value)
	}
	return false
}
