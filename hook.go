package wxpay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Hook is told of every call, as [Config.Hook], and of every notification, by notify.Observe:
// for logs, metrics and traces. [LogTo] is one; the module otel beside this one has another.
//
// It is called when one begins, when each attempt of a call has ended, and when one has ended. The
// context that it returns for a beginning, which must come from the one that it got, goes to the
// transport or to the functions of the notification, and back to the hook with each later [Step];
// what it returns for these is not used. It runs before the call goes on, so it should not wait,
// and many goroutines call it at once. A panic in it is written to [log/slog.Default] and changes
// nothing.
type Hook func(ctx context.Context, s Step) context.Context

// Stage is where a call or a notification stands.
type Stage string

// The stages of a [Step].
const (
	CallBegins         Stage = "call_begins"         // nothing was checked or signed yet
	AttemptEnds        Stage = "attempt_ends"        // it may go out again
	CallEnds           Stage = "call_ends"           // with what the caller gets
	NotificationBegins Stage = "notification_begins" // nothing was read yet
	NotificationEnds   Stage = "notification_ends"   // its answer is known
)

// StepOutcome is what became of a call, as far as its caller knows, or of a notification.
type StepOutcome string

// The outcomes of a [Step].
const (
	// StepSucceeded is a call with a success, or a notification that was handled, now or before.
	StepSucceeded StepOutcome = "succeeded"
	// StepRefused is a call that did nothing, or that changes nothing and was answered no; or a
	// notification that was answered with no success.
	StepRefused StepOutcome = "refused"
	// StepUnknown is a call that may have taken effect: see [OutcomeUnknown].
	StepUnknown StepOutcome = "unknown"
	// StepNotSent is a call of which not a byte left this machine.
	StepNotSent StepOutcome = "not_sent"
)

// Step is what a [Hook] is told. It holds no key, no signature, no body and no value of a path.
// Operation, Method, Host, Status, Code, Check and Outcome have few values and fit for labels of
// metrics; RequestID does not. What is not known at its stage is zero.
type Step struct {
	Stage Stage
	// Operation is a call's path with its {variables} and without a query, such as
	// "v3/pay/transactions/id/{transaction_id}". Where a path was given with values in it, whatever
	// is no word of a known path is {}. Of a notification it is the event type, once that is proved.
	Operation string
	Method    string // of a call
	Host      string // where an attempt went
	Status    int    // HTTP, of what WeChat Pay answered, or what a notification is answered
	// Code is WeChat Pay's error code, such as PARAM_ERROR. It is OTHER for one that is no such
	// word, and for one that nobody signed and WeChat Pay does not give unsigned.
	Code string
	// Check is the check that an answer or a notification failed, of package notify too.
	Check     Check
	RequestID string        // WeChat Pay's, without what it repeats of the call
	Attempt   int           // which one it was, or how many there were
	Repeated  bool          // the notification is in the receiver's memory, or being handled
	Duration  time.Duration // of the attempt, or of it all, by Config.Now
	Outcome   StepOutcome
	// Err is what an attempt or call failed with, or notify.Error. It prints as errors of this
	// package do, with a path as it was given.
	Err error

	called wire.Hidden[string] // the operation as errors name it
}

// Problem is what the error of a call says, without the operation before it, whose path may have
// been given with values in it; "" where there is none.
func (s Step) Problem() string {
	called := s.called.Reveal()
	if s.Err == nil || called == "" {
		return ""
	}
	return strings.TrimPrefix(strings.ReplaceAll(printed(s.Err), called, ""), ": ")
}

// Hooks is a hook that calls each of these, in order. A nil one is left out.
func Hooks(hooks ...Hook) Hook {
	return func(ctx context.Context, s Step) context.Context {
		for _, h := range hooks {
			if h != nil {
				if next := h(ctx, s); next != nil {
					ctx = next
				}
			}
		}
		return ctx
	}
}

