package wxpay_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// Another transport that is registered with an http.Transport may send without a word
// after an attempt that it traced.
func TestARegisteredProtocol(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived.Add(1)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	never := &http.Transport{DialContext: unknownHost}
	by := &http.Transport{}
	by.RegisterProtocol("http", transport(func(r *http.Request) (*http.Response, error) {
		if answer, err := never.RoundTrip(r); err == nil {
			return answer, nil
		}
		again, err := http.NewRequest(r.Method, server.URL, nil) // a body is read, which is seen
		if err != nil {
			return nil, err
		}
		if r.Body != nil {
			again.Body, _ = r.GetBody()
		}
		return http.DefaultTransport.RoundTrip(again)
	}))
	c := clientAt(t, server.URL, by)
	for name, err := range map[string]error{
		"GET": second(c.Chain("v3/x").Get(bg)), "DELETE": second(c.Chain("v3/x").Delete(bg)),
		"POST":        second(c.Chain("v3/x").Post(bg, nil)),
		"with a body": second(c.Chain("v3/x").Post(bg, `{}`)),
	} {
		var e *wxpay.TransportError
		if !errors.As(err, &e) || !e.Sent || !wxpay.OutcomeUnknown(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if arrived.Load() < 4 {
		t.Errorf("%d calls arrived", arrived.Load())
	}
}

// Calls without a body that found nobody have not left.
func TestRefusedConnectionsOfEveryMethod(t *testing.T) {
	t.Parallel()
	host := strings.TrimPrefix(nobody(t), "http://")
	for name, by := range map[string]http.RoundTripper{"the client's own": nil, "a plain one": &http.Transport{},
		"with HTTP/2": &http.Transport{ForceAttemptHTTP2: true}} {
		for _, scheme := range []string{"http://", "https://"} {
			c := clientAt(t, scheme+host, by)
			for method, err := range map[string]error{
				"GET": second(c.Chain("v3/x").Get(bg)), "DELETE": second(c.Chain("v3/x").Delete(bg)),
				"POST": second(c.Chain("v3/x").Post(bg, nil)),
			} {
				var e *wxpay.TransportError
				if !errors.As(err, &e) || e.Sent {
					t.Errorf("%s, %s%s: got %v", name, scheme, method, err)
				}
			}
		}
	}
}

// A transport has contexts of its own, and their end is not the caller's doing.
func TestWhoseContextWasCancelled(t *testing.T) {
	t.Parallel()
	own := func(context.Context, string, string) (net.Conn, error) { return nil, context.Canceled }
	for name, by := range map[string]http.RoundTripper{
		"sent":     transport(func(*http.Request) (*http.Response, error) { return nil, context.Canceled }),
		"not sent": &http.Transport{DialContext: own},
	} {
		err := second(clientAt(t, "https://api.example", by).Chain("v3/x").Post(bg, `{}`))
		if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "caller") ||
			!strings.Contains(err.Error(), ": context canceled; ") {
			t.Errorf("%s: got %v", name, err)
		}
		ctx, cancel := context.WithCancel(bg)
		ends := transport(func(r *http.Request) (*http.Response, error) { cancel(); return by.RoundTrip(r) })
		err = second(clientAt(t, "https://api.example", ends).Chain("v3/x").Post(ctx, `{}`))
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "(the caller's context was cancelled)") {
			t.Errorf("%s, cancelled: got %v", name, err)
		}
	}
}

