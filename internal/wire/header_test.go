package wire_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// What a stranger sends beside what is read is left out; of two spellings the right one counts.
func TestCanonicalHeaders(t *testing.T) {
	t.Parallel()
	h := http.Header{"wechatpay_nonce": {"under"}, "HTTP_WECHATPAY_NONCE": {"cgi"}, "Wechatpay-Serial": {"right"},
		"wechatpay-serial": {"small"}, "REQUEST-ID": {"id"}, "request_id": nil, "Http-Other": {"x"}, "": {"y"}}
	for i := range 1000 {
		h[fmt.Sprintf("x-%d", i)] = []string{"z"}
	}
	for range 20 { // whatever the order of the map
		got := wire.Canonical(h)
		names := slices.Sorted(maps.Keys(got))
		if !slices.Equal(names, []string{"Request-Id", "Wechatpay-Nonce", "Wechatpay-Serial"}) ||
			got.Get("Wechatpay-Serial") != "right" || got.Get("Wechatpay-Nonce") != "cgi" ||
			got.Get("Request-Id") != "id" {
			t.Fatalf("got %v", got)
		}
	}
}

func BenchmarkCanonicalOfManyHeaders(b *testing.B) {
	h := http.Header{}
	for i := range 90_000 {
		h[fmt.Sprintf("X-%d", i)] = []string{""}
	}
	b.ReportAllocs()
	for b.Loop() {
		wire.Canonical(h)
	}
}
