package wxpay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Zero sends fields of the call's struct that would be left out because they hold
// their zero value: a 0, a false or an empty text that is meant.
//
//	presign.Post(ctx, &combinepapay.PreEntrustSignRequest{…}, wxpay.Zero("/return_app"))
//
// The pointers are as for [Encrypt], without "*"; a field of a query is named so too.
// One that no struct of the call has, or that is inside what is nil, is a
// [*RequestError], as is an empty text in APIv2, which does not sign those. A map
// sends what is in it and needs no Zero.
func Zero(pointers ...string) Option {
	return func(c *call) {
		c.checkPointers(pointers)
		c.zeros = append(c.zeros[:len(c.zeros):len(c.zeros)], pointers...)
	}
}

// takeZero tells whether Zero names the field of a query, and ticks it off.
func (c *call) takeZero(name string) bool {
	i := slices.Index(c.zeros, "/"+name)
	if i >= 0 {
		c.zeros = slices.Delete(slices.Clone(c.zeros), i, i+1)
	}
	return i >= 0
}

// addZeros puts in what Zero names of the body. What it does not find stays on the
// list, which ends the call.
func (c *call) addZeros(body any) {
	if len(c.zeros) == 0 || c.problem != "" {
		return
	}
	tag := "json"
	if c.isV2() {
		tag = "xml"
	}
	var tree any
	if tag == "json" {
		d := json.NewDecoder(bytes.NewReader(c.body))
		d.UseNumber()
		if err := d.Decode(&tree); err != nil {
			return
		}
	}
	c.zeros = slices.DeleteFunc(slices.Clone(c.zeros), func(pointer string) bool {
		path := pointerPath(pointer)
		value, ok := fieldAt(reflect.ValueOf(body), path, tag)
		switch {
		case !ok:
			return false
		case tag == "json":
			return putAt(tree, path, value)
		}
		if c.fields[path[0]] == "" {
			c.fields[path[0]] = fmt.Sprint(value)
		}
		return c.fields[path[0]] != ""
	})
	if tag == "json" {
		c.body, _ = json.Marshal(tree) // it was JSON before
	}
}

// fieldAt finds a number, boolean or text of a struct.
func fieldAt(v reflect.Value, path []string, tag string) (value any, ok bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if len(path) == 0 {
		switch {
		case !v.IsValid():
			return nil, false
		case v.CanInt():
			return v.Int(), true
		case v.CanUint():
			return v.Uint(), true
		case v.CanFloat():
			return v.Float(), true
		case v.Kind() == reflect.Bool:
			return v.Bool(), true
		}
		return v.String(), v.Kind() == reflect.String
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < v.Len() {
			return fieldAt(v.Index(i), path[1:], tag)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
			switch {
			case name == path[0] && f.IsExported():
				return fieldAt(v.Field(i), path[1:], tag)
			case name == "" && f.Anonymous:
				if value, ok := fieldAt(v.Field(i), path, tag); ok {
					return value, true
				}
			}
		}
	}
	return nil, false
}

// putAt puts a value where there is none, in what is there.
func putAt(node any, path []string, value any) bool {
	switch n := node.(type) {
	case map[string]any:
		if len(path) > 1 {
			return putAt(n[path[0]], path[1:], value)
		}
		if _, there := n[path[0]]; !there {
			n[path[0]] = value
		}
		return true
	case []any:
		i, err := strconv.Atoi(path[0])
		return err == nil && len(path) > 1 && i >= 0 && i < len(n) && putAt(n[i], path[1:], value)
	}
	return false
}
