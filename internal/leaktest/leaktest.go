// Package leaktest finds keys in what is printed. Tests give it a value and the
// keys that the value holds; it prints the value every way a program might, alone
// and inside other values, and looks for the keys in every spelling a printer has.
//
// It imports nothing of this module, and tests only import it. Start reading at [Check].
package leaktest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"
)

// verbs are all of fmt's, with the flags that change what is printed.
var verbs = []string{
	"%v", "%+v", "%#v", "%s", "%+s", "%q", "%#q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%t", "%e",
	"%g", "%p", "%T",
}

// Check fails the test where a printed v has one of the secrets.
func Check[T any](t *testing.T, v T, secrets ...string) {
	t.Helper()
	if leak := leakOf(v, secrets...); leak != "" {
		t.Error(leak)
	}
}

// leakOf says how v prints one of the secrets, "" when it prints none.
func leakOf[T any](v T, secrets ...string) string {
	for how, printed := range everyWay(v) {
		for _, secret := range secrets {
			if found := find(printed, secret); found != "" {
				return fmt.Sprintf("%T %s prints a key, %s: %.200s", v, how, found, printed)
			}
		}
	}
	return ""
}

// everyWay prints v alone and nested: fmt calls no methods on what it finds in
// unexported fields, and goes another way for a wrong verb.
func everyWay[T any](v T) map[string]string {
	out := map[string]string{}
	for where, nested := range map[string]any{
		"alone": v, "behind a pointer": &v,
		"in a field":                    struct{ V T }{v},
		"in an unexported field":        struct{ v T }{v},
		"behind an unexported pointer":  struct{ v *T }{&v},
		"in an unexported interface":    struct{ v any }{v},
		"in an unexported any pointer":  struct{ v any }{&v},
		"two fields deep":               struct{ a struct{ v T } }{struct{ v T }{v}},
		"in a pointer's field":          &struct{ v T }{v},
		"in a slice":                    []T{v},
		"in an unexported slice":        struct{ v []T }{[]T{v}},
		"in an array of pointers":       [1]*T{&v},
		"in a map":                      map[string]T{"v": v},
		"in an unexported map":          struct{ v map[string]*T }{map[string]*T{"v": &v}},
		"in an unexported function":     struct{ v func() T }{func() T { return v }},
		"in a field of any":             struct{ V any }{v},
		"in an embedded pointer's tree": struct{ p *struct{ V T } }{&struct{ V T }{v}},
	} {
		for _, verb := range verbs {
			out[where+" with "+verb] = fmt.Sprintf(verb, nested)
		}
		raw, err := json.Marshal(nested)
		out[where+" as JSON"] = fmt.Sprint(string(raw), err)
		raw, err = xml.Marshal(nested)
		out[where+" as XML"] = fmt.Sprint(string(raw), err)
		var b bytes.Buffer
		err = gobbed(&b, nested)
		out[where+" as gob"] = fmt.Sprint(b.String(), err)
		b.Reset()
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", nested)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", nested, slog.Group("g", "v", nested))
		out[where+" in slog"] = b.String()
		b.Reset()
		err = template.Must(template.New("").Parse("{{.}} {{printf `%s` .}} {{js .}}")).Execute(&b, nested)
		out[where+" in a template"] = fmt.Sprint(b.String(), err)
		out[where+" in an error"] = fmt.Errorf("%w of %v", fmt.Errorf("%s", nested), nested).Error()
	}
	return out
}

// gobbed is gob, which panics on some types.
func gobbed(b *bytes.Buffer, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return gob.NewEncoder(b).Encode(v)
}

// find says in which spelling the secret is there, "" when it is not.
func find(printed, secret string) string {
	if secret == "" {
		return "the empty secret of a broken test"
	}
	raw := []byte(secret)
	word := raw[:min(len(raw), 8)] // a part of a key is a leak as well
	var numbers []string
	for _, c := range word {
		numbers = append(numbers, fmt.Sprint(c))
	}
	for how, text := range map[string]string{
		"as it is": secret, "in part": string(word), "in hexadecimal": fmt.Sprintf("%x", word),
		"in HEXADECIMAL": fmt.Sprintf("%X", word),
		"spaced":         fmt.Sprintf("% x", word), "as bytes": strings.Join(numbers, " "),
		"as bytes in Go": fmt.Sprintf("%#v", word)[7:],
		"in base64":      base64.StdEncoding.EncodeToString(raw[:len(raw)/3*3]),
	} {
		if len(text) > 6 && strings.Contains(printed, text) {
			return how
		}
	}
	if len(raw) >= 4 { // the schedule of a cipher begins with the key, in words
		for _, n := range []uint32{binary.BigEndian.Uint32(raw), binary.LittleEndian.Uint32(raw)} {
			if strings.Contains(printed, fmt.Sprint(n)) || strings.Contains(printed, fmt.Sprintf("%#x", n)) {
				return "in words"
			}
		}
	}
	return ""
}
