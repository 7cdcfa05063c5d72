package wire

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// Form is how a message is written. The zero Form is sorted by name, on one line, every value as
// CDATA.
type Form struct {
	First []string                      // the members that come first, in this order; the others are sorted
	Bare  func(name, value string) bool // tells which values are no CDATA; nil for none
	Lines bool                          // every member but the first begins a line
}

// XML writes the message in the zero Form, as a client does.
func (f Fields) XML() []byte { return f.Written(Form{}) }

// Written writes the message. ParseXML reads the same from every form of it.
func (f Fields) Written(as Form) []byte {
	var b bytes.Buffer
	between := ""
	if as.Lines {
		between = "\n"
	}
	b.WriteString("<xml>")
	for i, name := range f.names(as.First) {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString("<" + name + ">")
		if value := f[name]; as.Bare != nil && as.Bare(name, value) && isPlain(value) {
			b.WriteString(value)
		} else {
			writeCDATA(&b, value)
		}
		b.WriteString("</" + name + ">")
	}
	b.WriteString(between + "</xml>")
	return b.Bytes()
}

// names are those of all members, these first.
func (f Fields) names(first []string) []string {
	out := make([]string, 0, len(f))
	for _, name := range first {
		if _, there := f[name]; there && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !slices.Contains(first, name) {
			out = append(out, name)
		}
	}
	return out
}

// isPlain says that a value means the same without CDATA, where white space around it is layout.
func isPlain(value string) bool {
	return !strings.ContainsAny(value, "<>&\r") && strings.TrimSpace(value) == value
}

// writeCDATA writes a value as CDATA, which cannot hold its own end, nor a carriage return: a
// parser turns it into a line feed, unless it is a reference.
func writeCDATA(b *bytes.Buffer, value string) {
	value = strings.ReplaceAll(value, "]]>", "]]]]><![CDATA[>")
	b.WriteString("<![CDATA[" + strings.ReplaceAll(value, "\r", "]]>&#13;<![CDATA[") + "]]>")
}
