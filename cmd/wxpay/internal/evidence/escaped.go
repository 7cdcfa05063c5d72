package evidence

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escaped writes a string so that everything in it shows: line ends as \n and \r, then the line
// ends here too; what does not print, and bytes that are no UTF-8, by their numbers; a backslash as
// two.
func Escaped(s []byte) string {
	var out strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == '\n':
			out.WriteString(`\n`)
			if len(s) > 1 {
				out.WriteByte('\n')
			}
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == '\\':
			out.WriteString(`\\`)
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&out, `\x%02x`, s[0])
		case r == ' ', unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&out, `\U%08x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		s = s[n:]
	}
	return out.String()
}
