package wxpay

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// marshal sets the body. It happens once, before the caller goes on, and
// these are the bytes that are signed and sent.
func (c *call) marshal(body any) *call {
	body = rawOf(body)
	if problem := unfit(body); problem != "" {
		c.fail(problem)
		return c
	}
	if c.isV2() {
		c.setFields(body)
		return c
	}
	switch b := body.(type) {
	case nil:
		return c
	case json.RawMessage: // copied, for the caller may fill its buffer again
		c.body = bytes.Clone(b)
	case []byte:
		c.body = bytes.Clone(b)
	case string:
		c.body = []byte(b)
	default:
		if kind := nilOf(body); kind != "" { // it would travel as null
			c.fail("the body is a nil " + kind + ": give nil itself where there is none")
			return c
		}
		raw, err := json.Marshal(body)
		switch {
		case err != nil:
			c.fail("the body does not marshal to JSON: " + unmarshallable(err))
			c.cause = err
		case !isJSONBody(raw):
			c.fail(fmt.Sprintf("a %T is neither object nor list in JSON, and WeChat Pay takes no such body",
				body))
		}
		c.body = c.withZeros(raw, body)
		return c
	}
	switch {
	case len(bytes.TrimSpace(c.body)) == 0:
		c.fail("the raw body is empty: give nil where there is none")
	case !json.Valid(c.body):
		c.fail("the raw body is not valid JSON")
	case !isJSONBody(c.body):
		c.fail("the raw body is JSON, but neither object nor list, and WeChat Pay takes no such body")
	}
	return c
}

// maxPointers bounds how far pointers are followed: one may lead to itself.
const maxPointers = 16

// rawOf is a body of text as string or []byte, where a type of the caller's own, or a pointer,
// stands for one: encoding/json would quote it, or write it as base64.
func rawOf(body any) any {
	v := reflect.ValueOf(body)
	for depth := 0; v.IsValid() && depth < maxPointers; depth++ {
		if v.Kind() == reflect.Struct {
			return body // Interface would copy it
		}
		switch v.Interface().(type) {
		case json.RawMessage:
			return v.Interface()
		case json.Marshaler, encoding.TextMarshaler, io.Reader, error:
			return body
		}
		switch kind := v.Kind(); {
		case kind == reflect.String:
			return v.String()
		case kind == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
			return v.Bytes()
		case kind != reflect.Pointer:
			return body
		}
		v = v.Elem()
	}
	return body
}

// nilOf is the type of a body that is nil, or a pointer to what is nil.
func nilOf(body any) string {
	v := reflect.ValueOf(body)
	for range maxPointers {
		switch v.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			if v.IsNil() {
				return reflect.TypeOf(body).String()
			}
		}
		if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
			return ""
		}
		v = v.Elem()
	}
	return ""
}

// isJSONBody tells an object or a list from other values.
func isJSONBody(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) > 0 && (raw[0] == '{' || raw[0] == '[')
}

// unfit says what is wrong with a body that has something in it which JSON would
// leave out: it would travel as {}.
func unfit(body any) string {
	holder := body
	if t := reflect.TypeOf(body); t != nil && t.Kind() == reflect.Struct { // a bytes.Buffer is a reader by its pointer
		holder = reflect.New(t).Interface()
	}
	switch holder.(type) {
	case json.Marshaler, encoding.TextMarshaler:
	case io.Reader, error:
		return fmt.Sprintf("the body is a %T, which has no fields to send: give a struct, a map, or raw text as "+
			"string, []byte or json.RawMessage", body)
	}
	return ""
}

// guarded is for a promise: a panic of the body's own methods while it is read does
// not end the program.
func (c *call) guarded(read func()) *call {
	if err := guard(read); err != nil {
		err.body = true
		c.fail("a method of the body panics")
		c.cause = err
	}
	return c
}

// unmarshallable says why a body does not marshal, by the type at fault: the
// words of encoding/json and of a MarshalJSON may quote the value.
func unmarshallable(err error) string {
	var (
		kind  *json.UnsupportedTypeError
		value *json.UnsupportedValueError
		own   *json.MarshalerError
	)
	switch {
	case errors.As(err, &own):
		return "the MarshalJSON of a " + own.Type.String() + " fails"
	case errors.As(err, &kind):
		return "it holds a " + kind.Type.String() + ", which JSON does not have"
	case errors.As(err, &value):
		return "it holds a number that JSON does not have, or itself"
	}
	return "a value in it is not what its type says, such as a json.Number that is no number"
}
