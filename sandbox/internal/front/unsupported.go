package front

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
)

// What the sandbox says of endpoints it does not play, in three ways: WeChat Pay
// has it and the sandbox lacks it; WeChat Pay has it under another method;
// nobody has heard of it.

// instead is what to do about an endpoint that WeChat Pay has and the sandbox
// lacks.
const instead = "WeChat Pay has this endpoint and the sandbox lacks it: answer it yourself in tests " +
	"(Config.HTTPClient), call the real host, " +
	"or play it (docs/adding-a-product.md)"

// unsupported is the answer to a call that has no behaviour, and the id of the
// endpoint it was meant for, if there is one.
func (fr *Front) unsupported(r *http.Request) (*engine.Refusal, string) {
	path := r.URL.EscapedPath()
	k, known := catalogue.MatchKnown(r.Method, path)
	if op, _, typed := fr.Catalogue.Match(r.Method, path); typed {
		k, known = catalogue.Known{Method: op.Method, Path: op.Path, Title: op.Title}, true
	}
	if known {
		refused := engine.NotFound("NOT_FOUND", "not emulated by this sandbox: "+k.Title).Hinting(instead)
		refused.Unsupported = "not emulated by this sandbox: " + k.Title + " (" + k.ID() + ")"
		return refused, k.ID()
	}
	methods := append(fr.Catalogue.Methods(path), catalogue.KnownMethods(path)...)
	slices.Sort(methods)
	if methods = slices.Compact(methods); len(methods) > 0 {
		hint := "this path takes " + strings.Join(methods, ", ") + ", not " + shown.Value(r.Method)
		if meant, mistyped := catalogue.Mistyped(r.Method, path); mistyped {
			hint += ". Did you mean " + meant.ID() + "?"
		}
		return &engine.Refusal{
			Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED", Message: "HTTP请求方法不正确",
			Internal: engine.InternalParam, Hint: hint,
		}, ""
	}
	refused := engine.NotFound("NOT_FOUND", "请求的接口不存在").
		Hinting("WeChat Pay is not known to have this path; check it for typing mistakes")
	refused.Unsupported = "unknown path: it is none of WeChat Pay's endpoints that this sandbox has heard of"
	if near := catalogue.NearestKnown(path, 1); len(near) > 0 {
		refused.Hint += ". Did you mean " + near[0].ID() + "?"
	}
	return refused, ""
}

// unsupportedXML is unsupported in APIv2's words. There calls are POST, but for pages.
func (fr *Front) unsupportedXML(x *exchange) *engine.Refusal {
	refused, id := fr.unsupported(x.request)
	x.unsupportedID = id
	if refused.Status != http.StatusMethodNotAllowed {
		return refused // goes out by its message, as return_code FAIL
	}
	return xmlcall.Refusal("REQUIRE_POST_METHOD", "请使用post方法").Hinting(refused.Hint)
}
