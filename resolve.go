package wxpay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Outcome is what became of a call.
type Outcome int

// The outcomes. The zero value says that it is not known, so that a Resolution which nobody filled
// says nothing.
const (
	// Pending is not known yet: ask again later, or send the same call again with the same numbers.
	// Never take another number.
	Pending Outcome = iota
	// Happened: the payer is debited, the order is there, the refund is paid, the contract has
	// ended, whatever the call was for.
	Happened
	// DidNotHappen: it did not, and what was sent will not bring it about any more.
	DidNotHappen
)

// String is "pending", "happened" or "did not happen".
func (o Outcome) String() string {
	switch o {
	case Happened:
		return "happened"
	case DidNotHappen:
		return "did not happen"
	}
	return "pending"
}

// InFlight is how long a call that got no answer may still arrive: a signature is good for five
// minutes on either side of the time in it, so that a machine whose clock is ahead signs for up to
// ten. Before that a query that finds nothing proves nothing.
//
// APIv2's calls have no time in them and are good for ever. For them Resolve takes an hour, which
// is long for a call to be on its way, and no proof.
const InFlight = 2 * wire.Window

const inFlightV2 = time.Hour

// Resolution is what [Client.Resolve] found out.
type Resolution struct {
	Outcome Outcome
	// State is WeChat Pay's own word for it, such as SUCCESS, NOTPAY or TERMINATED. It is empty
	// where nothing was asked, where the query found nothing, and where the parts of a combined
	// order do not agree.
	State string
	// Query is the operation that was asked, empty where the error itself says it.
	Query string
	// Until is when what is as before the call counts as DidNotHappen, so that asking again is
	// worth it: of a Pending whose query found nothing, or nothing new. Zero otherwise.
	Until time.Time

	reply wire.Hidden[*Result]
}

// Reply is the answer to the query, nil where there is none. It may name the payer.
func (r Resolution) Reply() *Result { return r.reply.Reveal() }

// Format prints outcome, state and query, and nothing of the answer.
func (r Resolution) Format(f fmt.State, _ rune) {
	text := r.Outcome.String()
	if r.State != "" {
		text += " (" + r.State + ")"
	}
	if r.Query != "" {
		text += " by " + r.Query
	}
	_, _ = fmt.Fprint(f, oneLine(text))
}

// ResolveError is an error of which [Client.Resolve] cannot say what became of the call. The
// outcome is as open as it was.
type ResolveError struct {
	Operation string // of the call, empty where the error is of none
	Problem   string // why
	Hint      string // what to do
}

