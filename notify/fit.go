package notify

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// WeChat Pay's pages and its traffic disagree on how members are written, and an event that does
// not decode is an event that waits. So where a resource does not decode as it is, it is fitted to
// the type: numbers and texts take each other's spelling, an empty text or list stands for an
// object or list that is not there, and what says nothing of who paid whom how much (aside) is left
// out where it does not fit. Everything else has to fit.

// aside are the parts that an event is understood without.
var aside = []string{"contract_terminate_info", "device_info", "device_information", "exchange_rate",
	"goods_detail", "installment_info", "parking_info", "promotion_detail", "scene_info", "store_info"}

// fit is raw as into takes it, and the paths of what was left out. It is nil where it cannot be.
func fit(raw []byte, into reflect.Type) (fitted []byte, leftOut []string) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return nil, nil
	}
	f := fitting{}
	tree, ok := f.value(tree, into, "")
	if !ok {
		return nil, nil
	}
	fitted, err := json.Marshal(tree)
	if err != nil {
		return nil, nil
	}
	slices.Sort(f.leftOut)
	return fitted, f.leftOut
}

// second is a member that has another name too.
type second struct{ first, name string }

// secondNames are those of a struct's `also` tags, []second by reflect.Type, for every event asks.
var secondNames sync.Map

// secondsOf are what the `also` tags of a struct's fields say.
func secondsOf(t reflect.Type) []second {
	if known, ok := secondNames.Load(t); ok {
		return known.([]second)
	}
	var seconds []second
	if t.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(t) {
			first, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			for _, name := range alsoOf(field) {
				seconds = append(seconds, second{first, name})
			}
		}
	}
	secondNames.Store(t, seconds)
	return seconds
}

// alsoOf are the names that a field has besides its own.
func alsoOf(field reflect.StructField) []string {
	if also := field.Tag.Get("also"); also != "" {
		return strings.Split(also, ",")
	}
	return nil
}

// respelled is raw with the names that fields have in place of those of their `also` tags.
func respelled(raw []byte, t reflect.Type) []byte {
	seconds := secondsOf(t)
	if len(seconds) == 0 {
		return raw
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return raw
	}
	for _, s := range seconds {
		if value, there := members[s.name]; there && slices.Contains(nothing, string(members[s.first])) {
			members[s.first] = value
		}
	}
	if whole, err := json.Marshal(members); err == nil {
		return whole
	}
	return raw
}

// nothing is how a member says nothing.
var nothing = []string{"", `""`, "null", "0"}

type fitting struct{ leftOut []string }

// value is v as t takes it. It is not ok where t does not.
func (f *fitting) value(v any, t reflect.Type, path string) (fitted any, ok bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if own(t) || v == nil {
		return v, true
	}
	text, isText := v.(string)
	number, isNumber := v.(json.Number)
	list, isList := v.([]any)
	object, isMap := v.(map[string]any)
	empty := isText && text == "" || isList && len(list) == 0
	switch t.Kind() {
	case reflect.Interface:
		return v, true
	case reflect.String:
		if isNumber {
			return number.String(), true
		}
		return v, isText
	case reflect.Bool:
		if b, err := strconv.ParseBool(text); isText && err == nil {
			return b, true
		}
		_, ok := v.(bool)
		return v, ok
	case reflect.Struct:
		if !isMap {
			return nil, empty
		}
		return f.members(object, t, path)
	case reflect.Map:
		if !isMap {
			return nil, empty
		}
		for name, member := range object {
			if object[name], ok = f.value(member, t.Elem(), path+"/*"); !ok {
				return nil, false
			}
		}
		return object, true
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && isText { // Base64
			return v, true
		}
		if !isList {
			return nil, empty
		}
		for i, element := range list {
			if list[i], ok = f.value(element, t.Elem(), path+"/"+strconv.Itoa(i)); !ok {
				return nil, false
			}
		}
		return list, true
	}
	if isText {
		number = json.Number(strings.TrimSpace(text))
	}
	return number, (isText || isNumber) && holds(t, number.String())
}

