package wxpay

import (
	"html"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxLevels = 8       // how often a text is escaped over again
	maxText   = 1 << 20 // bytes of a text that are looked at; what follows is left out
	patience  = 8 << 20 // comparisons of without in one level, in steps of 64 bytes
)

// without is the first n bytes of a text without what is told, of which … is left, however it is
// escaped there; told values may overlap. It looks before it cuts, so that no half of one is left,
// and where it would have to look too long, it leaves out the rest.
func without(text string, told []string, n int) string {
	whole := len(text) <= maxText
	text = text[:min(len(text), maxText)]
	var begin [256][]string
	for _, t := range told {
		begin[t[0]] = append(begin[t[0]], t)
	}
	hidden := make([]bool, len(text))
	for l := range levels(text) {
		l.hide(hidden, &begin, whole)
	}
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() <= n; i++ {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString("…")
		}
	}
	return b.String()
}

// hide marks what is told in this level. Of a text that is not whole, the end may be the begin of
// something told.
func (l level) hide(hidden []bool, begin *[256][]string, whole bool) {
	mark := func(from, to int) {
		for i := l.at(from); i < l.at(to); i++ {
			hidden[i] = true
		}
	}
	end := 0 // of what is told
	for i, steps := 0, 0; i < len(l.text); i++ {
		if steps++; steps > patience {
			mark(i, len(l.text))
			return
		}
		for _, t := range begin[l.text[i]] {
			rest := l.text[i:]
			steps += 1 + min(len(t), len(rest))>>6
			if strings.HasPrefix(rest, t) || !whole && strings.HasPrefix(t, rest) {
				to := min(i+len(t), len(l.text))
				mark(max(i, end), to)
				end = max(end, to)
			}
		}
	}
}

// level is a text from which escapes were undone some times.
type level struct {
	text string
	// began says of each byte, and of the end, where it began in the first level; nil of the first.
	began []int32
}

func (l level) at(i int) int {
	if l.began == nil {
		return i
	}
	return int(l.began[i])
}

// levels is a text, what it is when its escapes are undone, those in that, and so on.
func levels(text string) iter.Seq[level] {
	return func(yield func(level) bool) {
		l := level{text: text}
		for range maxLevels {
			if !yield(l) || !strings.ContainsAny(l.text, `%+\&`) {
				return
			}
			next := l.unescaped()
			if next.text == l.text {
				return
			}
			l = next
		}
	}
}

// unescaped undoes the escapes of JSON, Go, addresses and HTML.
func (l level) unescaped() level {
	var b strings.Builder
	next := level{began: make([]int32, 0, len(l.text)+1)}
	for i := 0; i < len(l.text); {
		plain, width := unescape(l.text[i:])
		b.WriteString(plain)
		for range len(plain) {
			next.began = append(next.began, int32(l.at(i)))
		}
		i += width
	}
	next.began = append(next.began, int32(l.at(len(l.text))))
	next.text = b.String()
	return next
}

// unescape is what a text begins with, and how many bytes of it that takes.
func unescape(s string) (plain string, width int) {
	switch {
	case s[0] == '+':
		return " ", 1
	case s[0] == '%' && len(s) > 2:
		if c, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return string([]byte{byte(c)}), 3
		}
	case s[0] == '&':
		// &#x10ffff; is the longest number, and longer names stand for what nobody is called.
		if end := strings.IndexAny(s[1:min(len(s), 12)], "&;") + 1; s[end] == ';' {
			if plain := html.UnescapeString(s[:end+1]); plain != s[:end+1] {
				return plain, end + 1
			}
		}
	case s[0] == '\\' && len(s) > 1:
		if strings.IndexByte(`/'"`, s[1]) >= 0 {
			return s[1:2], 2
		}
		if high := unit(s); utf16.IsSurrogate(high) {
			if r := utf16.DecodeRune(high, unit(s[6:])); r != utf8.RuneError {
				return string(r), 12
			}
		}
		c, multibyte, rest, err := strconv.UnquoteChar(s[:min(len(s), 10)], 0) // \U0001f600 is the longest
		switch width = min(len(s), 10) - len(rest); {
		case err != nil:
		case multibyte || c < utf8.RuneSelf:
			return string(c), width
		default:
			return string([]byte{byte(c)}), width
		}
	}
	return s[:1], 1
}

// unit is the UTF-16 unit that a text begins with, as JSON escapes it, or 0.
func unit(s string) rune {
	if len(s) < 6 || s[:2] != `\u` {
		return 0
	}
	c, _ := strconv.ParseUint(s[2:6], 16, 16)
	return rune(c)
}
