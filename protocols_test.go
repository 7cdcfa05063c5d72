package wxpay_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// A server that speaks HTTP/2 must be offered HTTP/1.1 alone: what net/http sends
// again there is not in the client's hands.
func TestTheDefaultTransportMeetsAServerOfHTTP2(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 {
			t.Errorf("spoken to in %s", r.Proto)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	shared := wxpay.SharedTransport().(*http.Transport).Clone()
	shared.TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	var e *wxpay.Error
	if _, err := clientAt(t, s.URL, shared).Chain("v3/x").Get(bg); !errors.As(err, &e) ||
		e.Status != http.StatusTeapot {
		t.Errorf("got %v", err)
	}
}

// inAnotherProcess runs the test once more in a process of its own, where it may
// change what all share; there it reports false.
func inAnotherProcess(t *testing.T) bool {
	t.Helper()
	const inside = "WXPAY_TEST_ALONE"
	if os.Getenv(inside) != "" {
		return false
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return true
}

// A dialler of the program's own may bring connections that speak HTTP/2, and the
// program the other half of it.
func TestNoHTTP2ByADiallerOfTheProgram(t *testing.T) {
	if inAnotherProcess(t) {
		return
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	theirs := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	theirs.NextProtos = []string{"h2"}
	dial := &tls.Dialer{Config: theirs}
	spoken := false
	http.DefaultTransport = &http.Transport{
		DialTLSContext: dial.DialContext,
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{"h2": func(string,
			*tls.Conn) http.RoundTripper {
			spoken = true
			return transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("x") })
		}},
	}
	_, err := clientAt(t, s.URL, nil).Chain("v3/x").Get(bg)
	if lost := (*wxpay.TransportError)(nil); !errors.As(err, &lost) || !lost.Sent || spoken {
		t.Errorf("got %v; HTTP/2 was spoken: %v", err, spoken)
	}
}

// A program may put a transport of its own into http.DefaultTransport.
func TestNewWhereTheDefaultTransportIsAnother(t *testing.T) {
	if inAnotherProcess(t) {
		return
	}
	http.DefaultTransport = transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("x") })
	if _, err := wxpay.New(testConfig()); err != nil {
		t.Error(err)
	}
	if t, ok := wxpay.SharedTransport().(*http.Transport); !ok || t.TLSHandshakeTimeout == 0 || t.Proxy == nil {
		panic("no usable transport")
	}
}

// A transport that sends without a trace and then falls back to one that traces:
// a call without a body leaves no other sign.
func TestSentByATransportThatFallsBack(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer s.Close()
	gone := strings.TrimPrefix(nobody(t), "http://")
	by := &http.Transport{}
	c := clientAt(t, s.URL, transport(func(r *http.Request) (*http.Response, error) {
		if _, err := by.RoundTrip(r.Clone(context.Background())); err == nil {
			t.Error("it was answered")
		}
		again := r.Clone(r.Context())
		again.URL.Host = gone
		return by.RoundTrip(again)
	}))
	for name, err := range map[string]error{
		"DELETE": second(c.Chain("v3/x").Delete(bg)), "POST without a body": second(c.Chain("v3/x").Post(bg, nil)),
		"POST": second(c.Chain("v3/x").Post(bg, "{}")),
	} {
		if !wxpay.OutcomeUnknown(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
