package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/demo"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// teller shows a demonstration to a person: who does what on the left, then
// what was sent (→), what came back (←) and how the contract stands now (●).
type teller struct {
	System
	paint paint
	width int
	state string
	seen  map[string]string // what the flow has shown, by name
}

func newTeller(sys System) *teller {
	width := sys.Width
	if width == 0 {
		width = 80 // no terminal
	}
	return &teller{System: sys, paint: sys.paintOut(), width: max(60, min(width, 120))}
}

// margin is where the story begins, after the names of those who act.
const margin = 12

func (t *teller) tell(s demo.Step) {
	switch s.Kind {
	case demo.KindFlow:
		t.state, t.seen = "", map[string]string{}
		fmt.Fprintf(t.Out, "\n%s\n\n", t.paint.bold(t.lang.Translate(s.Does)))
		return
	case demo.KindCall:
		t.actor(t.text("merchant"), t.paint.cyan, s.Does)
		path, query, _ := strings.Cut(s.URI, "?")
		t.line("", t.paint.bold(s.Method)+" "+path)
		t.lay("?", parameters(query), 0)
		t.fields("→", s.Sent)
		if s.Status != 0 {
			t.line("←", t.text("%d, %s", s.Status, t.proof(s, t.text("verified"))))
		}
		t.news("", s.Got)
	case demo.KindLaunch:
		t.actor(t.text("merchant"), t.paint.cyan, s.Does)
		t.fields("→", s.Got)
	case demo.KindPayer:
		t.actor(t.text("payer"), t.paint.yellow, s.Does)
		t.news("←", s.Got)
	case demo.KindNotification:
		t.acts(t.text("WeChat"), t.paint.green, t.text("notifies: %s", t.lang.Translate(s.Does)))
		t.line("", t.text("%s to %s", t.paint.bold(s.Event), s.URI))
		t.news("→", s.Got)
		if s.Status != 0 {
			t.line("←", t.text("%d, %s", s.Status, t.proof(s, t.text("verified and opened"))))
		}
	}
	if s.State != t.state {
		t.state = s.State
		state := t.paint.bold(s.State)
		if s.State == string(ledger.SessionWaiting) {
			state = t.paint.bold(t.text("%s for the payer", s.State))
		}
		t.line(t.paint.green("●"), t.text("the contract is now %s", state))
	}
	if !s.OK {
		t.line(t.paint.red("✗"), t.paint.red(printable(t.lang.Error(s.Err))))
	}
}

func (t *teller) actor(name string, colour func(string) string, does string) {
	t.acts(name, colour, t.lang.Translate(does))
}

func (t *teller) acts(name string, colour func(string) string, does string) {
	fmt.Fprintf(t.Out, "  %s %s\n", colour(lang.Pad(name, margin-3)), does)
}

func (t *teller) line(mark, text string) {
	if mark == "" {
		mark = " "
	}
	fmt.Fprintf(t.Out, "%*s%s %s\n", margin-2, "", mark, text)
}

func (t *teller) proof(s demo.Step, words string) string {
	if !s.Verified {
		return t.paint.red(t.text("not verified"))
	}
	return t.paint.green(words) + t.paint.dim(fmt.Sprintf("  %.1f ms", s.Milliseconds))
}

// fields shows what was sent as names and values, as many to a line as fit.
func (t *teller) fields(mark string, object json.RawMessage) {
	t.lay(mark, members("", object), 0)
}

// news shows of what came back only what this flow has not shown before, and
// how things stand.
func (t *teller) news(mark string, object json.RawMessage) {
	var fresh []member
	known := 0
	for _, m := range members("", object) {
		if t.seen[m.leaf()] == m.value && !m.isState() {
			known++
			continue
		}
		fresh = append(fresh, m)
	}
	t.lay(mark, fresh, known)
}

func (t *teller) lay(mark string, list []member, known int) {
	var line string
	used := 0
	put := func(text string, size int) {
		if used > 0 && margin+used+3+size > t.width {
			t.line(mark, line)
			mark, line, used = "", "", 0
		}
		if used > 0 {
			line, used = line+"   ", used+3
		}
		line, used = line+text, used+size
	}
	for _, m := range list {
		t.seen[m.leaf()] = m.value
		put(t.paint.dim(m.name)+" "+m.value, lang.Columns(m.name)+1+lang.Columns(m.value))
	}
	if known > 0 {
		rest := t.text("(and %d as before)", known)
		put(t.paint.dim(rest), lang.Columns(rest))
	}
	if used > 0 {
		t.line(mark, line)
	}
}

type member struct{ name, value string }

// leaf is the name without what it is nested in.
func (m member) leaf() string { return m.name[strings.LastIndexByte(m.name, '.')+1:] }

// isState finds the fields a demonstration is about.
func (m member) isState() bool {
	return strings.HasSuffix(m.name, "_state") || strings.HasSuffix(m.name, "_status") ||
		strings.HasSuffix(m.name, "contract_id")
}

// members lists a JSON object in its own order, the members of nested ones as
// name.member and name[0].member.
func members(prefix string, value json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(value))
	start, err := d.Token()
	if err != nil {
		return nil
	}
	var out []member
	switch start {
	case json.Delim('{'):
		for d.More() {
			name, _ := d.Token()
			var inner json.RawMessage
			if d.Decode(&inner) != nil {
				break
			}
			out = append(out, members(strings.TrimPrefix(fmt.Sprint(prefix, ".", name), "."), inner)...)
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			var inner json.RawMessage
			if d.Decode(&inner) != nil {
				break
			}
			out = append(out, members(fmt.Sprintf("%s[%d]", prefix, i), inner)...)
		}
	default:
		text, ok := start.(string)
		if !ok {
			text = string(value) // numbers as they were written
		}
		out = append(out, member{printable(prefix), printable(text)})
	}
	return out
}

// parameters lists a query in its own order.
func parameters(query string) []member {
	var out []member
	for pair := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(pair, "=")
		if text, err := url.QueryUnescape(value); ok && err == nil {
			out = append(out, member{printable(name), printable(text)})
		}
	}
	return out
}
