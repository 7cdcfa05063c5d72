package wxpay

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxDepth = 3        // how often a text is escaped over again
	maxViews = 48       // in how many ways one is read
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
	for _, v := range viewsOf(text) {
		v.hide(hidden, &begin, whole, &steps)
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
func (v view) hide(hidden []bool, begin *[256][]string, whole bool, steps *int) {
	mark := func(from, to int) {
		for i := v.at(from); i < v.at(to); i++ {
			hidden[i] = true
		}
	}
	end := 0 // of what is told
	for i := 0; i < len(v.text); i++ {
		if *steps++; *steps > patience {
			mark(i, len(v.text))
			return
		}
		for _, t := range begin[v.text[i]] {
			rest := v.text[i:]
			*steps += 1 + min(len(t), len(rest))>>6
			if strings.HasPrefix(rest, t) || !whole && strings.HasPrefix(t, rest) {
				to := min(i+len(t), len(v.text))
				mark(max(i, end), to)
				end = max(end, to)
			}
		}
	}
}

// view is one way to read a text: some escapes of it are undone.
type view struct {
	text string
	// began says of each byte, and of the end, where it began in the text itself; nil of that.
	began []int32
}

func (v view) at(i int) int {
	if v.began == nil {
		return i
	}
	return int(v.began[i])
}

// viewsOf reads a text in every order in which it may have been escaped. Most have no escapes.
func viewsOf(text string) []view {
	views, seen := []view{{text: text}}, map[string]bool{text: true}
	for from, depth := 0, 0; depth < maxDepth; depth++ {
		to := len(views)
		for ; from < to; from++ {
			for _, undo := range escapes {
				if next := views[from].undone(undo); !seen[next.text] && len(views) < maxViews {
					seen[next.text] = true
					views = append(views, next)
				}
			}
		}
	}
	return views
}

// undone is a view in which one kind of escapes is undone.
func (v view) undone(e escape) view {
	if !strings.ContainsAny(v.text, e.begin) {
		return v
	}
	var b strings.Builder
	next := view{began: make([]int32, 0, len(v.text)+1)}
	for i := 0; i < len(v.text); {
		plain, width := v.text[i:i+1], 1
		if strings.IndexByte(e.begin, v.text[i]) >= 0 {
			if p, w := e.undo(v.text[i:]); w > 0 {
				plain, width = p, w
			}
		}
		b.WriteString(plain)
		for range len(plain) {
			next.began = append(next.began, int32(v.at(i)))
		}
		i += width
	}
	next.began = append(next.began, int32(v.at(len(v.text))))
	next.text = b.String()
	return next
}

// escape is a kind of escapes: what one begins with, and what the one that a text begins with
// stands for, and its width; 0 where it is none.
type escape struct {
	begin string
	undo  func(s string) (plain string, width int)
}

var escapes = [...]escape{
	{`\`, unescapeJSON}, {"%", unescapeAddress}, {"%+", unescapeQuery}, {"&", unescapeHTML},
}

func unescapeQuery(s string) (plain string, width int) {
	if s[0] == '+' {
		return " ", 1
	}
	return unescapeAddress(s)
}

func unescapeAddress(s string) (plain string, width int) {
	if len(s) > 2 {
		if c, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return string([]byte{byte(c)}), 3
		}
	}
	return "", 0
}

func unescapeHTML(s string) (plain string, width int) {
	// &#x10ffff; is the longest number, and longer names stand for what nobody is called.
	if end := strings.IndexAny(s[1:min(len(s), 12)], "&;") + 1; s[end] == ';' {
		if plain := html.UnescapeString(s[:end+1]); plain != s[:end+1] {
			return plain, end + 1
		}
	}
	return "", 0
}

// unescapeJSON undoes those of Go as well.
func unescapeJSON(s string) (plain string, width int) {
	if len(s) < 2 {
		return "", 0
	}
	if strings.IndexByte("/'\"", s[1]) >= 0 {
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
		return "", 0
	case multibyte || c < utf8.RuneSelf:
		return string(c), width
	}
	return string([]byte{byte(c)}), width
}

// unit is the UTF-16 unit that a text begins with, as JSON escapes it, or 0.
func unit(s string) rune {
	if len(s) < 6 || s[:2] != `\u` {
		return 0
	}
	c, _ := strconv.ParseUint(s[2:6], 16, 16)
	return rune(c)
}
