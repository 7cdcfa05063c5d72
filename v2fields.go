package wxpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// V2 is an APIv2 endpoint of the typed chain.
type V2[Req, Resp any] struct{ leaf }

// NewV2 is for generated code.
func NewV2[Req, Resp any](b Bound, path string, preset ...Option) V2[Req, Resp] {
	return V2[Req, Resp]{leaf{b, path, preset}}
}

// Post makes the call. See [GET.Get] for its errors.
func (e V2[Req, Resp]) Post(ctx context.Context, in *Req, opts ...Option) (*Resp, error) {
	return typed[Resp](ctx, withBody(e.call("POST", opts), in))
}

// PostAsync is Post as a promise.
func (e V2[Req, Resp]) PostAsync(ctx context.Context, in *Req, opts ...Option) *Promise[*Resp] {
	return typedAsync[Resp](ctx, withBody(e.call("POST", opts), in))
}

// V2URL is an APIv2 page that is opened in WeChat rather than called.
type V2URL[Req any] struct{ leaf }

// NewV2URL is for generated code.
func NewV2URL[Req any](b Bound, path string, preset ...Option) V2URL[Req] {
	return V2URL[Req]{leaf{b, path, preset}}
}

// URL makes the signed address; see [Chain.URL].
func (e V2URL[Req]) URL(in *Req, opts ...Option) (string, error) {
	return withBody(e.call("GET", opts), in).entryURL()
}

// fieldsOf flattens a body: a struct with xml tags, a map, anything that
// marshals to a JSON object, or raw XML. What nests becomes its JSON, as
// scene_info and detail are sent.
func fieldsOf(body any) (wire.Fields, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case map[string]string:
		fields := make(wire.Fields, len(b)+3)
		for name, value := range b {
			fields[name] = value
		}
		return fields, nil
	case []byte:
		return wire.ParseXML(b)
	case string:
		return wire.ParseXML([]byte(b))
	}
	if v := reflect.ValueOf(body); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("it is a nil pointer")
	}
	if fields, ok, err := taggedFields(body); ok {
		return fields, err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, errors.New(unmarshallable(err))
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var m map[string]json.RawMessage
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("it is not an object")
	}
	fields := make(wire.Fields, len(m)+3)
	for name, value := range m {
		text := string(value)
		if text == "null" {
			continue
		}
		if mended(value) {
			return nil, fmt.Errorf("the member %q is not UTF-8", wire.Clip(name, 64))
		}
		if strings.HasPrefix(text, `"`) {
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, err
			}
		}
		fields[name] = text
	}
	return fields, nil
}

// mended tells whether encoding/json put U+FFFD where a string was not UTF-8: it
// writes those as an escape, and one that was in the string as it is.
func mended(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			if i++; bytes.HasPrefix(raw[i:], []byte("ufffd")) {
				return true
			}
		}
	}
	return false
}

// taggedFields flattens a struct whose fields have xml tags, as the generated
// ones have. An empty value is not part of an APIv2 message. A field of another
// kind than they have is refused: left out, a debit would go without its sum.
func taggedFields(body any) (wire.Fields, bool, error) {
	v := reflect.Indirect(reflect.ValueOf(body))
	if v.Kind() != reflect.Struct {
		return nil, false, nil
	}
	fields := wire.Fields{}
	tagged := false
	var err error
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("xml"), ",")
		if name == "" || name == "-" {
			continue
		}
		tagged = true
		switch f := v.Field(i); {
		case f.IsZero():
		case f.Kind() == reflect.String:
			fields[name] = f.String()
		case f.Kind() == reflect.Int64:
			fields[name] = strconv.FormatInt(f.Int(), 10)
		default:
			err = fmt.Errorf("the field %s is a %s, not a string or an int64", wire.Clip(name, 64), f.Type())
		}
	}
	return fields, tagged, err
}

// setTagged is the way back. A number that is none is an error that names the
// field and not the value; so is a field of a kind that it cannot fill.
func setTagged(fields wire.Fields, out any) error {
	v := reflect.Indirect(reflect.ValueOf(out))
	if v.Kind() != reflect.Struct || !v.CanSet() {
		return errors.New("an APIv2 reply decodes into a pointer to a struct with xml tags")
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("xml"), ",")
		text, there := fields[name]
		if name == "" || !there || text == "" {
			continue
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(text)
		case reflect.Int64:
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fmt.Errorf("%s is not an integer", name)
			}
			f.SetInt(n)
		default:
			return fmt.Errorf("the field for %s is a %s, not a string or an int64", wire.Clip(name, 64), f.Type())
		}
	}
	return nil
}
