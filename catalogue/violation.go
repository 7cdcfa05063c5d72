package catalogue

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Violation is one way in which a request breaks the catalogue's rules. As JSON it is the detail
// object of WeChat Pay's 400 PARAM_ERROR answer, {"location", "value"}; which field is at fault
// stands in the answer's message.
type Violation struct {
	// JSON pointer into the body, "/amount/currency"; the bare name for a query or path value
	Field string
	// what detail repeats: a string, json.Number or bool that was sent, the length of a string that
	// is too short or too long, "" where there is none, nil for an object, a list or an Encrypted
	// field
	Value    any
	Issue    string   // an English sentence about what is wrong
	Message  string   // what WeChat Pay says of it, without the value
	Location string   // LocationBody, LocationQuery or LocationURL
	Unknown  []string // the first members that the endpoint does not have, as detail lists them
}

// The locations, as WeChat Pay spells them. A path variable is in the uri_template.
const (
	LocationBody  = "body"
	LocationQuery = "query"
	LocationURL   = "uri_template"
)

// MarshalJSON writes the detail object.
func (v *Violation) MarshalJSON() ([]byte, error) {
	type detail struct {
		Location *string `json:"location"`
		Value    any     `json:"value"`
	}
	if len(v.Unknown) > 0 {
		return json.Marshal(detail{nil, v.Unknown})
	}
	return json.Marshal(detail{&v.Location, v.Value})
}

// Error names the place and the rule, never the value: values can be openids and phone numbers.
func (v *Violation) Error() string {
	if v.Field == "" {
		return fmt.Sprintf("%s: %s", v.Location, v.Issue)
	}
	return fmt.Sprintf("%s field %s: %s", v.Location, v.Field, v.Issue)
}

// place is where the validator stands, as a list on the stack; the pointer is only spelled out when
// something is wrong.
type place struct {
	up    *place
	name  string
	index int
}

func (p *place) pointer() string {
	if p == nil {
		return ""
	}
	if p.name == "" {
		return p.up.pointer() + "/" + strconv.Itoa(p.index)
	}
	name := strings.ReplaceAll(p.name, "~", "~0")
	return p.up.pointer() + "/" + strings.ReplaceAll(name, "/", "~1")
}

// excerpt bounds what an answer repeats of a hostile value.
func excerpt(value []byte) string {
	const limit = 256
	if len(value) > limit {
		value = value[:limit]
		for len(value) > 0 && !utf8.Valid(value) {
			value = value[:len(value)-1]
		}
	}
	return string(value)
}

func scalar(kind Type, text []byte) any {
	switch kind {
	case String:
		return excerpt(text)
	case Integer, Number:
		if len(text) > 64 {
			return excerpt(text)
		}
		return json.Number(text)
	case Boolean:
		return text[0] == 't'
	}
	return nil
}
