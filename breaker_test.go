package wxpay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
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
	_, err := clientAt(t, s.URL, breaker).Chain("v3/x").Post(ctx, `{"debit":1}`, wxpay.Attempts(1))
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

// A context may end with a cause of its own, which net/http gives in place of
// context.Canceled.
func TestContextsWithACause(t *testing.T) {
	t.Parallel()
	cause := errors.New("the shop closes")
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/v3/half" {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	cancelled := func() (context.Context, func()) {
		ctx, cancel := context.WithCancelCause(bg)
		return ctx, func() { cancel(cause) }
	}
	late := func(by time.Duration) func() (context.Context, func()) {
		return func() (context.Context, func()) {
			ctx, cancel := context.WithDeadlineCause(bg, time.Now().Add(by), cause)
			t.Cleanup(cancel)
			return ctx, func() {}
		}
	}
	for name, c := range map[string]struct {
		start func() (context.Context, func())
		when  string // the context ends
		path  string
		want  error
	}{
		"before the call":         {cancelled, "", "v3/x", context.Canceled},
		"while dialling":          {cancelled, "dial", "v3/x", context.Canceled},
		"while waiting":           {cancelled, "wrote", "v3/x", context.Canceled},
		"in the middle of a body": {cancelled, "first byte", "v3/half", context.Canceled},
		"late before the call":    {late(-time.Minute), "", "v3/x", context.DeadlineExceeded},
		"late while dialling":     {late(50 * time.Millisecond), "dial", "v3/x", context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, end := c.start()
			by := &http.Transport{}
			t.Cleanup(by.CloseIdleConnections)
			switch c.when {
			case "":
				end()
			case "dial":
				by.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
					end()
					<-ctx.Done()
					return nil, ctx.Err()
				}
			case "wrote":
				ctx = httptrace.WithClientTrace(ctx,
					&httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { end() }})
			case "first byte":
				ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: end})
			}
			_, err := clientAt(t, silent.URL, by).Chain(c.path).Post(ctx, `{}`)
			var e *wxpay.TransportError
			if sent := c.when == "wrote" || c.when == "first byte"; !errors.As(err, &e) || e.Sent != sent {
				t.Errorf("got %v, want Sent %v", err, sent)
			}
			says := map[error]string{context.Canceled: "context was cancelled",
				context.DeadlineExceeded: "the deadline passed"}[c.want]
			if !errors.Is(err, c.want) || !errors.Is(err, cause) || !strings.Contains(err.Error(), says) ||
				strings.Contains(err.Error(), "shop") {
				t.Errorf("got %v, want %v, and the cause unprinted", err, c.want)
			}
		})
	}
}
