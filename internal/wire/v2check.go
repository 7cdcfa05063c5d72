package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check tells why a message would not come out of a parser as it was signed, by
// the name of the member at fault. What it lets pass, [Fields.XML] writes and
// [ParseXML] reads back the same.
func (f Fields) Check() error {
	if len(f) >= maxFields {
		return fmt.Errorf("it has %d members, and an APIv2 message at most %d", len(f), maxFields-1)
	}
	first, problem := "", ""
	for name, value := range f {
		if p := checkField(name, value); p != "" && (problem == "" || name < first) {
			first, problem = name, p
		}
	}
	if problem != "" {
		return fmt.Errorf("the member %q %s", Clip(first, 64), problem)
	}
	return nil
}

// checkField goes by XML 1.0, sections 2.2 and 2.11. A parser keeps white space
// that stands in CDATA, and so do we.
func checkField(name, value string) string {
	if !fieldName(name) {
		return "has a name that is not letters, digits, _ and -, so it cannot be an XML element"
	}
	if !utf8.ValidString(value) {
		return "is not UTF-8"
	}
	for _, r := range value {
		switch {
		case r == '\r':
			return "holds a carriage return, which would arrive as a line feed: write line feeds"
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			return fmt.Sprintf("holds the character %U, which an APIv2 message cannot hold", r)
		}
	}
	return ""
}

func fieldName(name string) bool {
	return name != "" && !strings.ContainsAny(name[:1], "0123456789-") && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) < 0
}
