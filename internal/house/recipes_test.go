package house_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recipe is a part of a program of testdata/interop that docs/sdks.md shows.
var recipe = regexp.MustCompile(`(?s)// docs: ([\w-]+)\n(.*?)\n+// docs: end\n`)

// What docs/sdks.md shows of the SDKs that run in the tests is what runs there, but for comments,
// which are translated.
func TestRecipesAreTheOnesThatRun(t *testing.T) {
	t.Parallel()
	plain := func(code string) string { return strings.TrimSpace(codeComment.ReplaceAllString(code, "")) }
	seen := 0
	for _, f := range tree(t) {
		if !strings.HasPrefix(f.name, "testdata/interop/") {
			continue
		}
		for _, match := range recipe.FindAllStringSubmatch(f.text, -1) {
			seen++
			for _, page := range []string{"docs/sdks.md", "docs/zh/sdks.md"} {
				shown := codeBlock.FindAllString(readPage(t, page), -1)
				if !slices.ContainsFunc(shown, func(block string) bool {
					_, code, _ := strings.Cut(block, "\n")
					return plain(strings.TrimSuffix(code, "```")) == plain(match[2])
				}) {
					t.Errorf("%s does not show %s as %s has it", page, match[1], f.name)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d recipes were found", seen)
	}
}
