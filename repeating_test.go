package wxpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay"
)

const tooMany = `{"code":"FREQUENCY_LIMITED","message":"slower"}`

// A transport that repeats a call makes its last answer worthless for the first: the debit may have
// been carried out, and the refusal is of the second.
func TestWhatATransportRepeatsIsUnknown(t *testing.T) {
	t.Parallel()
	for times, unknown := range map[int]bool{1: false, 2: true} {
		client := clientOver(t, func(r *http.Request) (*http.Response, error) {
			body := r.Body
			for range times { // as net/http does over HTTP/2
				if _, err := io.Copy(io.Discard, body); err != nil {
					return nil, err
				}
				body, _ = r.GetBody()
			}
			return signedReply(429, tooMany), nil
		})
		_, err := client.Chain("v3/x").Post(bg, `{"out_trade_no":"T1"}`)
		if err == nil || wxpay.OutcomeUnknown(err) != unknown {
			t.Errorf("sent %d times: %v, unknown %t", times, err, !unknown)
		}
	}
}

// refusing answers that there were too many calls, and counts them.
func refusing(served *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		served.Add(1)
		reply := signedReply(429, tooMany)
		for name, values := range reply.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(429)
		_, _ = io.WriteString(w, tooMany)
	})
}

// So it is where the transport keeps the body for itself, or there is none, over net/http.
func TestWhatIsRepeatedOverNetHTTPIsUnknown(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	server := httptest.NewServer(refusing(&served))
	defer server.Close()
	for times, unknown := range map[int]bool{1: false, 2: true} {
		client := clientAt(t, server.URL, transport(func(r *http.Request) (response *http.Response, err error) {
			for range times {
				if response != nil {
					response.Body.Close()
				}
				if response, err = http.DefaultTransport.RoundTrip(r.Clone(r.Context())); err != nil {
					return nil, fmt.Errorf("attempt: %w", err)
				}
			}
			return response, nil
		}))
		served.Store(0)
		_, err := client.Chain("v3/x").Delete(bg, wxpay.Attempts(1))
		if e := (*wxpay.Error)(nil); !errors.As(err, &e) || !e.Verified || wxpay.OutcomeUnknown(err) != unknown ||
			int(served.Load()) != times {
			t.Errorf("sent %d times: %v, unknown %t", served.Load(), err, !unknown)
		}
	}
}

// A kept connection that is dead takes nothing: net/http goes on with another, and the answer is to
// the one call that went out.
func TestADeadConnectionRepeatsNothing(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	server := httptest.NewServer(refusing(&served))
	defer server.Close()
	var last *mortal
	kept := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		last = &mortal{Conn: c}
		return last, err
	}}
	defer kept.CloseIdleConnections()
	client := clientAt(t, server.URL, kept)
	for range 4 { // the second and every further one begins on a connection that is dead
		_, err := client.Chain("v3/x").Post(bg, `{"out_trade_no":"T1"}`, wxpay.Attempts(1))
		if e := (*wxpay.Error)(nil); !errors.As(err, &e) || wxpay.OutcomeUnknown(err) {
			t.Errorf("got %v, unknown %t", err, wxpay.OutcomeUnknown(err))
		}
		last.dead.Store(true)
	}
	if served.Load() != 4 {
		t.Errorf("%d calls were served", served.Load())
	}
}

// mortal is a connection that takes nothing any more once it is dead.
type mortal struct {
	net.Conn
	dead atomic.Bool
}

func (m *mortal) Write(p []byte) (int, error) {
	if m.dead.Load() {
		return 0, errors.New("dead")
	}
	return m.Conn.Write(p)
}
