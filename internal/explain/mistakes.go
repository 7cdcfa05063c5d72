package explain

import (
	_ "embed"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Part is what kind of message a mistake is made in.
type Part string

// The parts, in the order in which documents list them.
const (
	PartHeader    Part = "header"    // the Authorization header of a request of APIv3
	PartSignature Part = "signature" // how a signature of APIv3 was made and written
	PartString    Part = "string"    // the string that a request of APIv3 signs
	PartV2        Part = "v2"        // the sign of APIv2
	PartMessage   Part = "message"   // a notification or reply that WeChat Pay signed
	PartResource  Part = "resource"  // what is sealed in a notification
	PartNone      Part = "none"      // no mistake
)

// Words are a mistake in one language. {1}, {2} … stand for details.
type Words struct {
	Problem string // what is wrong
	Advice  string // what to do; may be ""
}

// Mistake is a row of the list of all mistakes.
type Mistake struct {
	ID     string
	Case   string // where one ID has several sentences
	Likely bool   // the sentence is the likeliest reading, and not proved
	Of     Part
	En, Zh Words
}

//go:embed mistakes.txt
var mistakesText string

// list are all mistakes, read once.
var list = sync.OnceValue(func() []Mistake { return parseMistakes(mistakesText) })

// Mistakes lists all there are, and [Unknown] and [Genuine] with their cases.
func Mistakes() []Mistake { return slices.Clone(list()) }

// parseMistakes reads the form of mistakes.txt, whose first lines describe it.
func parseMistakes(text string) (out []Mistake) {
	var of Part
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		language, words, _ := strings.Cut(line, ": ")
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case strings.HasPrefix(line, "## "):
			of = Part(line[len("## "):])
		case line[0] == '[':
			id, likely := strings.CutSuffix(strings.Trim(line, "[]"), " likely")
			m := Mistake{Of: of, Likely: likely}
			m.ID, m.Case, _ = strings.Cut(id, "/")
			out = append(out, m)
		case language == "en":
			out[len(out)-1].En.add(words)
		case language == "zh":
			out[len(out)-1].Zh.add(words)
		default:
			panic("explain: mistakes.txt has a line of no known form: " + line)
		}
	}
	return out
}

func (w *Words) add(sentence string) {
	if w.Problem == "" {
		w.Problem = sentence
	} else {
		w.Advice = sentence
	}
}

// byID holds the list by ID, with the cases of one in the order of the list.
var byID = sync.OnceValue(func() map[string][]Mistake {
	out := map[string][]Mistake{}
	for _, m := range list() {
		out[m.ID] = append(out[m.ID], m)
	}
	return out
})

// ByID finds the cases of a mistake, nil for an ID that is none.
func ByID(id string) []Mistake { return slices.Clone(byID()[id]) }

// rowOf is the row of an ID and a case. Of one that is nowhere in the list the ID is all there is
// to say.
func rowOf(id, of string) Mistake {
	for _, m := range byID()[id] {
		if m.Case == of {
			return m
		}
	}
	return Mistake{ID: id, Case: of, En: Words{Problem: id}, Zh: Words{Problem: id}}
}

func (m Mistake) in(lang string) Words {
	if chinese(lang) {
		return m.Zh
	}
	return m.En
}

// of yields the one sentence that is asked for, if there is one.
func (w Words) of(which part, lang string) iter.Seq[string] {
	text := w.Problem
	switch {
	case which == advice:
		text = w.Advice
	case which == both && w.Advice != "" && chinese(lang):
		text += "：" + w.Advice
	case which == both && w.Advice != "":
		text += ": " + w.Advice
	}
	return func(yield func(string) bool) {
		if text != "" {
			yield(text)
		}
	}
}

// details counts the details that a sentence has room for.
func (m Mistake) details() (n int) {
	for strings.Contains(m.En.Problem+m.En.Advice, "{"+strconv.Itoa(n+1)+"}") {
		n++
	}
	return n
}
