package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// How long each thing may take.
const (
	callTimeout   = 15 * time.Second
	notifyTimeout = 5 * time.Second // as WeChat Pay waits
)

// httpClient sends one thing at a time and follows no redirect.
func (d *Doctor) httpClient() *http.Client {
	return &http.Client{
		Transport: d.Transport(), Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Hosts are those to reach: that of the calls, and its twin where it is WeChat Pay's.
func (d *Doctor) Hosts() []string {
	host := strings.TrimRight(d.value(Host), "/")
	switch host {
	case "", wxpay.DefaultHost:
		return []string{wxpay.DefaultHost, wxpay.BackupHost}
	}
	return []string{host}
}

// hosts asks each host for nothing in particular, without a signature: it answers, and says what
// time it is there. Reached is whether the first was.
func (d *Doctor) hosts(ctx context.Context) (reached bool) {
	var skewed bool
	for i, base := range d.Hosts() {
		if u, err := url.Parse(base); err != nil || u.Host == "" {
			return false
		}
		date, ok := d.reach(ctx, base)
		if i == 0 {
			reached = ok
		}
		if ok && !skewed {
			d.clock(date)
			skewed = true
		}
	}
	return reached
}

// answered is what a host's clock says, and when it was asked and had answered by ours.
type answered struct {
	date       string
	begun, got time.Time
}

func (d *Doctor) reach(ctx context.Context, base string) (a answered, ok bool) {
	const id = "reach"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/", nil)
	if err != nil {
		d.fault(id, lang.Textf("%s is no address", wire.Clip(base, 100)), lang.Text{})
		return a, false
	}
	request.Header.Set("User-Agent", "wxpay-doctor")
	by := lang.Text{}
	proxy, err := d.Proxy(request)
	switch {
	case err != nil:
		d.fault(id, lang.Textf("the proxy's address is not one"), lang.Textf("check HTTPS_PROXY in the environment"))
		return a, false
	case proxy != nil:
		by = lang.Textf(", through the proxy %s", wire.Clip(proxy.Host, 100))
	}
	a.begun = d.Now()
	response, err := d.httpClient().Do(request)
	a.got = d.Now()
	if err != nil {
		why, do := unreached(err, proxy != nil)
		d.fault(id, lang.Textf("%s: %v", request.URL.Host, why), do)
		return a, false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	a.date = response.Header.Get("Date")
	if response.TLS != nil {
		d.ok(id, lang.Textf("%s by %s%v", request.URL.Host, tls.VersionName(response.TLS.Version), by))
	} else {
		d.ok(id, lang.Textf("%s by plain http%v", request.URL.Host, by))
	}
	return a, true
}

// unreached says why there was no answer, and what to do.
func unreached(err error, proxied bool) (why, do lang.Text) {
	var (
		unknown  x509.UnknownAuthorityError
		roots    x509.SystemRootsError
		other    x509.HostnameError
		invalid  x509.CertificateInvalidError
		noTLS    tls.RecordHeaderError
		name     *net.DNSError
		op       *net.OpError
		timedOut interface{ Timeout() bool }
		of       *url.Error
	)
	switch {
	case errors.As(err, &unknown), errors.As(err, &roots):
		return lang.Textf("its certificate is not trusted here"), lang.Textf("install the root certificates " +
			"(ca-certificates); where a proxy opens TLS, or it is a sandbox, name its root in SSL_CERT_FILE")
	case errors.As(err, &other):
		return lang.Textf("its certificate is for another name"), lang.Textf("check the host, DNS and proxy")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return lang.Textf("its certificate is out of date by this machine's clock"), lang.Textf("set the clock by NTP")
	case errors.As(err, &noTLS):
		return lang.Textf("it does not speak TLS there"), lang.Textf("check the port, or write http:// for a sandbox")
	case errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")):
		return lang.Textf("the proxy is not reached: %s", wire.Clip(op.Err.Error(), 200)),
			lang.Textf("check HTTPS_PROXY in the environment")
	case errors.As(err, &name) && name.IsNotFound:
		return lang.Textf("DNS does not know this name"), lang.Textf("check its spelling, and this machine's DNS")
	case errors.As(err, &name):
		return lang.Textf("DNS does not answer"), lang.Textf("check this machine's DNS and network")
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return lang.Textf("no answer came in time"), lang.Textf("check firewall and proxy")
	case errors.As(err, &op) && op.Op == "dial":
		return lang.Textf("no connection: %s", wire.Clip(op.Err.Error(), 200)),
			lang.Textf("check that it runs and that " +
				"no firewall is in the way")
	case proxied:
		return lang.Textf("the proxy does not let the call through"), lang.Textf("check its rules and password")
	case errors.As(err, &of):
		return lang.Textf("the connection was broken off: %s", wire.Clip(of.Err.Error(), 200)), lang.Text{}
	}
	return lang.Textf("the connection was broken off: %s", wire.Clip(err.Error(), 200)), lang.Text{}
}

// Beyond these a clock is worth a warning, and calls are refused.
const (
	skewNoted = 60 * time.Second
	skewMost  = wire.Window
)

// clock compares this machine's clock with the host's, which says whole seconds.
func (d *Doctor) clock(a answered) {
	const id = "clock"
	date, err := http.ParseTime(a.date)
	if err != nil {
		d.skip(id, lang.Textf("the host does not say what time it is"))
		return
	}
	ours := a.begun.Add(a.got.Sub(a.begun) / 2)
	off := ours.Sub(date.Add(time.Second / 2)) // positive: ours is ahead
	seconds := int(off.Abs().Round(time.Second) / time.Second)
	direction := lang.Textf("%d seconds ahead of the host's", seconds)
	if off < 0 {
		direction = lang.Textf("%d seconds behind the host's", seconds)
	}
	ntp := lang.Textf("set it by NTP; the host's was %s", date.In(wire.Beijing).Format(time.DateTime))
	switch {
	case off.Abs() >= skewMost:
		d.fault(id, lang.Textf("%v: calls are refused from five minutes on", direction), ntp)
	case off.Abs() >= skewNoted:
		d.warn(id, direction, ntp)
	default:
		d.ok(id, lang.Textf("within %d seconds of the host's", max(2, seconds+1)))
	}
}

// isLocal tells the names and addresses of this machine.
func isLocal(name string) bool {
	if strings.EqualFold(name, "localhost") || strings.HasSuffix(strings.ToLower(name), ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(name)
	return err == nil && a.Unmap().IsLoopback()
}

// port is where an address is asked, with what it is by default.
func port(u *url.URL) int {
	n, err := strconv.Atoi(u.Port())
	switch {
	case err == nil:
		return n
	case u.Scheme == "http":
		return 80
	}
	return 443
}