// Tell calls the hook as the client does, for package notify and others that are watched by it:
// a nil one is not called, its panic is logged, and a context is never lost.
func (h Hook) Tell(ctx context.Context, s Step) (next context.Context) {
	if h == nil {
		return ctx
	}
	next = ctx
	if p := guard(func() {
		if given := h(ctx, s); given != nil {
			next = given
		}
	}); p != nil {
		slog.Default().ErrorContext(ctx, "A wxpay.Hook panicked", "panic", fmt.Sprintf("a %T", p.Value),
			"stack", string(debug.Stack()))
	}
	return next
}

// watched tells whether there is a hook.
func (c *call) watched() bool { return c.client != nil && c.client.hook != nil }

// observed runs f, which makes the call, between two steps of the hook.
func observed[T any](ctx context.Context, c *call, f func(context.Context) (T, error)) (v T, err error) {
	if ctx == nil { // f says so
		return f(ctx)
	}
	hook, begun := c.client.hook, c.client.now()
	s := Step{Stage: CallBegins, Operation: template(c.path), Method: c.method, called: wire.Hide(c.operation())}
	ctx = hook.Tell(ctx, s)
	ended := false
	defer func() {
		s.Stage, s.Duration = CallEnds, c.client.now().Sub(begun)
		if !ended { // a panic, which goes on
			s.Outcome = StepUnknown
		}
		hook.Tell(ctx, s)
	}()
	v, err = f(ctx)
	c.describe(&s, err)
	s.Attempt = c.flight.number()
	ended = true
	return v, err
}

// tellAttempt tells the hook what an attempt came to.
func (c *call) tellAttempt(ctx context.Context, n int, took time.Duration, err error) {
	s := Step{Stage: AttemptEnds, Operation: template(c.path), Method: c.method, called: wire.Hide(c.operation()),
		Attempt: n, Duration: took}
	c.describe(&s, err)
	s.Err = asItIs(err)
	c.client.hook.Tell(ctx, s)
}

// asItIs is an error of an attempt for a hook to keep: the client goes on writing to its own.
func asItIs(err error) error {
	switch e := err.(type) {
	case *RequestError:
		now := *e
		return &now
	case *TransportError:
		now := *e
		return &now
	case *Error:
		now := *e
		return &now
	case *SignatureError:
		now := *e
		return &now
	}
	return err
}

// describe writes into a step what came of the call so far.
func (c *call) describe(s *Step, err error) {
	s.Err, s.Outcome = err, StepSucceeded
	if r := c.flight.request; r != nil {
		s.Host = r.URL.Host
	}
	a := c.flight.answer
	s.Status = a.status
	if id := a.header.Get(wire.HeaderRequestID); id != "" {
		s.RequestID = wire.Clip(c.without(id), 64)
	}
	if err == nil {
		return
	}
	var refused *Error
	var forged *SignatureError
	if errors.As(err, &forged) {
		s.Check = forged.Check
	}
	if errors.As(err, &refused) {
		s.Code, s.Status = label(refused), refused.Status
	}
	switch {
	case notSentAtAll(err):
		s.Outcome = StepNotSent
	case refused != nil && refused.Status < http.StatusInternalServerError && c.reads(), !OutcomeUnknown(err):
		s.Outcome = StepRefused
	default:
		s.Outcome = StepUnknown
	}
}

// number is which attempt it is, 0 for one that was not sent.
func (f *flight) number() (n int) {
	for ; f != nil; f = f.before {
		if f.request != nil {
			n++
		}
	}
	return n
}

// label is the code of a refusal as metrics may have it.
func label(e *Error) string {
	switch {
	case e.Code == "":
		return ""
	case !e.Verified:
		switch e.Code {
		case "FAIL", "SIGN_ERROR", "PARAM_ERROR", "SYSTEM_ERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "NO_AUTH":
			return e.Code
		}
		return otherCode
	case len(e.Code) > 48, strings.Trim(e.Code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "":
		return otherCode
	}
	return e.Code
}

const otherCode = "OTHER"
