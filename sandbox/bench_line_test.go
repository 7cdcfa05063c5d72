package sandbox_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

// BenchmarkLine is what the line costs: calls that are refused before anything is computed, over
// one connection that is kept, and over a new one each, as plain HTTP, over TLS and through a
// tunnel.
func BenchmarkLine(b *testing.B) {
	sb := sandbox.New(b, sandbox.At(start), func(c *sandbox.Config) { c.JournalSize = 1 })
	tunnel := proxied(b, sb, func(string) {}).HTTPClient.Transport.(*http.Transport)
	secure := &http.Transport{TLSClientConfig: sb.TLSConfig()}
	const byName = "https://api.mch.weixin.qq.com"
	for _, c := range []struct {
		name, base string
		transport  *http.Transport
		kept       bool
	}{
		{"kept/plain", sb.URL(), &http.Transport{}, true},
		{"kept/tls", sb.TLSURL(), secure.Clone(), true},
		{"kept/tunnel", byName, tunnel.Clone(), true},
		{"new/plain", sb.URL(), &http.Transport{}, false},
		{"new/tls", sb.TLSURL(), secure.Clone(), false},
		{"new/tunnel", byName, tunnel.Clone(), false},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.transport.DisableKeepAlives = !c.kept
			defer c.transport.CloseIdleConnections()
			for b.Loop() {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, c.base+"/v3/certificates", nil)
				if err != nil {
					b.Fatal(err)
				}
				p, err := c.transport.RoundTrip(r)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, p.Body); err != nil || p.Body.Close() != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
