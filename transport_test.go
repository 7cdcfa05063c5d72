package wxpay_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
)

// callForms are the ways a call takes through the client.
var callForms = map[string]func(context.Context, *wxpay.Client) error{
	"APIv3 GET": func(ctx context.Context, c *wxpay.Client) error {
		_, err := c.Chain("v3/user/{openid}").Get(ctx, wxpay.Path("openid", "oSECRET"), wxpay.Query("q", "qSECRET"))
		return err
	},
	"APIv3 POST": func(ctx context.Context, c *wxpay.Client) error {
		_, err := c.Chain("v3/x").Post(ctx, map[string]string{"openid": "oSECRET"})
		return err
	},
	"APIv2": func(ctx context.Context, c *wxpay.Client) error {
		_, err := c.Chain("v2/pay/pappayapply").Post(ctx, map[string]string{"openid": "oSECRET"})
		return err
	},
	"a promise": func(ctx context.Context, c *wxpay.Client) error {
		_, err := leaf.NewPoster[queryIn, queryOut](leaf.Bind(c), "v3/x").PostAsync(ctx, &queryIn{}).Wait(bg)
		return err
	},
	"a download": func(ctx context.Context, c *wxpay.Client) error {
		address := "https://api.mch.weixin.qq.com/v3/billdownload/file?token=tSECRET"
		return second(c.Download(ctx, address, "SHA1", strings.Repeat("0", 40)))
	},
}

// clientAt makes a client that goes to host by t.
func clientAt(t testing.TB, host string, by http.RoundTripper) *wxpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.APIv2Key, cfg.Host, cfg.HTTPClient = wxpay.NewSecret(testAPIv2Key), host, &http.Client{Transport: by}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// quietServer is a TLS server that must get no request.
func quietServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request arrived")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func proxyTo(address string) func(*http.Request) (*url.URL, error) {
	u, err := url.Parse(address)
	return func(*http.Request) (*url.URL, error) { return u, err }
}

// answering is a proxy that answers CONNECT with a status.
func answering(t *testing.T, status int) func(*http.Request) (*url.URL, error) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(s.Close)
	return proxyTo(strings.Replace(s.URL, "://", "://user:pSECRET@", 1))
}

// Where nothing left this machine the error says so, and why in plain words.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	server := quietServer(t)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	notTLS := strings.Replace(plain.URL, "http:", "https:", 1)
	old := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	secure := func(c *tls.Config) *http.Transport { return &http.Transport{TLSClientConfig: c} }
	via := func(proxy func(*http.Request) (*url.URL, error)) *http.Transport {
		return &http.Transport{Proxy: proxy}
	}
	in2242 := func() time.Time { return time.Unix(1<<33, 0) }
	for name, c := range map[string]struct {
		transport *http.Transport
		host      string
		says      string
	}{
		"no root certificates": {secure(&tls.Config{RootCAs: x509.NewCertPool()}), "", "certificate is not trusted"},
		"another host's certificate": {secure(&tls.Config{RootCAs: roots, ServerName: "api.mch.weixin.qq.com"}), "",
			"certificate is for another host name"},
		"a certificate that expired": {secure(&tls.Config{RootCAs: roots, Time: in2242}), "",
			"check this machine's clock"},
		"not TLS":             {&http.Transport{}, notTLS, "does not speak TLS"},
		"TLS that is refused": {secure(old), "", "TLS was broken off"},
		"no one listens":      {&http.Transport{}, "https://" + deadAddress, ": connect: connection refused"},
		"no such host":        {&http.Transport{DialContext: unknownHost}, "", "DNS does not know the host"},
		"dialling takes long": {&http.Transport{DialContext: timesOut}, "", "no connection was made in time"},
		"TLS takes long":      {&http.Transport{TLSHandshakeTimeout: 1}, "", "no connection was made in time"},
		"the proxy is down":   {via(proxyTo("http://user:pSECRET@" + deadAddress)), "", "no connection to the proxy: "},
		"a SOCKS proxy is down": {via(proxyTo("socks5://user:pSECRET@" + deadAddress)), "",
			"no connection to the proxy: "},
		"the proxy wants a name": {via(answering(t, 407)), "", "the proxy asks for a password"},
		"the proxy refuses":      {via(answering(t, 403)), "", "the proxy refuses to connect: Forbidden"},
		"no proxy's address":     {via(proxyTo("http://user:pSECRET@ho st")), "", "the proxy's address is not one"},
		"the deadline passes":    {nil, "", "no connection was made in time (the deadline passed)"},
		"a dial error in words":  {&http.Transport{DialContext: wordy}, "", `: cannot reach "…" by socks5://…`},
		"words like a proxy's":   {&http.Transport{DialContext: forbidden}, "", "no connection: Forbidden"},
	} {
		for form, call := range callForms {
			t.Run(name+", "+form, func(t *testing.T) {
				t.Parallel()
				host := c.host
				if host == "" {
					host = server.URL
				}
				ctx, by := bg, c.transport
				if by == nil {
					late := lateContext{bg, make(chan struct{})}
					ctx, by = late, &http.Transport{DialContext: late.dial}
				}
				cfg := testConfig()
				cfg.APIv2Key, cfg.Host, cfg.Attempts = wxpay.NewSecret(testAPIv2Key), host, 1
				cfg.HTTPClient = &http.Client{Transport: by}
				err := call(ctx, made(t, cfg))
				var e *wxpay.TransportError
				if !errors.As(err, &e) || e.Sent || !strings.HasSuffix(err.Error(), "; nothing was sent") {
					t.Fatalf("got %v, want that nothing was sent", err)
				}
				if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "SECRET") {
					t.Errorf("got %v, want %q and no secret", err, c.says)
				}
			})
		}
	}
}

