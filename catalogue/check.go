package catalogue

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// CheckBody checks a request body, exactly as received, against the endpoint's rules and returns
// the first thing wrong, nil when all is well. Unknown and repeated members, null, and 4-byte
// characters are wrong everywhere; the value of an Encrypted field is only required to be there,
// because the rules are about the plain text: decrypt it and use Field.CheckText.
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/basic-rules.html
func (o *Operation) CheckBody(raw []byte) *Violation {
	if o.Body == nil {
		if rest := bytes.TrimSpace(raw); len(rest) == 0 || string(rest) == "{}" {
			return nil
		}
		return &Violation{Location: LocationBody, Issue: "this endpoint takes no body"}
	}
	return checkJSON(raw, o.Body, true)
}

// CheckReply checks a reply body against the catalogue: members, types, required ones. Declared
// lengths and formats are not enforced, because WeChat Pay itself exceeds some of them. It is for
// those who answer in WeChat Pay's place.
func (o *Operation) CheckReply(raw []byte) *Violation {
	if o.Reply == nil {
		if len(raw) == 0 {
			return nil
		}
		return &Violation{Location: LocationBody, Issue: "this endpoint answers without a body"}
	}
	return checkJSON(raw, o.Reply, false)
}

// CheckResource checks a decrypted notification resource against the catalogue, like CheckReply.
func (e *Event) CheckResource(raw []byte) *Violation { return checkJSON(raw, e.Resource, false) }

func checkJSON(raw []byte, schema *Field, limits bool) *Violation {
	c := checker{scanner: scanner{data: raw}, limits: limits}
	if c.peek() == 0 && c.pos == len(raw) {
		return c.wrong(nil, "the body is empty; a JSON object is required", nil)
	}
	if v := c.value(schema, nil); v != nil {
		return v
	}
	if c.space(); c.pos < len(raw) {
		return c.wrong(nil, "the body goes on after the end of the JSON object", nil)
	}
	return nil
}

// checker walks the body and the schema together, once, without building a tree.
type checker struct {
	scanner
	limits bool // lengths, ranges, patterns, formats
}

func (c *checker) wrong(at *place, issue string, value any) *Violation {
	return &Violation{Field: at.pointer(), Value: value, Issue: issue, Location: LocationBody}
}

func (c *checker) value(f *Field, at *place) *Violation {
	switch b := c.peek(); {
	case b == '{' && f.Type == Object:
		return c.object(f, at)
	case b == '[' && f.Type == Array:
		return c.array(f, at)
	case b == '"' && f.Type == String:
		return c.string(f, at)
	case f.Type == Boolean && (c.literal("true") || c.literal("false")):
		return nil
	case (b == '-' || b >= '0' && b <= '9') && (f.Type == Integer || f.Type == Number):
		return c.numeral(f, at)
	}
	return c.wrongType(f, at)
}

// wrongType tells a value of another type from text that is no JSON at all.
func (c *checker) wrongType(f *Field, at *place) *Violation {
	var got string
	var value any
	switch b := c.peek(); {
	case b == '{':
		got = "an object"
	case b == '[':
		got = "an array"
	case b == '"':
		text, _, problem := c.text()
		if problem != "" {
			return c.wrong(at, problem, nil)
		}
		got, value = "a string", scalar(String, text)
	case b == '-' || b >= '0' && b <= '9':
		text, _, ok := c.number()
		if !ok {
			return c.wrong(at, problemJSON, nil)
		}
		got, value = "a number", scalar(Number, text)
	case c.literal("null"):
		return c.wrong(at, "null is not allowed; leave the field out instead", nil)
	case c.literal("true"), c.literal("false"):
		got = "a boolean"
	default:
		return c.wrong(at, problemJSON, nil)
	}
	if f.Encrypted {
		value = nil
	}
	return c.wrong(at, "must be "+article(f.Type)+", not "+got, value)
}

func article(t Type) string {
	switch t {
	case Object, Integer, Array:
		return "an " + string(t)
	}
	return "a " + string(t)
}

