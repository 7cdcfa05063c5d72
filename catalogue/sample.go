package catalogue

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Sample is a request body made of the examples of the fields, "{}" when the endpoint takes no
// body. Fields that are neither required nor have an example are left out.
func (o *Operation) Sample() []byte {
	if o.Body == nil {
		return []byte("{}")
	}
	return o.Body.sample()
}

// SampleReply is the same of a reply.
func (o *Operation) SampleReply() []byte {
	if o.Reply == nil {
		return []byte("{}")
	}
	return o.Reply.sample()
}

func (f *Field) sample() []byte {
	switch f.Type {
	case Object:
		var b bytes.Buffer
		b.WriteByte('{')
		for _, m := range f.Fields {
			if !m.Required && m.Example == nil && (m.Type != Object || len(m.Fields) == 0) {
				continue
			}
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote(m.Name) + ":")
			b.Write(m.sample())
		}
		b.WriteByte('}')
		return b.Bytes()
	case Array:
		if f.Example != nil {
			return f.Example
		}
		return bytes.Join([][]byte{[]byte("["), f.Items.sample(), []byte("]")}, nil)
	}
	if f.Example != nil {
		return f.Example
	}
	return f.filler()
}

// filler is a value for a required field that has no example.
func (f *Field) filler() []byte {
	switch {
	case f.Enum != nil && f.Type == String:
		text, _ := json.Marshal(f.Enum[0])
		return text
	case f.Enum != nil:
		return []byte(f.Enum[0])
	case f.Type == String:
		return []byte(`"` + string(bytes.Repeat([]byte("x"), max(f.MinLength, 1))) + `"`)
	case f.Type == Boolean:
		return []byte("true")
	case f.Minimum != nil:
		return strconv.AppendInt(nil, *f.Minimum, 10)
	}
	return []byte("1")
}
