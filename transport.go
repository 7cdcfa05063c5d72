package wxpay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"

	"github.com/wxpay-go/wxpay/internal/wire"
)

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
	switch {
	case c.upload != nil:
		c.upload.carry(c, r)
	case body != nil:
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
	c.flight.answer = answer{response.StatusCode, response.Header}
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

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
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
