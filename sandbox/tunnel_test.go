package sandbox_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// proxied is the setup of a client whose hosts are WeChat Pay's own and whose proxy is the sandbox.
// called hears of every tunnel.
func proxied(t testing.TB, sb *sandbox.Sandbox, called func(target string)) wxpay.Config {
	t.Helper()
	proxy, err := url.Parse(sb.URL())
	if err != nil {
		t.Fatal(err)
	}
	cfg := sb.ClientConfig()
	cfg.Host = "" // the usual one
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: sb.TLSConfig(),
		GetProxyConnectHeader: func(_ context.Context, _ *url.URL, target string) (http.Header, error) {
			called(target)
			return nil, nil
		},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != proxy.Host {
				t.Errorf("%s is called past the proxy", address)
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}}
	return cfg
}

// A client that is told nothing but a proxy and an authority calls WeChat Pay by its own names.
func TestAClientWithAProxyCallsWeChatPayByName(t *testing.T) {
	t.Parallel()
	w := dayWithBusiness(t, directRoot+"jsapi", orderBody(), refundBody("r1", 40))
	w.ok(w.Advance(24 * time.Hour))
	var tunnels []string
	cfg := proxied(t, w.Sandbox, func(target string) { tunnels = append(tunnels, target) })
	client, err := wxpay.New(cfg)
	w.ok(err)
	result, err := client.Chain("v3/certificates").Get(t.Context())
	w.ok(err)
	if !result.Verified() || result.Header.Get(ledger.HeaderHint) != "" {
		t.Errorf("verified %t, hint %q", result.Verified(), result.Header.Get(ledger.HeaderHint))
	}
	// Addresses in replies lead back the same way.
	w.client = client
	bill := w.must("GET", "v3/bill/tradebill?bill_date=2020-09-10", nil)
	at, _ := bill["download_url"].(string)
	if !strings.HasPrefix(at, "https://api.mch.weixin.qq.com/v3/billdownload/file?") || w.download(bill) == "" {
		t.Errorf("the bill is at %s", at)
	}
	// An endpoint that has a host of its own is called there.
	_, err = client.Chain("v3/global/papay/contracts").Get(t.Context())
	if refused := (*wxpay.Error)(nil); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
	if want := []string{"api.mch.weixin.qq.com:443", "apihk.mch.weixin.qq.com:443"}; !slices.Equal(tunnels, want) {
		t.Errorf("tunnels: got %q", tunnels)
	}
}

// Every host that the catalogue knows can be called, by a name in any spelling, and nobody else's.
func TestTunnelsLeadToKnownHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hosts := catalogue.Hosts()
	for _, must := range []string{"api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "apihk.mch.weixin.qq.com",
		"fraud.mch.weixin.qq.com", "payapp.mch.weixin.qq.com", "payapp.weixin.qq.com", "api.wechatpay.cn",
		"api2.wechatpay.cn"} {
		if !catalogue.IsHost(must) {
			t.Errorf("%s is no host of the catalogue's", must)
		}
	}
	for _, host := range hosts {
		for _, spelled := range []string{host, strings.ToUpper(host), host + "."} {
			conn, answer := w.connect(spelled+":443", "HTTP/1.1")
			if answer.StatusCode != 200 || answer.Header.Get(ledger.HeaderSandbox) == "" {
				t.Errorf("%s: %s, %v", spelled, answer.Status, answer.Header)
			}
			secure := w.secure(conn, host)
			if got := ask(t, secure, get("/v3/certificates", host)); got.StatusCode != 401 {
				t.Errorf("%s: the call is answered %s", spelled, got.Status)
			}
		}
	}
	conn, answer := w.connect("api.mch.weixin.qq.com:443", "HTTP/1.0") // as some clients still ask
	if answer.StatusCode != 200 {
		t.Errorf("HTTP/1.0: %s", answer.Status)
	}
	secure := w.secure(conn, "api.mch.weixin.qq.com")
	// and may call without a Host
	if got := ask(t, secure, "GET /v3/certificates HTTP/1.0\r\n"+callerHeaders); got.StatusCode != 401 {
		t.Errorf("without a Host: %s", got.Status)
	}
}

