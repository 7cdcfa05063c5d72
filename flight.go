package wxpay

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
)

// flight watches whether a call may have left this machine, by what net/http
// traces: a transport that asked for a connection and got none has sent nothing.
// One that traces nothing may have sent everything.
//
// What was true once stays true: net/http may ask for another connection after
// one that turned out dead.
type flight struct {
	looks   atomic.Int32 // how often a transport looked for the trace
	asked   atomic.Int32 // which of those that looked asked for a connection first, 0 for none
	state   atomic.Int32 // quietSoFar, left or over
	bodies  atomic.Int32 // how many readers of the body were read; where it goes plain, how often it was asked for
	written atomic.Int32 // how often the headers were written
	trace   httptrace.ClientTrace
	request *http.Request // as the transport got it
	made    made
	before  *flight         // the attempt before this one
	answer  answer          // what came, of which the hook is told
	joining atomic.Bool     // it waits for a connection, and not for TLS
	foreign atomic.Bool     // a connection was used that may speak something else than HTTP/1.1
	early   atomic.Bool     // the body was read before a connection was asked for: by another transport
	plain   bool            // the body tells nothing of who reads it
	by      *http.Transport // that was asked itself and answered, nil for another RoundTripper
	major   int             // of the HTTP of its answer
}

// made is what a request had that errors leave out, before a transport could change it.
type made struct {
	path, rawPath, query string
	authorization        string
}

// answer is what an attempt was answered with, if at all.
type answer struct {
	status int
	header http.Header
}

// The states of a flight. It leaves quiet once, so that what was reported as not
// sent is not sent afterwards by a transport that goes on behind the caller's back.
const (
	quietSoFar int32 = iota
	left             // it may have left this machine
	over             // it was reported as not sent: its body is not given out any more
)

var errOver = errors.New("the call is over: it was reported as not sent")

// leave tells whether the body may go.
func (f *flight) leave() bool {
	return f.state.CompareAndSwap(quietSoFar, left) || f.state.Load() == left
}

// ground ends a flight of which nothing has left, and tells whether it was one.
func (f *flight) ground() bool { return f.state.CompareAndSwap(quietSoFar, over) }

// repeated tells whether the call may have gone out more than once, by a transport that
// repeats calls: what answers the last of them tells nothing of the first. net/http also begins
// anew where a kept connection turns out dead and not a byte went out on it.
//
// A call without a body leaves no trace of another transport, which was asked first, and neither
// does one whose body goes plain, where the other was registered after New.
func (f *flight) repeated() bool {
	if t := f.by; t != nil {
		another := hasAnother(t, f.request.URL.Scheme)
		alone := !another && f.asked.Load() == 1 && showsItsProtocol(t) && !f.foreign.Load() && !f.early.Load()
		switch {
		case another && (f.plain || f.asked.Load() > 0 && f.request.Body == nil):
			return true
		case alone && f.major == 1: // HTTP/1.1 of net/http, which repeats nothing that went out
			return false
		}
	}
	return f.bodies.Load() > 1 || f.written.Load() > 1
}

// watch is the context of the request. A trace of the caller's own in ctx is
// called as well.
func (f *flight) watch(ctx context.Context) context.Context {
	f.trace.GetConn = func(string) {
		f.joining.Store(true)
		if f.asked.CompareAndSwap(0, f.looks.Load()) && f.bodies.Load() > 0 && !f.plain {
			f.early.Store(true)
		}
	}
	// What TLS says is none of a proxy's, which speaks before it, or after TLS of its own.
	f.trace.TLSHandshakeStart = func() { f.joining.Store(false) }
	f.trace.TLSHandshakeDone = func(agreed tls.ConnectionState, err error) {
		f.joining.Store(err == nil)
		if protocol := agreed.NegotiatedProtocol; err == nil && protocol != "" && protocol != "http/1.1" {
			// The connection goes to whoever speaks that, who may trace nothing.
			f.foreign.Store(true)
			f.leave()
		}
	}
	if !f.plain { // whose body tells how often it was asked for
		f.trace.WroteHeaders = func() { f.written.Add(1) }
	}
	f.trace.GotConn = func(got httptrace.GotConnInfo) {
		f.joining.Store(false)
		f.leave()
		if !speaksHTTP1(got.Conn) {
			f.foreign.Store(true)
		}
	}
	return watched{httptrace.WithClientTrace(ctx, &f.trace), f}
}

