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
	for _, f := range o.Query {
		values, given := query[f.Name]
		switch {
		case len(values) > 1:
			return &Violation{Field: f.Name, Issue: "the parameter is given twice", Location: LocationQuery}
		case given && len(values) == 1:
			if issue := f.lineIssue(values[0]); issue != "" {
				return &Violation{Field: f.Name, Value: excerpt([]byte(values[0])), Issue: issue,
					Location: LocationQuery}
			}
		case f.Required:
			return &Violation{Field: f.Name, Issue: "the parameter is required", Location: LocationQuery}
		}
	}
	var unknown []string
	for name := range query {
		if o.query[name] == nil {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		name := excerpt([]byte(slices.Min(unknown)))
		return &Violation{Field: name, Issue: "this endpoint has no such query parameter", Location: LocationQuery}
	}
	return nil
}

// CheckFields holds the fields of an APIv2 message, or of the query of an APIv2 page, against the
// endpoint's rules and returns the first thing wrong. An empty value counts as absent, as it does
// for the signature. Fields that are not described pass if they are text: APIv2 signs whatever is
// sent, and no page says that it refuses any.
func (o *Operation) CheckFields(fields map[string]string) *Violation {
	described := o.Query
	var oneOf [][]string
	if o.Body != nil {
		described, oneOf = o.Body.Fields, o.Body.OneOf
	}
	for _, f := range described {
		value := fields[f.Name]
		switch {
		case value == "" && f.Required:
			return &Violation{Field: f.Name, Issue: "the field is required", Location: LocationBody}
		case value != "":
			if issue := f.plainIssue(value); issue != "" {
				return &Violation{Field: f.Name, Value: excerpt([]byte(value)), Issue: issue, Location: LocationBody}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if issue := (&Field{}).CheckText(fields[name]); issue == problemUTF8 || issue == problemControl {
			value := excerpt([]byte(fields[name]))
			return &Violation{Field: excerpt([]byte(name)), Value: value, Issue: issue, Location: LocationBody}
		}
	}
	for _, group := range oneOf {
		if !slices.ContainsFunc(group, func(name string) bool { return fields[name] != "" }) {
			return &Violation{Field: group[0], Issue: "one of " + strings.Join(group, ", ") + " is required",
				Location: LocationBody}
		}
	}
	return nil
}

// CheckPath holds the values of the path's variables, as Match returns them, against the endpoint's
// rules.
func (o *Operation) CheckPath(vars map[string]string) *Violation {
	for _, f := range o.PathParams {
		value := vars[f.Name]
		issue := f.lineIssue(value)
		if value == "" {
			issue = "the path variable is empty"
		}
		if issue != "" {
			return &Violation{Field: f.Name, Value: excerpt([]byte(value)), Issue: issue, Location: LocationURL}
		}
	}
	return nil
}

// lineIssue is plainIssue for a value of an address, which has no control character, whatever it
// is.
func (f *Field) lineIssue(value string) string {
	if utf8.ValidString(value) && strings.ContainsFunc(value, unicode.IsControl) {
		return problemControl
	}
	return f.plainIssue(value)
}

// plainIssue judges a value that travels as text outside of JSON.
func (f *Field) plainIssue(value string) string {
	switch f.Type {
	case Integer:
		s := scanner{data: []byte(value)}
		if text, integer, ok := s.number(); ok && integer && s.pos == len(value) {
			return f.integerIssue(text, true)
		}
		return "must be an integer"
	case Boolean:
		if value != "true" && value != "false" {
			return "must be true or false"
		}
		return ""
	}
	return f.CheckText(value)
}