// A proxy may repeat in its reason what it was told, which only the transport knows.
func TestAProxysReasonIsLeftOut(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"403 you sent dXNlcjE6cFNFQ1JFVA==": "no connection, in words that are left out",
		"502 user1:pSECRET is wrong":        "no connection, in words that are left out",
		"407 no token tokenOfSECRET":        "no connection, in words that are left out",
		"407 Proxy Authentication Required": "the proxy asks for a password",
		"503 Service Unavailable":           "the proxy refuses to connect: Service Unavailable",
	} {
		first, other := proxyAnswering(t, reason), proxyAnswering(t, reason)
		var asked, once atomic.Int32
		for how, by := range map[string]*http.Transport{
			"one": {Proxy: http.ProxyURL(first)},
			"a token": {Proxy: http.ProxyURL(first),
				GetProxyConnectHeader: func(context.Context, *url.URL, string) (http.Header, error) {
					return http.Header{"Proxy-Authorization": {"Bearer tokenOfSECRET"}}, nil
				}},
			"and then none": {Proxy: func(*http.Request) (*url.URL, error) {
				return []*url.URL{nil, first}[once.Add(1)%2], nil
			}},
			"in turn": {Proxy: func(*http.Request) (*url.URL, error) {
				return []*url.URL{first, other}[asked.Add(1)%2], nil
			}},
		} {
			err := second(clientAt(t, "https://api.example", by).Chain("v3/x").Post(bg, `{}`))
			known := strings.Contains(err.Error(), want) || how == "and then none" // what was the proxy's nobody knows
			if text := err.Error(); !known || strings.Contains(text, "SECRET") ||
				strings.Contains(text, "dXNl") {
				t.Errorf("%s, %s: got %v", reason, how, err)
			}
		}
	}
}

