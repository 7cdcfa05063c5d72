package wire

import (
	"encoding"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
)

// member is a field of a struct that carries a member of an APIv2 message.
type member struct {
	name      string // of the member
	field     string // as Go calls it
	rival     string // a field as deep as this one, for the same member
	index     []int
	typ       reflect.Type
	omitEmpty bool
	own       bool // its type reads or writes strings itself
}

// forms are the interfaces by which a type reads or writes itself.
type forms struct{ text, xml, json reflect.Type }

var (
	reading = forms{reflect.TypeFor[encoding.TextUnmarshaler](), reflect.TypeFor[xml.Unmarshaler](),
		reflect.TypeFor[json.Unmarshaler]()}
	writing = forms{reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[xml.Marshaler](),
		reflect.TypeFor[json.Marshaler]()}
)

func has(t, form reflect.Type) bool { return reflect.PointerTo(t).Implements(form) }

// walker gathers the members of a struct by the rules of encoding/xml. What a flat
// message cannot carry is an error that names the field: left out, a debit would
// go without its sum, and a refund that came back would be one of nothing.
type walker struct {
	forms
	members []member
	byName  map[string]int
	inside  []reflect.Type // the structs that are being walked
	tagged  bool           // one of the fields has an xml tag
	err     error          // the first
}

// membersOf walks a struct. tagged tells whether it speaks of XML at all.
func membersOf(t reflect.Type, by forms) (members []member, tagged bool, err error) {
	w := walker{forms: by, byName: make(map[string]int, t.NumField())}
	w.members = make([]member, 0, t.NumField())
	w.walk(t, nil, "")
	for _, m := range w.members {
		if m.rival != "" {
			w.fail("the fields %s and %s are both for the member %s", m.field, m.rival, m.name)
		}
	}
	return w.members, w.tagged, w.err
}

func (w *walker) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// walk takes in the fields of t, which is at index of the whole.
func (w *walker) walk(t reflect.Type, index []int, path string) {
	if has(t, w.xml) {
		w.fail("the type %s has an XML form of its own, which an APIv2 message does not take: leave the methods out "+
			"and give its fields xml tags", typeName(t))
	}
	w.inside = append(w.inside, t)
	for i := range t.NumField() {
		f := t.Field(i)
		tag, there := f.Tag.Lookup("xml")
		w.tagged = w.tagged || there
		name, options, _ := strings.Cut(tag, ",")
		m := member{name: name, field: path + f.Name, index: append(index[:len(index):len(index)], i), typ: f.Type,
			omitEmpty: hasOption(options, "omitempty")}
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case tag == "-":
		case f.Name == "XMLName": // of the document, which is always <xml>
			if f.Type.Kind() != reflect.Struct {
				w.fail("the field %s is a %s, and by that name encoding/xml knows the document's: give it another, or "+
					"the type xml.Name", m.field, typeName(f.Type))
			}
		case f.Anonymous && embedded.Kind() == reflect.Struct && (name == "" || !has(embedded, w.text)):
			w.inline(embedded, m)
			if w.forms == reading && f.Type.Kind() == reflect.Pointer && !f.IsExported() {
				w.fail("the field %s is embedded by a pointer and its type is not exported, so nobody can fill it: "+
					"embed the struct itself", m.field)
			}
		case !f.IsExported():
			if there || f.Anonymous { // encoding/xml would write it
				w.fail("the field %s is for the message and is not exported, so nobody can read or fill it: give it - "+
					"as its xml tag to leave it out", m.field)
			}
		case name == "":
			w.fail("the field %s has no xml tag with a name: give it the member's, or - to leave the field out",
				m.field)
		case !fieldName(name):
			w.fail("the field %s has the xml tag %s, which is not the name of a member of a flat message", m.field,
				Clip(name, 64))
		default:
			w.add(m, options)
		}
	}
	w.inside = w.inside[:len(w.inside)-1]
}

// inline takes in an embedded struct. One that writes itself, such as a
// time.Time, has no fields to be taken in.
func (w *walker) inline(t reflect.Type, m member) {
	for _, outer := range w.inside {
		if outer == t {
			w.fail("the field %s embeds a %s in itself", m.field, typeName(t))
			return
		}
	}
	before := w.tagged
	w.tagged = false
	w.walk(t, m.index, m.field+".")
	if !w.tagged && (has(t, w.text) || has(t, w.json)) {
		w.fail("the field %s is embedded and has no xml tags inside: give it a name and an xml tag", m.field)
	}
	w.tagged = w.tagged || before
}

// add keeps the field that is nearest to the surface, as Go does.
func (w *walker) add(m member, options string) {
	for _, option := range []string{"attr", "cdata", "chardata", "innerxml", "comment", "any"} {
		if hasOption(options, option) {
			w.fail("the field %s is tagged %s, which a flat message does not have", m.field, option)
		}
	}
	if m.typ.Kind() == reflect.Pointer {
		m.typ = m.typ.Elem()
	}
	m.own = has(m.typ, w.text)
	switch {
	case has(m.typ, w.xml):
		w.fail("the field %s is a %s, which has an XML form of its own: give it MarshalText and UnmarshalText instead",
			m.field, typeName(m.typ))
	case !m.own && !isText(m.typ):
		w.fail("the field %s (%s) is a %s: the members of an APIv2 message are strings, numbers and booleans", m.field,
			m.name, typeName(m.typ))
	}
	at, twice := w.byName[m.name]
	switch {
	case !twice:
		w.byName[m.name] = len(w.members)
		w.members = append(w.members, m)
	case len(m.index) < len(w.members[at].index):
		w.members[at] = m
	case len(m.index) == len(w.members[at].index):
		w.members[at].rival = m.field
	}
}

func hasOption(options, option string) bool {
	return strings.Contains(","+options+",", ","+option+",")
}

func isText(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	}
	return false
}

// typeName is short also of a struct without a name, whose type is all its text.
func typeName(t reflect.Type) string { return Clip(t.String(), 64) }
