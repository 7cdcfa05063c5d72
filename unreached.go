package wxpay

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

const badProxy = "the proxy's address is not one: " +
	"check HTTPS_PROXY in the environment, or the Proxy of Config.HTTPClient's Transport"

// unreached says in plain words why there was no connection, and what helps.
func (c *call) unreached(err error, proxied bool) string {
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
	switch text := err.Error(); {
	case !proxied:
	case text == http.StatusText(http.StatusProxyAuthRequired):
		return "the proxy asks for a password: put user and password into its address, http://user:password@host:port"
	case isStatusText(text):
		return "the proxy refuses to connect: " + text
	}
	return "no connection: " + c.quiet(err)
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

// told is what the call's address tells, in every way it may be repeated, the strings
// of its body, those encrypted in it as well, and what the proxy was told, which may
// repeat it in the answer to CONNECT; longest first.
func (c *call) told() []string {
	u := c.flight.request.URL
	told := []string{u.EscapedPath(), u.Path, u.RawQuery}
	var values []string
	for _, v := range c.vars {
		values = append(values, *v.value)
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		values = append(values, value)
		if clear, err := url.QueryUnescape(value); err == nil {
			values = append(values, clear)
		}
	}
	values = append(append(values, c.inClear...), valuesOf(c.body)...)
	for _, value := range c.fields {
		values = append(values, valuesOf([]byte(value))...)
		if !isWord(value) {
			values = append(values, value)
		}
	}
	if proxy := c.flight.proxy; proxy != nil && proxy.User != nil {
		name := proxy.User.Username()
		password, _ := proxy.User.Password()
		values = append(values, name, password, base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
	}
	for _, v := range values {
		if len(v) >= minTold {
			told = append(told, v, string(appendEscaped(nil, v, false)), url.PathEscape(v), url.QueryEscape(v))
		}
	}
	slices.SortFunc(told, func(a, b string) int { return len(b) - len(a) }) // one may hold another
	return told
}

// valuesOf are the strings in JSON, and in JSON that such a string holds, that may name
// somebody. What is JSON the decoder says: it may begin with white space.
func valuesOf(raw []byte) (values []string) {
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		token, err := d.Token()
		if err != nil {
			return values // the end, or no JSON
		}
		if text, ok := token.(string); ok && !isWord(text) {
			values = append(append(values, text), valuesOf([]byte(text))...)
		}
	}
}

// isWord says that a value is one of a language: a constant such as JSAPI, or the name
// of a member.
func isWord(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// without is a string without what is told.
func without(text string, told []string) string {
	for _, t := range told {
		if t != "" {
			text = strings.ReplaceAll(text, t, "…")
		}
	}
	return text
}

// minTold is the length from which a value is looked for. What is shorter names
// nobody, and stands in addresses of machines and in ports.
const minTold = 4

// quiet is an error's words without what is told, and without what they quote or
// address: a URL has the values of variables, queries and the password of a proxy.
func quiet(err error, told ...string) string {
	text, _, _ := strings.Cut(wordsOf(err), " line: ") // net/textproto repeats a header there
	words := strings.Fields(unquoted(without(text, told)))
	for i, word := range words {
		if scheme, _, found := strings.Cut(word, "://"); found {
			words[i] = scheme + "://…"
		} else if at := strings.LastIndex(word, "@"); at >= 0 { // a proxy's user and password
			words[i] = "…" + word[at:]
		}
	}
	return wire.Clip(strings.Join(words, " "), 256)
}

// wordsOf leaves out what one of our own errors says of sending: that was about
// another call.
func wordsOf(err error) string {
	var (
		unsent *RequestError
		lost   *TransportError
	)
	switch err = withoutURL(err); {
	case errors.As(err, &lost) && lost != nil:
		return lost.Problem
	case errors.As(err, &unsent) && unsent != nil:
		return unsent.Problem
	}
	return err.Error()
}

// spoken is an error of somebody else's that can be asked what it says and is. One whose
// methods panic, such as a nil pointer, is replaced.
func spoken(err error) (safe error) {
	if err == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			safe = fmt.Errorf("a %T whose methods panic, such as a nil one", err)
		}
	}()
	_ = err.Error()
	_ = includes(err, context.Canceled)
	return err
}

// includes is errors.Is, which panics over two values of a type that cannot be compared.
func includes(err, target error) (ok bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
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
