package redact

import (
	"strings"
	"testing"
)

// However many comments and instructions a text begins and does not end, their ends are looked for
// in it once.
func TestAsidesAreLookedForOnce(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat("<?aaaaaa", 4000), strings.Repeat("<?aaaaaa", 4000) + "?>", strings.Repeat("<?a?>", 4000),
		strings.Repeat("<?", asideLimit) + strings.Repeat("?>", 3),
	} {
		a := aside{text: text, begin: "<?", end: "?>"}
		for at := 0; at < len(text); {
			at += max(1, a.length(at))
		}
		if a.looked > len(text) {
			t.Errorf("%.20s…: %d bytes were looked at of %d", text, a.looked, len(text))
		}
	}
}

func TestAsides(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", asideLimit)
	for text, want := range map[string]int{
		"<?a?>b": 5, "<??>": 4, "<?>": 0, "<?a": 0, "?>": 0, "<?" + long + "?>": 0, "<?" + long[:asideLimit-3] + "?>": asideLimit + 1,
	} {
		a := aside{text: text, begin: "<?", end: "?>"}
		if got := a.length(0); got != want {
			t.Errorf("%.20s…: got %d, want %d", text, got, want)
		}
	}
}
