package wxpay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// errNilFields is about a body that would go out with nothing of the caller's in it.
var errNilFields = errors.New("it is a nil map, or JSON's null")

// fieldsOf flattens a body: a struct with xml tags, a map, anything that
// marshals to a JSON object, or raw XML. What nests in JSON becomes its JSON, as
// scene_info and detail are sent; what a struct with xml tags cannot carry is an error.
func (c *call) fieldsOf(body any) (wire.Fields, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case map[string]string:
		if b == nil {
			return nil, errNilFields
		}
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
	meant := func(name string) bool { return slices.Contains(c.zeros, "/"+name) }
	if fields, ok, err := wire.StructFields(body, meant); ok || err != nil {
		sent := func(pointer string) bool { return fields[pointer[1:]] != "" }
		c.zeros = slices.DeleteFunc(slices.Clone(c.zeros), sent)
		return fields, err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, errors.New(unmarshallable(err))
	}
	m, err := membersOf(raw)
	if err != nil {
		return nil, err
	}
	for name, value := range m {
		if mended(value) {
			return nil, fmt.Errorf("the member %q is not UTF-8", wire.Clip(name, 64))
		}
	}
	if len(c.zeros) > 0 {
		if m, err = membersOf(c.withZeros(raw, body)); err != nil {
			return nil, err
		}
	}
	fields := make(wire.Fields, len(m)+3)
	for name, value := range m {
		text := string(value)
		if text == "null" {
			continue
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

// membersOf are the members of a JSON object.
func membersOf(raw []byte) (m map[string]json.RawMessage, err error) {
	switch err := json.Unmarshal(raw, &m); {
	case err != nil:
		return nil, errors.New("it is not an object")
	case m == nil:
		return nil, errNilFields
	}
	return m, nil
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
