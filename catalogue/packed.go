package catalogue

import (
	_ "embed" // the packed catalogue
	"encoding/json"
	"errors"
)

// packed is what Load makes of data/, in a form that is read in a fifteenth of the time: every
// program that runs a sandbox, and most commands, wait for it when they start. It is written by
// internal/gen/packed.go, in the order in which this file reads it.
//
// It is numbers, and one run of text of which every string of the catalogue is a piece: how many
// strings there are and how long each is, the text, then the fields and then the families. Fields
// that are alike are there once; members come before the objects that have them.
//
//go:embed packed.bin
var packed string

var errPacked = errors.New("catalogue: packed.bin is damaged; run go run ./internal/gen in the module and build again")

// unpacker reads a packed catalogue. Numbers are unsigned varints, and what names a string or a
// field is its position. What is cut short or points nowhere is read as zero and makes damaged
// true.
type unpacker struct {
	rest    string // what is not read yet
	damaged bool
	texts   []string
	fields  []Field // as many as have been read

	// Pieces of these are the lists of the catalogue: one large allocation in place of many.
	fieldLists slab[*Field]
	textLists  slab[string]
	groups     slab[[]string]
	errorLists slab[ErrorCode]
	outcomes   slab[Outcome]
	meanings   slab[StateMeaning]
	bounds     slab[int64]
	examples   slab[byte]
}

// unpack reads the whole of a packed catalogue, or nothing.
func unpack(packed string) (*Catalogue, error) {
	u := &unpacker{rest: packed}
	u.readTexts()
	all := make([]Field, u.count())
	for i := range all {
		u.field(&all[i])
		u.fields = all[:i+1]
	}
	c := &Catalogue{Families: make([]*Family, u.count())}
	for i := range c.Families {
		c.Families[i] = u.family()
	}
	if u.damaged || u.rest != "" {
		return nil, errPacked
	}
	return c, c.link()
}

func (u *unpacker) readTexts() {
	u.texts = make([]string, u.count())
	lengths := make([]int, len(u.texts))
	for i := range lengths {
		lengths[i] = u.count()
	}
	for i, n := range lengths {
		u.texts[i] = u.cut(n)
	}
}

func (u *unpacker) field(f *Field) {
	f.Name, f.Type, f.Format, f.Pattern = u.text(), Type(u.text()), Format(u.text()), u.text()
	f.Label, f.Description, f.GoName, f.Source = u.text(), u.text(), u.text(), Source(u.text())
	f.Required, f.Encrypted, f.Filled, f.Lenient = u.flag(), u.flag(), u.flag(), u.flag()
	f.MinLength, f.MaxLength, f.MinItems, f.MaxItems, f.MaxDay = u.int(), u.int(), u.int(), u.int(), u.int()
	f.Minimum, f.Maximum = u.bound(), u.bound()
	if example := u.text(); example != "" {
		f.Example = json.RawMessage(u.examples.take(len(example)))
		copy(f.Example, example)
	}
	f.Enum, f.Also = u.list(), u.list()
	if n, given := u.length(); given {
		f.OneOf = u.groups.take(n)
		for i := range f.OneOf {
			f.OneOf[i] = u.list()
		}
	}
	f.Fields, f.Items = u.members(), u.member()
	if f.Pattern != "" {
		f.pattern = &pattern{}
	}
}

func (u *unpacker) family() *Family {
	f := &Family{Name: u.text(), Package: u.text(), Protocol: Protocol(u.text()), Root: u.text(), Title: u.text(),
		Description: u.text()}
	if n, given := u.length(); given {
		f.Segments = make(map[string]string, n)
		for range n {
			segment := u.text()
			f.Segments[segment] = u.text()
		}
	}
	if n, given := u.length(); given {
		f.Operations = make([]*Operation, n)
		all := make([]Operation, n)
		for i := range all {
			f.Operations[i] = &all[i]
			all[i].Family = f
			u.operation(&all[i])
		}
	}
	if n, given := u.length(); given {
		f.Events = make([]*Event, n)
		for i := range f.Events {
			f.Events[i] = &Event{Type: u.text(), Title: u.text(), Description: u.text(), OriginalType: u.text(),
				Target: u.text(), Resource: u.member(), Source: Source(u.text()), Family: f}
		}
	}
	if n, given := u.length(); given {
		f.Rules = make([]Rule, n)
		for i := range f.Rules {
			f.Rules[i] = Rule{Text: u.text(), Doc: u.text(), Source: Source(u.text())}
		}
	}
	return f
}

