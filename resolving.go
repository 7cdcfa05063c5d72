package wxpay

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// outcome says of some operations which query tells what became of a call, or why none does. The
// table of them, outcomes.go, is generated from the catalogue. Lists are words with a blank
// between.
type outcome struct {
	calls []string // the operations, "POST v3/…/{contract_id}/terminate"
	none  string   // why no query tells it; the rest is empty then
	query string   // the operation that tells
	// fill are its parameters: the name, and where the call has it at another place, = and that,
	// with dots; =' and a value that is always the same. At the end @ lets the client's own
	// merchant number stand in, and ? says that it may be left out.
	fill string
	// state is the member of the answer that tells, lists on the way looked through; empty: that
	// there is an answer tells that it happened.
	state                          string
	happened, not, pending, before string
	missing                        string // codes of a refusal that say that there is no such thing
}

// origin is a call that failed, as far as it takes to ask what became of it. Errors keep it in
// place of the call, whose body may be large.
type origin struct {
	client    *Client
	operation string
	outcome   *outcome          // nil where the table has none
	values    map[string]string // what fill wants, as far as the call has it
	at        time.Time         // when it had failed
	happened  bool              // it succeeded, and what failed came after
	settled   bool              // it did nothing, whatever an earlier one did
	unsent    bool              // it never left this machine
}

// marked is a call with its errors marked, so that Resolve finds what they are of.
func (c *call) marked(ctx context.Context) (*Result, error) {
	result, err := c.carryOut(ctx)
	if err == nil {
		return result, nil
	}
	if mark := markOf(err); mark != nil {
		*mark = wire.Hide(c.origin())
	}
	return result, err
}

// markOf is where an error of a call keeps which it is of, nil for another error.
func markOf(err error) *wire.Hidden[*origin] {
	switch e := err.(type) {
	case *RequestError:
		return &e.of
	case *TransportError:
		return &e.of
	case *Error:
		return &e.of
	case *SignatureError:
		return &e.of
	case *DecodeError:
		return &e.of
	case *PanicError:
		return &e.of
	}
	return nil
}

// origin is what is kept of the call.
func (c *call) origin() *origin {
	a := &origin{client: c.client, operation: c.operation()}
	if c.client == nil || c.client.now == nil {
		return a
	}
	a.at = c.client.now()
	path, query, problem := expandPath(c.path, c.vars)
	if problem != "" {
		return a // it was not sent
	}
	found, variables := outcomeFor(c.method, path)
	if a.outcome = found; found == nil || found.none != "" {
		return a
	}
	a.values = map[string]string{}
	queries, _ := url.ParseQuery(query + "&" + string(c.query))
	for asked := range strings.FieldsSeq(found.fill) {
		p := parameterOf(asked)
		value, given := variables[p.from]
		if !given {
			value, given = c.member(p.from)
		}
		if !given && queries.Has(p.from) {
			value, given = queries.Get(p.from), true
		}
		if given {
			a.values[p.name] = value
		}
	}
	return a
}

// asked is one parameter of fill.
type asked struct {
	name, from      string
	fixed           string
	own, mayBeEmpty bool
}

func parameterOf(text string) (p asked) {
	text, p.mayBeEmpty = strings.CutSuffix(text, "?")
	text, p.own = strings.CutSuffix(text, "@")
	p.name, p.from, _ = strings.Cut(text, "=")
	if p.from == "" {
		p.from = p.name
	}
	if fixed, is := strings.CutPrefix(p.from, "'"); is {
		p.from, p.fixed = "", fixed
	}
	return p
}

// outcomeFor finds a call in the table, by its escaped path, and what stands in it for variables.
// Of several that fit it is the one that has the fewest of them.
func outcomeFor(method, path string) (found *outcome, variables map[string]string) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := range outcomes {
		for _, call := range outcomes[i].calls {
			its, template, _ := strings.Cut(call, " ")
			if its != method {
				continue
			}
			values, fits := fit(strings.Split(template, "/"), segments)
			if fits && (found == nil || len(values) < len(variables)) {
				found, variables = &outcomes[i], values
			}
		}
	}
	return found, variables
}

func fit(template, segments []string) (values map[string]string, fits bool) {
	if len(template) != len(segments) {
		return nil, false
	}
	for i, t := range template {
		name, variable := strings.CutPrefix(t, "{")
		switch {
		case !variable && t != segments[i]:
			return nil, false
		case !variable:
			continue
		case values == nil:
			values = map[string]string{}
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}
		values[strings.TrimSuffix(name, "}")] = value
	}
	return values, true
}

// member is a plain value of the body, by its place in it, or of the fields of an APIv2 call.
func (c *call) member(place string) (value string, given bool) {
	if c.isV2() {
		value, given = c.fields[place]
		return value, given && value != ""
	}
	words := wordsAt(c.body, place)
	if len(words) != 1 {
		return "", false
	}
	return words[0], true
}

// wordsAt are the plain values at a place of JSON. A list on the way is looked through whole,
// unless the place names one of its elements.
func wordsAt(raw []byte, place string) (words []string) {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	switch {
	case len(raw) == 0:
		return nil
	case raw[0] == '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil
		}
		first, rest, _ := strings.Cut(place, ".")
		if n, err := strconv.Atoi(first); err == nil {
			if n < 0 || n >= len(list) {
				return nil
			}
			return wordsAt(list[n], rest)
		}
		for _, element := range list {
			if element[0] != '[' { // no list of WeChat Pay's holds lists
				words = append(words, wordsAt(element, place)...)
			}
		}
		return words
	case place != "":
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return nil
		}
		first, rest, _ := strings.Cut(place, ".")
		return wordsAt(object[first], rest)
	case raw[0] == '{' || string(raw) == "null":
		return nil
	case raw[0] == '"':
		var word string
		if json.Unmarshal(raw, &word) != nil {
			return nil
		}
		return []string{word}
	}
	return []string{string(bytes.TrimSpace(raw))}
}