// What the sandbox does not stand in for is refused with a sentence, and nobody is called: the
// neighbour, which would answer, hears of nothing.
func TestTunnelsLeadNowhereElse(t *testing.T) {
	t.Parallel()
	neighbour, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan struct{})
	go func() {
		if c, err := neighbour.Accept(); err == nil {
			c.Close()
			close(called)
		}
	}()
	w := newWorld(t)
	admin := strings.TrimPrefix(w.AdminURL(), "http://")
	for _, target := range []string{
		neighbour.Addr().String(), admin, strings.TrimPrefix(w.URL(), "http://"), "localhost:443", "127.0.0.1:443",
		"[::1]:443", "example.com:443", "api.weixin.qq.com:443", "mch.weixin.qq.com:443",
		"evil.api.mch.weixin.qq.com:443", "api.mch.weixin.qq.com.example.com:443", "xapi.mch.weixin.qq.com:443",
		"api.mch.weixin.qq.com:80", "api.mch.weixin.qq.com:0443",
		"api.mch.weixin.qq.com", "api.mch.weixin.qq.com:", "api.mch.weixin.qq.com..:443", ":443",
		"user@api.mch.weixin.qq.com:443", "api.mch.weixin.qq.com:443/", "/v3/certificates",
		"https://api.mch.weixin.qq.com:443", strings.Repeat("a", 60_000) + ":443",
	} {
		_, answer := w.connect(target, "HTTP/1.1")
		w.notPassedOn("CONNECT "+target[:min(len(target), 80)], answer)
	}
	for _, address := range []string{
		"http://" + neighbour.Addr().String() + "/", w.AdminURL() + "/sandbox/health",
		"http://example.com/v3/certificates",
		"https://example.com/v3/certificates", "http://api.mch.weixin.qq.com/v3/certificates",
		"https://api.mch.weixin.qq.com:8443/v3/certificates", "ftp://api.mch.weixin.qq.com/v3/certificates",
		"https://example.com:443/", strings.Replace(w.URL(), "127.0.0.1", "example.com", 1) + "/v3/certificates",
	} {
		w.notPassedOn("GET "+address, ask(t, w.dial(), "GET "+address+" HTTP/1.1\r\nHost: x\r\n\r\n"))
	}
	neighbour.Close()
	select {
	case <-called:
		t.Error("the neighbour was called")
	default:
	}
}

// Inside a tunnel only its own host is called, by TLS, and no other tunnel is opened.
func TestATunnelIsOfItsHostAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const host = "api.mch.weixin.qq.com"
	inside := func() *tls.Conn {
		conn, _ := w.connect(host+":443", "HTTP/1.1")
		return w.secure(conn, host)
	}
	admin := strings.TrimPrefix(w.AdminURL(), "http://")
	for _, other := range []string{"example.com", "api2.mch.weixin.qq.com", admin, "127.0.0.1", host + ":8443"} {
		w.notPassedOn("Host: "+other, ask(t, inside(), get("/v3/certificates", other)))
	}
	w.notPassedOn("a whole address", ask(t, inside(),
		"GET https://example.com/v3/certificates HTTP/1.1\r\nHost: "+host+"\r\n\r\n"))
	w.notPassedOn("a tunnel", ask(t, inside(), "CONNECT "+host+":443 HTTP/1.1\r\nHost: "+host+":443\r\n\r\n"))
	for _, own := range []string{host + ":443", strings.ToUpper(host)} {
		if got := ask(t, inside(), get("/v3/certificates", own)); got.StatusCode != 401 {
			t.Errorf("Host: %s: %s", own, got.Status)
		}
	}
	conn, _ := w.connect(host+":443", "HTTP/1.1")
	plain := ask(t, conn, get("/v3/certificates", host))
	if hint := plain.Header.Get(ledger.HeaderHint); plain.StatusCode != 400 || !strings.Contains(hint, "speaks TLS") {
		t.Errorf("plain HTTP: %s, %q", plain.Status, hint)
	}
	w.notPassedOn("a CONNECT with a body", ask(t, w.dial(),
		"CONNECT "+host+":443 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"))
}

