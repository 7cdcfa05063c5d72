package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// learn says beside a call's failure how to find out what became of it or, with --resolve, finds
// out. err is what the SDK says of the failure.
func (o *callOptions) learn(ctx context.Context, sys System, client *wxpay.Client, op *catalogue.Operation,
	failed, err error) error {
	if errors.As(err, new(*wxpay.RequestError)) {
		return failed // nothing was sent
	}
	if !o.resolve {
		if op != nil && op.Moves() && wxpay.OutcomeUnknown(err) {
			told := sys.lang.Translate(op.Outcome.None)
			if method, path, asks := strings.Cut(op.Outcome.Query, " "); asks {
				told = sys.text("what became of it %s tells, with the same numbers; --resolve asks there",
					method+" "+described(method, path).SDKPath())
			}
			sys.note("%s", told)
		}
		return failed
	}
	became, asking := client.Resolve(ctx, err)
	switch {
	case asking != nil:
		sys.note("%v", asking)
		return failed
	case became.Outcome == wxpay.Happened:
		sys.note("%v", failed)
		say(sys, sys.text("outcome: "), fmt.Sprint(became))
		if became.Reply() == nil {
			return nil
		}
		return o.show(sys, became.Reply(), strings.Contains(became.Query, " v2/"))
	}
	code, told := exitUnknown, text("%v", became)
	if became.Outcome == wxpay.DidNotHappen {
		code = exitRefused
		if became.Query != "" && !final(op, became.State) {
			told = text("%v; this says nothing of an earlier call with these numbers, which may still be on its way",
				became)
		}
	} else if !became.Until.IsZero() {
		told = text("%v; ask again after %s, or send the same call again", became,
			became.Until.Format("15:04:05 -07:00"))
	}
	resolved, said := &failure{code: code, err: failed}, (*failure)(nil)
	if errors.As(failed, &said) {
		*resolved = *said
		resolved.code = code
	}
	resolved.said = append(resolved.said, [2]lang.Text{text("outcome"), told})
	return resolved
}

// final says of the word of a query that nothing can happen under the number any more.
func final(op *catalogue.Operation, state string) bool {
	if op == nil || op.Outcome == nil {
		return false
	}
	return slices.Contains(op.Outcome.States, catalogue.StateMeaning{Word: state, Meaning: catalogue.MeansNot})
}
