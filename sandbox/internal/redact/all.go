package redact

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Exchange blanks every text of an entry, names of headers and of what is still to come included:
// a field that is added to Exchange cannot be forgotten here.
func (r Redaction) Exchange(x *ledger.Exchange) {
	v := reflect.ValueOf(x).Elem()
	for i := range v.NumField() {
		switch v.Type().Field(i).Name {
		case "URI":
			x.URI = r.uri(x.URI)
		case "Body":
			x.Body = r.body(x.Body)
		case "Reply":
			x.Reply = r.body(x.Reply)
		default:
			r.texts(v.Field(i))
		}
	}
}

// jsonString matches a string of JSON, the name of a member or a value.
var jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// Literals blanks the keys in every string of a JSON text, which stays one.
func (r Redaction) Literals(text []byte) []byte {
	return jsonString.ReplaceAllFunc(text, func(s []byte) []byte {
		if len(s) < wire.KeySize {
			return s
		}
		return []byte(`"` + r.Text(string(s[1:len(s)-1])) + `"`)
	})
}

// texts blanks the keys in every string that v has, names of maps included. Two names may become
// one.
func (r Redaction) texts(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.Text(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			r.texts(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			r.texts(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				r.texts(v.Field(i))
			}
		}
	case reflect.Map:
		if !v.IsNil() {
			v.Set(r.mapped(v))
		}
	}
}

// mapped is the map with names and values blanked.
func (r Redaction) mapped(v reflect.Value) reflect.Value {
	out := reflect.MakeMap(v.Type())
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		name, value := reflect.New(key.Type()).Elem(), reflect.New(v.Type().Elem()).Elem()
		name.SetString(r.name(key.String()))
		value.Set(v.MapIndex(key))
		r.texts(value)
		if same := out.MapIndex(name); same.IsValid() {
			value = reflect.AppendSlice(same, value)
		}
		out.SetMapIndex(name, value)
	}
	return out
}

// name blanks the keys in the name of a header, which has lost the case of its letters.
func (r Redaction) name(s string) string {
	if len(s) < wire.KeySize {
		return s
	}
	if blanked := r.Text(s); blanked != s {
		return blanked
	}
	small := Redaction{Secrets: Secrets{keys: lower(r.Secrets.keys), lines: lower(r.Secrets.lines)}}
	if low := strings.ToLower(s); small.Text(low) != low {
		return Blank
	}
	return s
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}
