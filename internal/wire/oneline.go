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

// Clip is OneLine of at most the first n bytes, with … where there was more. It
// cuts between characters.
func Clip(s string, n int) string {
	if len(s) <= n {
		return OneLine(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return OneLine(s[:n]) + "…"
}
