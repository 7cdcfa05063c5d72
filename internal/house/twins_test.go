package house_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// twins are the pages that users read in English and in Chinese.
var twins = []struct {
	page, twin string
	sections   int  // where the twin ends; 0 means that it has all of the page
	retold     bool // in other words: only the headings and the code blocks are the same, but for output
}{
	{page: "README.md", twin: "README.zh-CN.md", retold: true},
	{page: "docs/exactly-once.md", twin: "docs/zh/exactly-once.md"},
	{page: "docs/files.md", twin: "docs/zh/files.md"},
	{page: "docs/failures.md", twin: "docs/zh/failures.md"},
	{page: "docs/going-live.md", twin: "docs/zh/going-live.md"},
	{page: "docs/lessons.md", twin: "docs/zh/lessons.md"},
	{page: "docs/mistakes.md", twin: "docs/zh/mistakes.md"},
	{page: "docs/outcomes.md", twin: "docs/zh/outcomes.md", sections: 1}, // not the tables of each operation
	{page: "docs/launching.md", twin: "docs/zh/launching.md"},
	{page: "docs/operations.md", twin: "docs/zh/operations.md"},
	{page: "docs/state.md", twin: "docs/zh/state.md"},
	{page: "docs/performance.md", twin: "docs/zh/performance.md"},
	{page: "docs/proxy.md", twin: "docs/zh/proxy.md"},
	{page: "docs/reliability.md", twin: "docs/zh/reliability.md"},
	{page: "docs/troubleshooting.md", twin: "docs/zh/troubleshooting.md", retold: true},
	{page: "docs/sdks.md", twin: "docs/zh/sdks.md"},
	{page: "docs/fidelity.md", twin: "docs/zh/fidelity.md", sections: 2}, // not the tables of each product
}

// A page and its twin have the same headings, and under each the same code, list items and table
// rows. Comments in code are translated, and so not compared; nor is --lang zh.
func TestTwinsSayTheSame(t *testing.T) {
	t.Parallel()
	for _, pair := range twins {
		page, twin := sectionsOf(t, pair.page, pair.retold), sectionsOf(t, pair.twin, pair.retold)
		if pair.sections > 0 {
			page = page[:pair.sections]
		}
		if len(page) != len(twin) {
			t.Errorf("%s has %d headings, %s has %d", pair.page, len(page), pair.twin, len(twin))
			continue
		}
		for i, s := range page {
			if difference := s.differs(twin[i]); difference != "" {
				t.Errorf("%s, %q and %s, %q differ: %s", pair.page, s.heading, pair.twin, twin[i].heading, difference)
			}
		}
	}
}

// Each twin is reached from its page, and leads back.
func TestTwinsAreLinked(t *testing.T) {
	t.Parallel()
	for _, pair := range twins {
		for from, to := range map[string]string{pair.page: pair.twin, pair.twin: pair.page} {
			link, err := filepath.Rel(filepath.Dir(from), to)
			if err != nil {
				t.Fatal(err)
			}
			top, _, _ := strings.Cut(readPage(t, from), "\n## ")
			if !strings.Contains(top, "]("+filepath.ToSlash(link)+")") {
				t.Errorf("%s has no link to %s above its first section", from, to)
			}
		}
	}
}

// A section is what stands under one heading.
type section struct {
	heading     string
	level       int
	blocks      []string // of code, without comments
	spans       []string // of code in prose, sorted: languages order words differently
	items, rows int
}

var (
	codeBlock   = regexp.MustCompile("(?ms)^```\\w*\n.*?\n```$")
	codeSpan    = regexp.MustCompile("`[^`\n]+`")
	codeComment = regexp.MustCompile(`(?m)[ \t]*(//|#) .*$`)
	inChinese   = regexp.MustCompile(` --lang zh\b`)
	mdHeading   = regexp.MustCompile(`(?m)^(#+) (.*)$`)
	mdItem      = regexp.MustCompile(`(?m)^- `)
	mdRow       = regexp.MustCompile(`(?m)^\|`)
)

// sectionsOf reads a page. Of one that is retold it leaves out all but headings and blocks.
func sectionsOf(t *testing.T, name string, retold bool) []section {
	t.Helper()
	var blocks []string
	text := codeBlock.ReplaceAllStringFunc(readPage(t, name), func(block string) string {
		if retold && strings.HasPrefix(block, "```text\n") { // output, which is Chinese in the twin
			block = fmt.Sprintf("%d lines of output", strings.Count(block, "\n"))
		}
		blocks = append(blocks, inChinese.ReplaceAllString(codeComment.ReplaceAllString(block, ""), ""))
		return "\x00" // stands for the block, in which no # is a heading
	})
	var sections []section
	headings := mdHeading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range headings {
		end := len(text)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		body := text[at[1]:end]
		s := section{heading: text[at[4]:at[5]], level: at[3] - at[2]}
		n := strings.Count(body, "\x00")
		s.blocks, blocks = blocks[:n], blocks[n:]
		if !retold {
			s.spans = codeSpan.FindAllString(body, -1)
			slices.Sort(s.spans)
			s.items, s.rows = len(mdItem.FindAllString(body, -1)), len(mdRow.FindAllString(body, -1))
		}
		sections = append(sections, s)
	}
	return sections
}

// differs says what two sections do not have in common.
func (s section) differs(other section) string {
	switch {
	case s.level != other.level:
		return fmt.Sprintf("levels %d and %d", s.level, other.level)
	case !slices.Equal(s.blocks, other.blocks):
		return fmt.Sprintf("the code blocks\n%s\nand\n%s", strings.Join(s.blocks, "\n"),
			strings.Join(other.blocks, "\n"))
	case !slices.Equal(s.spans, other.spans):
		return fmt.Sprintf("the code in prose\n%s\nand\n%s", strings.Join(s.spans, " "),
			strings.Join(other.spans, " "))
	case s.items != other.items || s.rows != other.rows:
		return fmt.Sprintf("%d and %d list items, %d and %d table rows", s.items, other.items, s.rows, other.rows)
	}
	return ""
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
