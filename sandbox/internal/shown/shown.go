package shown

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// What came from outside is shown on one line, whatever it holds: a path with a line feed must not
// make a second line of a log, nor a terminal be told to do anything.

const (
	maxValue = 100  // characters of an id, a path, a header
	MaxLine  = 2000 // of a whole sentence with such in it
)

// Value is a value from outside as logs, hints and errors repeat it.
func Value(s string) string { return Line(s, maxValue) }

// Line escapes what is not printed, such as control characters, invalid UTF-8 and the marks that
// turn the direction of text, and cuts what is longer than limit. Doing it twice does no more.
func Line(s string, limit int) string {
	plain := len(s) <= limit
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain {
		return s
	}
	var b strings.Builder
	n := 0
	for i, r := range s {
		if n++; n > limit {
			b.WriteString("…")
			break
		}
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !strconv.IsPrint(r):
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// IsText says whether a value can be an id: UTF-8 without control characters, and
// without the one that stands for what was not UTF-8.
func IsText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) })
}

// CheckID says what is wrong with an id that comes by Go's own way and not by a call.
func CheckID(what, id string) error {
	if !IsText(id) {
		return fmt.Errorf("sandbox: the %s %s is no id: it holds a control character or is not UTF-8", what, Value(id))
	}
	return nil
}

// Log is a log whose messages are one line each; nobody hears them when logf is nil.
func Log(logf func(format string, args ...any)) func(format string, args ...any) {
	if logf == nil {
		return func(string, ...any) {}
	}
	return func(format string, args ...any) { logf("%s", Line(fmt.Sprintf(format, args...), MaxLine)) }
}

// JSON escapes in JSON what a terminal might act on. It means the same.
func JSON(b []byte) []byte {
	if !bytes.ContainsFunc(b, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	for _, r := range string(b) {
		switch {
		case strconv.IsPrint(r):
			out = utf8.AppendRune(out, r)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}
