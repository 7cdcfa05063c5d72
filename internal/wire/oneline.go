package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// OneLine makes a string that somebody else chose safe to print: it stays on one
// line of a log and moves nothing on a terminal. Line ends, controls, marks that
// turn the writing direction and whatever else has no picture become a dot, and
// bytes that are not UTF-8 become U+FFFD.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsGraphic(r) {
			return '·'
		}
		return r
	}, s)
}

// MaxLine is how much an error of wxpay prints at most, in bytes.
const MaxLine = 2 << 10

// Clip is OneLine in at most n bytes, the … of them where there was more. It cuts between
// characters.
func Clip(s string, n int) string {
	line := OneLine(s[:min(len(s), Enough(n))])
	if len(line) <= n {
		return line
	}
	if n -= len("…"); n < 0 {
		return ""
	}
	for !utf8.RuneStart(line[n]) {
		n--
	}
	return line[:n] + "…"
}

// Enough is how many bytes of a string fill a line of n and show that there are more, also where
// the last character is cut: of one of four bytes a dot makes two.
func Enough(n int) int { return 2*n + utf8.UTFMax }
