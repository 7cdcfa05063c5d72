package trigger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// The words for what a notification says and how it comes. Of each group one counts.

const (
	ofDirect  = "direct"
	ofPartner = "partner"
	minimal   = "minimal" // without the members that may be missing
)

// coming are the words for how it comes, and the faults that do it.
var coming = []struct {
	word string
	name fault.Name
}{
	{"forged", fault.BadSignature}, {"tampered", fault.BadSignature}, {"wrong-key", fault.WrongSerial},
	{"other-key", fault.OtherKey}, {"probe", fault.Probe}, {"stale", fault.Stale}, {"stripped", fault.Stripped},
	{"re-encoded", fault.Reencoded}, {"bom", fault.BOM}, {"twice", fault.Duplicated}, {"race", fault.Race},
	{"late", fault.Late}, {"lost", fault.Lost}, {"answer-lost", fault.AnswerLost},
}

// groups are the words that k knows. A group that begins with "" says nothing by itself.
func (k *Kind) groups() [][]string {
	var out [][]string
	for _, choices := range k.telling.Choices {
		if len(choices) > 1 {
			out = append(out, choices)
		}
	}
	if k.partner == either {
		out = append(out, []string{ofDirect, ofPartner})
	}
	if !k.v2 {
		out = append(out, []string{"", minimal})
	}
	how := []string{""}
	for _, c := range coming {
		if _, err := armed.Complete(fault.Fault{Name: c.name}, k.v2); err == nil {
			how = append(how, c.word)
		}
	}
	return append(out, how)
}

// variant is what was asked for.
type variant struct {
	says    map[string]bool
	partner bool
	minimal bool
	inject  []fault.Fault
	once    bool // a message that must be refused is not followed by a genuine one
}

// variantOf reads the words.
func (k *Kind) variantOf(asked []string) (v variant, err error) {
	v = variant{says: map[string]bool{}, partner: k.partner == partner}
	groups := k.groups()
	taken := make([]string, len(groups))
	for _, ask := range asked {
		word, after, timed := strings.Cut(strings.TrimSpace(ask), "=")
		at := slices.IndexFunc(groups, func(g []string) bool { return word != "" && slices.Contains(g, word) })
		switch {
		case at < 0:
			return v, k.noVariant(word)
		case taken[at] != "" && taken[at] != word:
			return v, fmt.Errorf("%q and %q exclude each other: give one of them", taken[at], word)
		}
		taken[at] = word
		if err := v.take(k, word, after, timed); err != nil {
			return v, err
		}
	}
	for i, g := range groups {
		if taken[i] == "" && g[0] != "" {
			v.says[g[0]] = true
		}
	}
	for _, g := range k.telling.Choices {
		if len(g) == 1 {
			v.says[g[0]] = true
		}
	}
	return v, nil
}

func (v *variant) take(k *Kind, word, after string, timed bool) error {
	v.says[word] = true
	switch word {
	case ofPartner:
		v.partner = true
		return nil
	case minimal:
		v.minimal = true
		return nil
	}
	at := slices.IndexFunc(coming, func(c struct {
		word string
		name fault.Name
	}) bool {
		return c.word == word
	})
	if at < 0 {
		if timed {
			return fmt.Errorf("%q takes no duration", word)
		}
		return nil
	}
	f := fault.Fault{Name: coming[at].name}
	if timed {
		d, err := time.ParseDuration(after)
		if err != nil || d <= 0 || f.Name != fault.Late && f.Name != fault.Stale {
			return fmt.Errorf("%s=%s: a duration such as 30s may follow late and stale", word, shown.Value(after))
		}
		f.Delay = d
	}
	f, err := armed.Complete(f, k.v2)
	if err != nil {
		return err
	}
	v.inject = append(v.inject, f)
	v.once = armed.Forged(f.Name) && f.Name != fault.Probe
	return nil
}

func (k *Kind) noVariant(word string) error {
	var all []string
	for _, g := range k.groups() {
		for _, w := range g {
			if w != "" {
				all = append(all, w)
			}
		}
	}
	return fmt.Errorf("%s of %s has no variant %q; there are %s", k.Type, k.Family.Name, shown.Value(word),
		strings.Join(all, ", "))
}

// made is what the products make up, as the words have it.
func (v variant) made(m *engine.Made) {
	m.Says, m.Partner, m.Inject, m.Once = v.says, v.partner, v.inject, v.once
}
