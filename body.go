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
		switch v := reflect.ValueOf(body); v.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice:
			if v.IsNil() { // it would travel as null
				c.fail("the body is a nil " + v.Type().String() + ": give nil itself where there is none")
				return c
			}
		}
		raw, err := json.Marshal(body)
		if err != nil {
			c.fail("the body does not marshal to JSON: " + unmarshallable(err))
			c.cause = err
		}
		c.body = c.withZeros(raw, body)
		return c
	}
	if !json.Valid(c.body) {
		c.fail("the raw body is not valid JSON")
	}
	return c
}

// unfit says what is wrong with a body that has something in it which JSON would
// leave out: it would travel as {}.
func unfit(body any) string {
	switch body.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return ""
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
