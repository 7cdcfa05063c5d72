package wxpay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

const badProxy = "the proxy's address is not one: " +
	"check HTTPS_PROXY in the environment, or the Proxy of Config.HTTPClient's Transport"

// unreached says in plain words why there was no connection, and what helps.
func unreached(err error, r *http.Request) string {
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
	case errors.Is(err, context.Canceled):
		return "no connection was made yet"
	case errors.Is(err, context.DeadlineExceeded):
		return "no connection was made in time"
	case errors.As(err, &unknown), errors.As(err, &roots):
		return "the server's certificate is not trusted: install the root certificates (package ca-certificates), or, " +
			"where a proxy on the way opens TLS, give its root to Config.HTTPClient's Transport (TLSClientConfig.RootCAs)"
	case errors.As(err, &other):
		return "the server's certificate is for another host name: " +
			"check Config.Host, the ServerName of TLSClientConfig, DNS, and whether a proxy answers"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet: check this machine's clock (NTP)"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + quiet(invalid, r)
	case errors.As(err, &noTLS):
		return "the server does not speak TLS: check the port in Config.Host, and the proxy"
	case errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")):
		return "no connection to the proxy: " + quiet(op.Err, r)
	case errors.As(err, &name) && name.IsNotFound:
		return "no connection: DNS does not know the host " + wire.Clip(name.Name, 64)
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return "TLS was broken off: " + quiet(op.Err, r)
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return "no connection was made in time: " + quiet(err, r)
	case errors.As(err, &op) && op.Op == "dial":
		if r == nil {
			return "no connection: " + quiet(op.Err, r)
		}
		return "no connection to " + wire.Clip(r.URL.Host, 64) + ": " + quiet(op.Err, r)
	}
	// The answer to CONNECT comes without a type, as the words behind its status.
	switch text := err.Error(); {
	case text == http.StatusText(http.StatusProxyAuthRequired):
		return "the proxy asks for a password: put user and password into its address, http://user:password@host:port"
	case isStatusText(text):
		return "the proxy refuses to connect: " + text
	}
	return "no connection: " + quiet(err, r)
}

func isStatusText(text string) bool {
	for status := 300; status < 600; status++ {
		if text != "" && text == http.StatusText(status) {
			return true
		}
	}
	return false
}

// quiet is an error's words without what they quote or address: a URL has the
// values of variables, queries and the password of a proxy. The request, where
// there is one, tells its own.
func quiet(err error, r *http.Request) string {
	text, _, _ := strings.Cut(err.Error(), " line: ") // net/textproto repeats a header there
	if r != nil {
		for _, told := range []string{r.URL.EscapedPath(), r.URL.Path, r.URL.RawQuery} {
			if told != "" {
				text = strings.ReplaceAll(text, told, "…")
			}
		}
	}
	words := strings.Fields(unquoted(text))
	for i, word := range words {
		if scheme, _, found := strings.Cut(word, "://"); found {
			words[i] = scheme + "://…"
		} else if at := strings.LastIndex(word, "@"); at >= 0 { // a proxy's user and password
			words[i] = "…" + word[at:]
		}
	}
	return wire.Clip(strings.Join(words, " "), 256)
}

// unquoted leaves out what stands between double quotes.
func unquoted(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, `"`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(`"…"`)
		end := 0
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		text = rest[min(end+1, len(rest)):]
	}
}
