package house_test

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// How wide a line of Go may be, with a tab counted as four columns.
const (
	maxCode    = 120
	maxComment = 100
)

func TestLinesEndInTime(t *testing.T) {
	t.Parallel()
	for _, f := range tree(t) {
		if !f.isGo() {
			continue
		}
		output := false // of an example, which is as wide as what it prints
		for i, line := range strings.Split(f.text, "\n") {
			line = strings.ReplaceAll(line, "\t", "    ")
			what, limit := "a line", maxCode
			isComment := strings.HasPrefix(strings.TrimSpace(line), "//")
			if isComment {
				what, limit = "a comment", maxComment
			}
			output = isComment && (output || strings.Contains(line, "utput:"))
			if output || f.isGenerated() && !isComment { // a row of a table
				continue
			}
			if n := utf8.RuneCountInString(line); n > limit && !unbreakable(line) {
				t.Errorf("%s:%d: %s ends at column %d, at most %d", f.name, i+1, what, n, limit)
			}
		}
	}
}

// unbreakable lines hold one thing that cannot go on in the next line: an address, a string
// without spaces or in backquotes, a line of a raw string, code or a table in a comment.
func unbreakable(line string) bool {
	text := strings.TrimSpace(line)
	comment, isComment := strings.CutPrefix(text, "//")
	switch {
	case strings.HasPrefix(text, "// Code generated "):
		return true
	case isComment:
		code := strings.HasPrefix(comment, "  ") || strings.HasPrefix(comment, "\t")
		return code || strings.Contains(text, "https://") || strings.ContainsAny(comment, `{"`)
	case strings.ContainsAny(text, "`{<") && strings.Contains(text, `"`):
		return strings.Contains(text, "`") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, `"<`)
	}
	words := strings.Fields(text)
	return len(words) > 0 && utf8.RuneCountInString(words[len(words)-1]) > maxCode/2
}
