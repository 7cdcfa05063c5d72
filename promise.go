package wxpay

import (
	"context"
	"errors"
)

// Promise is a call under way: what the …Async methods return at once.
//
// The body was read before the method returned, so the caller may change it.
// The call ends with the context it was given, whether anyone waits or not.
// Then, Otherwise and Wait may be used any number of times, from any
// goroutine.
type Promise[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// errAbandoned is what a promise comes to when its function never returns, as
// when it calls runtime.Goexit: without a reply there is no success.
var errAbandoned = errors.New("wxpay: the promise's function ended its goroutine (runtime.Goexit) and returned nothing")

// start runs f in a goroutine of its own.
func start[T any](f func() (T, error)) *Promise[T] {
	p := &Promise[T]{done: make(chan struct{}), err: errAbandoned}
	go func() {
		defer close(p.done)
		p.value, p.err = f()
	}()
	return p
}

// Then runs f on the value once the call has succeeded. The promise it returns
// has the same value, or the error of f. Where the call failed, f does not run
// and the error is passed on.
func (p *Promise[T]) Then(f func(T) error) *Promise[T] {
	return start(func() (T, error) {
		<-p.done
		if p.err != nil {
			return p.value, p.err
		}
		return p.value, f(p.value)
	})
}

// Otherwise runs f on the error once the call, or a Then before it, has
// failed. What f returns takes the place of the failure: a value with a nil
// error recovers. Where nothing failed, f does not run.
func (p *Promise[T]) Otherwise(f func(error) (T, error)) *Promise[T] {
	return start(func() (T, error) {
		<-p.done
		if p.err == nil {
			return p.value, nil
		}
		return f(p.err)
	})
}

// Wait returns what the call came to. If ctx ends first Wait returns its
// error; the call itself goes on under its own context.
func (p *Promise[T]) Wait(ctx context.Context) (T, error) {
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
