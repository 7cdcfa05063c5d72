package wxpay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Promise is a call under way: what the …Async methods return at once.
//
// The body was read before the method returned, so the caller may change it.
// The call ends with the context it was given, whether anyone waits or not.
// Then, Otherwise and Wait may be used any number of times, from any
// goroutine.
//
// A panic in the call or in a function given to Then or Otherwise does not end
// the program: it becomes the promise's error, a [*PanicError]. In a call that is
// made at once, such as Post, it stays a panic. A private key that panics within a TLS
// handshake ([MTLS]) is an error in both.
type Promise[T any] struct {
	done  chan struct{}
	value T
	err   error
	call  wire.Hidden[*call]
}

// errAbandoned is what a promise comes to when its function never returns, as
// when it calls runtime.Goexit: without a reply there is no success.
var errAbandoned = errors.New("wxpay: the promise's function ended its goroutine (runtime.Goexit) and returned nothing")

// PanicError is a panic in the goroutine of a promise: in a transport or signer of
// yours that the call used, or in a function given to Then or Otherwise. What
// became of the call is unknown. Where it is in a [*RequestError], a method of the
// body panicked, and nothing was sent.
//
// The value may be the request itself, so an error that is marshalled is what Error gives; an
// encoder that asks for no MarshalText, such as encoding/gob, writes the fields as they are.
type PanicError struct {
	Value any    `json:"-"` // what panic was called with
	Stack []byte `json:"-"` // where, as runtime/debug prints it

	told wire.Hidden[[]string] // by the call, which the value may repeat
	of   wire.Hidden[*origin]  // what the call was
	body bool                  // a method of the body panicked: what it told is not known
}

// Error gives the words of a value that is an error or a string, without addresses and
// what the call told, and the type of any other, or of what a body panicked with. The stack
// is not printed.
func (e *PanicError) Error() string {
	if e == nil {
		return nilError
	}
	said := fmt.Sprintf("a %T", e.Value)
	err, _ := e.Value.(error)
	if text, ok := e.Value.(string); ok {
		err = errors.New(text)
	}
	if err != nil && !e.body {
		said = quiet(err, e.told.Reveal()...)
	}
	return oneLine("wxpay: a panic in the goroutine of a promise: " + said)
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e PanicError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// MarshalText is what Error gives, for JSON, XML and logs.
func (e PanicError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap gives the value where it is an error.
func (e *PanicError) Unwrap() error {
	if e == nil {
		return nil
	}
	err, _ := e.Value.(error)
	return spoken(err)
}

// Format prints the type. What came of the call is [Promise.Wait]'s to tell: it may be
// arriving just now. Under %w, which go vet reports, fmt asks no method and reads what is arriving.
func (p *Promise[T]) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%T", p) }

// guard runs f and gives its panic as an error.
func guard(f func()) (err *PanicError) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	f()
	return nil
}

// start runs f, which makes a call if any, in a goroutine of its own.
func start[T any](c *call, f func() (T, error)) *Promise[T] {
	p := &Promise[T]{done: make(chan struct{}), err: errAbandoned, call: wire.Hide(c)}
	go func() {
		defer close(p.done)
		if err := guard(func() { p.value, p.err = f() }); err != nil {
			if c != nil {
				err.told, err.of = wire.Hide(c.told()), wire.Hide(c.origin())
			}
			p.err = err
		}
	}()
	return p
}

// afterwards is the error of a function given to Then or Otherwise, after a call
// that took effect or may have: whatever the function met with, [OutcomeUnknown] is
// true of it.
type afterwards struct {
	err   wire.Hidden[error]
	after wire.Hidden[error] // what the call had failed with; nil: it succeeded
	of    wire.Hidden[*origin]
}

func (e *afterwards) Error() string                { return oneLine(printed(e.err.Reveal())) }
func (e afterwards) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }
func (e *afterwards) Unwrap() error                { return e.err.Reveal() }

// Then runs f on the value once the call has succeeded. The promise it returns
// has the same value, or the error of f, which errors.Is and errors.As find. Where
// the call failed, f does not run and the error is passed on. A nil f changes
// nothing.
func (p *Promise[T]) Then(f func(T) error) *Promise[T] {
	c := p.call.Reveal()
	return start(c, func() (T, error) {
		<-p.done
		if p.err != nil || f == nil {
			return p.value, p.err
		}
		if err := f(p.value); err != nil {
			after := &afterwards{err: wire.Hide(spoken(err))}
			if c != nil {
				made := c.origin()
				made.happened = true
				after.of = wire.Hide(made)
			}
			return p.value, after
		}
		return p.value, nil
	})
}

// Otherwise runs f on the error once the call, or a Then before it, has
// failed. What f returns takes the place of the failure: a value with a nil
// error recovers, an error is passed on, as by Then where the outcome of the call
// was unknown. Where nothing failed, f does not run. A nil f changes nothing.
func (p *Promise[T]) Otherwise(f func(error) (T, error)) *Promise[T] {
	return start(p.call.Reveal(), func() (T, error) {
		<-p.done
		if p.err == nil || f == nil {
			return p.value, p.err
		}
		value, err := f(p.err)
		if err != nil && OutcomeUnknown(p.err) {
			err = &afterwards{err: wire.Hide(spoken(err)), after: wire.Hide(p.err)}
		}
		return value, err
	})
}

// Wait returns what the call came to. If ctx ends first Wait returns its
// error; the call itself goes on under its own context. A nil ctx never ends.
func (p *Promise[T]) Wait(ctx context.Context) (T, error) {
	if ctx == nil { // an error would say that the call failed, and it goes on
		ctx = context.Background()
	}
	select {
	case <-p.done:
		return p.value, p.err
	default:
	}
	select {
	case <-p.done:
		return p.value, p.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