// members fits what a struct has fields for.
func (f *fitting) members(object map[string]any, t reflect.Type, path string) (any, bool) {
	fields := fieldsOf(t)
	seen := map[string]bool{}
	for name, member := range object {
		folded := strings.ToLower(name)
		field, there := fields[folded]
		switch {
		case !there:
			continue
		case seen[folded]: // in other letters: which one encoding/json takes is a matter of order
			return nil, false
		}
		seen[folded] = true
		said := len(f.leftOut)
		fitted, ok := f.value(member, field, path+"/"+name)
		apart := slices.Contains(aside, name)
		switch {
		case ok && (!apart || decodes(fitted, field)):
			object[name] = fitted
		case apart:
			delete(object, name)
			f.leftOut = append(f.leftOut[:said], path+"/"+name) // the whole of it
		default:
			return nil, false
		}
	}
	return object, true
}

// fieldsOf are the types of what encoding/json fills in a struct, by name in lower case, for it
// takes any.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields, depth := map[string]reflect.Type{}, map[string]int{}
	var left [][]int // embedded, and not for JSON
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && !field.Anonymous {
			name = field.Name
		}
		switch folded := strings.ToLower(name); {
		case slices.ContainsFunc(left, func(at []int) bool { return within(field.Index, at) }):
			continue
		case name == "-" && options == "":
			left = append(left, field.Index)
			continue
		case !field.IsExported() || name == "" || depth[folded] > 0 && depth[folded] < len(field.Index):
			continue
		default:
			fields[folded], depth[folded] = field.Type, len(field.Index)
			if slices.Contains(strings.Split(options, ","), "string") {
				fields[folded] = reflect.TypeFor[any]() // it has a spelling of its own
			}
		}
		for _, second := range alsoOf(field) {
			fields[second] = field.Type
		}
	}
	return fields
}

// fieldPath is a path into a resource as far as fields of its type make it up. A key of a map is
// WeChat Pay's word, or a payer's, and printed as *, and so is all that is behind an unknown part.
// Whether a path has the keys and numbers of maps and lists differs by encoding/json's version.
func fieldPath(path string, t reflect.Type) string {
	parts := strings.Split(path, ".")
	for i, part := range parts {
		if field, there := fieldWithin(t, part); there {
			t = field
			continue
		}
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		_, err := strconv.ParseUint(part, 10, 32)
		switch isList := t.Kind() == reflect.Slice || t.Kind() == reflect.Array; {
		case isList && err == nil:
			t = t.Elem()
		case t.Kind() == reflect.Map:
			parts[i], t = "*", t.Elem()
		default:
			return strings.Join(append(parts[:i], "*"), ".")
		}
	}
	return strings.Join(parts, ".")
}

// fieldWithin is the type of a field of the struct that t is, or has in its pointers, lists and
// maps.
func fieldWithin(t reflect.Type, name string) (reflect.Type, bool) {
	for range maxSteps {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		case reflect.Struct:
			field, there := fieldsOf(t)[strings.ToLower(name)]
			return field, there
		}
	}
	return nil, false
}

// within tells whether a field is of the struct that is embedded there.
func within(index, at []int) bool { return len(index) > len(at) && slices.Equal(index[:len(at)], at) }

// decodes tells whether a value decodes into a type: only a type that reads itself knows.
func decodes(v any, t reflect.Type) bool {
	raw, err := json.Marshal(v)
	return err == nil && json.Unmarshal(raw, reflect.New(t).Interface()) == nil
}

// own tells a type that reads itself. The events that have second names for a member do, and say
// which.
func own(t reflect.Type) bool {
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if len(alsoOf(t.Field(i))) > 0 {
				return false
			}
		}
	}
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) ||
		p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// holds tells whether a number is one that t has room for.
func holds(t reflect.Type, number string) bool {
	if !json.Valid([]byte(number)) {
		return false
	}
	var err error
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		_, err = strconv.ParseInt(number, 10, t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		_, err = strconv.ParseUint(number, 10, t.Bits())
	case reflect.Float32, reflect.Float64:
		_, err = strconv.ParseFloat(number, t.Bits())
	default:
		return false
	}
	return err == nil
}
