package listener

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Listen refuses to serve anybody but this machine, unless told otherwise: a
// sandbox hands out private keys and does what it is told.
func Listen(addr string, anywhere bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: listen on %q: want an address such as 127.0.0.1:8080", addr)
	}
	if !anywhere && !IsLoopback(host) {
		return nil, fmt.Errorf("sandbox: listen on %q: that is more than this machine; "+
			"use 127.0.0.1, or set Config.AllowNonLoopback (wxpay sandbox --allow-network) if the network "+
			"is yours", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return l, nil
}

// FromHere is where a listener is reached on this machine, which for one that listens on every
// address is loopback.
func FromHere(l net.Listener) string {
	at := l.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port))
	}
	return at.String()
}

// patience is how long every listener waits for what the other side is to do. What the sandbox
// takes itself, such as a day that is lived through, an answer that a fault delays or a wait for
// the clock, is not counted.
type patience struct {
	header time.Duration // a request line and headers, or a TLS handshake
	body   time.Duration // the whole body, of at most Config.MaxBody
	answer time.Duration // that the answer is taken, once it is begun
	idle   time.Duration // between two requests of one connection
}

// usually is long for a machine that talks to itself, and short for a connection that is held on
// purpose. Idle connections live longer than the 90 seconds after which Go's clients, and most
// others, let go of theirs: the side that sends should be the first to close.
func usually() patience {
	return patience{header: 10 * time.Second, body: 30 * time.Second, answer: time.Minute, idle: 2 * time.Minute}
}

// Serve serves h as plain HTTP.
func Serve(l net.Listener, h http.Handler, logf func(format string, args ...any)) *http.Server {
	s := usually().server(h, logf)
	go func() { _ = s.Serve(l) }() // ends with Close
	return s
}

func (p patience) server(h http.Handler, logf func(format string, args ...any)) *http.Server {
	return &http.Server{
		Handler: p.limit(h), ReadHeaderTimeout: p.header, IdleTimeout: p.idle, MaxHeaderBytes: 64 << 10,
		ErrorLog:                     stdlog.New(logWriter(logf), "", 0),
		DisableGeneralOptionsHandler: true, // OPTIONS * is for the handler too, which looks at the Host
	}
}

// logWriter hands what net/http logs to the sandbox's own log.
type logWriter func(format string, args ...any)

func (w logWriter) Write(p []byte) (int, error) {
	line := string(bytes.TrimSpace(p))
	if strings.HasPrefix(line, "http: TLS handshake error") && slices.ContainsFunc(distrust[:],
		func(end string) bool { return strings.HasSuffix(line, end) }) {
		line += ": a client that does not trust the sandbox's authority ends it so; have it trust ca.pem " +
			"(wxpay env), in Go use TLSConfig"
	}
	w("sandbox: %s", line)
	return len(p), nil
}

// distrust is how the handshakes of clients end that do not trust the certificate: those of Java
// and Go say why, those of OpenSSL do so before the server expects it, those of Node go.
var distrust = [...]string{": tls: unknown certificate", ": tls: bad certificate",
	": tls: unknown certificate authority", ": tls: bad record MAC", ": EOF"}

// limit bounds the time of a body and of an answer by deadlines of their own: the server's would
// count the time that the handler takes as well.
func (p patience) limit(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		_ = c.SetWriteDeadline(time.Time{}) // that of the answer before
		if r.Body != http.NoBody {
			_ = c.SetReadDeadline(time.Now().Add(p.body))
			r.Body = &timedBody{r.Body, c}
		}
		h.ServeHTTP(&timedAnswer{w, c, p.answer}, r)
	})
}

// timedBody lifts its deadline when it has ended, or the wait for the end of the connection, which
// goes on behind a handler, would run into it and cancel the request.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *timedBody) Read(p []byte) (n int, err error) {
	n, err = b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// timedAnswer begins to count when the answer begins.
type timedAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
	answer  time.Duration
}

func (a *timedAnswer) WriteHeader(status int) {
	_ = a.control.SetWriteDeadline(time.Now().Add(a.answer))
	a.ResponseWriter.WriteHeader(status)
}

func (a *timedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// IsLoopback says whether a host, a name or an address, is this machine.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	at, err := netip.ParseAddr(host)
	return err == nil && at.Unmap().IsLoopback()
}
