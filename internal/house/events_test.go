package house_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/wxpay-go/wxpay/api/event"
)

var eventName = regexp.MustCompile("`([A-Z][A-Z0-9_]*\\.[A-Z_]{4,})`")

// What README says that products tell of has its struct.
func TestREADMENamesTheEvents(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md", "README.zh-CN.md"} {
		named := map[string]bool{}
		for _, m := range eventName.FindAllStringSubmatch(readPage(t, page), -1) {
			named[m[1]] = true
			if !slices.Contains(event.Types(), m[1]) {
				t.Errorf("%s names the event %s, which has no struct", page, m[1])
			}
		}
		if len(named) < 20 {
			t.Errorf("%s names %d events", page, len(named))
		}
	}
}
