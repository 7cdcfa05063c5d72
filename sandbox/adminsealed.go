package sandbox

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/front"
	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// The sandbox keeps what calls said in clear, for the products' rules need it. Go tests may look at
// that; the admin shows it without what travels encrypted, as the journal does.

// withoutSealed is an answer whose JSON strings, what calls said and notifications say, are
// blanked.
func (a *admin) withoutSealed(answer any) any {
	if answer == nil {
		return nil
	}
	v := reflect.New(reflect.TypeOf(answer)).Elem()
	v.Set(reflect.ValueOf(answer))
	a.hideSealed(v)
	return v.Interface()
}

func (a *admin) hideSealed(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			a.hideSealed(v.Elem())
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			a.hideSealed(v.MapIndex(key))
		}
	case reflect.Slice:
		if raw, ok := v.Interface().(json.RawMessage); ok {
			v.SetBytes(a.blankSealed(raw))
			return
		}
		for i := range v.Len() {
			a.hideSealed(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Tag.Get("json") != "-" {
				a.hideSealed(v.Field(i))
			}
		}
	}
}

// blankSealed blanks what any endpoint has travel encrypted: by which one a string came is not
// kept.
func (a *admin) blankSealed(raw json.RawMessage) json.RawMessage {
	body := engine.DecodeBody(raw)
	hidden := blankNamed(body)
	for _, path := range a.sealedPaths() {
		front.EditSecrets(body, path, "", func(string, string) (string, *engine.Refusal) {
			hidden = true
			return redact.Blank, nil
		})
	}
	if !hidden {
		return raw
	}
	return rows.EncodeJSON(body)
}

// findSealedPaths are where requests have what travels encrypted.
func findSealedPaths(e *engine.Engine) (paths [][]string) {
	for _, op := range e.Catalogue.Operations() {
		for _, s := range front.SecretsOf(op.Body, op.EncryptedBody()) {
			paths = append(paths, s.Path)
		}
	}
	slices.SortFunc(paths, slices.Compare)
	return slices.CompactFunc(paths, slices.Equal)
}

// blankNamed blanks what is usually encrypted, at whatever depth, and says whether there was any.
func blankNamed(node any) (hidden bool) {
	switch n := node.(type) {
	case map[string]any:
		for name, value := range n {
			if slices.Contains(redact.UsuallySealed, name) {
				n[name], hidden = redact.Blank, true
			} else if blankNamed(value) {
				hidden = true
			}
		}
	case []any:
		for _, element := range n {
			hidden = blankNamed(element) || hidden
		}
	}
	return hidden
}
