package wxpay

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Client calls WeChat Pay as one merchant. It may be used by any number of
// goroutines. What it knows of keys may change while it is at work: it downloads
// WeChat Pay's certificates where it needs them, and [Client.Replace] gives it
// new ones of the merchant's.
type Client struct {
	mchID string
	own   *atomic.Pointer[identity]
	// Behind a function, so that nothing that prints a struct walks through a
	// transport that is at work.
	transport func() http.RoundTripper
	alone     bool // the transport is net/http's, and no other was registered with it
	keys      *Keys
	host      endpointHost
	global    endpointHost
	pair      *pair // of host and its twin, nil for a host without one
	most      int   // how often a call goes out
	wait      func(context.Context, time.Duration) error
	hook      Hook
	budget    *budget
	pacer     *pacer
	timeout   time.Duration
	userAgent []string
	now       func() time.Time
	rand      io.Reader
	started   *background
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
	timeout, transport := lentBy(cfg.HTTPClient)
	who, err := newIdentity(&cfg, transport)
	if err != nil {
		return nil, err
	}
	keys, err := newKeys(cfg, true)
	if err != nil {
		return nil, err
	}
	cfg.Host = cmp.Or(cfg.Host, DefaultHost)
	host, err := splitHost("Host", cfg.Host, cfg.PlainHTTP)
	if err != nil {
		return nil, err
	}
	if cfg.GlobalHost == "" {
		if cfg.GlobalHost = cfg.Host; host.isTheirs() {
			cfg.GlobalHost = DefaultGlobalHost
		}
	}
	global, err := splitHost("GlobalHost", cfg.GlobalHost, cfg.PlainHTTP)
	if err != nil {
		return nil, err
	}
	if err := checkRepeats(&cfg); err != nil {
		return nil, err
	}
	pair, err := pairOf(host, cfg)
	if err != nil {
		return nil, err
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
	c := &Client{
		mchID: cfg.MchID, own: new(atomic.Pointer[identity]), keys: keys,
		host: host, global: global, transport: func() http.RoundTripper { return transport },
		alone: alone, timeout: timeout,
		userAgent: []string{strings.TrimSpace(cfg.UserAgent + " " + userAgent)},
		now:       cfg.Now, rand: cfg.Rand, started: new(background),
		pair: pair, most: cfg.Attempts, wait: cfg.Wait, hook: cfg.Hook, budget: new(budget), pacer: new(pacer),
	}
	c.own.Store(who)
	keys.live.source = &source{client: c}
	return c, nil
}

// lentBy is what a client takes of Config.HTTPClient.
func lentBy(lent *http.Client) (timeout time.Duration, transport http.RoundTripper) {
	timeout = usualTimeout
	if lent != nil {
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
	return timeout, transport
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

// isTheirs tells WeChat Pay's own hosts.
func (h endpointHost) isTheirs() bool {
	name, _, _ := strings.Cut(h.name, ":") // an IPv6 address is not theirs either way
	return isWeChatPay(name)
}

// hostOf picks the host by the escaped path, as the catalogue says. A host of the caller's own,
// such as a sandbox, gets everything.
func (c *Client) hostOf(path string) endpointHost {
	switch name := hostNameOf(path); {
	case name == "":
		return c.host
	case name == globalHostName:
		return c.global
	case !c.host.isTheirs():
		return c.host
	default:
		return endpointHost{"https", name}
	}
}

// connectWithin is how long a host has to take a connection. One that takes none in that time is
// down, and a call has to have time left for the other.
const connectWithin = 5 * time.Second

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
	if dial := t.DialContext; dial != nil {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, connectWithin)
			defer cancel()
			return dial(ctx, network, address)
		}
	}
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
	// WeChat Pay closes a connection that was idle for 8 seconds; a call that leaves by one as it
	// is closed gets no answer, and nobody can tell whether it was carried out.
	// https://github.com/wechatpay-apiv3/wechatpay-java/pull/187
	const idle = 7 * time.Second
	if t.IdleConnTimeout == 0 || t.IdleConnTimeout > idle {
		t.IdleConnTimeout = idle
	}
	return t
})