// lateContext is one whose deadline passes when done is closed.
type lateContext struct {
	context.Context
	done chan struct{}
}

func (c lateContext) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	close(c.done)
	<-ctx.Done()
	return nil, ctx.Err()
}

func (c lateContext) Done() <-chan struct{} { return c.done }

func (c lateContext) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// deadAddress is where nobody listens: no listener that asks for any port is given this one.
const deadAddress = "127.0.0.1:1"

func unknownHost(context.Context, string, string) (net.Conn, error) {
	err := &net.DNSError{Err: "no such host", Name: "api.mch.weixin.qq.com", IsNotFound: true}
	return nil, &net.OpError{Op: "dial", Err: err}
}

func timesOut(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "i/o timeout", IsTimeout: true}}
}

func wordy(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("cannot reach \"https://u:pSECRET@h/v3?a=\\\"bSECRET\" by socks5://u:pSECRET@h")
}

func forbidden(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("Forbidden")
}

// slowSigner lets the deadline pass while it signs.
type slowSigner struct {
	crypto.Signer
	pass func()
}

func (s slowSigner) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.pass()
	return s.Signer.Sign(r, digest, opts)
}

func TestTheDeadlinePassesWhileSigning(t *testing.T) {
	t.Parallel()
	for form, call := range callForms {
		if form == "APIv2" { // is signed with a string
			continue
		}
		ctx, cancel := context.WithCancel(bg)
		cfg := testConfig()
		cfg.PrivateKey = slowSigner{cfg.PrivateKey, cancel}
		cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: it was sent", form)
			return nil, errors.New("sent")
		})}
		c, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var e *wxpay.TransportError
		if err := call(ctx, c); !errors.As(err, &e) || e.Sent || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", form, err)
		}
	}
}

// A transport that traces nothing may have sent everything, whatever it says.
func TestSomethingMayHaveLeft(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	never := &http.Transport{DialContext: unknownHost}
	for name, by := range map[string]transport{
		"a foreign transport": func(*http.Request) (*http.Response, error) { return nil, refused },
		"one with an address": func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("EOF")}
		},
		"one that tells it all": func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot reach %s, that is\n%s or %s", r.URL, r.URL.RequestURI(), r.URL.Path)
		},
		"one without a word": func(*http.Request) (*http.Response, error) { return nil, nil },
		"one that fell back": func(r *http.Request) (*http.Response, error) {
			if _, err := never.RoundTrip(r.Clone(r.Context())); err == nil {
				t.Error("there was a connection")
			}
			if r.Body != nil { // net/http took it away; a GET goes out unseen
				r.Body, _ = r.GetBody()
				_, _ = io.Copy(io.Discard, r.Body)
			}
			return nil, errors.New("the other one broke off")
		},
		"one that cannot read": func(*http.Request) (*http.Response, error) {
			r := reply(200, nil, "")
			r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(strings.NewReader("{"), brokenReader{}))
			return r, nil
		},
	} {
		for form, call := range callForms {
			err := call(bg, clientAt(t, "http://127.0.0.1:1", by))
			var e *wxpay.TransportError
			if !errors.As(err, &e) || !e.Sent || strings.Contains(err.Error(), "nothing was sent") {
				t.Errorf("%s, %s: got %v, want that it may have been sent", name, form, err)
			} else if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s, %s: the error leaks: %v", name, form, err)
			}
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the line went dead") }

// A wrapped http.Transport traces as well, and the caller's own hooks are called.
func TestAWrappedTransport(t *testing.T) {
	t.Parallel()
	inner := &http.Transport{}
	t.Cleanup(inner.CloseIdleConnections)
	wrapped := transport(func(r *http.Request) (*http.Response, error) { return inner.RoundTrip(r.Clone(r.Context())) })
	asked := ""
	ctx := httptrace.WithClientTrace(bg, &httptrace.ClientTrace{GetConn: func(address string) { asked = address }})
	for host, sent := range map[string]bool{"http://" + deadAddress: false, rawServer(t, ""): true} {
		_, err := clientAt(t, host, wrapped).Chain("v3/x").Post(ctx, `{}`)
		var e *wxpay.TransportError
		if !errors.As(err, &e) || e.Sent != sent || "http://"+asked != host {
			t.Errorf("got %v, asked for %q; want Sent %v", err, asked, sent)
		}
	}
}

// What a server sends that is not HTTP is not repeated in the error.
func TestBrokenAnswersAreNotQuoted(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"HTTP/1.1 oSECRET\r\n\r\n", "oSECRET\r\n", "HTTP/1.1 200 OK\r\noSECRET\r\n\r\n",
		"HTTP/1.1 200 OK\r\n oSECRET\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: oSECRET\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: oSECRET\r\n\r\n",
	} {
		_, err := clientAt(t, rawServer(t, answer), &http.Transport{DisableKeepAlives: true}).Chain("v3/x").Get(bg)
		var e *wxpay.TransportError
		if !errors.As(err, &e) || !e.Sent || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: got %v", answer, err)
		}
	}
}
