package wxpay_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// road is a way to a sandbox by two hosts, of which the first can be closed.
type road struct {
	closed atomic.Bool
	asked  atomic.Int32 // how often somebody went to the first
}

func (r *road) transport(t *testing.T) *http.Transport {
	by := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (
		net.Conn, error) {
		if strings.HasPrefix(address, "127.0.0.1") {
			if r.asked.Add(1); r.closed.Load() {
				return nil, errors.New("no road")
			}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(by.CloseIdleConnections)
	return by
}

// twoHosts is the setup of a client of a sandbox with two names, and the road to the first.
func twoHosts(t *testing.T, wechat *sandbox.Sandbox) (wxpay.Config, *road) {
	r := &road{}
	cfg := repeated(wechat, nil)
	cfg.HTTPClient = &http.Client{Transport: r.transport(t)}
	cfg.BackupHost = strings.Replace(cfg.Host, "127.0.0.1", "localhost", 1)
	return cfg, r
}

// A call for a host that nobody reaches goes to its twin, also a debit; those that follow go there
// at once. After a while one call tries the first again.
func TestCallsGoToTheTwin(t *testing.T) {
	t.Parallel()
	for kind, debit := range repeatedDebits {
		wechat, contract := debitable(t, kind)
		cfg, r := twoHosts(t, wechat)
		now := cfg.Now()
		cfg.Now = func() time.Time { return now }
		r.closed.Store(true)
		c := made(t, cfg)
		steps := func(step string, n int32) {
			t.Helper()
			if asked := r.asked.Swap(0); asked != n {
				t.Errorf("%s, %s: the first host was asked %d times, want %d", kind, step, asked, n)
			}
		}
		get := func() {
			t.Helper()
			if _, err := c.Chain("v3/certificates").Get(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := debit(t.Context(), c, contract); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		steps("the first call", 1)
		get()
		steps("the next", 0)
		now = now.Add(30 * time.Second)
		get()
		steps("after its rest", 1)
		get()
		steps("it rests once more", 0)
		now = now.Add(30 * time.Second)
		r.closed.Store(false)
		get()
		steps("it is tried again", 1)
		get()
		steps("it is back", 1)
		if list, err := wechat.Debits(); err != nil || len(list) != 1 {
			t.Errorf("%s: %d debits, %v", kind, len(list), err)
		}
	}
}

// What was sent to one host is never sent to the other, unless it changes nothing.
func TestWhatGoesToTheTwinOnceItWasSent(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		endpoint string
		call     func(*wxpay.Client) error
		fault    fault.Fault
		sent     int
	}{
		"a query that was cut": {"GET /v3/certificates", func(c *wxpay.Client) error {
			return second(c.Chain("v3/certificates").Get(bg))
		}, fault.Fault{Name: fault.Cut}, 2},
		"a query that a gateway answered": {"GET /v3/certificates", func(c *wxpay.Client) error {
			return second(c.Chain("v3/certificates").Get(bg))
		}, fault.Fault{Name: fault.Gateway}, 2},
		"a query that a gateway refused": {"GET /v3/certificates", func(c *wxpay.Client) error {
			return second(c.Chain("v3/certificates").Get(bg))
		}, fault.Fault{Name: fault.Gateway, Status: 403}, 1},
		"a query that was forged": {"GET /v3/certificates", func(c *wxpay.Client) error {
			return second(c.Chain("v3/certificates").Get(bg))
		}, fault.Fault{Name: fault.BadSignature}, 1},
		"an order that was cut": {"POST /v3/pay/transactions/native", func(c *wxpay.Client) error {
			return second(c.Chain("v3/pay/transactions/native").Post(bg, `{}`))
		}, fault.Fault{Name: fault.Cut}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
			cfg, _ := twoHosts(t, wechat)
			row.fault.Endpoint = row.endpoint
			if err := wechat.Inject(row.fault); err != nil {
				t.Fatal(err)
			}
			err := row.call(made(t, cfg))
			if n := len(sentTo(t, wechat, row.endpoint)); n != row.sent || (err == nil) != (n == 2) {
				t.Errorf("it was sent %d times, want %d: %v", n, row.sent, err)
			}
			// Where there is one host, or one attempt, it is sent once.
			for _, change := range []func(*wxpay.Config){
				func(cfg *wxpay.Config) { cfg.BackupHost = "" }, func(cfg *wxpay.Config) { cfg.Attempts = 1 },
			} {
				alone := cfg
				change(&alone)
				before := len(sentTo(t, wechat, row.endpoint))
				if err := wechat.Inject(row.fault); err != nil {
					t.Fatal(err)
				}
				_ = row.call(made(t, alone))
				if n := len(sentTo(t, wechat, row.endpoint)) - before; n != 1 {
					t.Errorf("it was sent %d times", n)
				}
			}
		})
	}
}

// The GET of APIv2 that opens a page for the payer is no query: its answer is lost once.
func TestAGetThatDoesSomethingIsSentOnce(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	cfg, _ := twoHosts(t, wechat)
	if err := wechat.Inject(fault.Fault{Name: fault.Cut, Endpoint: "GET /papay/h5entrustweb", Times: -1}); err != nil {
		t.Fatal(err)
	}
	var opts []wxpay.Option
	for name, value := range map[string]string{"appid": sandbox.DefaultAppID, "plan_id": "12535",
		"contract_code": "100001", "request_serial": "1000", "contract_display_account": "a", "version": "1.0",
		"notify_url": "https://yourapp.com/signed", "clientip": "8.8.8.8", "timestamp": "1772330400"} {
		opts = append(opts, wxpay.Query(name, value))
	}
	_, err := made(t, cfg).Chain("v2/papay/h5entrustweb").Get(bg, opts...)
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || !lost.Sent || strings.Contains(err.Error(), "tried") {
		t.Errorf("got %v", err)
	}
}

// Of many calls at once that find a host gone none fails, and those that follow spare it.
func TestManyCallsGoToTheTwin(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	cfg, r := twoHosts(t, wechat)
	r.closed.Store(true)
	c := made(t, cfg)
	var calls sync.WaitGroup
	for range 40 {
		calls.Go(func() {
			for range 3 {
				if _, err := c.Chain("v3/certificates").Get(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	if n := r.asked.Load(); n > 40 {
		t.Errorf("the host that was gone was asked %d times, by 40 at once", n)
	}
}

// Where no host is reached nothing was sent, and the error says so of all of it.
func TestNoHostIsReached(t *testing.T) {
	t.Parallel()
	wechat, contract := debitable(t, "combine-papay")
	cfg, _ := twoHosts(t, wechat)
	var hosts []string
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: func(_ context.Context, _, address string) (
		net.Conn, error) {
		hosts = append(hosts, address[:9])
		return nil, errors.New("no road")
	}}}
	err := repeatedDebits["combine-papay"](t.Context(), made(t, cfg), contract)
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || lost.Sent || wxpay.OutcomeUnknown(err) ||
		!slices.Equal(hosts, []string{"127.0.0.1", "localhost", "127.0.0.1"}) {
		t.Errorf("got %v of %v", err, hosts)
	}
}

// WeChat Pay's own hosts have twins, and no other has: there a certificate that is not trusted, or
// a proxy that is none, is tried nowhere again.
func TestWhichHostsHaveTwins(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"":                                "api.mch.weixin.qq.com:443 api2.mch.weixin.qq.com:443",
		wxpay.BackupHost:                  "api2.mch.weixin.qq.com:443 api.mch.weixin.qq.com:443",
		"https://api.wechatpay.cn":        "api.wechatpay.cn:443 api2.wechatpay.cn:443",
		"https://api2.wechatpay.cn/":      "api2.wechatpay.cn:443 api.wechatpay.cn:443",
		"https://apihk.mch.weixin.qq.com": "apihk.mch.weixin.qq.com:443 apihk.mch.weixin.qq.com:443",
	} {
		var asked []string
		cfg := testConfig()
		cfg.Host, cfg.Attempts = host, 2
		cfg.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: func(_ context.Context, _,
			address string) (net.Conn, error) {
			asked = append(asked, address)
			return nil, errors.New("no road")
		}}}
		_, _ = made(t, cfg).Chain("v3/x").Post(bg, `{}`)
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("%q: it went to %s", host, got)
		}
	}
	cfg := testConfig()
	for _, backup := range []string{cfg.Host, "http://wechat.example", "x"} {
		cfg.BackupHost = backup
		var e *wxpay.ConfigError
		if _, err := wxpay.New(cfg); !errors.As(err, &e) || e.Field != "BackupHost" {
			t.Errorf("%s: got %v", backup, err)
		}
	}
}

// A server that is not who it should be will not be at the next attempt either.
func TestWhatIsHopelessIsTriedOnce(t *testing.T) {
	t.Parallel()
	var dialled atomic.Int32
	server := quietServer(t)
	by := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	_, err := clientAt(t, server.URL, by).Chain("v3/x").Post(bg, `{}`)
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || lost.Sent || dialled.Load() != 1 {
		t.Errorf("dialled %d times: %v", dialled.Load(), err)
	}
}
