package catalogue

import (
	"encoding/json"
	"regexp"
	"slices"
	"sync"
)

// Field is one value of a path, query, body, reply or notification.
type Field struct {
	Name      string
	Type      Type
	Required  bool
	MinLength int // bytes; 1 for a required string unless the entry says otherwise
	MaxLength int // bytes; 0 means no declared limit
	Pattern   string
	Enum      []string
	Minimum   *int64
	Maximum   *int64
	MinItems  int
	MaxItems  int // 0 means no declared limit
	Format    Format
	MaxDay    int // with FormatDate: the largest day of the month that is accepted
	// travels RSA-OAEP encrypted under the key named by Wechatpay-Serial; lengths are those of the
	// plain text
	Encrypted   bool
	Label       string // official name of the field, Chinese
	Description string // what it means, in English
	Example     json.RawMessage
	Fields      []*Field   // of an object; none means any members
	Items       *Field     // of an array
	OneOf       [][]string // of an object: at least one member of each group must be given
	Filled      bool       // of an APIv2 request: the client fills it in
	Lenient     bool       // of a string in a notification: sources disagree, and a number is read as well
	Also        []string   // other spellings of the name that sources use; decoding a notification accepts them
	GoName      string     // Go type name of an object, when the entry asks for one
	Source      Source

	pattern *pattern // nil for none
}

// pattern is compiled when a value is first checked: most fields of most programs never see one.
type pattern struct {
	once     sync.Once
	compiled *regexp.Regexp
}

// matches says whether the value has the field's pattern, which Load has seen compile.
func (f *Field) matches(value []byte) bool {
	if f.pattern == nil {
		return true
	}
	f.pattern.once.Do(func() { f.pattern.compiled = regexp.MustCompile(f.Pattern) })
	return f.pattern.compiled.Match(value)
}

// among says whether the value is one of the field's enumeration, if there is one.
func (f *Field) among(value []byte) bool {
	return f.Enum == nil || slices.ContainsFunc(f.Enum, func(v string) bool { return v == string(value) })
}

// Type is a JSON type.
type Type string

// The JSON types. Integer is a JSON number without fraction or exponent, as WeChat Pay demands for
// money in fen.
const (
	String  Type = "string"
	Integer Type = "integer"
	Number  Type = "number"
	Boolean Type = "boolean"
	Object  Type = "object"
	Array   Type = "array"
)

// Format narrows a string.
type Format string

// The formats.
const (
	FormatDate      Format = "date"       // yyyy-MM-dd, a day that exists
	FormatDateTime  Format = "date-time"  // RFC 3339 with an offset
	FormatURL       Format = "url"        // absolute http or https
	FormatPlainURL  Format = "plain-url"  // the same without query, as APIv2 takes a notify_url
	FormatNotifyURL Format = "notify-url" // absolute https with a path, without query; http only for loopback hosts
	FormatIP        Format = "ip"         // IPv4 or IPv6 address
	FormatInteger   Format = "integer"    // decimal digits of a whole number from 0 that fits in 64 bits
)

// position is the place of a member of an object, or -1.
func (f *Field) position(name []byte) int {
	return slices.IndexFunc(f.Fields, func(m *Field) bool { return m.Name == string(name) })
}

// Field finds a member of an object by name, or returns nil.
func (f *Field) Field(name string) *Field {
	return named(f.Fields, name)
}

// named finds a field by its name, or returns nil.
func named(fields []*Field, name string) *Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}
