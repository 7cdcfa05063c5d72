package guide

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"reflect"
	"slices"
	"strings"
)

// Call is a call of the admin, as its route has it.
type Call struct {
	Pattern string       // "POST /sandbox/plans"
	Body    reflect.Type // a struct, whose members are those it takes
	Query   []string     // names of the parameters it takes
}

// Guide explains some calls.
type Guide struct {
	groups  []group
	calls   map[string]Call
	members map[string][2]string
	schemas *schemas
	page    *template.Template
}

// group are calls that belong together.
type group struct {
	ID string `json:"id"`
	words
	Calls []*explained `json:"calls"`
}

// words say something in both languages.
type words struct {
	English string `json:"en"`
	Chinese string `json:"zh"`
}

func (w words) in(lang string) string {
	if lang == Chinese {
		return w.Chinese
	}
	return w.English
}

// The languages.
const (
	English = "en"
	Chinese = "zh"
)

// explained is what is written by hand about a call.
type explained struct {
	Pattern string `json:"call"`
	words
	Answer  string          `json:"answer"`  // a name of a type, []name for a list; "" for {"ok": true}
	Needs   []string        `json:"needs"`   // members that the call cannot do without
	Example json.RawMessage `json:"example"` // a body
}

func (e *explained) method() string { m, _, _ := strings.Cut(e.Pattern, " "); return m }
func (e *explained) path() string   { _, p, _ := strings.Cut(e.Pattern, " "); return p }

var (
	//go:embed calls.json
	callsJSON []byte
	//go:embed members.json
	membersJSON []byte
)

// New explains calls. Answers are the types of what they answer by the names that calls.json has
// for them; same says which types are written in JSON like another one.
func New(calls []Call, answers, same map[string]reflect.Type) (*Guide, error) {
	g := &Guide{calls: map[string]Call{}, schemas: newSchemas(answers, same)}
	for _, c := range calls {
		g.calls[c.Pattern] = c
	}
	page, err := template.New("page").Parse(pageHTML)
	g.page = page
	return g, errors.Join(err, decode(callsJSON, &g.groups), decode(membersJSON, &g.members))
}

func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// about finds the words about a member of a call's body, by its path, or a parameter.
func (g *Guide) about(pattern, path string) words {
	name := path[strings.LastIndex(path, ".")+1:]
	w, ok := g.members[pattern+" "+path]
	if !ok {
		w = g.members[name]
	}
	return words{w[0], w[1]}
}

// Gaps lists what the files lack, and what they have words for that there is not.
func (g *Guide) Gaps() (gaps []string) {
	gap := func(format string, args ...any) { gaps = append(gaps, fmt.Sprintf(format, args...)) }
	used := map[string]bool{}
	known := map[string]bool{}
	for _, group := range g.groups {
		for _, e := range group.Calls {
			call, ok := g.calls[e.Pattern]
			switch {
			case !ok:
				gap("calls.json explains %s, which the admin does not have", e.Pattern)
			case known[e.Pattern]:
				gap("calls.json explains %s twice", e.Pattern)
			case e.English == "" || e.Chinese == "":
				gap("calls.json lacks words for %s", e.Pattern)
			case e.Answer != "" && !g.schemas.knows(e.Answer):
				gap("calls.json says that %s answers %s, which is no type", e.Pattern, e.Answer)
			}
			known[e.Pattern] = true
			names := slices.Concat(paths(call.Body, ""), call.Query, variables(e.path()))
			for _, path := range names {
				w := g.about(e.Pattern, path)
				if w.English == "" || w.Chinese == "" {
					gap("members.json lacks words for %s of %s", path, e.Pattern)
				}
				used[path[strings.LastIndex(path, ".")+1:]] = true
				used[e.Pattern+" "+path] = true
			}
		}
	}
	for pattern := range g.calls {
		if !known[pattern] {
			gap("calls.json does not explain %s", pattern)
		}
	}
	for name := range g.members {
		if !used[name] {
			gap("members.json explains %s, which no call takes", name)
		}
	}
	slices.Sort(gaps)
	return gaps
}

// variables are the names of what varies in a path.
func variables(path string) (names []string) {
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}
