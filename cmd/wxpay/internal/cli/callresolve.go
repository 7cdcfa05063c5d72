package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
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
			text := op.Outcome.None
			if method, path, asks := strings.Cut(op.Outcome.Query, " "); asks {
				text = "what became of it " + method + " " + described(method, path).SDKPath() +
					" tells, with the same numbers; --resolve asks there"
			}
			say(sys, sys.paintErr().yellow("note: "), text)
		}
		return failed
	}
	became, asking := client.Resolve(ctx, err)
	switch {
	case asking != nil:
		say(sys, sys.paintErr().yellow("note: "), asking.Error())
		return failed
	case became.Outcome == wxpay.Happened:
		say(sys, sys.paintErr().yellow("note: "), failed.Error())
		say(sys, "outcome:", fmt.Sprint(became))
		if became.Reply() == nil {
			return nil
		}
		return o.show(sys, became.Reply(), strings.Contains(became.Query, " v2/"))
	}
	code, text := exitUnknown, fmt.Sprint(became)
	if became.Outcome == wxpay.DidNotHappen {
		code = exitRefused
		if became.Query != "" && !final(op, became.State) {
			text += "; this says nothing of an earlier call with these numbers, which may still be on its way"
		}
	} else if !became.Until.IsZero() {
		text += "; ask again after " + became.Until.Format("15:04:05 -07:00") + ", or send the same call again"
	}
	resolved, said := &failure{code: code, err: failed}, (*failure)(nil)
	if errors.As(failed, &said) {
		*resolved = *said
		resolved.code = code
	}
	resolved.said = append(resolved.said, [2]string{"outcome", text})
	return resolved
}

// final says of the word of a query that nothing can happen under the number any more.
func final(op *catalogue.Operation, state string) bool {
	if op == nil || op.Outcome == nil {
		return false
	}
	return slices.Contains(op.Outcome.States, catalogue.StateMeaning{Word: state, Meaning: catalogue.MeansNot})
}
