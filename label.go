package wxpay

import (
	"strings"
	"sync"
)

// template is a path as labels have it: its {variables}, the words of known paths, and {} for
// whatever else stands between two slashes, which may be anybody's number.
func template(path string) string {
	path, _, _ = strings.Cut(strings.Trim(path, "/"), "?")
	known := knownWords()
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch {
		case known[part]:
		case len(part) < 64 && strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") &&
			isName(strings.TrimPrefix(part[1:len(part)-1], "+")):
		default:
			parts[i] = "{}"
		}
	}
	return strings.Join(parts[:min(len(parts), maxParts)], "/")
}

// maxParts is more than any known path has.
const maxParts = 16

// knownWords are the parts of all known paths.
var knownWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.SplitSeq(pathWords, " ") {
		words[word] = true
	}
	return words
})
