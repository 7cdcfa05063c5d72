package wxpay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

const badProxy = "the proxy's address is not one: " +
	"check HTTPS_PROXY in the environment, or the Proxy of Config.HTTPClient's Transport"

// unreached says in plain words why there was no connection, and what helps.
func (c *call) unreached(err error, proxied bool) (why string) {
	defer func() {
		if recover() != nil { // an As of the transport's, which knows what it is asked for here
			why = "no connection: " + c.quiet(err)
		}
	}()
	var (
		unknown  x509.UnknownAuthorityError
		roots    x509.SystemRootsError
		other    x509.HostnameError
		invalid  x509.CertificateInvalidError
		noTLS    tls.RecordHeaderError
		name     *net.DNSError
		op       *net.OpError
		timedOut interface{ Timeout() bool }
	)
	switch {
	case cancelled(c.flight.request.Context()):
		return "no connection was made yet"
	case errors.Is(err, context.DeadlineExceeded):
		return "no connection was made in time"
	case errors.As(err, &unknown), errors.As(err, &roots):
		return "the server's certificate is not trusted: install the root certificates (package " +
			"ca-certificates), or, where a proxy on the way opens TLS, give its root to Config.HTTPClient's " +
			"Transport (TLSClientConfig.RootCAs)"
	case errors.As(err, &other):
		return "the server's certificate is for another host name: " +
			"check Config.Host, the ServerName of TLSClientConfig, DNS, and whether a proxy answers"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet: check this machine's clock (NTP)"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + c.quiet(invalid)
	case errors.As(err, &noTLS):
		return "the server does not speak TLS: check the port in Config.Host, and the proxy"
	case errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")):
		return "no connection to the proxy: " + c.quiet(op.Err)
	case errors.As(err, &name) && name.IsNotFound:
		return "no connection: DNS does not know the host " + wire.Clip(name.Name, 64)
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return "TLS was broken off: " + c.quiet(op.Err)
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return "no connection was made in time: " + c.quiet(err)
	case errors.As(err, &op) && op.Op == "dial":
		return "no connection to " + wire.Clip(c.flight.request.URL.Host, 64) + ": " + c.quiet(op.Err)
	}
	// The answer to CONNECT comes without a type, as the words behind its status.
	switch text := printed(err); {
	case text == wordlessly:
		return "no connection, " + wordlessly
	case !proxied:
	case text == http.StatusText(http.StatusProxyAuthRequired):
		return "the proxy asks for a password: put user and password into its address, http://user:password@host:port"
	case isStatusText(text):
		return "the proxy refuses to connect: " + text
	}
	return "no connection: " + c.quiet(err)
}

// wordlessly is what is told of a proxy's answer to CONNECT in words of its own, which only the
// transport can tell from those of others.
const wordlessly = "in words that are left out, for a proxy may repeat in them what it was told"

// wordless is the error of an http.Transport that may go by a proxy, and got no connection. What a
// proxy says comes without a type.
func wordless(err error) error {
	if reflect.TypeOf(err) != reflect.TypeOf(io.EOF) || err == io.EOF || isStatusText(printed(err)) {
		return err
	}
	return &shorn{err, wordlessly}
}

func isStatusText(text string) bool {
	for status := 300; status < 600; status++ {
		if text != "" && text == http.StatusText(status) {
			return true
		}
	}
	return false
}

// quiet is the words of a transport's error, without any value that the call took
// along in its address, however it is quoted or escaped.
func (c *call) quiet(err error) string { return quiet(err, c.told()...) }
