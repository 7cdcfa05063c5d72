package lang

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Page is a text of several lines in the language, such as the help of a command. Each paragraph
// is a sentence whose key is its lines joined by spaces, however they were broken; its Chinese is
// one line, to be broken by [Wrap]. Lines that are indented, as tables are, keep their breaks:
// those that follow one another are one sentence.
func (l Lang) Page(english string) string {
	if l != Chinese {
		return english
	}
	blocks := Blocks(english)
	for i, b := range blocks {
		blocks[i] = l.Translate(b)
	}
	return strings.Join(blocks, "\n")
}

// Blocks are the sentences that a page consists of, and "" for an empty line.
func Blocks(page string) (blocks []string) {
	open := false
	for line := range strings.SplitSeq(strings.TrimRight(page, "\n"), "\n") {
		last := len(blocks) - 1
		switch {
		case line == "":
			blocks, open = append(blocks, ""), false
		case !open || indented(line) != indented(blocks[last]):
			blocks, open = append(blocks, line), true
		case indented(line):
			blocks[last] += "\n" + line
		default:
			blocks[last] += " " + line
		}
	}
	return blocks
}

func indented(line string) bool { return strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") }

// Columns is how much room a text takes on a terminal.
func Columns(text string) int { return uniseg.StringWidth(text) }

// Pad fills a text with spaces up to so many columns.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Columns(text)))
}

// Wrap breaks a text into lines of so many columns. Each but the first stands behind indent, which
// does not count. It breaks where Unicode lets a line end, between words and between Chinese
// characters but not before a comma, and never within what is written without a space in ASCII: a
// flag or a path.
func Wrap(text string, columns int, indent string) string {
	var lines []string
	for whole := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, piece := range pieces(whole) {
			if line != "" && Columns(line)+Columns(strings.TrimRight(piece, " ")) > columns {
				lines, line = append(lines, strings.TrimRight(line, " ")), ""
			}
			line += piece
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n"+indent)
}

// pieces are what a line may be broken into, with the space behind each.
func pieces(line string) (list []string) {
	for word := range strings.SplitAfterSeq(line, " ") {
		piece := ""
		for state := -1; word != ""; {
			var part string
			part, word, _, state = uniseg.FirstLineSegmentInString(word, state)
			if piece += part; word == "" || !isASCII(piece[len(piece)-1]) || !isASCII(word[0]) {
				list, piece = append(list, piece), ""
			}
		}
	}
	return list
}

func isASCII(b byte) bool { return b < utf8.RuneSelf }