func (e *ResolveError) Error() string {
	if e == nil {
		return nilError
	}
	at := e.Operation
	if at == "" {
		at = "wxpay"
	}
	return oneLine(at + ": not resolved: " + remedied(e.Problem, e.Hint))
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e ResolveError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// Resolve says what became of the call that err is of, whatever went wrong with it. It asks WeChat
// Pay by the query that the catalogue names for the operation (docs/outcomes.md), with the numbers
// of the call, which err knows:
//
//	order, err := transactions.Post(ctx, debit)
//	if err != nil {
//		switch became, asking := client.Resolve(ctx, err); {
//		case asking != nil, became.Outcome == wxpay.Pending:
//			return later(number) // it stays open
//		case became.Outcome == wxpay.DidNotHappen:
//			return failed(number)
//		}
//	}
//
// Of what moves money, Happened says that it has moved: a debit or refund that WeChat Pay has
// taken and not carried out yet is Pending, and so is one whose state the catalogue does not
// know. Of orders it says that the order is there, whoever pays it; of what ends or closes
// something, that it has ended, whoever ended it. What the query says counts, also where another
// call with the same number brought it about.
//
// A query that finds nothing, or everything as before the call, may have come too early: the call
// may still be on its way. That is Pending until [InFlight] is over since it failed, by
// [Config.Now], and DidNotHappen after that; Until says when. Who wants to be sure at once sends
// the same call again with the same numbers, which WeChat Pay carries out once.
//
// Where [OutcomeUnknown] is false of err, the call itself did nothing, and what is as before it is
// DidNotHappen at once. It is asked all the same, for an earlier call with these numbers may have
// taken effect: where it cannot be asked, a refusal stays open and the error says what is missing.
// Only a call that never left is DidNotHappen unasked. Where there was no earlier one,
// OutcomeUnknown is enough.
//
// Wrapped and joined errors are looked through, those of several attempts at one call too: join
// them, so that none of them is on its way when nothing is found. The
// options go to the query; some want what the call did not have, and then the error names it:
//
//	client.Resolve(ctx, err, wxpay.Query("appid", appid))
//
// Errors: [*ResolveError] where err is of no call, of several, of another merchant's client, or of
// one that no query tells of; else the error of the query, of which the outcome is Pending.
func (c *Client) Resolve(ctx context.Context, err error, opts ...Option) (Resolution, error) {
	if c == nil || c.keys == nil {
		return Resolution{}, &ResolveError{Problem: noClient}
	}
	a, fail := c.originOf(err)
	switch {
	case fail != nil:
		return Resolution{}, fail
	case a.happened && (a.outcome == nil || a.outcome.pending == ""):
		return Resolution{Outcome: Happened}, nil
	case a.unsent && (a.outcome == nil || a.outcome.none != ""):
		return Resolution{Outcome: DidNotHappen}, nil
	case a.outcome == nil:
		return Resolution{}, &ResolveError{a.operation, "the catalogue names no query that tells its outcome",
			"look it up in WeChat Pay's pages, or send the same call again with the same numbers"}
	case a.outcome.none != "":
		return Resolution{}, &ResolveError{a.operation, "no query tells its outcome", a.outcome.none}
	}
	return c.ask(ctx, a, opts)
}

// originOf finds the call that an error is of.
func (c *Client) originOf(err error) (*origin, error) {
	if err == nil {
		return nil, &ResolveError{Problem: "there is no error: the call succeeded"}
	}
	var all []*origin
	unsent := true
	ended := reaches(err, func(at error) []error {
		made, causes := madeOf(at)
		if made != nil {
			all = append(all, made)
			unsent = unsent && notSentAtAll(at)
		}
		return causes
	})
	if len(all) == 0 || !ended {
		return nil, &ResolveError{Problem: "the error is not of a call, or does not say which",
			Hint: "give what the call returned, wrapped as you like"}
	}
	last, happened := *all[0], false
	for _, a := range all {
		switch {
		case a.client == nil || a.client.mchID != c.mchID || a.client.host != c.host:
			return nil, &ResolveError{a.operation, "the error is of a call by another client",
				"ask the client that made it, or one of the same merchant and host"}
		case a.operation != last.operation || !maps.Equal(a.values, last.values):
			return nil, &ResolveError{a.operation, "the error is of several calls",
				"resolve the error of each by itself"}
		case a.at.After(last.at):
			last = *a
		}
		happened = happened || a.happened
	}
	last.happened, last.settled = happened, !OutcomeUnknown(err)
	last.unsent = unsent && last.settled
	return &last, nil
}

// madeOf is the call that one error is of, or what the error holds.
func madeOf(err error) (made *origin, causes []error) {
	if isNilPointer(err) {
		return nil, nil
	}
	if e, ok := err.(*afterwards); ok {
		if after := e.after.Reveal(); after != nil {
			return nil, []error{after}
		}
		return e.of.Reveal(), nil // what the function met with may be of another call
	}
	if mark := markOf(err); mark != nil && mark.Reveal() != nil {
		return mark.Reveal(), nil // what it holds may be of a call that a transport made
	}
	return nil, causesOf(err)
}

// ask asks the query of the outcome.
func (c *Client) ask(ctx context.Context, a *origin, opts []Option) (Resolution, error) {
	k, problem := c.questionOf(a, opts)
	switch {
	case problem != "" && a.unsent:
		return Resolution{Outcome: DidNotHappen}, nil
	case problem != "":
		return Resolution{}, &ResolveError{a.operation, problem, ""}
	}
	r := Resolution{Query: k.operation()}
	result, err := k.do(ctx)
	var refused *Error
	switch {
	case err == nil:
		r.reply = wire.Hide(result)
		r.Outcome, r.State = a.outcome.tells(result)
	case errors.As(err, &refused) && refused.Verified && !refused.repeated &&
		refused.Status < http.StatusInternalServerError && has(a.outcome.missing, refused.Code):
		r.Outcome = asBefore
	default:
		return r, err
	}
	if r.Outcome == asBefore {
		r.Outcome = DidNotHappen
		until := a.at.Add(InFlight)
		if k.isV2() {
			until = a.at.Add(inFlightV2)
		}
		if a.happened {
			r.Outcome = Pending // the query came too early: the call succeeded
		} else if !a.settled && c.now().Before(until) {
			r.Outcome, r.Until = Pending, until
		}
	}
	return r, nil
}

// asBefore is an outcome that time decides.
const asBefore Outcome = -1

// questionOf makes the query, which the options may give what the call did not have.
func (c *Client) questionOf(a *origin, opts []Option) (k *call, problem string) {
	method, path, _ := strings.Cut(a.outcome.query, " ")
	k = c.newCall(method, path, nil, opts)
	given, _ := url.ParseQuery(string(k.query))
	fields := wire.Fields{}
	for text := range strings.FieldsSeq(a.outcome.fill) {
		p := parameterOf(text)
		value, known := a.values[p.name]
		isIt := func(v variable) bool { return v.name == p.name }
		switch inPath := strings.Contains(path, "{"+p.name+"}"); {
		case given.Has(p.name) || inPath && slices.ContainsFunc(k.vars, isIt):
			continue
		case p.fixed != "":
			value = p.fixed
		case !known && p.own:
			value = c.mchID
		case !known && p.mayBeEmpty:
			continue
		case !known && inPath:
			return nil, "its query wants " + p.name + ", which the call does not have: give it with wxpay.Path"
		case !known:
			return nil, "its query wants " + p.name + ", which the call does not have: give it with wxpay.Query"
		}
		switch {
		case strings.Contains(path, "{"+p.name+"}"):
			k.vars = append(k.vars, variable{p.name, &value})
		case k.isV2():
			fields[p.name] = value
		default:
			k.addQuery(p.name, value)
		}
	}
	if k.isV2() {
		k.setFields(map[string]string(fields))
	}
	return k, ""
}

// tells says what an answer says, and its word, where it has one.
func (o *outcome) tells(r *Result) (Outcome, string) {
	if o.state == "" {
		return Happened, ""
	}
	words := wordsAt(r.Body, o.state)
	if fields := r.fields.Reveal(); fields != nil {
		words = []string{fields[o.state]}
	}
	found, word := Pending, ""
	for i, w := range words {
		means := o.means(w)
		switch {
		case i == 0:
			found, word = means, w
		case means == found:
		case means+found == Happened+DidNotHappen: // of some parts it happened
			found = Happened
		default:
			found = Pending
		}
		if w != word {
			word = ""
		}
	}
	return found, word
}

func (o *outcome) means(word string) Outcome {
	switch {
	case has(o.happened, word):
		return Happened
	case has(o.not, word):
		return DidNotHappen
	case has(o.before, word):
		return asBefore
	}
	return Pending // or a word of tomorrow
}

// has says whether a list of words, with a blank between, has one.
func has(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}
