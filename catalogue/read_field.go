package catalogue

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// object reads the members of an object: a list of fields, or the name of a type declared earlier
// in the file.
func (r *reader) object(n *node) (*Field, error) {
	if n.kind == String {
		shape := r.types[n.text]
		if shape == nil {
			return nil, r.fail("no type %q is declared above", n.text)
		}
		return shape, nil
	}
	fields, err := r.fields(n)
	if err != nil {
		return nil, err
	}
	f := &Field{Type: Object, Fields: fields, Source: r.source}
	return f, r.checkMembers(f)
}

func (r *reader) fields(n *node) ([]*Field, error) { return list(r, n, r.fieldEntry) }

func (r *reader) checkMembers(f *Field) error {
	if len(f.Fields) > maxMembers {
		return r.fail("an object has at most %d members", maxMembers)
	}
	spelled := map[string]string{}
	for _, m := range f.Fields {
		switch other := spelled[GoName(m.Name)]; other {
		case "":
		case m.Name:
			return r.fail("the field %q is given twice", m.Name)
		default:
			return r.fail("the fields %q and %q have the same Go name", other, m.Name)
		}
		spelled[GoName(m.Name)] = m.Name
	}
	return nil
}

func (r *reader) fieldEntry(n *node) (*Field, error) {
	f := &Field{Source: r.source}
	depth := len(r.field)
	defer func() { r.field = r.field[:depth] }()
	for _, m := range n.members {
		if m.key == "name" && m.value.kind == String {
			f.Name = m.value.text
		}
	}
	if f.Name == "" && n.kind == Object {
		return nil, r.fail("a field has no name")
	}
	r.field = append(r.field, f.Name)
	if err := r.each(n, func(key string, v *node) error { return r.fieldKeyword(f, key, v) }); err != nil {
		return nil, err
	}
	if f.Description == "" {
		f.Description = r.shared.glossary[f.Name]
	}
	return f, r.checkField(f)
}

func (r *reader) fieldKeyword(f *Field, key string, v *node) (err error) {
	switch key {
	case "name":
		_, err = r.text(v)
	case "type":
		f.Type, err = oneOf(r, v, String, Integer, Number, Boolean, Object, Array)
	case "required":
		f.Required, err = r.boolean(v)
	case "min_length":
		f.MinLength, err = r.count(v)
	case "max_length":
		f.MaxLength, err = r.count(v)
	case "pattern":
		f.Pattern, err = r.text(v)
	case "enum":
		f.Enum, err = list(r, v, r.enumValue)
	case "minimum":
		f.Minimum, err = r.bound(v)
	case "maximum":
		f.Maximum, err = r.bound(v)
	case "min_items":
		f.MinItems, err = r.count(v)
	case "max_items":
		f.MaxItems, err = r.count(v)
	case "format":
		f.Format, err = oneOf(r, v, FormatDate, FormatDateTime, FormatURL, FormatPlainURL, FormatNotifyURL,
			FormatIP, FormatInteger)
	case "max_day":
		f.MaxDay, err = r.count(v)
	case "encrypted":
		f.Encrypted, err = r.boolean(v)
	case "label":
		f.Label, err = r.text(v)
	case "description":
		f.Description, err = r.text(v)
	case "example":
		f.Example = v.raw
	case "source":
		f.Source, err = r.sourceOf(v)
	case "one_of":
		f.OneOf, err = list(r, v, r.texts)
	case "filled":
		f.Filled, err = r.boolean(v)
	case "lenient":
		f.Lenient, err = r.boolean(v)
	case "also":
		f.Also, err = r.texts(v)
	case "fields":
		err = r.adopt(f, v)
	case "items":
		f.Items, err = r.itemEntry(v)
	default:
		return r.unknown(key, "name", "type", "required", "min_length", "max_length", "pattern", "enum", "minimum",
			"maximum",
			"min_items", "max_items", "format", "max_day", "encrypted", "label", "description", "example", "source",
			"one_of", "also", "lenient", "filled", "fields", "items")
	}
	return err
}

