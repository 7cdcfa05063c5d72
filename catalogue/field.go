package catalogue

import (
	"encoding/json"
	"regexp"
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

	pattern *regexp.Regexp
	enum    map[string]bool
	index   map[string]int // position in Fields by name
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

// Field finds a member of an object by name, or returns nil.
func (f *Field) Field(name string) *Field {
	if i, ok := f.index[name]; ok {
		return f.Fields[i]
	}
	return nil
}
