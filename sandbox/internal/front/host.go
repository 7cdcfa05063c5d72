package front

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// A program whose host cannot be set takes the sandbox for its proxy: it asks for a tunnel, or
// sends the whole address in the request line. What is meant for WeChat Pay is answered. Everything
// else is refused: the sandbox passes nothing on, and calls nobody for it.

// proxied says why a call is not answered that came as one through a proxy.
func (fr *Front) proxied(r *http.Request) *engine.Refusal {
	tunnel := listener.Tunnel(r.Context())
	switch {
	case r.Method == http.MethodConnect && tunnel != "":
		return notPassedOn("a tunnel inside a tunnel leads nowhere: ask for it outside of the one to " + tunnel)
	case r.Method == http.MethodConnect && r.ContentLength != 0:
		return notPassedOn("a CONNECT has no body")
	case r.Method == http.MethodConnect:
		return notPassedOn("the proxy was asked for a tunnel to " + target(r.RequestURI) + ", and " + only +
			" at port 443, which it stands in for; have the program call others without a proxy")
	case tunnel != "" && r.TLS == nil:
		return badRequest("The plain HTTP request was sent to HTTPS port").
			Hinting("plain HTTP came through the tunnel to " + tunnel + ", whose port 443 speaks TLS: write https://")
	case tunnel != "" && r.Host != "" && nameOf(r.Host) != tunnel:
		return notPassedOn("the request is for " + target(r.Host) + ", but its tunnel is to " + tunnel)
	case tunnel == "" && isAbsolute(r):
		return wholeAddress(r)
	}
	return nil
}

const only = "this sandbox passes nothing on: it opens tunnels only to WeChat Pay's hosts"

// isAbsolute tells a request line with a whole address, as proxies are sent it.
func isAbsolute(r *http.Request) bool {
	return r.RequestURI != "" && r.RequestURI[0] != '/' && r.RequestURI != "*"
}

// wholeAddress refuses what is sent to a proxy in clear, unless it is for WeChat Pay, as some
// clients send also https, or for the sandbox itself.
func wholeAddress(r *http.Request) *engine.Refusal {
	switch port := r.URL.Port(); {
	case isWeChatPay(r.URL.Hostname()) && r.URL.Scheme == "https" && (port == "" || port == "443"):
		return nil
	case isWeChatPay(r.URL.Hostname()):
		return notPassedOn("WeChat Pay is called by https alone, at its usual port: " +
			"this was for " + target(r.URL.Scheme+"://"+r.URL.Host))
	case r.URL.Scheme == "http" && isOwn(r):
		return nil
	}
	return notPassedOn("the proxy was asked for " + target(r.URL.Scheme+"://"+r.URL.Host) + ", and this sandbox " +
		"passes nothing on: it is a proxy for WeChat Pay's hosts alone; have the program call others without it")
}

// isOwn says whether an address can be the sandbox's own: its port, and a host that is none of the
// internet's.
func isOwn(r *http.Request) bool {
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if at == nil {
		return false
	}
	_, port, _ := net.SplitHostPort(at.String())
	_, err := netip.ParseAddr(r.URL.Hostname())
	return r.URL.Port() == port && (err == nil || !strings.Contains(r.URL.Hostname(), "."))
}

// isWeChatPay tells the names of WeChat Pay's hosts.
func isWeChatPay(host string) bool {
	return catalogue.IsHost(listener.HostName(host))
}

// nameOf is the host of a Host header, where its port is that of https.
func nameOf(host string) string { return listener.HostName(strings.TrimSuffix(host, ":443")) }

// target is a host that somebody asked for, as it is shown.
func target(s string) string { return shown.Value(s) }

func notPassedOn(sentence string) *engine.Refusal {
	return &engine.Refusal{Status: http.StatusForbidden, Code: "NO_AUTH", Internal: engine.InternalMerchant,
		Message: "not passed on by this sandbox: " + sentence, Hint: sentence,
		Unsupported: "not passed on: this sandbox is a proxy for WeChat Pay's hosts alone"}
}

func badRequest(message string) *engine.Refusal {
	return &engine.Refusal{Status: http.StatusBadRequest, Code: "INVALID_REQUEST", Message: message,
		Internal: engine.InternalParam}
}

// calledHost is the host of WeChat Pay's that a call was made to by name, "" where it was made to
// the sandbox's own address, which is that of all of them.
func calledHost(r *http.Request) string {
	if name := listener.Tunnel(r.Context()); name != "" {
		return name
	}
	if name := nameOf(r.Host); isWeChatPay(name) {
		return name
	}
	return ""
}

// otherHost is what to say of a call that came to another host than the documents have its endpoint
// at. It is answered all the same: what the others do with it no page says.
func (x *exchange) otherHost() string {
	host := calledHost(x.request)
	if host == "" || x.operation() == "" {
		return ""
	}
	at, has := catalogue.HasAt(host, x.request.Method, x.request.URL.EscapedPath())
	if has {
		return ""
	}
	return "the call came to " + host + ", and WeChat Pay's documents have this endpoint at " + at
}

// baseOf is where the caller reaches the sandbox, for addresses in replies.
func baseOf(r *http.Request) string {
	host := r.Host
	if host == "" { // as HTTP/1.0 has it
		host = listener.Tunnel(r.Context())
	}
	if r.TLS != nil || isAbsolute(r) && r.URL.Scheme == "https" {
		return "https://" + host
	}
	return "http://" + host
}
