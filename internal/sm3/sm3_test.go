package sm3_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/sm3"
)

// The first two are the examples of the standard, the others were made by openssl dgst -sm3.
func TestSums(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"abc":                      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		strings.Repeat("abcd", 16): "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
		"":                         "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b",
		strings.Repeat("x", 55):    "ff8f8d58b95a1f90e39d96f739fa873eee33c0a80e59c7bbbf184eb7d9b1f112",
		strings.Repeat("x", 56):    "c4c1c6206d36c325e66ae5432948b26f04acff8dfc0ea2606a79d59b83a16d61",
		strings.Repeat("x", 64):    "ad6af8cbe6a5a10beac0ecd1df9fa779228553fd7ead00313765349b32bd81ce",
		strings.Repeat("微信", 4000): "4d5329e0434474452ef9ecacd41ecb777b13cbdb7a039c686e14ffb82b9def11",
	} {
		for _, step := range []int{1, 7, 63, 64, 65, 4096} {
			h := sm3.New()
			for rest := text; rest != ""; {
				n := min(step, len(rest))
				if wrote, err := h.Write([]byte(rest[:n])); wrote != n || err != nil {
					t.Fatal(wrote, err)
				}
				h.Sum(nil) // takes nothing away
				rest = rest[n:]
			}
			if got := hex.EncodeToString(h.Sum(nil)); got != want {
				t.Errorf("%d bytes in steps of %d: %s, want %s", len(text), step, got, want)
			}
		}
	}
}
