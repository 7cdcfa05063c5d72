package guide

import (
	"bytes"
	_ "embed"
	"net/url"
	"slices"
	"strings"
)

// Part is a file that the page loads from its own address.
type Part struct {
	Path, Kind string
	Body       []byte
}

// Parts are all of them.
func Parts() []Part {
	return []Part{
		{"/sandbox/page.css", "text/css; charset=utf-8", pageCSS},
		{"/sandbox/page.js", "text/javascript; charset=utf-8", pageJS},
		{"/sandbox/page.svg", "image/svg+xml", pageSVG},
	}
}

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS []byte
	//go:embed page.js
	pageJS []byte
	//go:embed page.svg
	pageSVG []byte
)

// shownCall is a call as the page shows it.
type shownCall struct {
	ID, Method, Path, Says string
	Parts                  []pathPart
	Query, Members         []shownMember
	HasBody                bool
	Example, Curl          string
}

// pathPart is a piece of a path, or what varies in it.
type pathPart struct{ Text, Variable, Value string }

type shownMember struct {
	Name, Says string
	Needed     bool
}

type shownGroup struct {
	ID, Name string
	Calls    []shownCall
}

// shownPage is all that the page shows.
type shownPage struct {
	Lang, Title, Text, Address string
	Other                      string // the other language
	Groups                     []shownGroup
	Say                        map[string]string
}

// Page is the page in a language, for an admin at an address.
func (g *Guide) Page(lang, address string) ([]byte, error) {
	p := shownPage{Lang: lang, Title: about.title.in(lang), Text: about.text.in(lang), Address: address,
		Other: Chinese, Say: map[string]string{}}
	if lang == Chinese {
		p.Other = English
	}
	for key, w := range labels {
		p.Say[key] = w.in(lang)
	}
	for _, group := range g.groups {
		shown := shownGroup{ID: group.ID, Name: group.in(lang)}
		for _, e := range group.Calls {
			shown.Calls = append(shown.Calls, g.shown(e, lang, address))
		}
		p.Groups = append(p.Groups, shown)
	}
	var out bytes.Buffer
	err := g.page.Execute(&out, p)
	return out.Bytes(), err
}

func (g *Guide) shown(e *explained, lang, address string) shownCall {
	call := g.calls[e.Pattern]
	members := paths(call.Body, "")
	c := shownCall{ID: operationID(e), Method: e.method(), Path: e.path(), Says: e.in(lang),
		HasBody: len(members) > 0, Example: indented(e.Example)}
	if c.HasBody && c.Example == "" {
		c.Example = "{}"
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(e.path(), "/"), "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			c.Parts = append(c.Parts, pathPart{Variable: name, Value: usual[name]})
		} else {
			c.Parts = append(c.Parts, pathPart{Text: part})
		}
	}
	for _, name := range call.Query {
		c.Query = append(c.Query, shownMember{Name: name, Says: g.about(e.Pattern, name).in(lang)})
	}
	for _, path := range members {
		c.Members = append(c.Members, shownMember{Name: path, Says: g.about(e.Pattern, path).in(lang),
			Needed: slices.Contains(e.Needs, path)})
	}
	slices.SortStableFunc(c.Members, func(a, b shownMember) int { // what is needed first
		switch {
		case a.Needed == b.Needed:
			return 0
		case a.Needed:
			return -1
		}
		return 1
	})
	c.Curl = curl(e, c.HasBody, address)
	return c
}

// usual are the values that variables of a path have before anybody changes them.
var usual = map[string]string{"openid": "o-some-payer", "mchid": "1900000109"}

// curl is a call as it is pasted into a shell.
func curl(e *explained, hasBody bool, address string) string {
	path := e.path()
	for name, value := range usual {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	path = strings.ReplaceAll(path, "{id}", "ID")
	out := "curl " + quoted(address+path)
	if e.method() == "GET" {
		return out
	}
	out = "curl -X " + e.method() + " " + quoted(address+path) + " -H 'Content-Type: application/json'"
	if hasBody && e.Example != nil {
		out += " \\\n  -d " + quoted(string(compact(e.Example)))
	}
	return out
}

// quoted is a word for a shell of POSIX.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// labels are what the page says beside the calls' words.
var labels = map[string]words{
	"skip":      {"Skip to the calls", "跳到调用列表"},
	"other":     {"中文", "English"},
	"find":      {"Find a call", "查找调用"},
	"nothing":   {"No call fits.", "没有匹配的调用。"},
	"query":     {"Parameters", "查询参数"},
	"body":      {"Body", "请求体"},
	"needed":    {"needed", "必填"},
	"send":      {"Send", "发送"},
	"copy":      {"Copy", "复制"},
	"copied":    {"Copied", "已复制"},
	"curl":      {"As curl", "curl 命令"},
	"answer":    {"Answer", "应答"},
	"sending":   {"Sending …", "发送中……"},
	"lost":      {"The sandbox does not answer. Is it still running?", "沙箱没有应答，它还在运行吗？"},
	"fill":      {"Fill in {name} first.", "请先填写 {name}。"},
	"malformed": {"The body is not JSON.", "请求体不是合法的 JSON。"},
	"groups":    {"Groups", "分组"},
	"noscript": {"Without JavaScript this page shows the calls but cannot send them; use curl.",
		"没有 JavaScript 时只能查看调用，不能发送；请用 curl。"},
}
