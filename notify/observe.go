package notify

import (
	"context"
	"net/http"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// Observe has a hook told of every notification, forged and odd ones too: when it arrives, and when
// its answer is known. Give it the one of [wxpay.Config.Hook], so that one log or trace has both
// sides. The context that it returns goes to your functions.
func Observe(hook wxpay.Hook) Option {
	return func(r *Receiver) { r.hook = hook }
}

// observed runs f, which takes a message in, between two steps of the hook.
func (r *Receiver) observed(ctx context.Context, f func(context.Context) (Answer, *Notification, *Error)) Answer {
	if r.hook == nil {
		answer, _, _ := f(ctx)
		return answer
	}
	begun := r.now()
	s := wxpay.Step{Stage: wxpay.NotificationBegins}
	ctx = r.hook.Tell(ctx, s)
	// A function that ends its goroutine leaves it at that.
	s = wxpay.Step{Stage: wxpay.NotificationEnds, Check: CheckHandler, Status: http.StatusInternalServerError,
		Outcome: wxpay.StepRefused}
	defer func() {
		s.Duration = r.now().Sub(begun)
		r.hook.Tell(ctx, s)
	}()
	answer, n, err := f(ctx)
	s.Status, s.Check, s.Outcome = answer.Status, "", wxpay.StepSucceeded
	if err != nil {
		s.Check, s.Outcome, s.Err = err.as.check, wxpay.StepRefused, err
		n = err.of.Reveal()
	}
	if n != nil {
		s.Operation, s.RequestID, s.Repeated = wire.Clip(n.EventType, 64), wire.Clip(n.RequestID, 64), n.repeated
	}
	return answer
}