func (c *checker) object(f *Field, at *place) *Violation {
	if len(f.Fields) == 0 {
		if problem := c.skip(0); problem != "" {
			return c.wrong(at, problem, nil)
		}
		return nil
	}
	c.pos++ // the brace
	var seen seen
	for more := !c.take('}'); more; more = !c.take('}') {
		if c.peek() != '"' {
			return c.wrong(at, problemJSON, nil)
		}
		name, _, problem := c.text()
		if problem != "" {
			return c.wrong(at, problem, nil)
		}
		i, known := f.index[string(name)]
		if !known {
			return c.wrong(&place{up: at, name: excerpt(name)}, "this endpoint has no such field", nil)
		}
		child := place{up: at, name: f.Fields[i].Name}
		if !seen.add(i) {
			return c.wrong(&child, "the field is given twice", nil)
		}
		if !c.take(':') {
			return c.wrong(at, problemJSON, nil)
		}
		if v := c.value(f.Fields[i], &child); v != nil {
			return v
		}
		if c.take(',') {
			if c.peek() == '}' {
				return c.wrong(at, problemJSON, nil)
			}
		} else if c.peek() != '}' {
			return c.wrong(at, problemJSON, nil)
		}
	}
	for i, member := range f.Fields {
		if member.Required && !seen.has(i) {
			return c.wrong(&place{up: at, name: member.Name}, "the field is required", nil)
		}
	}
	for _, group := range f.OneOf {
		if !slices.ContainsFunc(group, func(name string) bool { return seen.has(f.index[name]) }) {
			return c.wrong(&place{up: at, name: group[0]}, "one of "+strings.Join(group, ", ")+" is required", nil)
		}
	}
	return nil
}

func (c *checker) array(f *Field, at *place) *Violation {
	c.pos++ // the bracket
	n := 0
	for more := !c.take(']'); more; more = !c.take(']') {
		child := place{up: at, index: n}
		if v := c.value(f.Items, &child); v != nil {
			return v
		}
		n++
		if c.take(',') {
			if c.peek() == ']' {
				return c.wrong(at, problemJSON, nil)
			}
		} else if c.peek() != ']' {
			return c.wrong(at, problemJSON, nil)
		}
	}
	if c.limits && (n < f.MinItems || f.MaxItems > 0 && n > f.MaxItems) {
		return c.wrong(at, "must have "+span(f.MinItems, f.MaxItems)+" items, has "+strconv.Itoa(n), nil)
	}
	return nil
}

func (c *checker) string(f *Field, at *place) *Violation {
	text, chars, problem := c.text()
	if problem != "" {
		return c.wrong(at, problem, nil)
	}
	if !c.limits {
		return nil
	}
	if f.Encrypted {
		if chars == 0 {
			return c.wrong(at, "the field is empty; encrypted text is required", "")
		}
		return nil
	}
	if issue := f.textIssue(text, chars); issue != "" {
		return c.wrong(at, issue, scalar(String, text))
	}
	return nil
}

func (c *checker) numeral(f *Field, at *place) *Violation {
	text, integer, ok := c.number()
	if !ok {
		return c.wrong(at, problemJSON, nil)
	}
	if f.Type == Integer && !integer {
		return c.wrong(at, "must be an integer, without fraction or exponent", scalar(Number, text))
	}
	if f.Type == Integer {
		if issue := f.integerIssue(text, c.limits); issue != "" {
			return c.wrong(at, issue, scalar(Number, text))
		}
	}
	return nil
}

// skip passes over any value; only an object without declared members, or one nobody reads, comes
// here.
func (s *scanner) skip(depth int) (problem string) {
	if depth > maxDepth {
		return problemNesting
	}
	switch b := s.peek(); {
	case b == '"':
		_, _, problem = s.text()
		return problem
	case b == '{' || b == '[':
		end := byte('}')
		if b == '[' {
			end = ']'
		}
		s.pos++
		for more := !s.take(end); more; more = !s.take(end) {
			if b == '{' {
				if s.peek() != '"' {
					return problemJSON
				}
				if _, _, problem = s.text(); problem != "" {
					return problem
				}
				if !s.take(':') {
					return problemJSON
				}
			}
			if problem = s.skip(depth + 1); problem != "" {
				return problem
			}
			if s.take(',') {
				if s.peek() == end {
					return problemJSON
				}
			} else if s.peek() != end {
				return problemJSON
			}
		}
		return ""
	case s.literal("true"), s.literal("false"):
		return ""
	case s.literal("null"):
		return "null is not allowed; leave the field out instead"
	}
	if _, _, ok := s.number(); !ok {
		return problemJSON
	}
	return ""
}

// seen is the set of members met so far, by position; the loader refuses objects with more members
// than it holds.
type seen [maxMembers / 64]uint64

const maxMembers = 128

func (s *seen) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s *seen) add(i int) bool {
	if s.has(i) {
		return false
	}
	s[i/64] |= 1 << (i % 64)
	return true
}
