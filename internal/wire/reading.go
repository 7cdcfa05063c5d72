package wire

import (
	"html"
	"strconv"
	"strings"
)

// A text is read in every order in which it may have been escaped by those who look for what must
// not be shown: errors for the values of a call, the sandbox's journal for keys. What is found in a
// reading is known by where in the text itself it came from.

// Reading is one way to read a text: some escapes of it are undone.
type Reading struct {
	Text string
	// begin and end are where in the text itself each byte of Text comes from; nil of that text.
	begin, end []int32
	depth      int // how many times escapes were undone, one on top of the other
}

// Span is the part of the text itself that Text[i:j] comes from, which is at least a byte.
func (r Reading) Span(i, j int) (from, to int) {
	if r.begin == nil {
		return i, j
	}
	return int(r.begin[i]), int(r.end[j-1])
}

// Escape is a way to write characters by others.
type Escape struct {
	Marks string // what one begins with
	// Read is the character that s begins with an escape of, and the escape's length; 0 for none.
	// It looks no further than a bound of its own.
	Read func(s string) (char string, length int)
	// Through is Read, where it is not there, for one text from its beginning to its end: it is
	// called with growing places, so that whoever looks far ahead can keep what was found.
	Through func(text string) func(at int) (char string, length int)
}

// reader is how one text is read.
func (e Escape) reader(text string) func(at int) (char string, length int) {
	if e.Through != nil {
		return e.Through(text)
	}
	return func(at int) (string, int) { return e.Read(text[at:]) }
}

// Readings reads a text in every order of undoing these escapes, at most so many times one on top
// of the other, and in about so many ways at most. Most texts have none. may is asked before each
// undoing, of so many bytes; where it says no there are no more readings, and whole is false.
func Readings(text string, depth, most int, may func(bytes int) bool, escapes ...Escape) (readings []Reading,
	whole bool) {
	readings = []Reading{{Text: text}}
	var seen map[string]bool // but for text
	for from := 0; from < len(readings) && len(readings) < most && readings[from].depth < depth; from++ {
		for _, e := range escapes {
			if !strings.ContainsAny(readings[from].Text, e.Marks) {
				continue
			}
			if !may(len(readings[from].Text)) {
				return readings, false
			}
			if next := readings[from].undone(e); next.Text != text && !seen[next.Text] {
				if seen == nil {
					seen = map[string]bool{}
				}
				seen[next.Text] = true
				readings = append(readings, next)
			}
		}
	}
	return readings, true
}

// undone is a reading in which one more kind of escapes is undone.
func (r Reading) undone(e Escape) Reading {
	next := Reading{begin: make([]int32, 0, len(r.Text)), end: make([]int32, 0, len(r.Text)), depth: r.depth + 1}
	var b strings.Builder
	b.Grow(len(r.Text))
	escape := e.reader(r.Text)
	for i := 0; i < len(r.Text); {
		char, n := r.Text[i:i+1], 1
		if strings.IndexByte(e.Marks, r.Text[i]) >= 0 {
			if read, length := escape(i); length > 0 {
				char, n = read, length
			}
		}
		b.WriteString(char)
		from, to := r.Span(i, i+n)
		for range len(char) {
			next.begin, next.end = append(next.begin, int32(from)), append(next.end, int32(to))
		}
		i += n
	}
	next.Text = b.String()
	return next
}

// Percent is how addresses escape.
func Percent() Escape { return Escape{Marks: "%", Read: ReadPercent} }

// ReadPercent reads what follows a %.
func ReadPercent(s string) (char string, length int) {
	if len(s) < 3 {
		return "", 0
	}
	n, err := strconv.ParseUint(s[1:3], 16, 8)
	if err != nil {
		return "", 0
	}
	return string([]byte{byte(n)}), 3
}

// ReadEntity reads an entity of HTML or XML, which begins with an &.
func ReadEntity(s string) (char string, length int) {
	zeros := 0 // before a number, and they may be many
	if digits := strings.TrimPrefix(strings.TrimPrefix(s, "&#x"), "&#"); len(digits) < len(s) {
		zeros = len(digits) - len(strings.TrimLeft(digits, "0"))
	}
	end := strings.IndexByte(s[:min(len(s), zeros+16)], ';')
	if end < 0 || strings.IndexByte(s[1:end], '&') >= 0 {
		return "", 0
	}
	char = html.UnescapeString(s[:end+1])
	if char == s[:end+1] {
		return "", 0
	}
	return char, end + 1
}

// ReadUnit reads \uXXXX, a unit of UTF-16, as JSON escapes it.
func ReadUnit(s string) (unit rune, ok bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
