package redact

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A key is a key however it is spelled: escaped for JSON, for a URL or for XML, more than once, as
// Base64 or in hexadecimal. So a string is not searched by itself alone but in every way in which
// it can be read, and whatever is found there is blanked where it came from.

// view is one way to read a string.
type view struct {
	Text string
	up   *view // what it was read from; nil for the string itself
	// begin and end are where in up each byte of text comes from.
	begin, end []int
}

// hide is the span in the string itself that a part of the view came from.
func (v *view) hide(i, j int, with string) span {
	if v.up == nil || i >= j {
		return span{i, j, with}
	}
	return v.up.hide(v.begin[i], v.end[j-1], with)
}

// groups are the spans of the first group of a pattern.
func (v *view) groups(pattern *regexp.Regexp) (spans []span) {
	for _, at := range pattern.FindAllStringSubmatchIndex(v.Text, -1) {
		spans = append(spans, v.hide(at[2], at[3], Blank))
	}
	return spans
}

// depth is how many times one on top of the other escapes are undone, views how many ways to read a
// string are tried.
const depth, views = 4, 64

// viewsOf reads a string in every order of undoing what may be escapes in it. Most have none.
func viewsOf(s string) []*view {
	out := []*view{{Text: s}}
	if !strings.ContainsAny(s, `\%&<]`) {
		return out
	}
	seen := map[string]bool{s: true}
	for from := 0; from < len(out) && len(out) < views; from++ {
		v := out[from]
		level := 0
		for up := v.up; up != nil; up = up.up {
			level++
		}
		if level == depth {
			continue
		}
		for _, e := range escapes {
			if !strings.ContainsAny(v.Text, e.marks) {
				continue
			}
			if next := v.unescape(e); !seen[next.Text] {
				seen[next.Text] = true
				out = append(out, next)
			}
		}
	}
	return out
}

// escaping is a way to write characters by others.
type escaping struct {
	marks string // what an escape begins with
	// read is the character that s begins with an escape of, and the escape's length; 0 for none.
	read func(s string) (char string, length int)
}

var escapes = []escaping{{`\`, readJSON}, {"%", readPercent}, {"&<]", readXML}}

func (v *view) unescape(e escaping) *view {
	next := &view{up: v, begin: make([]int, 0, len(v.Text)), end: make([]int, 0, len(v.Text))}
	var b strings.Builder
	b.Grow(len(v.Text))
	for i := 0; i < len(v.Text); {
		char, n := v.Text[i:i+1], 1
		if strings.IndexByte(e.marks, v.Text[i]) >= 0 {
			if read, length := e.read(v.Text[i:]); length > 0 {
				char, n = read, length
			}
		}
		b.WriteString(char)
		for range len(char) {
			next.begin, next.end = append(next.begin, i), append(next.end, i+n)
		}
		i += n
	}
	next.Text = b.String()
	return next
}

func readJSON(s string) (string, int) {
	if len(s) < 2 {
		return "", 0
	}
	switch s[1] {
	case 'u':
		r, ok := hexRune(s)
		if !ok {
			return "", 0
		}
		if utf16.IsSurrogate(r) {
			if low, ok := hexRune(s[6:]); ok && s[6] == '\\' {
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

// hexRune reads \uXXXX.
func hexRune(s string) (rune, bool) {
	if len(s) < 6 || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

func readPercent(s string) (string, int) {
	if len(s) < 3 {
		return "", 0
	}
	n, err := strconv.ParseUint(s[1:3], 16, 8)
	if err != nil {
		return "", 0
	}
	return string([]byte{byte(n)}), 3
}

// asideLimit is how long a comment or an instruction in XML may be to be read past.
const asideLimit = 4 << 10

// readXML reads an entity, and leaves out what begins and ends a CDATA section, comments and
// instructions: a value may consist of several parts.
func readXML(s string) (string, int) {
	for _, bracket := range []string{"<![CDATA[", "]]>"} {
		if strings.HasPrefix(s, bracket) {
			return "", len(bracket)
		}
	}
	for _, aside := range [][2]string{{"<!--", "-->"}, {"<?", "?>"}} {
		if strings.HasPrefix(s, aside[0]) {
			begin := len(aside[0])
			if n := strings.Index(s[begin:min(len(s), asideLimit)], aside[1]); n >= 0 {
				return "", begin + n + len(aside[1])
			}
		}
	}
	if s[0] != '&' {
		return "", 0
	}
	zeros := 0 // before a number, and they may be many
	if digits := strings.TrimPrefix(strings.TrimPrefix(s, "&#x"), "&#"); len(digits) < len(s) {
		zeros = len(digits) - len(strings.TrimLeft(digits, "0"))
	}
	end := strings.IndexByte(s[:min(len(s), zeros+16)], ';')
	if end < 0 || strings.IndexByte(s[1:end], '&') >= 0 {
		return "", 0
	}
	char := html.UnescapeString(s[:end+1])
	if char == s[:end+1] {
		return "", 0
	}
	return char, end + 1
}
