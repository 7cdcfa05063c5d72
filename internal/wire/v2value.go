package wire

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// ErrCircle is about what Circular tells.
var ErrCircle = errors.New("it is pointers that lead to pointers without end")

// Circular tells pointers and interfaces that lead to no value, but in a circle.
func Circular(v any) bool {
	at := reflect.ValueOf(v)
	for range 1000 {
		if at.Kind() != reflect.Pointer && at.Kind() != reflect.Interface || at.IsNil() {
			return false
		}
		at = at.Elem()
	}
	return true
}

// StructFields flattens a struct, or what points to one, by its xml tags, as
// encoding/xml would write it. An empty string is not part of an APIv2 message. A
// struct without any xml tag is left to others, as is all that is no struct: ok
// is false. Errors name fields and types, and no values.
//
// meant is asked of every member that has a field, whether to send it even if it is
// zero and would be left out. An empty string is left out all the same.
func StructFields(body any, meant func(name string) bool) (f Fields, ok bool, err error) {
	if Circular(body) {
		return nil, false, ErrCircle
	}
	v := reflect.ValueOf(body)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil, false, errors.New("it is a nil pointer")
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil, false, nil
	}
	members, tagged, err := membersOf(v.Type(), writing)
	switch {
	case !tagged:
		return nil, false, nil
	case err != nil:
		return nil, true, err
	}
	if !v.CanAddr() { // a MarshalText may want a pointer
		whole := reflect.New(v.Type()).Elem()
		whole.Set(v)
		v = whole
	}
	f = make(Fields, len(members)+3)
	for _, m := range members {
		value, found, empty := m.in(v)
		if !found || !meant(m.name) && empty {
			continue
		}
		text, err := m.text(value)
		if err != nil {
			return nil, true, err
		}
		if text != "" {
			f[m.name] = text
		}
	}
	return f, true, nil
}

// in finds the field, unless a pointer on the way to it is nil, and says whether it
// is empty and to be left out then.
func (m *member) in(v reflect.Value) (field reflect.Value, found, empty bool) {
	for _, i := range m.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	if v.Kind() == reflect.Pointer {
		return v.Elem(), !v.IsNil(), false // a number that is pointed to is sent, and be it 0
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Array:
		return v, true, false
	case reflect.Slice, reflect.Map:
		return v, true, m.omitEmpty && v.Len() == 0
	}
	return v, true, m.omitEmpty && v.IsZero()
}

func (m *member) text(v reflect.Value) (string, error) {
	if m.own {
		text, err := v.Addr().Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return "", &ownForm{"the MarshalText of the field " + m.field + " fails", Hide(err)}
		}
		return string(text), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Float32, reflect.Float64:
		n := v.Float()
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return "", fmt.Errorf("the field %s is no number", m.field)
		}
		return strconv.FormatFloat(n, 'f', -1, v.Type().Bits()), nil // encoding/xml would write a million as 1e+06
	case reflect.Slice:
		return string(v.Bytes()), nil
	}
	if v.CanInt() {
		return strconv.FormatInt(v.Int(), 10), nil
	}
	return strconv.FormatUint(v.Uint(), 10), nil
}

// Fill is the way back: it sets the fields of the struct that out points to, as
// encoding/xml would. An empty member sets nothing. Errors name fields and
// members, and no values.
func (f Fields) Fill(out any) error {
	if Circular(out) {
		return ErrCircle
	}
	v := reflect.ValueOf(out)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			if !v.CanSet() {
				return errors.New("it was to fill a nil pointer")
			}
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || !v.CanSet() {
		return errors.New("an APIv2 message decodes into a pointer to a struct with xml tags")
	}
	members, tagged, err := membersOf(v.Type(), reading)
	if err != nil {
		return err
	}
	if !tagged && (has(v.Type(), reading.text) || has(v.Type(), reading.json)) {
		return fmt.Errorf("a %s has no xml tags, which an APIv2 message decodes by", typeName(v.Type()))
	}
	for _, m := range members {
		text := f[m.name]
		if text == "" {
			continue
		}
		if err := m.set(m.made(v), text); err != nil {
			return err
		}
	}
	return nil
}

// made finds the field and allocates what it hangs on.
func (m *member) made(v reflect.Value) reflect.Value {
	follow := func() {
		if v.Kind() != reflect.Pointer {
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	for _, i := range m.index {
		follow()
		v = v.Field(i)
	}
	follow()
	return v
}

func (m *member) set(v reflect.Value, text string) error {
	if m.own {
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return &ownForm{"the UnmarshalText of the field " + m.field + " does not take " + m.name, Hide(err)}
		}
		return nil
	}
	number, bits := strings.TrimSpace(text), int(v.Type().Size())*8
	kind, err := "", error(nil)
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Slice:
		v.SetBytes([]byte(text))
	case reflect.Bool:
		kind, err = "a boolean", setTo(v.SetBool)(strconv.ParseBool(number))
	case reflect.Float32, reflect.Float64:
		kind, err = "a number", setTo(v.SetFloat)(finite(number, bits))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		kind, err = "an integer", setTo(v.SetInt)(strconv.ParseInt(number, 10, bits))
	default:
		kind, err = "an unsigned integer", setTo(v.SetUint)(strconv.ParseUint(number, 10, bits))
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("%s does not fit the field %s, a %s", m.name, m.field, typeName(v.Type()))
	}
	return fmt.Errorf("%s is not %s", m.name, kind) // strconv's own words quote it
}

func finite(text string, bits int) (float64, error) {
	n, err := strconv.ParseFloat(text, bits)
	if err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		err = strconv.ErrSyntax
	}
	return n, err
}

// setTo sets what was parsed, unless it was not.
func setTo[T any](set func(T)) func(T, error) error {
	return func(value T, err error) error {
		if err == nil {
			set(value)
		}
		return err
	}
}

// ownForm hides the words of a type's own method, which may quote the value.
type ownForm struct {
	text string
	err  Hidden[error]
}

func (e *ownForm) Error() string { return e.text }
func (e *ownForm) Unwrap() error { return e.err.Reveal() }

func (e ownForm) Format(f fmt.State, verb rune) { PrintError(f, verb, &e) }
