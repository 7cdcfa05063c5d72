package guide

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Document is the OpenAPI document of the admin at an address, with its words in a language. The
// other language stands beside them, as x-summary-zh.
func (g *Guide) Document(lang, address string) map[string]any {
	paths := object{}
	var tags []any
	for _, group := range g.groups {
		tags = append(tags, object{"name": group.ID, "description": group.in(lang), "x-description-zh": group.Chinese})
		for _, e := range group.Calls {
			path, _ := paths[e.path()].(object)
			if path == nil {
				path = object{}
				paths[e.path()] = path
			}
			path[strings.ToLower(e.method())] = g.operation(group.ID, e, lang)
		}
	}
	schemas := g.schemas.components()
	return object{
		"openapi": "3.0.3",
		"info": object{"title": about.title.in(lang), "version": "1", "description": about.text.in(lang),
			"x-title-zh": about.title.Chinese, "x-description-zh": about.text.Chinese},
		"servers": []any{object{"url": address}},
		"tags":    tags,
		"paths":   paths,
		"components": object{
			"schemas":   schemas,
			"responses": refusals(lang),
		},
	}
}

// about is what the document and the page say of the whole.
var about = struct{ title, text words }{
	words{"The admin of a wxpay sandbox", "wxpay 沙箱的管理接口"},
	words{"What a test, a script or a person has the sandbox do: the payer's part, the clock, faults and " +
		"notifications. Changes are sent with Content-Type: application/json. A program that asks at this address " +
		"gets an OpenAPI document.",
		"测试、脚本或人工用它来操作沙箱：扮演用户、调时间、注入故障、收发通知。" +
			"修改类调用须带 Content-Type: application/json。用程序访问本地址，得到的是 OpenAPI 文档。"},
}

func (g *Guide) operation(tag string, e *explained, lang string) object {
	call := g.calls[e.Pattern]
	out := object{
		"tags": []any{tag}, "operationId": operationID(e), "summary": e.in(lang), "x-summary-zh": e.Chinese,
		"responses": g.answers(e, lang),
	}
	var parameters []any
	parameter := func(name, in string, schema object) {
		w := g.about(e.Pattern, name)
		p := object{"name": name, "in": in, "description": w.in(lang), "x-description-zh": w.Chinese, "schema": schema}
		if in == "path" {
			p["required"] = true
		}
		parameters = append(parameters, p)
	}
	for _, name := range variables(e.path()) {
		parameter(name, "path", object{"type": "string", "minLength": 1})
	}
	for _, name := range call.Query {
		parameter(name, "query", object{"type": "string"})
	}
	if parameters != nil {
		out["parameters"] = parameters
	}
	if len(Members(call.Body)) > 0 {
		content := object{"schema": g.taken(e, call.Body, "", lang)}
		if e.Example != nil {
			var example any
			_ = json.Unmarshal(e.Example, &example) // of calls.json, which was read
			content["example"] = example
		}
		out["requestBody"] = object{"required": len(e.Needs) > 0, "content": object{"application/json": content}}
	}
	return out
}

// taken is the schema of a body, or of a member of one at a path.
func (g *Guide) taken(e *explained, t reflect.Type, at, lang string) object {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if like, ok := g.schemas.same[t]; ok {
		t = like
	}
	known := Members(t)
	if known == nil {
		switch {
		case t.Kind() == reflect.Slice && simple(t) == nil:
			return object{"type": "array", "items": g.taken(e, t.Elem(), at, lang)}
		case t.Kind() == reflect.Map:
			return object{"type": "object", "additionalProperties": g.taken(e, t.Elem(), at, lang)}
		}
		return simple(t)
	}
	members := object{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		path := strings.TrimPrefix(at+"."+name, ".")
		w := g.about(e.Pattern, path)
		member := g.taken(e, known[name], path, lang)
		member["description"], member["x-description-zh"] = w.in(lang), w.Chinese
		members[name] = member
	}
	if at == "" {
		return closed(members, slices.Clone(e.Needs)...)
	}
	return closed(members)
}

// operationID is postPayersOpenidAgree.
func operationID(e *explained) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(e.method()))
	words := strings.FieldsFunc(e.path(), func(r rune) bool { return strings.ContainsRune("/{}-", r) })
	if len(words) == 1 {
		words = append(words, "guide")
	}
	for _, w := range words[1:] { // without sandbox
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// refused is why a call may be refused.
type refused struct {
	status int
	name   string
	words
	when func(e *explained) bool
}

func always(*explained) bool { return true }

func ofThing(e *explained) bool { return len(variables(e.path())) > 0 || len(e.Needs) > 0 }

var refusedFor = []refused{
	{400, "BadCall", words{"The call makes no sense, and says why.", "调用有误，应答里有原因。"}, always},
	{403, "Forbidden", words{"The call came from another web site, or without Content-Type: application/json.",
		"调用来自其他网站，或缺少 Content-Type: application/json。"}, always},
	{404, "Unknown", words{"There is no such thing.", "没有这个东西。"}, ofThing},
	{409, "Refused", words{"The payer is told something instead, with the reason.", "不能这样做，应答里有原因（reason）。"}, ofThing},
	{500, "Broken", words{"The sandbox failed.", "沙箱出错了。"}, always},
	{503, "Closing", words{"The sandbox is closing, or too much happens at once: call again.",
		"沙箱正在关闭，或并发冲突：请重试。"}, always},
}

func refusals(lang string) object {
	out := object{}
	for _, r := range refusedFor {
		out[r.name] = object{"description": r.in(lang), "x-description-zh": r.Chinese, "content": object{
			"application/json": object{"schema": ref("Error")}}}
	}
	return out
}

func (g *Guide) answers(e *explained, lang string) object {
	well := words{"Done.", "成功。"}
	out := object{"200": object{"description": well.in(lang), "x-description-zh": well.Chinese,
		"content": object{"application/json": object{"schema": g.schemas.answer(e.Answer)}}}}
	for _, r := range refusedFor {
		if r.when(e) {
			out[strconv.Itoa(r.status)] = object{"$ref": "#/components/responses/" + r.name}
		}
	}
	return out
}

// indented is JSON as people read it.
func indented(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return ""
	}
	return out.String()
}

func compact(raw json.RawMessage) []byte {
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return nil
	}
	return out.Bytes()
}
