package main

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// packer writes a catalogue as catalogue/packed.go reads it, member by member in the same order.
type packer struct {
	texts     map[string]uint64 // their positions
	text      []string
	fields    map[string]uint64 // by what is written of them, so that fields that are alike are one
	allFields []byte
}

// pack writes catalogue/packed.bin, the form in which programs have the catalogue.
func pack(c *catalogue.Catalogue, out Output) error {
	p := &packer{texts: map[string]uint64{}, fields: map[string]uint64{}}
	var families record
	families.number(uint64(len(c.Families)))
	for _, f := range c.Families {
		p.family(&families, f)
	}
	var texts record
	texts.number(uint64(len(p.text)))
	for _, s := range p.text {
		texts.number(uint64(len(s)))
	}
	var fields record
	fields.number(uint64(len(p.fields)))
	out["catalogue/packed.bin"] = slices.Concat(texts, []byte(strings.Join(p.text, "")), fields, p.allFields, families)
	return nil
}

func (p *packer) family(r *record, f *catalogue.Family) {
	p.add(r, f.Name, f.Package, string(f.Protocol), f.Root, f.Title, f.Description)
	r.length(len(f.Segments), f.Segments != nil)
	for _, segment := range slices.Sorted(maps.Keys(f.Segments)) {
		p.add(r, segment, f.Segments[segment])
	}
	r.length(len(f.Operations), f.Operations != nil)
	for _, o := range f.Operations {
		p.operation(r, o)
	}
	r.length(len(f.Events), f.Events != nil)
	for _, e := range f.Events {
		p.add(r, e.Type, e.Title, e.Description, e.OriginalType, e.Target)
		r.number(p.field(e.Resource))
		p.add(r, string(e.Source))
	}
	r.length(len(f.Rules), f.Rules != nil)
	for _, rule := range f.Rules {
		p.add(r, rule.Text, rule.Doc, string(rule.Source))
	}
}

func (p *packer) operation(r *record, o *catalogue.Operation) {
	p.add(r, o.Method, o.Path, o.Name, o.Title, o.Description, o.Doc, o.ReplyName, o.SignType, string(o.Fidelity),
		string(o.Source))
	r.number(uint64(o.Success))
	r.flags(o.MTLS, o.Unsigned, o.Page)
	p.list(r, o.Roles)
	p.list(r, o.Events)
	p.members(r, o.PathParams)
	p.members(r, o.Query)
	r.number(p.field(o.Body))
	r.number(p.field(o.Reply))
	r.length(len(o.Errors), o.Errors != nil)
	for _, e := range o.Errors {
		r.number(uint64(e.HTTP))
		p.add(r, e.Code, e.Message, e.Meaning, string(e.Source))
	}
	p.outcome(r, o.Outcome)
}

func (p *packer) outcome(r *record, o *catalogue.Outcome) {
	if r.flags(o != nil); o == nil {
		return
	}
	p.add(r, o.None, o.Query, o.State)
	p.list(r, o.Without)
	p.list(r, o.Asks)
	p.list(r, o.Missing)
	r.length(len(o.With), o.With != nil)
	for _, name := range slices.Sorted(maps.Keys(o.With)) {
		p.add(r, name, o.With[name])
	}
	r.length(len(o.States), o.States != nil)
	for _, s := range o.States {
		p.add(r, s.Word, string(s.Meaning))
	}
}

// field is the number of a field, which it writes unless one like it has been: 0 for nil.
func (p *packer) field(f *catalogue.Field) uint64 {
	if f == nil {
		return 0
	}
	var r record
	p.add(&r, f.Name, string(f.Type), string(f.Format), f.Pattern, f.Label, f.Description, f.GoName, string(f.Source))
	r.flags(f.Required, f.Encrypted, f.Filled, f.Lenient)
	for _, n := range []int{f.MinLength, f.MaxLength, f.MinItems, f.MaxItems, f.MaxDay} {
		r.number(uint64(n))
	}
	for _, bound := range []*int64{f.Minimum, f.Maximum} {
		if r.flags(bound != nil); bound != nil {
			r.number(uint64(*bound))
		}
	}
	p.add(&r, string(f.Example))
	p.list(&r, f.Enum)
	p.list(&r, f.Also)
	r.length(len(f.OneOf), f.OneOf != nil)
	for _, group := range f.OneOf {
		p.list(&r, group)
	}
	p.members(&r, f.Fields)
	r.number(p.field(f.Items))
	if p.fields[string(r)] == 0 {
		p.fields[string(r)] = uint64(len(p.fields) + 1)
		p.allFields = append(p.allFields, r...)
	}
	return p.fields[string(r)]
}

func (p *packer) members(r *record, fields []*catalogue.Field) {
	r.length(len(fields), fields != nil)
	for _, f := range fields {
		r.number(p.field(f))
	}
}

func (p *packer) list(r *record, texts []string) {
	r.length(len(texts), texts != nil)
	p.add(r, texts...)
}

func (p *packer) add(r *record, texts ...string) {
	for _, s := range texts {
		i, known := p.texts[s]
		if !known {
			i = uint64(len(p.text))
			p.texts[s], p.text = i, append(p.text, s)
		}
		r.number(i)
	}
}

// record is numbers, one after the other.
type record []byte

func (r *record) number(n uint64) { *r = binary.AppendUvarint(*r, n) }

// length tells a list that is nil from one that is empty.
func (r *record) length(n int, given bool) {
	if given {
		n++
	}
	r.number(uint64(n))
}

func (r *record) flags(all ...bool) {
	for _, set := range all {
		n := uint64(0)
		if set {
			n = 1
		}
		r.number(n)
	}
}