// adopt gives an object its members.
func (r *reader) adopt(f *Field, n *node) error {
	shape, err := r.object(n)
	if err != nil {
		return err
	}
	f.Fields, f.GoName = shape.Fields, shape.GoName
	return nil
}

// itemEntry reads the item of an array: a field without a name.
func (r *reader) itemEntry(n *node) (*Field, error) {
	f := &Field{Source: r.source}
	err := r.each(n, func(key string, v *node) error {
		if key == "name" || key == "required" {
			return r.fail("an item has no %s", key)
		}
		return r.fieldKeyword(f, key, v)
	})
	if err != nil {
		return nil, err
	}
	return f, r.checkField(f)
}

func (r *reader) enumValue(n *node) (string, error) {
	if n.kind == Integer {
		return string(n.raw), nil
	}
	return r.text(n)
}

func (r *reader) bound(n *node) (*int64, error) {
	v, err := r.integer(n)
	return &v, err
}

// checkOneOf checks the groups of an object against its members.
func (r *reader) checkOneOf(f *Field) error {
	for _, group := range f.OneOf {
		if len(group) < 2 {
			return r.fail("a group of one_of names at least two fields")
		}
		for _, name := range group {
			if m := f.Field(name); m == nil || m.Required {
				return r.fail("one_of names %q, which is no optional field here", name)
			}
		}
	}
	return nil
}

// checkField refuses what contradicts itself and what does not compile.
func (r *reader) checkField(f *Field) error {
	isText, isWhole := f.Type == String, f.Type == Integer
	switch {
	case f.Type == "":
		return r.fail("type is missing")
	case !isText && (f.MinLength != 0 || f.MaxLength != 0 || f.Pattern != "" || f.Format != "" || f.Encrypted ||
		f.Lenient):
		return r.fail("min_length, max_length, pattern, format, encrypted and lenient are for strings")
	case !isWhole && (f.Minimum != nil || f.Maximum != nil):
		return r.fail("minimum and maximum are for integers")
	case !isText && !isWhole && f.Enum != nil:
		return r.fail("enum is for strings and integers")
	case f.Type == Array && f.Items == nil:
		return r.fail("an array needs items")
	case f.Type != Array && (f.Items != nil || f.MinItems != 0 || f.MaxItems != 0):
		return r.fail("items, min_items and max_items are for arrays")
	case f.Type != Object && f.Fields != nil:
		return r.fail("fields is for objects")
	case f.Type != Object && f.OneOf != nil:
		return r.fail("one_of is for objects")
	case (f.Type == Object || f.Type == Array) && f.Also != nil:
		return r.fail("also is for plain values")
	case f.MaxDay != 0 && (f.Format != FormatDate || f.MaxDay > 31):
		return r.fail("max_day is for dates, and is 1 to 31")
	case f.MaxLength != 0 && f.MinLength > f.MaxLength:
		return r.fail("min_length is above max_length")
	case f.MaxItems != 0 && f.MinItems > f.MaxItems:
		return r.fail("min_items is above max_items")
	case f.Minimum != nil && f.Maximum != nil && *f.Minimum > *f.Maximum:
		return r.fail("minimum is above maximum")
	}
	if err := r.checkOneOf(f); err != nil {
		return err
	}
	if isText && f.Required && f.MinLength == 0 {
		f.MinLength = 1
	}
	if f.Pattern != "" {
		if !strings.HasPrefix(f.Pattern, "^") || !strings.HasSuffix(f.Pattern, "$") {
			return r.fail("the pattern must start with ^ and end with $")
		}
		if _, err := regexp.Compile(f.Pattern); err != nil {
			return r.fail("the pattern does not compile: %v", err)
		}
		f.pattern = &pattern{}
	}
	for i, v := range f.Enum {
		if _, err := strconv.ParseInt(v, 10, 64); isWhole && err != nil {
			return r.fail("the enum value %q is not an integer", v)
		}
		if slices.Contains(f.Enum[:i], v) {
			return r.fail("the enum value %q is given twice", v)
		}
	}
	return nil
}
