package wxpay

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

const (
	maxDepth = 3        // how often a text is escaped over again
	maxText  = 64 << 10 // bytes of a text that are looked at; what follows is left out
	patience = 8 << 20  // comparisons of without, in steps of 64 bytes
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
	hidden, steps := make([]bool, len(text)), 0
	readings, _ := wire.Readings(text, maxDepth, views(), func(int) bool { return true }, escapes[:]...)
	for _, v := range readings {
		hide(v, hidden, &begin, whole, &steps)
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

// hide marks what is told in this view. Of a text that is not whole, the end may be the begin of
// something told.
func hide(v wire.Reading, hidden []bool, begin *[256][]string, whole bool, steps *int) {
	mark := func(i, j int) {
		if i < j {
			for from, to := v.Span(i, j); from < to; from++ {
				hidden[from] = true
			}
		}
	}
	end := 0 // of what is told
	for i := 0; i < len(v.Text); i++ {
		if *steps++; *steps > patience {
			mark(i, len(v.Text))
			return
		}
		for _, t := range begin[v.Text[i]] {
			rest := v.Text[i:]
			*steps += 1 + min(len(t), len(rest))>>6
			if strings.HasPrefix(rest, t) || !whole && strings.HasPrefix(t, rest) {
				to := min(i+len(t), len(v.Text))
				mark(max(i, end), to)
				end = max(end, to)
			}
		}
	}
}

// views is in how many ways a text is read at most: in every order of at most maxDepth escapes.
func views() (n int) {
	for depth, orders := 0, 1; depth <= maxDepth; depth++ {
		n += orders
		orders *= len(escapes)
	}
	return n
}

// escapes are those of JSON and Go, of paths, of queries, and of HTML.
var escapes = [...]wire.Escape{
	{Marks: `\`, Read: readBackslash}, wire.Percent(), {Marks: "%+", Read: readQuery},
	{Marks: "&", Read: wire.ReadEntity},
}

func readQuery(s string) (char string, length int) {
	if s[0] == '+' {
		return " ", 1
	}
	return wire.ReadPercent(s)
}

func readBackslash(s string) (char string, length int) {
	if len(s) < 2 {
		return "", 0
	}
	if strings.IndexByte("/'\"", s[1]) >= 0 {
		return s[1:2], 2
	}
	if high, ok := wire.ReadUnit(s); ok && utf16.IsSurrogate(high) {
		low, _ := wire.ReadUnit(s[6:])
		if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
			return string(r), 12
		}
	}
	c, multibyte, rest, err := strconv.UnquoteChar(s[:min(len(s), 10)], 0) // \U0001f600 is the longest
	switch length = min(len(s), 10) - len(rest); {
	case err != nil:
		return "", 0
	case multibyte || c < utf8.RuneSelf:
		return string(c), length
	}
	return string([]byte{byte(c)}), length
}
