package trigger

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/spelling"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// steps takes a place apart: "/amount/total" as JSON Pointer has it (RFC 6901), or "amount.total",
// and "sub_orders[0].mchid" or "sub_orders.0.mchid" of a list. A place that is none has no steps.
func steps(place string) []string {
	var list []string
	if pointer, ok := strings.CutPrefix(place, "/"); ok {
		list = strings.Split(pointer, "/")
		for i := range list {
			list[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(list[i])
		}
	} else {
		list = strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(place), ".")
	}
	if slices.Contains(list, "") {
		return nil
	}
	return list
}

// spot is a place in a document: what holds it, and what the catalogue says of it.
type spot struct {
	in    any // map[string]any or *[]any
	name  string
	index int
	field *catalogue.Field // nil where the catalogue does not know it
}

// get is what stands there, nil for nothing.
func (s *spot) get() any {
	switch in := s.in.(type) {
	case map[string]any:
		return in[s.name]
	case []any:
		if s.index < len(in) {
			return in[s.index]
		}
	}
	return nil
}

func (s *spot) put(value any) {
	switch in := s.in.(type) {
	case map[string]any:
		in[s.name] = value
	case []any:
		in[s.index] = value
	}
}

// find goes to a place. Objects that are not there yet, and that the catalogue knows, are made on
// the way; of a list only elements that are there are found.
func find(document map[string]any, schema *catalogue.Field, place string) (*spot, error) {
	list := steps(place)
	if list == nil {
		return nil, fmt.Errorf("%q is no place of a member: write it as amount.total or /amount/total",
			shown.Value(place))
	}
	var node any = document
	field := schema
	for i, step := range list {
		at, ok := enter(node, field, step)
		if !ok {
			return nil, noMember(document, schema, place)
		}
		if i == len(list)-1 {
			return at, nil
		}
		if node = at.get(); node == nil {
			if at.field == nil || at.field.Type != catalogue.Object {
				return nil, noMember(document, schema, place)
			}
			node = map[string]any{}
			at.put(node)
		}
		field = at.field
	}
	return nil, noMember(document, schema, place) // there is one step at least
}

// enter goes from a value to one of its members or elements.
func enter(node any, field *catalogue.Field, step string) (*spot, bool) {
	switch in := node.(type) {
	case map[string]any:
		at := &spot{in: in, name: step}
		if field != nil {
			at.field = field.Field(step)
		}
		_, there := in[step]
		return at, there || at.field != nil
	case []any:
		index, err := strconv.Atoi(step)
		if err != nil || index < 0 || index >= len(in) {
			return nil, false
		}
		at := &spot{in: in, index: index}
		if field != nil {
			at.field = field.Items
		}
		return at, true
	}
	return nil, false
}

// noMember names what was probably meant.
func noMember(document map[string]any, schema *catalogue.Field, place string) error {
	known := append(places("", document, nil), described("", schema)...)
	slices.Sort(known)
	known = slices.Compact(known)
	wanted := strings.ToLower(strings.Join(steps(place), "."))
	last := wanted[strings.LastIndexByte(wanted, '.')+1:]
	type guess struct {
		place    string
		distance int
	}
	var near []guess
	for _, k := range known {
		leaf := k[strings.LastIndexByte(k, '.')+1:]
		d := min(spelling.Distance(wanted, k), spelling.Distance(last, leaf)+1)
		if len(wanted) <= 64 && d <= max(2, len(last)/3) {
			near = append(near, guess{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b guess) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, g := range near[:min(3, len(near))] {
		names = append(names, g.place)
	}
	if len(names) == 0 {
		names = known[:min(12, len(known))]
		return fmt.Errorf("the notification has no member %q; it has %s", shown.Value(place),
			strings.Join(names, ", ")+more(len(known)-len(names)))
	}
	return fmt.Errorf("the notification has no member %q; did you mean %s?", shown.Value(place),
		strings.Join(names, " or "))
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// places are those of a document's members.
func places(at string, node any, out []string) []string {
	join := func(step string) string { return strings.TrimPrefix(at+"."+step, ".") }
	switch n := node.(type) {
	case map[string]any:
		for name, value := range n {
			out = places(join(name), value, append(out, join(name)))
		}
	case []any:
		for i, value := range n {
			out = places(join(strconv.Itoa(i)), value, out)
		}
	}
	return out
}

// described are the places that the catalogue knows, but for those in lists.
func described(at string, f *catalogue.Field) (out []string) {
	for _, m := range f.Fields {
		place := strings.TrimPrefix(at+"."+m.Name, ".")
		out = append(append(out, place), described(place, m)...)
	}
	return out
}
