package redact

import (
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// A key is a key however it is escaped: for JSON, for a URL or for XML, more than once. So a string
// is not searched by itself alone but in every way in which it can be read, and whatever is found
// there is blanked where it came from.

// view is one way to read a string.
type view struct{ wire.Reading }

// hide is the span in the string itself that a part of the view came from.
func (v view) hide(i, j int, with string) span {
	if i < j {
		i, j = v.Span(i, j)
	}
	return span{i, j, with}
}

// groups are the spans of the first group of a pattern.
func (v view) groups(pattern *regexp.Regexp) (spans []span) {
	for _, at := range pattern.FindAllStringSubmatchIndex(v.Text, -1) {
		spans = append(spans, v.hide(at[2], at[3], Blank))
	}
	return spans
}

// depth is how many times one on top of the other escapes are undone, views how many ways to read a
// string are tried.
const depth, views = 4, 64

// readings reads a string in every order of undoing what may be escapes in it, as far as may
// allows.
func readings(s string, may func(bytes int) bool) (out []view, whole bool) {
	read, whole := wire.Readings(s, depth, views, may, escapes...)
	for _, v := range read {
		out = append(out, view{v})
	}
	return out, whole
}

var escapes = []wire.Escape{{Marks: `\`, Read: readJSON}, wire.Percent(), {Marks: "&<]", Through: throughXML}}

func readJSON(s string) (string, int) {
	if len(s) < 2 {
		return "", 0
	}
	switch s[1] {
	case 'u':
		r, ok := wire.ReadUnit(s)
		if !ok {
			return "", 0
		}
		if utf16.IsSurrogate(r) {
			if low, ok := wire.ReadUnit(s[6:]); ok {
				return string(utf16.DecodeRune(r, low)), 12
			}
		}
		return string(r), 6
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'b', 'f':
		return " ", 2
	}
	if s[1] >= utf8.RuneSelf {
		return "", 0
	}
	return s[1:2], 2
}

// asideLimit is how long a comment or an instruction in XML may be to be read past.
const asideLimit = 4 << 10

// throughXML reads entities, and leaves out what begins and ends a CDATA section, comments and
// instructions: a value may consist of several parts.
func throughXML(text string) func(at int) (string, int) {
	comments, instructions := aside{text: text, begin: "<!--", end: "-->"}, aside{text: text, begin: "<?", end: "?>"}
	return func(at int) (string, int) {
		s := text[at:]
		for _, bracket := range []string{"<![CDATA[", "]]>"} {
			if strings.HasPrefix(s, bracket) {
				return "", len(bracket)
			}
		}
		if n := comments.length(at) + instructions.length(at); n > 0 {
			return "", n
		}
		if s[0] != '&' {
			return "", 0
		}
		return wire.ReadEntity(s)
	}
}

// aside finds comments, or instructions, in one text from its beginning to its end. It keeps where
// the next one ends, so that all of them together cost one search of the text.
type aside struct {
	text, begin, end string
	next             int // where an end was found, or the text's length; what is before was looked through
	looked           int // bytes
}

// length is that of the one that begins at a place, 0 where none does.
func (a *aside) length(at int) int {
	if !strings.HasPrefix(a.text[at:], a.begin) {
		return 0
	}
	from := at + len(a.begin)
	if a.next < from {
		n := strings.Index(a.text[from:], a.end)
		if n < 0 {
			n = len(a.text) - from
		}
		a.next, a.looked = from+n, a.looked+n
	}
	if a.next == len(a.text) || a.next-at >= asideLimit {
		return 0
	}
	return a.next + len(a.end) - at
}
