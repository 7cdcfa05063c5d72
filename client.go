package wxpay

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Client calls WeChat Pay as one merchant. It never changes after [New] and
// may be used by any number of goroutines.
type Client struct {
	mchID  string
	serial string
	// Behind functions, so that nothing that prints a struct reaches the key, or
	// walks through a transport that is at work.
	key       func() crypto.Signer
	transport func() http.RoundTripper
	alone     bool // the transport is net/http's, and no other was registered with it
	keys      *Keys
	apiV2Key  Secret
	mutualTLS func() (http.RoundTripper, error) // for v2/secapi
	host      endpointHost
	global    endpointHost
	timeout   time.Duration
	userAgent []string
	now       func() time.Time
	rand      io.Reader
}

// New checks the setup and makes a client; it sends nothing. What is wrong
// comes back as a [*ConfigError], which names the field and where to find the
// right value.
func New(cfg Config) (*Client, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if err := checkMerchant(&cfg); err != nil {
		return nil, err
	}
	if err := checkNotOwnKey(&cfg); err != nil {
		return nil, err
	}
	keys, err := NewKeys(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Host == "" {
		cfg.Host = DefaultHost
		if cfg.GlobalHost == "" {
			cfg.GlobalHost = DefaultGlobalHost
		}
	} else if cfg.GlobalHost == "" {
		cfg.GlobalHost = cfg.Host
	}
	host, err := splitHost("Host", cfg.Host, cfg.PlainHTTP)
	if err != nil {
		return nil, err
	}
	global, err := splitHost("GlobalHost", cfg.GlobalHost, cfg.PlainHTTP)
	if err != nil {
		return nil, err
	}
	timeout, key := usualTimeout, cfg.PrivateKey
	var transport http.RoundTripper
	if lent := cfg.HTTPClient; lent != nil {
		if lent.Timeout != 0 {
			timeout = lent.Timeout
		}
		if t, ok := lent.Transport.(*http.Transport); lent.Transport != nil && !(ok && t == nil) {
			transport = lent.Transport
		}
	}
	if transport == nil {
		transport = sharedTransport()
	}
	own, alone := transport.(*http.Transport)
	if alone {
		_ = own.Clone() // waits for net/http to set it up, which another call may do
		alone = !hasAnother(own, "https") && !hasAnother(own, "http")
	}
	if wire.OneLine(cfg.UserAgent) != cfg.UserAgent {
		return nil, &ConfigError{
			Field: "UserAgent", Problem: "it holds a line end or another control character",
			Hint: "give a name and a version, such as shop/1.2",
		}
	}
	if n := len(cfg.APIv2Key.Reveal()); n != 0 && n != wire.KeySize {
		problem := fmt.Sprintf("an APIv2 key has %d characters, this one %d", wire.KeySize, n)
		return nil, &ConfigError{
			Field: "APIv2Key", Problem: problem + surrounded(cfg.APIv2Key),
			Hint: "set it in the merchant console under API security",
		}
	}
	return &Client{
		apiV2Key: cfg.APIv2Key, mutualTLS: mutualTLS(transport, cfg.Certificate, cfg.PrivateKey),
		mchID: cfg.MchID, serial: cfg.SerialNo, key: func() crypto.Signer { return key }, keys: keys,
		host: host, global: global, transport: func() http.RoundTripper { return transport },
		alone: alone, timeout: timeout,
		userAgent: []string{strings.TrimSpace(cfg.UserAgent + " " + userAgent)},
		now:       cfg.Now, rand: cfg.Rand,
	}, nil
}

// MchID is the merchant the client calls as.
func (c *Client) MchID() string {
	if c == nil {
		return ""
	}
	return c.mchID
}

// Keys is what the client verifies and opens with, for a receiver of
// notifications to share.
func (c *Client) Keys() *Keys {
	if c == nil {
		return nil
	}
	return c.keys
}

// endpointHost is a scheme and a host, checked.
type endpointHost struct{ scheme, name string }

func (h endpointHost) String() string { return h.scheme + "://" + h.name }

// hostOf picks the host by the escaped path.
func (c *Client) hostOf(uri string) endpointHost {
	if strings.HasPrefix(uri, "/v3/global/") {
		return c.global
	}
	return c.host
}

// sharedTransport is the transport of every Client that brings none. net/http
// keeps two idle connections a host by default, so that at 64 callers nearly
// every call would pay for a TLS handshake.
var sharedTransport = sync.OnceValue(func() http.RoundTripper {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // a program may put its own there, to trace or to mock
		base = &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
			IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		}
	}
	t := base.Clone()
	t.MaxIdleConns = 256
	t.MaxIdleConnsPerHost = 64
	// Over HTTP/2 net/http sends a call of any method again when the server resets
	// its stream.
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	// Clone brings the original's offer of HTTP/2 along, which a server would accept.
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.NextProtos = []string{"http/1.1"}
	// Nor may a connection that a dialler of the program's own brings speak HTTP/2.
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	return t
})

// mutualTLS makes, when first asked, a transport that shows the merchant's
// certificate.
func mutualTLS(base http.RoundTripper, cert *x509.Certificate, key crypto.Signer) func() (http.RoundTripper, error) {
	return sync.OnceValues(func() (http.RoundTripper, error) {
		t, ok := base.(*http.Transport)
		var own *http.Transport
		if ok && t != nil {
			own = t.Clone() // first: it waits for net/http to set up t, which another call may do
		}
		switch {
		case cert == nil:
			return nil, errors.New("the call needs the merchant's certificate for TLS: set Config.Certificate " +
				"(LoadCertificate)")
		case !ok:
			return base, nil // the caller's own transport shows what it shows
		case dialsTLS(t):
			return nil, errors.New("the Transport of Config.HTTPClient makes TLS connections by itself " +
				"(DialTLSContext), so that the merchant's certificate cannot be shown: leave that to net/http, " +
				"or show the certificate there and put a RoundTripper of your own around the Transport")
		case hasAnother(t, "https") || hasAnother(t, "http"):
			return nil, errors.New("another transport is registered with that of Config.HTTPClient " +
				"(RegisterProtocol, TLSNextProto), and would not show the merchant's certificate: lend a Transport " +
				"without one to a Client for calls with MTLS")
		}
		if own.TLSClientConfig == nil {
			own.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		c := own.TLSClientConfig
		c.Certificates = []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}}
		c.GetClientCertificate = nil // it would be asked in their place
		if c.ClientSessionCache != nil {
			// Whoever resumes a session is who began it, and the cache is shared with other
			// merchants and with calls that show no certificate.
			c.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		}
		// Nor has HTTP/2 that was configured for the original connections of its own. Clone leaves
		// the offer of it behind, also where it is not spoken any more; net/http adds it where it
		// is.
		if len(own.TLSNextProto) > 0 {
			own.TLSNextProto = nil
		}
		c.NextProtos = slices.DeleteFunc(slices.Clone(c.NextProtos), func(name string) bool { return name == "h2" })
		return own, nil
	})
}
