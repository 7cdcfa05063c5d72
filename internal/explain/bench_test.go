package explain_test

import (
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/explain"
)

// What an explanation costs where nothing known explains it: every mistake was tried.
func BenchmarkUnknown(b *testing.B) {
	r, k, key := offline(b)
	own := k.Merchants[0]
	for _, size := range []struct {
		name string
		body string
	}{{"small", shortBody}, {"2KB", `{"a":"` + strings.Repeat("会/", 500) + `"}`}, {"100KB", `{"a":[` +
		strings.Repeat(`{"b":"c/d","e":"会员"},`, 4000) + `1]}`}, {"1MB", `"` + strings.Repeat("z", 1<<20) + `"`},
		{"marks", `[` + strings.Repeat(`"",`, 300_000) + `1]`},
		{"nested", strings.Repeat("[", 9990) + strings.Repeat("]", 9990)},
		{"deep", strings.Repeat(`{"a":`, 60) + `"` + strings.Repeat("z", 1<<20) + `"` + strings.Repeat(`}`, 60)}} {
		r.Body = []byte(size.body)
		r.Signature = signatureOf(b, key, "something else")
		b.Run(size.name, func(b *testing.B) {
			for b.Loop() {
				if f := explain.Signature(r, own, k); f.ID != explain.Unknown {
					b.Fatal(f)
				}
			}
		})
	}
	r.Body, r.URI = nil, "/v3/a?"+strings.Repeat("a=%20&", 100_000)
	b.Run("query", func(b *testing.B) {
		for b.Loop() {
			if f := explain.Signature(r, own, k); f.ID != explain.Unknown {
				b.Fatal(f)
			}
		}
	})
}
