package redact

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// MethodScan is how much of a method is looked at. No method of HTTP has an eighth of it.
const MethodScan = 8 * 64

// Exchange blanks every text of an entry, names of headers and of what is still to come included:
// a field that is added to Exchange cannot be forgotten here.
func (r Redaction) Exchange(x *ledger.Exchange) {
	r = r.on("") // one measure of work for all of it
	v := reflect.ValueOf(x).Elem()
	for i := range v.NumField() {
		switch v.Type().Field(i).Name {
		case "Method":
			x.Method = r.Brief(x.Method, MethodScan/8)
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

// Literals blanks the keys in every string of a JSON text, which stays one: a string is decoded,
// blanked and encoded again, and one without keys stays as it was written. Where ctx has ended,
// nobody waits for the answer, and whatever is still to come is blanked unread.
func (r Redaction) Literals(ctx context.Context, text []byte) []byte {
	r = r.on("")
	r.work.ctx = ctx
	return jsonString.ReplaceAllFunc(text, func(literal []byte) []byte {
		if len(literal) < wire.KeySize {
			return literal
		}
		s := string(literal[1 : len(literal)-1])
		if strings.Contains(s, `\`) && json.Unmarshal(literal, &s) != nil {
			return encode(Blank)
		}
		blanked := r.Text(s)
		if blanked == s {
			return literal
		}
		return encode(blanked)
	})
}

// encode is a string as JSON has it.
func encode(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // no string fails to encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
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
	small := r.on(s)
	small.Secrets = small.work.lower(r.Secrets)
	if len(small.spans(strings.ToLower(s), nil)) > 0 {
		return Blank
	}
	return s
}
