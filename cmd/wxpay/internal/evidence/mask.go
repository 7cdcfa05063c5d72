package evidence

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// A masked value has the length in bytes of the real one, and at each place a character of the same
// kind: capitals become A, small letters a, digits 0, Chinese 文. What is no letter and no digit
// stays, for a blank or a + too much is what a signature fails by. Escapes stay escapes.

// escape matches an escape of JSON, HTML or addresses.
var escape = regexp.MustCompile(`^(?:\\u[0-9A-Fa-f]{4}|\\[bfnrt"/\\]|&(?:amp|lt|gt|quot|apos|nbsp);|&#[0-9]{1,7};|` +
	`%[0-9A-Fa-f]{2})`)

// mask replaces a value.
func mask(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		if found := escape.FindString(s); found != "" {
			out.WriteString(maskedEscape(found))
			s = s[len(found):]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			out.WriteByte(0xff)
		case n == 1:
			out.WriteByte(ascii(byte(r)))
		case n < 4 && unicode.In(r, unicode.P, unicode.Z, unicode.Cf, unicode.Cc):
			out.WriteRune(r)
		case n == 2:
			out.WriteRune('é')
		case n == 3:
			out.WriteRune('文')
		default:
			out.WriteRune('😀')
		}
		s = s[n:]
	}
	return out.String()
}

func ascii(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return 'A'
	case 'a' <= c && c <= 'z':
		return 'a'
	case '0' <= c && c <= '9':
		return '0'
	}
	return c
}

// maskedEscape keeps the form of an escape. That of a character becomes that of 文, or of A.
func maskedEscape(e string) string {
	switch {
	case strings.HasPrefix(e, `\u`):
		upper := strings.ToUpper(e[2:]) == e[2:]
		switch unit, _ := wire.ReadUnit(e); {
		case unit < 0x80 && !isAlphanumeric(unit): // such as \u0026, which one encoder writes and another does not
			return e
		case unit < 0x80:
			return `\u0041`
		case upper && strings.ContainsAny(e[2:], "ABCDEF"):
			return `\u6C34`
		}
		return `\u6587`
	case strings.HasPrefix(e, "&#"):
		return "&#" + strings.Repeat("0", len(e)-3) + ";"
	case e[0] == '%':
		if upper := strings.ToUpper(e); strings.ContainsAny(upper, "ABCDEF") {
			if e == upper {
				return "%E6"
			}
			return "%e6"
		}
		if c := e[1]; c == '2' || c == '3' && e[2] > '9' || c == '0' {
			return e // what is no letter and no digit
		}
		return "%41"
	}
	return e
}

func isAlphanumeric(r rune) bool {
	return r < 0x80 && ascii(byte(r)) != byte(r) || r == 'A' || r == 'a' || r == '0'
}

// maskBody masks the values in a body, JSON or XML, and keeps what stands around them. Of what is
// neither everything is masked.
func maskBody(body []byte) []byte {
	switch start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n"); {
	case len(start) == 0:
		return body
	case start[0] == '<':
		return maskXML(body)
	case start[0] == '{' || start[0] == '[':
		return maskJSON(body)
	}
	return []byte(mask(string(body)))
}

// maskJSON goes by the marks of JSON and needs none that is whole.
func maskJSON(body []byte) []byte {
	var out bytes.Buffer
	name := ""
	colon := false // what comes is a value, whatever stands behind it
	for rest := body; len(rest) > 0; {
		switch c := rest[0]; {
		case c == '"':
			end := stringEnd(rest)
			inner := string(bytes.TrimSuffix(rest[1:end], []byte(`"`)))
			closed := rest[end-1] == '"' && end > 1
			out.WriteByte('"')
			if behind := bytes.TrimLeft(rest[end:], " \t\r\n"); !colon && len(behind) > 0 && behind[0] == ':' {
				name = inner
				out.WriteString(maskName(inner))
			} else {
				if show := shownMembers[name]; show != nil && show(inner) {
					out.WriteString(inner)
				} else {
					out.WriteString(mask(inner))
				}
				name = ""
			}
			colon = false
			if closed {
				out.WriteByte('"')
			}
			rest = rest[end:]
		case isLiteral(rest):
			n := len("true")
			if c == 'f' {
				n = len("false")
			}
			out.Write(rest[:n])
			rest = rest[n:]
		default:
			n := 1
			for n < len(rest) && rest[n] != '"' && !isLiteral(rest[n:]) {
				n++
			}
			out.WriteString(mask(string(rest[:n])))
			if mark := bytes.TrimRight(rest[:n], " \t\r\n"); len(mark) > 0 {
				colon = mark[len(mark)-1] == ':'
			}
			rest = rest[n:]
		}
	}
	return out.Bytes()
}

// isLiteral tells true, false and null.
func isLiteral(s []byte) bool {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s, []byte(word)) {
			return true
		}
	}
	return false
}

// stringEnd is where a string of JSON ends, the end of all where it does not.
func stringEnd(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
