package wire_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

func TestClip(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                      "",
		"PARAM_ERROR 参数错误，😀":    "PARAM_ERROR 参数错误，😀",
		"a\nb\r\tc\x00d\x7f":    "a·b··c·d·",
		"\x1b[31mred":           "·[31mred",
		"\u0085\u009b31m":       "··31m",
		"a\u2028b\u2029c":       "a·b·c",
		"\u202egnp.exe\u2066":   "·gnp.exe·",
		"not UTF-8 \xff\xfe":    "not UTF-8 \ufffd\ufffd",
		"a blank of Chinese　it": "a blank of Chinese　it",
	} {
		if got := wire.Clip(in, 64); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		strings.Repeat("\xff", 99):       "\ufffd\ufffd\ufffd\ufffd…",
		strings.Repeat("\x01", 99):       "······…",
		strings.Repeat("\U000e0001", 8):  "········",
		strings.Repeat("\U000e0001", 99): "······…",
	} {
		if got := wire.Clip(in, 16); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	for n, want := range map[int]string{0: "", 2: "", 3: "…", 4: "a…", 6: "a…", 7: "a错误", 8: "a错误"} {
		if got := wire.Clip("a错误", n); got != want {
			t.Errorf("cut at %d: %q, want %q", n, got, want)
		}
	}
}

func FuzzClip(f *testing.F) {
	f.Add("a错误\n\x1b[2J", 3)
	f.Add("\xf0\x9f\x98", 2)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n &= 0xff
		got := wire.Clip(s, n)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Fatalf("%q became %q", s, got)
		}
		if len(got) > n {
			t.Fatalf("%q of at most %d bytes became %d", s, n, len(got))
		}
		if len(s) <= n && wire.OneLine(s) == s && got != s {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
