package explain_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/wxpay-go/wxpay/internal/explain"
)

var detail = regexp.MustCompile(`\{[0-9]+\}`)

// Every mistake is said in both languages, with the same details.
func TestEveryMistakeIsInBothLanguages(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range explain.Mistakes() {
		name := m.ID + "/" + m.Case
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if m.En.Problem == "" || m.Zh.Problem == "" || (m.En.Advice == "") != (m.Zh.Advice == "") || m.Of == "" {
			t.Errorf("%s lacks a sentence: %+v", name, m)
		}
		if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(m.ID) {
			t.Errorf("%s is no ID", m.ID)
		}
		en, zh := m.En.Problem+m.En.Advice, m.Zh.Problem+m.Zh.Advice
		if strings.ContainsFunc(en, func(r rune) bool { return unicode.Is(unicode.Han, r) }) ||
			!strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s: the languages are mixed up", name)
		}
		if a, b := details(en), details(zh); !slices.Equal(a, b) {
			t.Errorf("%s: details %v and %v", name, a, b)
		}
		for _, s := range []string{m.En.Problem, m.En.Advice, m.Zh.Problem, m.Zh.Advice} {
			if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "。") || s != strings.TrimSpace(s) {
				t.Errorf("%s: %q is no part of a sentence", name, s)
			}
		}
		for _, lang := range []string{"en", "zh", "zh_CN.UTF-8", "fr", ""} {
			if got := explain.Sentence(m.ID, lang); got == "" || strings.Contains(got, "{1}") ||
				strings.HasPrefix(lang, "zh") != strings.ContainsFunc(got, func(r rune) bool {
					return unicode.Is(unicode.Han, r)
				}) {
				t.Errorf("%s in %q: %q", m.ID, lang, got)
			}
		}
	}
	if n := len(seen); n < 250 {
		t.Errorf("%d mistakes", n)
	}
	if got := explain.Sentence("query-left-out+nothing-known", "en"); got != "" {
		t.Errorf("a name that is none: %q", got)
	}
}

func details(s string) []string {
	all := detail.FindAllString(s, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

// Every mistake is made in one of the tests of this package, by a client over HTTP or by whoever
// handles a stored message.
func TestEveryMistakeIsMade(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newStorage(t)
	made := map[string]bool{
		"unknown/no-certificate": true, // by TestARequestOffline
		explain.Unknown:          true, // what Sentence says of them all
	}
	for _, c := range slices.Concat(headerCalls(), w.identityCalls(), w.signatureCalls(), stringCalls(), bodyCalls()) {
		for _, name := range strings.Split(c.is, "+") {
			made[name] = true
		}
	}
	for _, c := range w.v2Calls() {
		for _, name := range strings.Split(c.is, "+") {
			made[name] = true
		}
	}
	for _, c := range slices.Concat(s.messageCases(), s.changedBodies(), s.resourceCases(), s.v2Cases()) {
		for _, name := range strings.FieldsFunc(c.is, func(r rune) bool { return r == ' ' || r == '+' }) {
			made[name] = true
		}
	}
	for _, m := range explain.Mistakes() {
		name := m.ID
		if m.Case != "" {
			name += "/" + m.Case
		}
		if !made[name] {
			t.Errorf("no test makes %s", name)
		}
	}
}
