package sandbox

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/spelling"
	"github.com/wxpay-go/wxpay/sandbox/internal/guide"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// readMembers decodes the body of a call. Unlike encoding/json it takes no member that it does not
// know, in whatever case, and none twice, and no text that cannot be an id or words.
func readMembers(raw []byte, into any) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil
	}
	if !utf8.Valid(raw) {
		return badCall("the body is not UTF-8")
	}
	var value json.RawMessage
	if err := json.Unmarshal(raw, &value); err != nil {
		return badCall("the body is not one JSON object: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if raw[0] != '{' {
		return badCall("the body is JSON, but not an object")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := checkMembers(d, reflect.TypeOf(into).Elem(), ""); err != nil {
		return err
	}
	err := json.Unmarshal(raw, into)
	if mistyped := (*json.UnmarshalTypeError)(nil); errors.As(err, &mistyped) {
		got, _, _ := strings.Cut(mistyped.Value, " ") // without the value itself
		return badCall("%q must be %s, not %s", mistyped.Field, kindName(mistyped.Type), article(got))
	}
	if err != nil {
		return badCall("the body is not what this call takes: %v", err)
	}
	return nil
}

func kindName(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "a string"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

func article(kind string) string {
	if kind == "bool" {
		return "true or false"
	}
	if strings.ContainsRune("aeiou", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}

// checkMembers walks over the next value of d, which is to be a t.
func checkMembers(d *json.Decoder, t reflect.Type, at string) error {
	token, err := d.Token()
	if err != nil {
		return badCall("the body is not JSON: %v", err)
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := token.(type) {
	case nil: // encoding/json takes it for an empty value, and that may be one that changes something
		return badCall("%q is null: give it a value, or leave it out", shown.Value(at))
	case string:
		return checkWords(v, at)
	case json.Delim:
		if v == '[' {
			var items reflect.Type
			if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
				items = t.Elem()
			}
			for i := 0; d.More(); i++ {
				if err := checkMembers(d, items, fmt.Sprintf("%s[%d]", at, i)); err != nil {
					return err
				}
			}
		} else if err := checkObject(d, t, at); err != nil {
			return err
		}
		_, err := d.Token() // the bracket that ends it
		return err
	}
	return nil
}

func checkObject(d *json.Decoder, t reflect.Type, at string) error {
	members := guide.Members(t)
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return badCall("the body is not JSON: %v", err)
		}
		name := token.(string) // of a member, in JSON that is valid
		path := strings.TrimPrefix(at+"."+name, ".")
		of, known := members[name]
		switch {
		case seen[name]:
			return badCall("the member %q is given twice", shown.Value(path))
		case members != nil && !known:
			instead := didYouMean(name, slices.Sorted(maps.Keys(members)))
			return badCall("this call takes no member %q%s", shown.Value(path), instead)
		}
		if err := checkWords(name, "a member's name"); err != nil {
			return err
		}
		seen[name] = true
		if members == nil && t != nil && t.Kind() == reflect.Map {
			of = t.Elem()
		}
		if err := checkMembers(d, of, path); err != nil {
			return err
		}
	}
	return nil
}

// checkWords refuses text that no id and no name can be. The lines of PEM are left as they are.
func checkWords(s, at string) error {
	if strings.ContainsRune(s, utf8.RuneError) { // half a surrogate pair comes out as this
		return badCall("%q holds a character that is none", shown.Value(at))
	}
	if !shown.IsText(s) && at != "certificate" && at != "private_key" {
		return badCall("%q holds a control character", shown.Value(at))
	}
	return nil
}

// didYouMean names what was probably meant, or else all there is.
func didYouMean(name string, known []string) string {
	if len(known) == 0 {
		return "; it takes none"
	}
	fold := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if len(name) > 64 {
			break // what is that long was not meant for any
		}
		if d := spelling.Distance(fold(name), fold(k)); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; it takes " + strings.Join(known, ", ")
}
