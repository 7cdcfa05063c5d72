package sandbox_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox"
)

// entered serves a sandbox's API in a bubble of time, and hands out a connection to it.
func entered(t *testing.T, talk func(t *testing.T, c net.Conn)) {
	t.Helper()
	sb := sandbox.New(t, sandbox.At(start))
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{make(chan net.Conn)}
		server := sb.ServeAPI(l, nil)
		ours, theirs := net.Pipe()
		l.conns <- theirs
		talk(t, ours)
		ours.Close()
		server.Close()
		time.Sleep(2 * time.Second) // of the bubble's time: who still writes finds out
	})
}

const opensTunnel = "CONNECT api.mch.weixin.qq.com:443 HTTP/1.1\r\nHost: api.mch.weixin.qq.com:443\r\n\r\n"

// tunnelled asks for a tunnel and reads the answer to it.
func tunnelled(t *testing.T, c net.Conn) {
	t.Helper()
	fmt.Fprint(c, opensTunnel)
	answer, one := "", make([]byte, 1)
	for !strings.HasSuffix(answer, "\r\n\r\n") {
		if _, err := io.ReadFull(c, one); err != nil {
			t.Fatal(err)
		}
		answer += string(one)
	}
	if !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Fatalf("the tunnel is answered %q", answer)
	}
}

// Who says nothing, begins a handshake and stops, opens a tunnel and says nothing in it, or sends
// bytes one by one is let go of after as long as a request line may take, once for each step.
func TestWhoSaysNothingIsLetGo(t *testing.T) {
	t.Parallel()
	trickle := func(c net.Conn, bytes string) {
		for _, one := range []byte(bytes) {
			if _, err := c.Write([]byte{one}); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
	for name, c := range map[string]struct {
		begin func(t *testing.T, c net.Conn)
		after time.Duration
	}{
		"nothing":            {func(*testing.T, net.Conn) {}, 10 * time.Second},
		"a handshake's byte": {func(_ *testing.T, c net.Conn) { fmt.Fprint(c, "\x16") }, 10 * time.Second},
		"a handshake, slowly": {func(_ *testing.T, c net.Conn) {
			go trickle(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("x", 500))
		}, 10 * time.Second},
		"a silent tunnel": {tunnelled, 10 * time.Second},
		"a tunnel and a handshake's byte": {func(t *testing.T, c net.Conn) {
			tunnelled(t, c)
			fmt.Fprint(c, "\x16")
		}, 10 * time.Second},
		"a tunnel and a slow request": {func(t *testing.T, c net.Conn) {
			tunnelled(t, c)
			go trickle(c, "GET /v3/certificates HTTP/1.1\r\nHost: x\r\nAccept: "+strings.Repeat("x", 500))
		}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entered(t, func(t *testing.T, conn net.Conn) {
				began := time.Now()
				c.begin(t, conn)
				if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("the connection ended with %v", err)
				}
				if took := time.Since(began); took < c.after || took > c.after+2*time.Second {
					t.Errorf("it ended after %s, want %s", took, c.after)
				}
			})
		})
	}
}