func (u *unpacker) operation(o *Operation) {
	o.Method, o.Path, o.Name, o.Title = u.text(), u.text(), u.text(), u.text()
	o.Description, o.Doc, o.ReplyName, o.SignType = u.text(), u.text(), u.text(), u.text()
	o.Fidelity, o.Source = Fidelity(u.text()), Source(u.text())
	o.Success = u.int()
	o.MTLS, o.Unsigned, o.Page = u.flag(), u.flag(), u.flag()
	o.Roles, o.Events = u.list(), u.list()
	o.PathParams, o.Query, o.Body, o.Reply = u.members(), u.members(), u.member(), u.member()
	if n, given := u.length(); given {
		o.Errors = u.errorLists.take(n)
		for i := range o.Errors {
			o.Errors[i] = ErrorCode{HTTP: u.int(), Code: u.text(), Message: u.text(), Meaning: u.text(),
				Source: Source(u.text())}
		}
	}
	if u.flag() {
		o.Outcome = u.outcome()
	}
}

func (u *unpacker) outcome() *Outcome {
	o := &u.outcomes.take(1)[0]
	o.None, o.Query, o.State = u.text(), u.text(), u.text()
	o.Without, o.Asks, o.Missing = u.list(), u.list(), u.list()
	if n, given := u.length(); given {
		o.With = make(map[string]string, n)
		for range n {
			name := u.text()
			o.With[name] = u.text()
		}
	}
	if n, given := u.length(); given {
		o.States = u.meanings.take(n)
		for i := range o.States {
			o.States[i] = StateMeaning{u.text(), Meaning(u.text())}
		}
	}
	return o
}

func (u *unpacker) number() uint64 {
	var n uint64
	for i := 0; i < min(len(u.rest), 10); i++ {
		b := u.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			u.rest = u.rest[i+1:]
			return n
		}
	}
	return u.damage()
}

func (u *unpacker) damage() uint64 {
	u.damaged, u.rest = true, ""
	return 0
}

func (u *unpacker) int() int { return int(u.number()) }

func (u *unpacker) flag() bool { return u.number() != 0 }

// count is how many of something follow, each of which takes a byte at least.
func (u *unpacker) count() int {
	n := u.number()
	if n > uint64(len(u.rest)) {
		n = u.damage()
	}
	return int(n)
}

// length is the count of a list; one that is nil is told from one that is empty.
func (u *unpacker) length() (n int, given bool) {
	n = u.count()
	return max(n-1, 0), n > 0
}

func (u *unpacker) cut(n int) string {
	if n > len(u.rest) {
		n = int(u.damage())
	}
	text := u.rest[:n]
	u.rest = u.rest[n:]
	return text
}

func (u *unpacker) text() string {
	i := u.number()
	if i >= uint64(len(u.texts)) {
		u.damage()
		return ""
	}
	return u.texts[i]
}

func (u *unpacker) list() []string {
	n, given := u.length()
	if !given {
		return nil
	}
	all := u.textLists.take(n)
	for i := range all {
		all[i] = u.text()
	}
	return all
}

func (u *unpacker) bound() *int64 {
	if !u.flag() {
		return nil
	}
	bound := &u.bounds.take(1)[0]
	*bound = int64(u.number())
	return bound
}

// member is a field that was read before, or nil.
func (u *unpacker) member() *Field {
	i := u.number()
	if i == 0 {
		return nil
	}
	if i > uint64(len(u.fields)) {
		u.damage()
		return nil
	}
	return &u.fields[i-1]
}

func (u *unpacker) members() []*Field {
	n, given := u.length()
	if !given {
		return nil
	}
	all := u.fieldLists.take(n)
	for i := range all {
		if all[i] = u.member(); all[i] == nil {
			u.damage()
		}
	}
	return all
}

// slab is a large slice that is handed out in pieces.
type slab[T any] struct{ rest []T }

func (s *slab[T]) take(n int) []T {
	if n > len(s.rest) {
		s.rest = make([]T, max(n, 512))
	}
	piece := s.rest[:n:n]
	s.rest = s.rest[n:]
	return piece
}
