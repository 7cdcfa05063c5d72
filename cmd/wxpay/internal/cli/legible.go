package cli

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// legible is an answer as a terminal may show it: what steers one, or turns the direction of what
// is read, is written out as JSON writes it, which leaves JSON what it is. Line ends and tabs stay.
func legible(answer []byte) []byte {
	var out bytes.Buffer
	for len(answer) > 0 {
		r, n := utf8.DecodeRune(answer)
		switch {
		case r == '\n', r == '\t', bytes.HasPrefix(answer, []byte("\r\n")),
			unicode.IsPrint(r) && (r != utf8.RuneError || n > 1), unicode.Is(unicode.Zs, r):
			out.Write(answer[:n])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		answer = answer[n:]
	}
	return out.Bytes()
}
