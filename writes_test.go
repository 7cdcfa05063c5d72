package wxpay_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// counted is a connection that counts what is written to it at once.
type counted struct {
	net.Conn
	writes *atomic.Int32
}

func (c counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// Over net/http's own transport headers and body leave together: net/http knows that the body lies
// in memory.
func TestACallGoesOutInOneWrite(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		reply := signedReply(200, string(benchOut))
		for name, values := range reply.Header {
			w.Header()[name] = values
		}
		_, _ = w.Write(benchOut)
	}))
	defer server.Close()
	var writes atomic.Int32
	kept := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		return counted{c, &writes}, err
	}}
	defer kept.CloseIdleConnections()
	client := clientAt(t, server.URL, kept)
	for n := range int32(3) {
		if _, err := client.Chain("v3/x").Post(bg, `{"out_trade_no":"T1"}`); err != nil {
			t.Fatal(err)
		}
		if got := writes.Load(); got != n+1 {
			t.Errorf("%d calls took %d writes", n+1, got)
		}
	}
}