// proxyAnswering is a proxy that answers CONNECT with a status line of its own.
func proxyAnswering(t *testing.T, status string) *url.URL {
	t.Helper()
	proxy, err := url.Parse(rawServer(t, "HTTP/1.1 "+status+"\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	proxy.User = url.UserPassword("user1", "pSECRET")
	return proxy
}

// What TLS says behind an honest proxy is not taken for the proxy's, nor is the end of a
// connection.
func TestBehindAnHonestProxyWordsStay(t *testing.T) {
	t.Parallel()
	ending := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	ending.Config.ErrorLog = log.New(io.Discard, "", 0)
	ending.StartTLS()
	t.Cleanup(ending.Close)
	trusted := func() *tls.Config {
		return &tls.Config{RootCAs: ending.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	}
	pinned := trusted()
	pinned.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not the pinned one") }
	honest := proxyTo(tunnel(t))
	for want, config := range map[string]*tls.Config{"no connection: not the pinned one": pinned,
		"no whole reply came: EOF": trusted()} {
		by := &http.Transport{Proxy: honest, TLSClientConfig: config}
		err := second(clientAt(t, ending.URL, by).Chain("v3/x").Post(bg, `{}`))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// tunnel is a proxy that does what CONNECT asks for, once.
func tunnel(t *testing.T) (address string) {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(there, here)
			there.Close()
		}()
		_, _ = io.Copy(here, there)
		here.Close()
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// One that is registered may send a call in its own way, look for no trace, and hand the call back
// (http.ErrSkipAltProtocol): what the http.Transport then says is of the second try.
func TestARegisteredProtocolThatFallsBack(t *testing.T) {
	t.Parallel()
	var arrived, served atomic.Int32
	first := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived.Add(1)
		panic(http.ErrAbortHandler) // it took the call in, and its answer is lost
	}))
	t.Cleanup(first.Close)
	refuses := httptest.NewServer(refusing(&served))
	t.Cleanup(refuses.Close)
	by := &http.Transport{}
	by.RegisterProtocol("http", transport(func(r *http.Request) (*http.Response, error) {
		again, err := http.NewRequest(r.Method, first.URL, r.Body)
		if err != nil {
			return nil, err
		}
		if answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(again); err == nil {
			return answer, nil
		}
		return nil, http.ErrSkipAltProtocol
	}))
	for what, c := range map[string]*wxpay.Client{
		"no connection": clientAt(t, nobody(t), by), "a refusal": clientAt(t, refuses.URL, by),
	} {
		for name, err := range map[string]error{
			"GET": second(c.Chain("v3/x").Get(bg, wxpay.Attempts(1))), "DELETE": second(c.Chain("v3/x").Delete(bg)),
			"POST":        second(c.Chain("v3/x").Post(bg, nil)),
			"with a body": second(c.Chain("v3/x").Post(bg, `{}`)),
		} {
			var lost *wxpay.TransportError
			if errors.As(err, &lost) && !lost.Sent || !wxpay.OutcomeUnknown(err) {
				t.Errorf("%s, %s: got %v", what, name, err)
			}
		}
	}
	if arrived.Load() != 8 || served.Load() != 4 {
		t.Errorf("%d calls arrived, %d of them twice", arrived.Load(), served.Load())
	}
	// The client's own transport, and one with HTTP/2, have none registered.
	for name, by := range map[string]http.RoundTripper{"own": nil, "HTTP/2": &http.Transport{ForceAttemptHTTP2: true}} {
		for _, host := range []string{nobody(t), strings.Replace(nobody(t), "http:", "https:", 1)} {
			var lost *wxpay.TransportError
			if _, err := clientAt(t, host, by).Chain("v3/x").Delete(bg); !errors.As(err, &lost) || lost.Sent {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

// Nor does a proxy that there is not speak for what a registered one sent.
func TestARegisteredProtocolBeforeABadProxy(t *testing.T) {
	t.Parallel()
	by := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
		return nil, errors.New("invalid proxy address")
	}}
	if _, err := clientAt(t, nobody(t), by).Chain("v3/x").Delete(bg); err == nil || wxpay.OutcomeUnknown(err) {
		t.Errorf("with none registered: %v", err)
	}
	by.RegisterProtocol("http", transport(func(*http.Request) (*http.Response, error) {
		return nil, http.ErrSkipAltProtocol // it sent the call, who knows
	}))
	var lost *wxpay.TransportError
	if _, err := clientAt(t, nobody(t), by).Chain("v3/x").Delete(bg); !errors.As(err, &lost) || !lost.Sent {
		t.Errorf("got %v", err)
	}
}

// A program may take TLS connections over (http.Transport.TLSNextProto), and trace nothing of what
// it sends over them: what it lost may have been carried out, and what it repeats counts.
func TestATransportThatTakesConnectionsOver(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{NextProtos: []string{"mine"}}
	server.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"mine": func(_ *http.Server, c *tls.Conn, _ http.Handler) {
			read := bufio.NewReader(c)
			for {
				r, err := http.ReadRequest(read)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				if n := arrived.Add(1); r.URL.Path == "/v3/lost" {
					return // and its answer with it
				} else if n%2 == 1 {
					_, _ = io.WriteString(c, "HTTP/1.1 503 busy\r\nContent-Length: 0\r\n\r\n")
					continue
				}
				a := signedReply(429, tooMany)
				a.ProtoMajor, a.ProtoMinor = 1, 1
				_ = a.Write(c)
			}
		},
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	by := &http.Transport{TLSClientConfig: server.Client().Transport.(*http.Transport).TLSClientConfig.Clone(),
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{
			"mine": func(_ string, c *tls.Conn) http.RoundTripper {
				read := bufio.NewReader(c)
				return transport(func(r *http.Request) (*http.Response, error) {
					for {
						if r.GetBody != nil {
							r.Body, _ = r.GetBody()
						}
						if err := r.Write(c); err != nil {
							return nil, err
						}
						if a, err := http.ReadResponse(read, r); err != nil || a.StatusCode != 503 {
							return a, err
						}
					}
				})
			},
		}}
	by.TLSClientConfig.NextProtos = []string{"mine"}
	for _, path := range []string{"v3/lost", "v3/repeated"} {
		for name, call := range map[string]func(*wxpay.Client) error{
			"DELETE":      func(c *wxpay.Client) error { return second(c.Chain(path).Delete(bg)) },
			"POST":        func(c *wxpay.Client) error { return second(c.Chain(path).Post(bg, nil)) },
			"with a body": func(c *wxpay.Client) error { return second(c.Chain(path).Post(bg, `{}`)) },
		} {
			arrived.Store(0)
			err := call(clientAt(t, server.URL, by.Clone())) // with a connection of its own
			var lost *wxpay.TransportError
			if errors.As(err, &lost) && !lost.Sent || !wxpay.OutcomeUnknown(err) || arrived.Load() == 0 {
				t.Errorf("%s, %s: arrived %d times, got %v", path, name, arrived.Load(), err)
			}
		}
	}
}
