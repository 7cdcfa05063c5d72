package wxpay

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/wxpay-go/wxpay/internal/wire"
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
	joining atomic.Bool     // it waits for a connection, and not for TLS
	foreign atomic.Bool     // a connection was used that may speak something else than HTTP/1.1
	before  atomic.Bool     // the body was read before a connection was asked for: by another transport
	plain   bool            // the body tells nothing of who reads it
	by      *http.Transport // that was asked itself and answered, nil for another RoundTripper
	major   int             // of the HTTP of its answer
}

// made is what a request had that errors leave out, before a transport could change it.
type made struct {
	path, rawPath, query string
	authorization        string
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
		alone := !another && f.asked.Load() == 1 && showsItsProtocol(t) && !f.foreign.Load() && !f.before.Load()
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
			f.before.Store(true)
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
	f.trace.WroteHeaders = func() { f.written.Add(1) }
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

// roundTrip goes straight to the transport: http.Client would add redirects and
// cookies, which a signed call must not have. A panic of the transport's is the
// caller's to see.
func (c *call) roundTrip(ctx context.Context, transport http.RoundTripper, r *http.Request, body []byte) (
	*http.Response, error) {
	// net/http would find the same, and not say that nothing was sent.
	if err := c.tooLate(ctx); err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		for _, value := range values {
			if !validHeader(name, value) {
				problem := "header " + name + " holds a character that HTTP does not allow there"
				return nil, &RequestError{Operation: c.operation(), Problem: problem}
			}
		}
	}
	own, ofHTTP := transport.(*http.Transport)
	if body != nil {
		c.flight.carry(r, body, ofHTTP && c.client.alone)
	}
	c.flight.made = made{r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Authorization")}
	c.flight.request = r.WithContext(c.flight.watch(ctx))
	response, err := transport.RoundTrip(c.flight.request)
	switch {
	case isNilPointer(err): // its methods may panic
		return nil, c.lost(fmt.Errorf("the transport gave a nil %T for an error", err), transport)
	case err != nil:
		return nil, c.lost(err, transport)
	case response == nil:
		return nil, c.cutShort(errors.New("the transport gave neither an answer nor an error"))
	case response.Body == nil:
		response.Body = http.NoBody
	}
	if ofHTTP {
		c.flight.by, c.flight.major = own, response.ProtoMajor
	}
	return response, nil
}

// tooLate ends a call whose context ended before anything was sent: its outcome
// is known. It is asked before signing and after, which may take its time.
func (c *call) tooLate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &TransportError{Operation: c.operation(), Problem: "the call was not begun",
			err: wire.Hide(ended(ctx, err)), cancelled: cancelled(ctx)}
	}
	return nil
}

// lost is the error of a call that the transport gave no answer to.
func (c *call) lost(err error, transport http.RoundTripper) error {
	err = spoken(err)
	r := c.flight.request
	t, own := transport.(*http.Transport)
	proxied := !own // as far as we know
	var noProxy error
	// net/http asks where the proxy is before it asks for a connection.
	if own && t.Proxy != nil {
		if c.flight.state.Load() != left {
			proxy, none := t.Proxy(r)
			noProxy, proxied = spoken(none), proxy != nil
		}
		if c.flight.joining.Load() {
			err = wordless(err)
		}
	}
	// A transport that traces one attempt may have made others without a word, such
	// as one that falls back. Where there is a body, reading it tells. An http.Transport
	// makes no others, unless its user registered another one with it for the protocol.
	asked, shown := c.flight.asked.Load(), r.Body != nil && !c.flight.plain
	if (shown && asked > 0 || own && asked == 1 && !hasAnother(t, r.URL.Scheme)) && c.flight.ground() {
		cause := ended(r.Context(), withoutURL(err))
		return &TransportError{
			Operation: c.operation(), Problem: c.unreached(cause, proxied), err: wire.Hide(cause),
			cancelled: cancelled(r.Context()),
		}
	}
	if noProxy != nil && printed(noProxy) == printed(err) && (shown || !hasAnother(t, r.URL.Scheme)) &&
		c.flight.ground() {
		return &TransportError{Operation: c.operation(), Problem: badProxy, err: wire.Hide(errors.New(badProxy))}
	}
	return c.cutShort(err)
}

// cutShort is the error of a call that has no answer, or one that came in part or
// was of no use.
func (c *call) cutShort(err error) error {
	ctx := c.flight.request.Context()
	err = ended(ctx, withoutURL(spoken(err)))
	e := &TransportError{
		Operation: c.operation(), Sent: true, Problem: "no whole reply came", err: wire.Hide(err),
		cancelled: cancelled(ctx),
	}
	if !e.cancelled && !errors.Is(err, context.DeadlineExceeded) {
		e.Problem += ": " + c.quiet(err)
	}
	return e
}

func cancelled(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// ended adds to err that the context is over, and why: net/http gives the cause of
// context.WithCancelCause in place of context.Canceled.
func ended(ctx context.Context, err error) error {
	for _, why := range []error{spoken(context.Cause(ctx)), ctx.Err()} {
		if why != nil && !includes(err, why) {
			err = errors.Join(why, err)
		}
	}
	return err
}

// withoutURL takes off an *url.Error, whose words repeat the address: http.Client
// makes them, and a transport of the caller's may use one. What holds one is found whole, and its
// words are quiet.
func withoutURL(err error) error {
	if u, ok := err.(*url.Error); ok && u != nil && u.Err != nil {
		return withoutURL(u.Err)
	}
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	return &shorn{err, printed(err)}
}

// shorn is an error without the addresses in its words, which quiet looks through as they were:
// what the call told is not found any more in words that were cut.
type shorn struct {
	err   error
	whole string
}

func (s *shorn) Error() string { return unaddressed(s.whole) }

// Format prints what Error gives, whatever the verb.
func (s shorn) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &s) }

// Is and As look into the error, which Unwrap would give out with its words.
func (s *shorn) Is(target error) bool { return errors.Is(s.err, target) }

func (s *shorn) As(target any) bool {
	if !errors.As(s.err, target) {
		return false
	}
	v := reflect.ValueOf(target).Elem()
	u, address := v.Interface().(*url.Error)
	if !address {
		return true
	}
	v.SetZero()
	inner := withoutURL(u)
	return inner != error(u) && errors.As(inner, target)
}

// Timeout and Temporary are those of the address's error: with them this one is the
// [net.Error] that errors.As finds, and its words are quiet.
func (s *shorn) Timeout() bool {
	var u *url.Error
	return errors.As(s.err, &u) && u.Timeout()
}

func (s *shorn) Temporary() bool {
	var u *url.Error
	return errors.As(s.err, &u) && u.Temporary()
}