// Some clients send the whole address of an https call to a proxy, and open no tunnel.
func TestAWholeAddressOfWeChatPayIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, address := range []string{"https://api.mch.weixin.qq.com", "https://API2.mch.weixin.qq.com:443",
		w.URL(), strings.Replace(w.URL(), "127.0.0.1", "localhost", 1)} {
		r, _ := signedPresign(t, w.Sandbox)
		var call strings.Builder
		fmt.Fprintf(&call, "POST %s/%s HTTP/1.1\r\nHost: other.example\r\nContent-Length: %d\r\n", address,
			presignCombine, r.ContentLength)
		w.ok(r.Header.Write(&call))
		body, err := io.ReadAll(r.Body)
		w.ok(err)
		got := ask(t, w.dial(), call.String()+"\r\n"+string(body))
		if got.StatusCode != 200 {
			t.Errorf("%s: %s, %q", address, got.Status, got.Header.Get(ledger.HeaderHint))
		}
	}
}

// A call at another host than the documents', which answers it all the same, says so.
func TestACallAtAnotherHostSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ host, path, says string }{
		{"api.mch.weixin.qq.com", "/v3/certificates", ""},
		{"api2.wechatpay.cn", "/v3/certificates", ""},
		{"apihk.mch.weixin.qq.com", "/v3/global/certificates", ""},
		{"apius.mch.weixin.qq.com", "/v3/global/certificates", ""},
		{"fraud.mch.weixin.qq.com", "/v3/certificates", "documents have this endpoint at api.mch.weixin.qq.com"},
		{"api.mch.weixin.qq.com", "/v3/global/certificates", "have this endpoint at apihk.mch.weixin.qq.com"},
	} {
		conn, _ := w.connect(c.host+":443", "HTTP/1.1")
		got := ask(t, w.secure(conn, c.host), get(c.path, c.host))
		hint := got.Header.Get(ledger.HeaderHint)
		if got.StatusCode != 401 || (c.says == "") == strings.Contains(hint, "documents have") ||
			!strings.Contains(hint, c.says) {
			t.Errorf("%s%s: %s, %q", c.host, c.path, got.Status, hint)
		}
	}
}

// callerHeaders are what WeChat Pay wants of every caller, and the end of a request's headers.
const callerHeaders = "Accept: application/json\r\nUser-Agent: raw\r\n\r\n"

func get(path, host string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + callerHeaders
}

// dial is a connection to the API's address.
func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", strings.TrimPrefix(w.URL(), "http://"))
	w.ok(err)
	w.t.Cleanup(func() { c.Close() })
	return c
}

// connect asks for a tunnel.
func (w *world) connect(target, version string) (net.Conn, *http.Response) {
	w.t.Helper()
	c := w.dial()
	return c, ask(w.t, c, "CONNECT "+target+" "+version+"\r\nHost: x\r\n\r\n")
}

// secure begins TLS on a connection, for a host.
func (w *world) secure(c net.Conn, host string) *tls.Conn {
	w.t.Helper()
	cfg := w.TLSConfig()
	cfg.ServerName = host
	secure := tls.Client(c, cfg)
	w.ok(secure.HandshakeContext(w.t.Context()))
	return secure
}

// ask sends bytes and reads one answer, whose body stays in memory.
func ask(t testing.TB, c net.Conn, bytes string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(c, bytes); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(bytes, " ")
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.80q: %v", bytes, err)
	}
	if method != http.MethodConnect || answer.StatusCode != 200 {
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	return answer
}

// notPassedOn wants a refusal with a sentence, in the body and in a header.
func (w *world) notPassedOn(what string, answer *http.Response) {
	w.t.Helper()
	var said struct{ Code, Message string }
	err := json.NewDecoder(answer.Body).Decode(&said)
	if answer.StatusCode != 403 || err != nil || !strings.Contains(said.Message, "not passed on by this sandbox: ") ||
		answer.Header.Get(ledger.HeaderHint) == "" || answer.Header.Get(ledger.HeaderUnsupported) == "" ||
		answer.Header.Get(ledger.HeaderSandbox) == "" {
		w.t.Errorf("%s: %s, %v, %+v, %v", what, answer.Status, err, said, answer.Header)
	}
}
