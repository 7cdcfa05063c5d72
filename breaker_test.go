package wxpay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
)

// A circuit breaker gives up waiting while the transport behind it still dials:
// what was reported as not sent must not be sent afterwards.
func TestNothingLeavesOnceItIsOver(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- string(body)
	}))
	defer s.Close()
	dialling, dial, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	inner := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		close(dialling)
		<-dial
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	defer inner.CloseIdleConnections()
	breaker := transport(func(r *http.Request) (*http.Response, error) {
		go func() {
			defer close(done)
			if response, err := inner.RoundTrip(r); err == nil {
				response.Body.Close()
			}
		}()
		<-dialling
		return nil, errors.New("breaker: timeout")
	})
	ctx, cancel := context.WithTimeout(bg, time.Minute) // so that the client's own deadline does not cancel it
	defer cancel()
	_, err := clientAt(t, s.URL, breaker).Chain("v3/x").Post(ctx, `{"debit":1}`)
	close(dial)
	<-done
	if wxpay.OutcomeUnknown(err) {
		t.Errorf("it should have been told that nothing was sent: %v", err)
	}
	s.Close() // waits for what is being handled
	if len(arrived) != 0 {
		t.Errorf("%q arrived after %v", <-arrived, err)
	}
}
