package catalogue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Meaning is what a query's answer says of the call whose outcome was unknown.
type Meaning string

// The meanings.
const (
	MeansHappened Meaning = "happened" // the call did what it is for
	MeansNot      Meaning = "not"      // it did not, and will not
	MeansPending  Meaning = "pending"  // it was taken, and is not decided yet; or WeChat Pay does not know
	MeansBefore   Meaning = "before"   // all is as before the call, which may still be on its way
)

// Outcome says how a caller who got no answer learns what became of a call: by which query, and by
// which of its words; or why no query tells.
type Outcome struct {
	None    string            // why no query tells it, and what to do instead; all else is empty then
	Query   string            // the id of the operation that tells, "GET /v3/…"
	With    map[string]string // parameters of the query that have another name in the call, by their place in its body
	Without []string          // parameters of the query that it is asked without
	Asks    []string          // parameters of the query that the call does not have, so that the caller gives them
	State   string            // the member of the answer that tells; empty: that there is an answer does
	States  []StateMeaning    // the words of it
	Missing []string          // codes of a refusal that mean that there is no such thing
}

// StateMeaning is one word of a state, and its meaning.
type StateMeaning struct {
	Word    string
	Meaning Meaning
}

// Moves says whether the outcome of the operation can be unknown in a way that matters: it moves
// money or state. A GET does not.
func (o *Operation) Moves() bool { return o.Outcome != nil && o.Outcome.None != movesNothing }

// movesNothing is the outcome of calls that only ask, which the files name "nothing".
const movesNothing = "It moves nothing."

// Asked is one parameter of the query that tells an outcome, and where it is taken from.
type Asked struct {
	Name     string
	From     string // a name in the call's path, query or body, there with dots ("items.0.id")
	Own      bool   // where the call does not have it, it is the client's own merchant number
	Fixed    bool   // From is the value itself
	Required bool
}

// ownNumber are the parameters that name the merchant who calls.
var ownNumber = []string{"mchid", "sp_mchid", "mch_id"}

// Asked lists the parameters of the query that tells the outcome of o. What neither the call nor
// the client has, and no entry under asks names, is an error.
func (c *Catalogue) Asked(o *Operation) ([]Asked, error) {
	out := o.Outcome
	query := c.byID[out.Query]
	if query == nil {
		return nil, fmt.Errorf("there is no operation %q", out.Query)
	}
	params := slices.Concat(query.PathParams, query.Query)
	if query.Body != nil {
		params = append(params, query.Body.Fields...)
	}
	var all []Asked
	for _, p := range params {
		a := Asked{Name: p.Name, From: p.Name, Required: p.Required}
		switch from := out.With[p.Name]; {
		case p.Filled || slices.Contains(out.Without, p.Name):
			continue
		case from != "":
			if a.From = from; !o.sends(strings.Split(from, ".")) {
				return nil, fmt.Errorf("the call has no %s", from)
			}
		case slices.Contains(ownNumber, p.Name):
			if a.Own = true; !p.Required && !o.sends([]string{p.Name}) {
				continue
			}
		case o.sends([]string{p.Name}):
		case p.Required && len(p.Enum) == 1:
			a.From, a.Fixed = p.Enum[0], true
		case slices.Contains(out.Asks, p.Name):
		case p.Required:
			return nil, fmt.Errorf("the query wants %s, which the call does not have: say where it is under with, or "+
				"name it under asks", p.Name)
		default:
			continue
		}
		all = append(all, a)
	}
	return all, nil
}

// sends says whether a call of o has the member: of its path or query, or of its body at a path.
func (o *Operation) sends(path []string) bool {
	if len(path) == 1 && slices.ContainsFunc(slices.Concat(o.PathParams, o.Query), func(f *Field) bool {
		return f.Name == path[0]
	}) {
		return true
	}
	at := o.Body
	for _, name := range path {
		switch _, err := strconv.Atoi(name); {
		case at == nil:
			return false
		case at.Type == Array && err == nil:
			at = at.Items
		default:
			at = at.Field(name)
		}
	}
	return at != nil
}

// told is the member of a reply that a state is read from; lists on the way are looked through.
func (o *Operation) told(state string) *Field {
	at := o.Reply
	for name := range strings.SplitSeq(state, ".") {
		if at == nil {
			return nil
		}
		if at = at.Field(name); at != nil && at.Type == Array {
			at = at.Items
		}
	}
	return at
}