// speaksHTTP1 tells of a connection that nothing else was agreed upon, where TLS is net/http's own.
func speaksHTTP1(c net.Conn) bool {
	secured, ok := c.(*tls.Conn)
	if !ok {
		return true
	}
	protocol := secured.ConnectionState().NegotiatedProtocol
	return protocol == "" || protocol == "http/1.1"
}

// showsItsProtocol tells whether the connections of a transport show what they speak.
func showsItsProtocol(t *http.Transport) bool {
	return !dialsTLS(t) && (t.Protocols == nil || !t.Protocols.UnencryptedHTTP2())
}

// dialsTLS tells whether TLS is not net/http's own.
func dialsTLS(t *http.Transport) bool {
	//lint:ignore SA1019 a program may still set it
	return t.DialTLSContext != nil || t.DialTLS != nil
}

// hasAnother tells whether another transport is registered with this one for a scheme
// ([http.Transport.RegisterProtocol]), which is asked first and may fall back without a word, or
// takes its TLS connections over (TLSNextProto). That of HTTP/2, net/http's own or
// golang.org/x/net's, uses what connections there are, and traces. net/http shows the former to
// nobody; where its field is not found any more, there may be one.
func hasAnother(t *http.Transport, scheme string) bool {
	for _, takes := range t.TLSNextProto {
		name := runtime.FuncForPC(reflect.ValueOf(takes).Pointer()).Name()
		if !strings.HasPrefix(name, "net/http.") && !strings.HasPrefix(name, "golang.org/x/net/http2.") {
			return true
		}
	}
	registered := reflect.ValueOf(t).Elem().FieldByName("altProto") // an atomic.Value of a map by scheme
	if !registered.IsValid() || registered.Kind() != reflect.Struct || registered.NumField() == 0 ||
		registered.Field(0).Kind() != reflect.Interface {
		return true
	}
	byScheme := registered.Field(0).Elem()
	switch {
	case !byScheme.IsValid():
		return false
	case byScheme.Kind() != reflect.Map:
		return true
	}
	other := byScheme.MapIndex(reflect.ValueOf(scheme))
	if !other.IsValid() || other.IsNil() {
		return false
	}
	kind := other.Elem().Type()
	return kind.PkgPath() != "net/http" && kind.PkgPath() != "golang.org/x/net/http2"
}

// watched is a context that counts who looks for the trace.
type watched struct {
	context.Context
	flight *flight
}

func (w watched) Value(key any) any {
	value := w.Context.Value(key)
	if value == any(&w.flight.trace) {
		w.flight.looks.Add(1)
	}
	return value
}

// carry sets the body of a request. Plain, it is one that net/http knows to lie in memory: it
// writes headers and body at once then, and not one after the other.
func (f *flight) carry(r *http.Request, body []byte, plain bool) {
	f.plain = plain
	r.ContentLength = int64(len(body))
	next := func() io.ReadCloser { return newBody(f, body) }
	if plain {
		next = func() io.ReadCloser {
			f.bodies.Add(1)
			return io.NopCloser(bytes.NewReader(body))
		}
	}
	r.Body = next()
	// Lets net/http use another connection where not a byte went out on the first:
	// same bytes, same signature.
	r.GetBody = func() (io.ReadCloser, error) { return next(), nil }
}

// bodyReader is the body of a request. Whoever reads it may be sending it, such
// as a transport that does not trace, to which another one fell back.
type bodyReader struct {
	flight *flight
	bytes  bytes.Reader
	begun  bool
}

func newBody(f *flight, b []byte) *bodyReader { return &bodyReader{f, *bytes.NewReader(b), false} }

func (b *bodyReader) Read(p []byte) (int, error) {
	if !b.begin() {
		return 0, errOver
	}
	return b.bytes.Read(p)
}

func (b *bodyReader) WriteTo(w io.Writer) (int64, error) {
	if !b.begin() {
		return 0, errOver
	}
	return b.bytes.WriteTo(w)
}

// begin tells whether the body may go, and counts it.
func (b *bodyReader) begin() bool {
	if !b.begun {
		b.begun = true
		b.flight.bodies.Add(1)
	}
	return b.flight.leave()
}

func (*bodyReader) Close() error { return nil }
