package wxpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// rich is an error of which no method panics, and that cannot be compared where its data cannot.
type rich struct {
	Data any
	Err  error
}

func (e rich) Error() string { return "rich" }
func (e rich) Unwrap() error { return e.Err }

// What cannot be compared can be asked all the same.
func TestErrorsThatCannotBeComparedStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	sentinel := errors.New("sentinel")
	if wxpay.OutcomeUnknown(rich{[]string{"a"}, &wxpay.RequestError{}}) {
		t.Error("unknown, of a call that was not sent")
	}
	bad := rich{map[string]any{"a": 1}, errors.Join(sentinel, context.DeadlineExceeded)}
	ctx, cancel := context.WithCancelCause(bg)
	cancel(bad)
	good := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, "{}"), nil })
	failing := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, bad })
	for name, err := range map[string]error{
		"transport": second(failing.Chain("v3/x").Post(bg, `{}`)),
		"cause":     second(good.Chain("v3/x").Get(ctx)),
		"function": second(good.Chain("v3/x").GetAsync(bg).Then(
			func(*wxpay.Result) error { return bad }).Wait(bg)),
	} {
		if as := (rich{}); !errors.Is(err, sentinel) || !errors.As(err, &as) || as.Data == nil {
			t.Errorf("%s: lost in %v", name, err)
		}
	}
	plain := clientAt(t, "https://api.example", &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, there) }()
			go func() { _, _ = there.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }()
			return watchedConn{here, func(int) {}}, nil
		}})
	if err := second(plain.Chain("v3/x").Get(bg)); !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("got %v", err)
	}
}

// watchedConn is in the error of crypto/tls.
type watchedConn struct {
	net.Conn
	on func(int)
}

// Errors are collected by joining them in a loop, and a hundred thousand lines are lawful.
func TestManyErrorsJoined(t *testing.T) {
	t.Parallel()
	sentinel := errors.New("sentinel")
	unsent := &wxpay.RequestError{Operation: "POST v3/x", Problem: "not sent"}
	var joined, shared error = unsent, unsent
	for i := range 100_000 {
		joined = errors.Join(joined, fmt.Errorf("line %d: %w", i, unsent))
	}
	for range 9 {
		shared = errors.Join(shared, fmt.Errorf("again: %w", shared))
	}
	for name, err := range map[string]error{"joined": joined, "shared": shared} {
		if wxpay.OutcomeUnknown(err) {
			t.Errorf("%s: of calls that were never sent", name)
		}
		client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{}`), nil })
		_, got := client.Chain("v3/x").GetAsync(bg).Then(func(*wxpay.Result) error {
			return errors.Join(err, sentinel)
		}).Wait(bg)
		if !errors.Is(got, sentinel) {
			t.Errorf("%s: the error of the function is lost", name)
		}
	}
}

// twice holds an error two times, as trees of errors that share a cause do.
type twice struct{ err error }

func (*twice) Error() string     { return "twice" }
func (e *twice) Unwrap() []error { return []error{e.err, e.err} }

// The outcome is asked of each error once, however many ways lead to it.
func TestOutcomeOfSharedErrors(t *testing.T) {
	t.Parallel()
	var unsent, sent error = &wxpay.RequestError{}, &wxpay.TransportError{Sent: true}
	for range 64 {
		unsent, sent = &twice{unsent}, errors.Join(sent, sent)
	}
	if wxpay.OutcomeUnknown(unsent) || !wxpay.OutcomeUnknown(sent) || !wxpay.OutcomeUnknown(errors.Join(unsent, sent)) {
		t.Error("the outcome depends on how often an error is held")
	}
}

// speechless is an error that can be asked what it holds, and not for its words.
type speechless struct{ error }

func (speechless) Error() string   { panic("words") }
func (e speechless) Unwrap() error { return e.error }

func TestErrorsWithoutWords(t *testing.T) {
	t.Parallel()
	bad := speechless{io.ErrClosedPipe}
	good := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, "{}"), nil })
	failing := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, bad })
	panicking := clientOver(t, func(*http.Request) (*http.Response, error) { panic(bad) })
	dialling := clientAt(t, "https://api.example", &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, bad }})
	for name, err := range map[string]error{
		"transport": second(failing.Chain("v3/x").Get(bg)),
		"dial":      second(dialling.Chain("v3/x").Get(bg)),
		"panic":     second(panicking.Chain("v3/x").GetAsync(bg).Wait(bg)),
		"function": second(good.Chain("v3/x").GetAsync(bg).Then(
			func(*wxpay.Result) error { return bad }).Wait(bg)),
	} {
		if text := fmt.Sprint(err); !strings.Contains(text, "a wxpay_test.speechless") ||
			!strings.Contains(text, "whose methods panic") {
			t.Errorf("%s: got %s", name, text)
		}
		for at := err; at != nil; at = errors.Unwrap(at) { // as those do who report crashes
			_ = at.Error()
		}
	}
}

// What holds an *url.Error, as an error of a transport that has an http.Client inside does, is
// found whole; its words lose the address all the same.
func TestAnAddressCostsNoCause(t *testing.T) {
	t.Parallel()
	errBreaker := errors.New("breaker open")
	inside := &url.Error{Op: "Post", URL: "https://api.example/v3/x?openid=" + payer, Err: io.ErrUnexpectedEOF}
	for _, cause := range []error{fmt.Errorf("%w: %w", errBreaker, inside), errors.Join(errBreaker, inside)} {
		c := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, cause })
		err := second(c.Chain("v3/x").Post(bg, "{}"))
		if !errors.Is(err, errBreaker) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
		for at := err; at != nil; at = errors.Unwrap(at) { // as those do who report crashes
			if strings.Contains(at.Error(), payer) {
				t.Errorf("a %T says %v", at, at)
			}
		}
	}
}
