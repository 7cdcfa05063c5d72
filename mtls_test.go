package wxpay_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// A call with MTLS shows the certificate of its own merchant, whatever was said before over the
// transport that merchants share, and one without shows none.
func TestMTLSShowsTheMerchantsOwnCertificate(t *testing.T) {
	t.Parallel()
	first, _ := testKey()
	second, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for what, lend := range map[string]func(*http.Transport) *http.Transport{
		"as it is": func(by *http.Transport) *http.Transport { return by },
		"that resumes sessions": func(by *http.Transport) *http.Transport {
			by.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
			return by
		},
		"that shows another": func(by *http.Transport) *http.Transport {
			by.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return new(tls.Certificate), nil
			}
			return by
		},
		"that speaks HTTP/2 by itself": func(by *http.Transport) *http.Transport {
			plain := new(http.Transport)
			plain.Clone() // net/http prepares it for HTTP/2, as its first call does
			plain.TLSClientConfig.RootCAs = by.TLSClientConfig.RootCAs
			return plain
		},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			var mu sync.Mutex
			var seen []string
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				f, _ := wire.ParseXML(body)
				mu.Lock()
				defer mu.Unlock()
				shown := "none"
				if certificates := r.TLS.PeerCertificates; len(certificates) > 0 {
					shown = certificates[0].SerialNumber.String()
				}
				seen = append(seen, f["mch_id"]+" "+shown)
				w.Header().Set("Connection", "close")
			}))
			server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MaxVersion: version}
			server.EnableHTTP2 = strings.Contains(what, "HTTP/2")
			server.StartTLS()
			lent := server.Client().Transport.(*http.Transport).Clone()
			lent = lend(lent)
			clients := map[string]*wxpay.Client{}
			for i, key := range []*rsa.PrivateKey{first, second} {
				id := "190000000" + strconv.Itoa(i+1)
				made := certificate(t, key, int64(i+1), now.Add(-time.Hour), now.Add(time.Hour))
				own, err := wxpay.ParseCertificate(made)
				if err != nil {
					t.Fatal(err)
				}
				cfg := testConfig()
				cfg.MchID, cfg.PrivateKey, cfg.Certificate, cfg.SerialNo, cfg.Host = id, key, own, "", server.URL
				cfg.APIv2Key, cfg.HTTPClient = wxpay.NewSecret(testAPIv2Key), &http.Client{Transport: lent}
				if clients[id], err = wxpay.New(cfg); err != nil {
					t.Fatal(err)
				}
			}
			const plain, refund = "v2/pay/orderquery", "v2/secapi/pay/refund"
			var want []string
			for _, c := range []struct{ id, path, shown string }{{"1900000001", plain, "none"},
				{"1900000001", refund, "1"}, {"1900000002", refund, "2"}, {"1900000002", plain, "none"},
				{"1900000001", refund, "1"}} {
				var opts []wxpay.Option
				if c.path == refund {
					opts = append(opts, wxpay.MTLS())
				}
				_, _ = clients[c.id].Chain(c.path).Post(bg, map[string]string{"out_trade_no": "T1"}, opts...)
				want = append(want, c.id+" "+c.shown)
			}
			server.Close()
			if strings.Join(seen, ", ") != strings.Join(want, ", ") {
				t.Errorf("over a transport %s, %s: shown were %v, want %v", what, tls.VersionName(version), seen, want)
			}
		}
	}
}

// ownCertificate is the merchant's.
func ownCertificate(t *testing.T) *x509.Certificate {
	t.Helper()
	key, _ := testKey()
	now := time.Now()
	own, err := wxpay.ParseCertificate(certificate(t, key, 1, now.Add(-time.Hour), now.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// A transport that makes TLS connections by itself, or hands calls to another, shows what it
// shows, so the call is not sent.
func TestMTLSOverATransportOfAnotherWay(t *testing.T) {
	t.Parallel()
	own := ownCertificate(t)
	registered := new(http.Transport)
	registered.RegisterProtocol("https", transport(func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return nil, errors.New("sent")
	}))
	for says, lent := range map[string]*http.Transport{
		"DialTLSContext": {DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			t.Error("it was dialled")
			return nil, errors.New("dialled")
		}},
		"RegisterProtocol": registered,
		"TLSNextProto": {TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{
			"h2": func(string, *tls.Conn) http.RoundTripper { return nil },
		}},
	} {
		cfg := testConfig()
		cfg.Certificate, cfg.SerialNo, cfg.APIv2Key = own, "", wxpay.NewSecret(testAPIv2Key)
		cfg.HTTPClient = &http.Client{Transport: lent}
		c, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Chain("v2/secapi/pay/refund").Post(bg, map[string]string{"out_refund_no": "1"}, wxpay.MTLS())
		if e := (*wxpay.RequestError)(nil); !errors.As(err, &e) || !strings.Contains(e.Problem, says) {
			t.Errorf("%s: got %v", says, err)
		}
	}
}

// The first call that shows the certificate waits for the first that does not: net/http sets the
// transport up in one of them.
func TestMTLSBesideTheFirstCall(t *testing.T) {
	t.Parallel()
	own := ownCertificate(t)
	for range 100 {
		cfg := testConfig()
		cfg.Host, cfg.PlainHTTP = nobody(t), true
		cfg.Certificate, cfg.SerialNo, cfg.APIv2Key = own, "", wxpay.NewSecret(testAPIv2Key)
		cfg.HTTPClient = &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true}}
		c, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var calls sync.WaitGroup
		for path, options := range map[string][]wxpay.Option{
			"v2/secapi/pay/refund": {wxpay.MTLS()}, "v2/pay/orderquery": nil,
		} {
			calls.Go(func() {
				_, err := c.Chain(path).Post(bg, map[string]string{"out_trade_no": "1"}, options...)
				if lost := (*wxpay.TransportError)(nil); !errors.As(err, &lost) || lost.Sent {
					t.Errorf("%s: got %v", path, err)
				}
			})
		}
		calls.Wait()
	}
}
