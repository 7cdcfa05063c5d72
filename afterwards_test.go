package wxpay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// What is reported as not sent is not sent afterwards by a transport that goes on in a context of
// its own.
func TestNothingIsSentAfterwards(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil || len(body) > 0 {
			arrived.Add(1)
		}
	}))
	t.Cleanup(server.Close)
	for name, over := range map[string]func(later http.RoundTripper) http.RoundTripper{
		"a bad proxy": func(later http.RoundTripper) http.RoundTripper {
			by := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
				return nil, errors.New("the proxies are not known yet")
			}}
			by.RegisterProtocol("http", later)
			return by
		},
		"no connection": func(later http.RoundTripper) http.RoundTripper {
			by := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, errors.New("no network")
			}}
			by.RegisterProtocol("http", later)
			return by
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, done := make(chan struct{}), make(chan error, 1)
			later := transport(func(r *http.Request) (*http.Response, error) {
				go func() {
					<-told
					body, err := r.GetBody()
					if err != nil {
						done <- err
						return
					}
					again, err := http.NewRequest(r.Method, server.URL, body)
					if err != nil {
						done <- err
						return
					}
					again.ContentLength = r.ContentLength
					answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(again)
					if err == nil {
						answer.Body.Close()
					}
					done <- err
				}()
				return nil, http.ErrSkipAltProtocol
			})
			_, err := clientAt(t, server.URL, over(later)).Chain("v3/x").Post(bg, `{"out_trade_no":"T1"}`)
			if err == nil || wxpay.OutcomeUnknown(err) {
				t.Errorf("got %v", err)
			}
			close(told)
			if err := <-done; err == nil || !strings.Contains(err.Error(), "the call is over") {
				t.Errorf("afterwards: %v", err)
			}
			if arrived.Load() != 0 {
				t.Error("it arrived")
			}
		})
	}
}