// A client may send its handshake behind the CONNECT, without waiting for the answer.
func TestATunnelTakesWhatCameWithItsRequest(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start))
	c, err := net.Dial("tcp", strings.TrimPrefix(sb.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	trust := sb.TLSConfig()
	trust.ServerName = "api.mch.weixin.qq.com"
	secure := tls.Client(&eager{Conn: c, before: []byte(opensTunnel)}, trust)
	got := ask(t, secure, get("/v3/certificates", "api.mch.weixin.qq.com"))
	if got.StatusCode != 401 {
		t.Errorf("got %s", got.Status)
	}
}

// eager is a connection that sends a CONNECT in one piece with what is written first, and leaves
// the answer to it out of what is read.
type eager struct {
	net.Conn
	before []byte
	read   *bufio.Reader
}

func (e *eager) Write(p []byte) (int, error) {
	both := append(e.before, p...)
	e.before = nil
	_, err := e.Conn.Write(both)
	return len(p), err
}

func (e *eager) Read(p []byte) (int, error) {
	if e.read == nil {
		e.read = bufio.NewReader(e.Conn)
		for line := "-"; line != "\r\n"; {
			var err error
			if line, err = e.read.ReadString('\n'); err != nil {
				return 0, err
			}
		}
	}
	return e.read.Read(p)
}

// Whatever a connection begins with, it is answered or closed, and the next one is served.
func TestHostileFirstBytes(t *testing.T) {
	t.Parallel()
	log := &logged{T: t}
	sb := sandbox.New(log, sandbox.At(start))
	w := &world{t, sb, sb.Client(), nil}
	for _, bytes := range []string{
		"\x00", "\xff\xff\xff\xff", "\x80\x2e\x01\x03\x01", // SSL 2
		"\x05\x01\x00", "\x04\x01\x01\xbb\x00\x00\x00\x01x\x00", // SOCKS
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\xff\xff" + strings.Repeat("x", 70_000), "\x16\x03\x01\x00\x00", "\x16GET / HTTP/1.1\r\n\r\n",
		"\x15\x03\x03\x00\x02\x02\x28", "\x17\x03\x03\x00\x01x", "\r\n\r\n\r\n", " ",
		"CONNECT\r\n\r\n", "CONNECT  HTTP/1.1\r\n\r\n", "CONNECT api.mch.weixin.qq.com:443\r\n\r\n",
		"CONNECT " + strings.Repeat("a.", 40_000) + ":443 HTTP/1.1\r\n\r\n",
		"CONNECT api.mch.weixin.qq.com:443 HTTP/9.9\r\nHost: x\r\n\r\n",
		"CONNECT api.mch.weixin.qq.com\x00:443 HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT api.mch.weixin.qq.com:443 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		opensTunnel + "\x00\x00", opensTunnel + "\x16\x03\x01\xff\xff", opensTunnel + opensTunnel,
	} {
		c := w.dial()
		_, _ = io.WriteString(c, bytes) // which it may cut short
		_ = c.(*net.TCPConn).CloseWrite()
		answer, _ := io.ReadAll(c) // an answer, or a reset
		if len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 ") && answer[0] != 21 {
			t.Errorf("%.40q is answered %.60q", bytes, answer)
		}
		c.Close()
	}
	if got := ask(t, w.dial(), get("/v3/certificates", "x")); got.StatusCode != 401 {
		t.Errorf("the next call is answered %s", got.Status)
	}
	w.ok(w.Close())
	for _, line := range log.lines {
		isOneLine(t, "a line of the log", line, 2100)
	}
}

// A sandbox that closes waits for nobody who says nothing, in a tunnel or outside.
func TestCloseWaitsForNoSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	silent, tunnel := w.dial(), w.dial()
	tunnelled(t, tunnel)
	w.ok(w.Close())
	for _, c := range []net.Conn{silent, tunnel} {
		w.ok(c.SetReadDeadline(time.Now().Add(5 * time.Second)))
		if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("it closed, and the connection is open")
		}
	}
}

// Whatever a tunnel is asked for, it is opened to WeChat Pay's hosts at port 443, and to nothing
// else.
func FuzzTunnel(f *testing.F) {
	sb := sandbox.New(f, sandbox.At(start))
	for _, target := range []string{"api.mch.weixin.qq.com:443", "API.wechatpay.cn.:443", "example.com:443",
		"api.mch.weixin.qq.com:0443", "[::1]:443", "user@api.mch.weixin.qq.com:443", "api.mch.weixin.qq.com:443:443",
		"/api.mch.weixin.qq.com:443", "https://api.mch.weixin.qq.com:443", "api%2emch.weixin.qq.com:443",
		"api.mch.weixin.qq.com#:443", "[api.mch.weixin.qq.com]:443"} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' }) {
			t.Skip("it would be another request")
		}
		c, err := net.Dial("tcp", strings.TrimPrefix(sb.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target); err != nil {
			t.Skip("the server hung up: it was too long")
		}
		answer, err := bufio.NewReader(c).ReadString('\n')
		opened := strings.HasPrefix(answer, "HTTP/1.1 200 ")
		host, port, found := strings.Cut(strings.ToLower(target), ":")
		if known := found && port == "443" && catalogue.IsHost(strings.TrimSuffix(host, ".")); opened != known {
			t.Errorf("%q is answered %q, %v", target, answer, err)
		}
	})
}
