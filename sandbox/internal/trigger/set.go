package trigger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// set changes members of a document as was asked. v2 says that it is of APIv2, where all is text.
func set(document map[string]any, schema *catalogue.Field, changes map[string]any, v2 bool) error {
	spots := map[string]*spot{}
	for _, place := range slices.Sorted(maps.Keys(changes)) {
		at, err := find(document, schema, place)
		if err != nil {
			return err
		}
		key := strings.Join(steps(place), ".")
		for other := range spots {
			if within(key, other) || within(other, key) {
				return fmt.Errorf("%q and %q are set, of which one holds the other", shown.Value(other),
					shown.Value(key))
			}
		}
		spots[key] = at
	}
	type change struct {
		at       *spot
		old, new any
	}
	var all []change
	for _, place := range slices.Sorted(maps.Keys(changes)) {
		at := spots[strings.Join(steps(place), ".")]
		value, err := at.read(changes[place], v2)
		if err != nil {
			return fmt.Errorf("%q %w", shown.Value(place), err)
		}
		all = append(all, change{at, at.get(), value})
	}
	chosen := map[string]bool{}
	for _, c := range all {
		c.at.put(c.new)
		chosen[c.at.name] = true
	}
	for _, c := range all {
		follow(c.at, c.old, c.new, chosen)
	}
	return nil
}

func within(place, outer string) bool { return place == outer || strings.HasPrefix(place, outer+".") }

// amounts are names of members that hold money.
var amounts = regexp.MustCompile(`(^|_)(total|amount|fee|refund)(_|$)`)

// follow has the amounts beside one that was set, and that said the same, follow it: payer_total
// follows total, and settlement_refund_fee refund_fee. refund does not follow total.
func follow(at *spot, old, value any, chosen map[string]bool) {
	beside, ok := at.in.(map[string]any)
	switch old.(type) {
	case json.Number, string:
	default:
		return
	}
	if !ok || !amounts.MatchString(at.name) {
		return
	}
	for name, other := range beside {
		if !chosen[name] && amounts.MatchString(name) && other == old && refunds(name) == refunds(at.name) {
			beside[name] = value
		}
	}
}

func refunds(name string) bool { return strings.Contains(name, "refund") }

// read makes what was asked for a value of the type that the place has. Text is read as that type.
func (s *spot) read(asked any, v2 bool) (any, error) {
	raw, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("is set to what JSON cannot say: %w", err)
	}
	value, err := decode(raw)
	if err != nil {
		return nil, err // it was written just now
	}
	text, isText := value.(string)
	want := s.wants()
	if v2 {
		if n, ok := value.(json.Number); ok {
			text, isText = n.String(), true
		}
		switch {
		case !isText:
			return nil, fmt.Errorf("is text or a number, as all of APIv2")
		case want == catalogue.Integer && !isInteger(text):
			return nil, fmt.Errorf("is a whole number")
		}
		return text, nil
	}
	if want == catalogue.String {
		if !isText {
			return nil, fmt.Errorf("is a string")
		}
		return text, nil
	}
	if isText { // as from a command line
		if value, err = decode([]byte(text)); err != nil {
			return nil, fmt.Errorf("is %s", kindOf(want))
		}
	}
	if !fits(value, want) {
		return nil, fmt.Errorf("is %s", kindOf(want))
	}
	return value, nil
}

// wants is the type of the place: what the catalogue says, or else that of what stands there.
func (s *spot) wants() catalogue.Type {
	if s.field != nil {
		return s.field.Type
	}
	switch s.get().(type) {
	case json.Number:
		return catalogue.Integer
	case bool:
		return catalogue.Boolean
	case map[string]any:
		return catalogue.Object
	case []any:
		return catalogue.Array
	}
	return catalogue.String
}

func decode(raw []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err = d.Decode(&value); err == nil && d.More() {
		err = fmt.Errorf("more than one value")
	}
	return value, err
}

func isInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && len(digits) < 19 &&
		(digits == "0" || digits[0] != '0')
}

func fits(value any, want catalogue.Type) bool {
	switch v := value.(type) {
	case json.Number:
		return want == catalogue.Number || want == catalogue.Integer && isInteger(v.String())
	case bool:
		return want == catalogue.Boolean
	case map[string]any:
		return want == catalogue.Object
	case []any:
		return want == catalogue.Array
	}
	return false
}

func kindOf(t catalogue.Type) string {
	switch t {
	case catalogue.Integer:
		return "a whole number"
	case catalogue.Number:
		return "a number"
	case catalogue.Boolean:
		return "true or false"
	case catalogue.Object:
		return "an object, as JSON"
	case catalogue.Array:
		return "a list, as JSON"
	}
	return "a string"
}

// shear takes out of a document what the catalogue does not require.
func shear(node any, f *catalogue.Field) {
	switch n := node.(type) {
	case map[string]any:
		for name, value := range n {
			m := f.Field(name)
			if m == nil || !m.Required && !oneOf(f, name) {
				delete(n, name)
				continue
			}
			shear(value, m)
		}
	case []any:
		for _, value := range n {
			if f.Items != nil {
				shear(value, f.Items)
			}
		}
	}
}

// oneOf says whether a member is one of those of which one must be there.
func oneOf(f *catalogue.Field, name string) bool {
	return slices.ContainsFunc(f.OneOf, func(group []string) bool { return slices.Contains(group, name) })
}
