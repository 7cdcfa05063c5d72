package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
)

// run calls the function for n. The work outlives the connection it came over:
// WeChat Pay hangs up after 5 seconds, and money half booked is worse than
// money booked late.
func (r *Receiver) run(ctx context.Context, n *Notification, m *memory, d *delivery) (err *Error) {
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.deadline)
	defer cancel()
	returned, mentioned := false, r.mentioned(n)
	defer func() {
		if v := recover(); v != nil {
			err = n.fail(CheckHandler, http.StatusInternalServerError, "the function panicked", panicked(v))
			err.Stack = debug.Stack()
		} else if !returned { // the goroutine is ending, so nobody will answer
			err = n.fail(CheckHandler, http.StatusInternalServerError,
				"the function called runtime.Goexit, as a test's FailNow does", nil)
			defer r.report(ctx, err)
		}
		m.end(d, err)
		for _, w := range r.waiters {
			w.wake(mentioned)
		}
	}()
	err = r.dispatch(work, n)
	returned = true
	return err
}

// panicked is what a function of the user's panicked with, as an error.
func panicked(with any) error {
	switch v := with.(type) {
	case error:
		return v
	case string:
		return errors.New(v)
	}
	return fmt.Errorf("with a %T", with) // it may be the event itself
}

// others is for what no function is registered for.
func (r *Receiver) others(ctx context.Context, n *Notification) error {
	if err := n.whole(); err != nil {
		return err
	}
	if r.otherwise == nil {
		return n.fail(CheckEvent, http.StatusNotImplemented,
			"no function is registered for it; add one with On, Handle or Otherwise before the attempts end", nil)
	}
	return r.otherwise(ctx, n)
}

// dispatch calls it. Nothing that the function, or a goroutine of its, does to the notification or
// to an error of Decode later changes what is answered.
func (r *Receiver) dispatch(ctx context.Context, n *Notification) *Error {
	f := r.routes[n.EventType]
	if f == nil {
		f = r.others
	}
	given := *n // the function may write to it
	err := f(ctx, &given)
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok && e != nil && e.of.Reveal() == &given && e.as.status != 0 { // of Decode
		return n.fail(e.as.check, e.as.status, e.problem, e.err.Reveal())
	}
	return n.fail(CheckHandler, http.StatusInternalServerError, "", err)
}
