package bench_test

import (
	"net"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/bench"
)

// Only loopback addresses are dialled: any other is refused, also one of this machine's own.
func TestDialHere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := bench.DialHere(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		if _, err := bench.DialHere(t.Context(), "tcp", net.JoinHostPort(ip.String(), port)); err == nil ||
			!strings.Contains(err.Error(), "not on this machine") {
			t.Errorf("%s: got %v", ip, err)
		}
	}
}
