package catalogue

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// CheckBody checks a request body, exactly as received, against the endpoint's rules and returns
// what WeChat Pay would answer, nil when all is well: what cannot be read, such as a value of
// another type, comes first, then all unknown members, then the first broken rule in the order of
// definition. Unknown and repeated members, null, and 4-byte characters are wrong everywhere; the
// value of an Encrypted field is only required to be there, because the rules are about the plain
// text: decrypt it and use Field.CheckText.
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/basic-rules.html
func (o *Operation) CheckBody(raw []byte) *Violation {
	if o.Body == nil {
		if rest := bytes.TrimSpace(raw); len(rest) == 0 || string(rest) == "{}" {
			return nil
		}
		return unreadable("", "this endpoint takes no body")
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
		return unreadable("", "this endpoint answers without a body")
	}
	return checkJSON(raw, o.Reply, false)
}

// CheckResource checks a decrypted notification resource against the catalogue, like CheckReply.
func (e *Event) CheckResource(raw []byte) *Violation { return checkJSON(raw, e.Resource, false) }

func checkJSON(raw []byte, schema *Field, limits bool) *Violation {
	c := checker{scanner: scanner{data: raw}, limits: limits}
	if c.peek() == 0 && c.pos == len(raw) {
		return unreadable("", "the body is empty; a JSON object is required")
	}
	if v := c.value(schema, nil); v != nil {
		return v
	}
	if c.space(); c.pos < len(raw) {
		return unreadable("", "the body goes on after the end of the JSON object")
	}
	if len(c.unknown) > 0 {
		return unknowns(LocationBody, c.unknown)
	}
	return c.broken
}

// checker walks the body and the schema together, once, without building a tree. Its methods return
// what cannot be read.
type checker struct {
	scanner
	limits  bool       // lengths, ranges, patterns, formats
	unknown []string   // the first members that the schema does not have
	broken  *Violation // the first rule, in the order of definition, that the value last read breaks
}

// wrong is text that is no JSON, or JSON that is not allowed.
func (c *checker) wrong(at *place, issue string) *Violation { return unreadable(at.pointer(), issue) }

// breaks writes down a rule that was broken.
func (c *checker) breaks(f *Field, at *place, b breach, sent any) {
	c.broken = f.violation(LocationBody, at.pointer(), b, sent)
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
		text, problem := c.text()
		if problem != "" {
			return c.wrong(at, problem)
		}
		got, value = "a string", scalar(String, text)
	case b == '-' || b >= '0' && b <= '9':
		text, _, ok := c.number()
		if !ok {
			return c.wrong(at, problemJSON)
		}
		got, value = "a number", scalar(Number, text)
	case c.literal("null"):
		return c.misfit(f, at, problemNull, nil)
	case c.literal("true"):
		got, value = "a boolean", true
	case c.literal("false"):
		got, value = "a boolean", false
	default:
		return c.wrong(at, problemJSON)
	}
	return c.misfit(f, at, "must be "+article(f.Type)+", not "+got, value)
}

func (c *checker) misfit(f *Field, at *place, issue string, sent any) *Violation {
	return f.violation(LocationBody, at.pointer(), notThe(f.Type, issue), sent)
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
			return c.wrong(at, problem)
		}
		return nil
	}
	c.pos++ // the brace
	var seen seen
	var broken map[int]*Violation // by member
	for more := !c.take('}'); more; more = !c.take('}') {
		if c.peek() != '"' {
			return c.wrong(at, problemJSON)
		}
		name, problem := c.text()
		if problem != "" {
			return c.wrong(at, problem)
		}
		child := place{up: at}
		i := f.position(name)
		known := i >= 0
		if !known {
			child.name = excerpt(name)
			if len(c.unknown) < maxUnknown {
				c.unknown = append(c.unknown, child.pointer())
			}
		} else if child.name = f.Fields[i].Name; !seen.add(i) {
			b := isTwice("the field is given twice", LocationBody, child.pointer())
			return f.Fields[i].violation(LocationBody, child.pointer(), b, "")
		}
		if !c.take(':') {
			return c.wrong(at, problemJSON)
		}
		if !known {
			if problem := c.skip(0); problem != "" {
				return c.wrong(&child, problem)
			}
		} else if v := c.value(f.Fields[i], &child); v != nil {
			return v
		} else if c.broken != nil {
			if broken == nil {
				broken = map[int]*Violation{}
			}
			broken[i], c.broken = c.broken, nil
		}
		if c.take(',') {
			if c.peek() == '}' {
				return c.wrong(at, problemJSON)
			}
		} else if c.peek() != '}' {
			return c.wrong(at, problemJSON)
		}
	}
	for i, member := range f.Fields {
		if member.Required && !seen.has(i) {
			c.breaks(member, &place{up: at, name: member.Name}, isMissing("the field is required"), nil)
		} else if broken[i] != nil {
			c.broken = broken[i]
		}
		if c.broken != nil {
			return nil
		}
	}
	for _, group := range f.OneOf {
		if !slices.ContainsFunc(group, func(name string) bool { return seen.has(f.position([]byte(name))) }) {
			c.breaks(f.Field(group[0]), &place{up: at, name: group[0]},
				isMissing("one of "+strings.Join(group, ", ")+" is required"), nil)
			return nil
		}
	}
	return nil
}

func (c *checker) array(f *Field, at *place) *Violation {
	c.pos++ // the bracket
	n := 0
	var first *Violation
	for more := !c.take(']'); more; more = !c.take(']') {
		child := place{up: at, index: n}
		if v := c.value(f.Items, &child); v != nil {
			return v
		}
		first, c.broken = cmp.Or(first, c.broken), nil
		n++
		if c.take(',') {
			if c.peek() == ']' {
				return c.wrong(at, problemJSON)
			}
		} else if c.peek() != ']' {
			return c.wrong(at, problemJSON)
		}
	}
	c.broken = first
	if c.limits && (n < f.MinItems || f.MaxItems > 0 && n > f.MaxItems) {
		issue := fmt.Sprintf("must have %s items, has %d", span(f.MinItems, f.MaxItems), n)
		c.breaks(f, at, badCount(issue, ofList, "元素个数", n, f.MinItems, f.MaxItems), nil)
	}
	return nil
}

func (c *checker) string(f *Field, at *place) *Violation {
	text, problem := c.text()
	switch problem {
	case "":
	case problemEmoji, problemUTF8:
		return f.violation(LocationBody, at.pointer(), notText(problem), nil)
	default:
		return c.wrong(at, problem)
	}
	if !c.limits {
		return nil
	}
	if f.Encrypted {
		if len(text) == 0 {
			c.breaks(f, at, badLength("the field is empty; encrypted text is required", 0, 1, 0), nil)
		}
		return nil
	}
	if b := f.textIssue(text); b.issue != "" {
		c.breaks(f, at, b, scalar(String, text))
	}
	return nil
}

func (c *checker) numeral(f *Field, at *place) *Violation {
	text, integer, ok := c.number()
	if !ok {
		return c.wrong(at, problemJSON)
	}
	if f.Type == Integer && !integer {
		return c.misfit(f, at, "must be an integer, without fraction or exponent", scalar(Number, text))
	}
	if f.Type == Integer {
		switch b := f.integerIssue(text, c.limits); {
		case b.form == ofType:
			return c.misfit(f, at, b.issue, scalar(Number, text))
		case b.issue != "":
			c.breaks(f, at, b, scalar(Number, text))
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
		_, problem = s.text()
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
				if _, problem = s.text(); problem != "" {
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
		return problemNull
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
