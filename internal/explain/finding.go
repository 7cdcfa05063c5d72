package explain

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// IDs that are no mistakes.
const (
	// Unknown is the answer where no known mistake explains what was sent.
	Unknown = "unknown"
	// Genuine is the answer about a message that WeChat Pay signed.
	Genuine = "genuine"
)

// Finding is what was found out about a message. The zero value is nothing.
type Finding struct {
	// ID is a stable word for it, such as "query-decoded".
	ID string
	// Case tells sentences of one ID apart, "" for most.
	Case string
	// Certain means that the bytes prove it. Otherwise it is the likeliest reading.
	Certain bool
	// Values are the details in the sentence, each on one line and clipped. None is a key or a
	// body.
	Values []string
	// And are mistakes that were made at the same time.
	And []Finding
}

// Found reports whether something was found.
func (f Finding) Found() bool { return f.ID != "" }

// Names are the IDs of all mistakes, joined by +, as the sandbox's journal keeps them.
func (f Finding) Names() string {
	names := f.ID
	for _, other := range f.And {
		names += "+" + other.Names()
	}
	return names
}

// String is In English.
func (f Finding) String() string { return f.In("en") }

// In says what is wrong and what to do, on one line: in Chinese where lang begins with zh, else in
// English.
func (f Finding) In(lang string) string { return f.words(lang, both) }

// Problem is what is wrong.
func (f Finding) Problem(lang string) string { return f.words(lang, problem) }

// Advice is what to do, "" where there is nothing.
func (f Finding) Advice(lang string) string { return f.words(lang, advice) }

type part int

const (
	problem part = iota
	advice
	both
)

func (f Finding) words(lang string, which part) string {
	var said []string
	for _, one := range append([]Finding{f}, f.And...) {
		w := rowOf(one.ID, one.Case).in(lang)
		for text := range w.of(which, lang) {
			said = append(said, one.filled(text))
		}
	}
	if chinese(lang) {
		return strings.Join(said, "；另外，")
	}
	return strings.Join(said, "; and ")
}

// filled puts the details into a sentence.
func (f Finding) filled(sentence string) string {
	var pairs []string
	for i, v := range f.Values {
		pairs = append(pairs, "{"+strconv.Itoa(i+1)+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

// and is f with another mistake beside it.
func (f Finding) and(other Finding) Finding {
	switch {
	case !f.Found():
		return other
	case !other.Found():
		return f
	}
	f.And = slices.Concat(f.And, []Finding{other.alone()}, other.And)
	f.Certain = f.Certain && other.Certain
	return f
}

func (f Finding) alone() Finding {
	f.And = nil
	return f
}

// shown is how many bytes of a value from outside a sentence repeats.
const shown = 100

// found makes a finding of an ID, or "id/case", and its details.
func found(id string, values ...string) Finding {
	id, of, _ := strings.Cut(id, "/")
	f := Finding{ID: id, Case: of, Certain: !rowOf(id, of).Likely}
	for _, v := range values {
		if len(v) == wire.KeySize { // as keys are, and no id of WeChat Pay's
			v = v[:4] + "…"
		}
		f.Values = append(f.Values, wire.Clip(v, shown))
	}
	return f
}

// chinese reports whether a language is Chinese: zh, zh-CN, zh_TW.UTF-8.
func chinese(lang string) bool { return len(lang) >= 2 && strings.EqualFold(lang[:2], "zh") }

// Sentence is what Names stands for, in a language, where the details are gone. It is "" where one
// of the names is none of a mistake's.
func Sentence(names, lang string) string {
	f := Finding{}
	for name := range strings.SplitSeq(names, "+") {
		rows := ByID(name)
		if len(rows) == 0 {
			return ""
		}
		row := rows[0]
		if i := slices.IndexFunc(rows, func(m Mistake) bool { return m.Case == "" }); i >= 0 {
			row = rows[i]
		}
		one := Finding{ID: name, Case: row.Case}
		for range row.details() {
			one.Values = append(one.Values, "…")
		}
		f = f.and(one)
	}
	return f.In(lang)
}
