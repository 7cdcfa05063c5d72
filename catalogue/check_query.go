package catalogue

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckQuery checks the decoded query string against the endpoint's rules: unknown and repeated
// names are wrong.
func (o *Operation) CheckQuery(query url.Values) *Violation {
	for _, f := range o.PathParams {
		if query.Has(f.Name) && named(o.Query, f.Name) == nil {
			b := isTwice("the path has it already", LocationURL, f.Name)
			return f.violation(LocationQuery, f.Name, b, f.sent(query.Get(f.Name)))
		}
	}
	var unknown []string
	for name := range query {
		if named(o.Query, name) == nil {
			unknown = append(unknown, excerpt([]byte(name)))
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return unknowns(LocationQuery, unknown[:min(len(unknown), maxUnknown)])
	}
	for _, f := range o.Query {
		values, given := query[f.Name]
		switch {
		case len(values) > 1:
			b := isTwice("the parameter is given twice", LocationQuery, f.Name)
			return f.violation(LocationQuery, f.Name, b, "")
		case given && len(values) == 1:
			if b := f.lineIssue(values[0]); b.issue != "" {
				return f.violation(LocationQuery, f.Name, b, f.sent(values[0]))
			}
		case f.Required:
			return f.violation(LocationQuery, f.Name, isMissing("the parameter is required"), nil)
		}
	}
	return nil
}

// CheckFields holds the fields of an APIv2 message, or of the query of an APIv2 GET, against the
// endpoint's rules and returns the first thing wrong: text that is none, then all fields that the
// endpoint does not have, then the first broken rule in the order of definition. An empty value
// counts as absent, as it does for the signature. sign_type and nonce_str are part of the protocol
// and may be in every body.
func (o *Operation) CheckFields(fields map[string]string) *Violation {
	described := o.Query
	var oneOf [][]string
	if o.Body != nil {
		described, oneOf = o.Body.Fields, o.Body.OneOf
	}
	known := map[string]bool{"sign_type": o.Body != nil, "nonce_str": o.Body != nil}
	for _, f := range described {
		known[f.Name] = true
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if b := (&Field{}).checkText(fields[name]); b.issue == problemUTF8 || b.issue == problemControl {
			return (&Field{Name: excerpt([]byte(name))}).xmlViolation(b, excerpt([]byte(fields[name])))
		}
		if !known[name] && fields[name] != "" && len(unknown) < maxUnknown {
			unknown = append(unknown, excerpt([]byte(name)))
		}
	}
	if len(unknown) > 0 {
		v := unknowns(LocationBody, unknown)
		v.Message = "不识别的参数" + unknown[0]
		return v
	}
	for _, f := range described {
		value := fields[f.Name]
		switch {
		case value == "" && f.Required:
			return f.xmlViolation(isMissing("the field is required"), nil)
		case value != "":
			if b := f.plainIssue(value); b.issue != "" {
				return f.xmlViolation(b, excerpt([]byte(value)))
			}
		}
	}
	for _, group := range oneOf {
		if !slices.ContainsFunc(group, func(name string) bool { return fields[name] != "" }) {
			b := isMissing("one of " + strings.Join(group, ", ") + " is required")
			return o.Body.Field(group[0]).xmlViolation(b, nil)
		}
	}
	return nil
}

// xmlViolation is a violation in an APIv2 message, whose field is a bare name.
func (f *Field) xmlViolation(b breach, sent any) *Violation {
	v := f.violation(LocationBody, "/xml/"+f.Name, b, sent)
	v.Field = f.Name
	return v
}

// CheckPath holds the values of the path's variables, as Match returns them, against the endpoint's
// rules.
func (o *Operation) CheckPath(vars map[string]string) *Violation {
	for _, f := range o.PathParams {
		value := vars[f.Name]
		b := f.lineIssue(value)
		if value == "" {
			b = isMissing("the path variable is empty")
		}
		if b.issue != "" {
			return f.violation(LocationURL, f.Name, b, f.sent(value))
		}
	}
	return nil
}

// sent is a value of an address as an answer repeats it.
func (f *Field) sent(value string) any {
	if text, ok := integerIn(value); ok && f.Type == Integer {
		return scalar(Integer, text)
	}
	return excerpt([]byte(value))
}

// integerIn is text that is an integer and nothing else.
func integerIn(value string) (text []byte, ok bool) {
	s := scanner{data: []byte(value)}
	text, integer, ok := s.number()
	return text, ok && integer && s.pos == len(value)
}

// lineIssue is plainIssue for a value of an address, which has no control character, whatever it
// is.
func (f *Field) lineIssue(value string) breach {
	if utf8.ValidString(value) && strings.ContainsFunc(value, unicode.IsControl) {
		return notText(problemControl)
	}
	return f.plainIssue(value)
}

// plainIssue judges a value that travels as text outside of JSON.
func (f *Field) plainIssue(value string) (b breach) {
	switch f.Type {
	case Integer:
		if text, ok := integerIn(value); ok {
			b = f.integerIssue(text, true)
		} else {
			b = notThe(Integer, "must be an integer")
		}
	case Boolean:
		if value != "true" && value != "false" {
			b = notThe(Boolean, "must be true or false")
		}
	default:
		b = f.checkText(value)
	}
	if b.form == ofType {
		b.form = ofPlain
	}
	return b
}
