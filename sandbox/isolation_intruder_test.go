package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// intruder is another merchant behind the first one's client. Whatever the first one calls, it
// calls too, before and after. It is the first one's twin, so that nothing but whose the ids are
// stands in its way. Its calls leave nothing in the store, so it never has anything under the
// first one's numbers.
//
// Each call is compared with the same call about ids that nobody ever had.
type intruder struct {
	*testing.T
	tried *tried
	api   http.Handler
	cfg   wxpay.Config // its own
	kept  *dryStore
	known map[string]bool // what the first merchant was answered
	// shares: both merchants are providers of the same sub-merchants.
	shares bool
}

// kindOf is kindOf to this intruder, to whom shared sub-merchants are its own as they are.
func (i *intruder) kindOf(member string) memberKind {
	if i.shares && strings.HasPrefix(member, "sub_") && kindOf(member) == party {
		return plain
	}
	return kindOf(member)
}

func (i *intruder) RoundTrip(r *http.Request) (*http.Response, error) {
	i.Helper()
	m, body, err := messageOf(r)
	if err != nil {
		return nil, err
	}
	i.try(m, "before it")
	in := r.Clone(r.Context())
	in.Body, in.RequestURI = io.NopCloser(bytes.NewReader(body)), r.URL.RequestURI()
	out := httptest.NewRecorder()
	i.api.ServeHTTP(out, in)
	if a := answerOf(m, out); a.success {
		for value := range a.values {
			i.known[value] = len(value) >= 8
		}
		i.try(m, "after it")
		for _, member := range m.members() {
			if i.tried.add(m.op, member) && kindOf(member) == party && !i.shares {
				i.tryParty(m, member)
			}
		}
	}
	return out.Result(), nil
}

// try makes the call with the intruder's own parties, and then exactly as it came.
func (i *intruder) try(m *message, when string) {
	i.Helper()
	got := i.compare(when+", in its own name", m, func(member string) int {
		if i.kindOf(member) == party {
			return toTwins
		}
		return asIs
	})
	// Its own name is good for everything but the first one's things.
	switch got.code() {
	case "PARAM_ERROR", "PARAMETER FAIL", "APPID_MCHID_NOT_MATCH", "NO_AUTH", "NOAUTH":
		i.Errorf("%s %s: refused before anything was looked up: %s", m.op.ID(), when, got.text(m))
	}
	if i.shares {
		return // in the first one's name it may do no more than one that shares nothing
	}
	i.compare(when+", word for word", m, func(string) int { return asIs })
}

// tryParty makes the call in the first merchant's name in one member, and else in its own.
func (i *intruder) tryParty(m *message, name string) {
	i.Helper()
	i.compare("with the first one's "+name, m, func(member string) int {
		if kindOf(member) == party && member != name {
			return toTwins
		}
		return asIs
	})
}

// compare makes a call whose ids are shifted by so much, and the same call with an id of nobody's
// wherever that has one of the first merchant's.
func (i *intruder) compare(what string, m *message, by func(member string) int) (got answer) {
	i.Helper()
	asked := m.replaced(func(member, value string) (string, bool) {
		if payersOwn(m, member) {
			return shifted(value, toNobodys), true
		}
		n := by(member)
		return shifted(value, n), n == asIs && i.kindOf(member) != plain
	})
	nobody := m.replaced(func(member, value string) (string, bool) {
		if n := by(member); n != asIs || i.kindOf(member) == plain {
			return shifted(value, n), false
		}
		return shifted(value, toNobodys), true
	})
	for _, row := range i.kept.dryRun(func() { got = i.call(asked) }) {
		if !row.of(i.cfg.MchID) {
			i.Errorf("%s %s: the other merchant wrote %s", m.op.ID(), what, row)
		}
	}
	var want answer
	i.kept.dryRun(func() { want = i.call(nobody) })
	if got.success != want.success || !got.success && got.text(asked) != want.text(nobody) {
		i.Errorf("%s %s: the other merchant is told\n\t%s\nand about ids of nobody's\n\t%s",
			m.op.ID(), what, got.text(asked), want.text(nobody))
	}
	anybodys := map[string]bool{}
	for value := range want.values {
		anybodys[nobody.unsaid(value)] = true
	}
	for value, member := range got.values {
		if i.known[value] && asked.unsaid(value) == value && !anybodys[value] {
			i.Errorf("%s %s: the other merchant learns the first one's %s", m.op.ID(), what, member)
		}
	}
	return got
}

// payersOwn is an id of the payer's own: a payment code pays whoever it is shown to, and the
// intruder was shown none.
func payersOwn(m *message, member string) bool {
	return member == "auth_code" && strings.HasSuffix(m.op.Path, "/codepay")
}

func (i *intruder) call(m *message) answer {
	i.Helper()
	r, err := m.signed(&i.cfg)
	if err != nil {
		i.Fatal(err)
	}
	out := httptest.NewRecorder()
	i.api.ServeHTTP(out, r)
	return answerOf(m, out)
}
