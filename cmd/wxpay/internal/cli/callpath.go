package cli

import (
	"net/url"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// What a path is known for goes by the path that is sent: a variable may be filled with what is a
// segment of another endpoint, and an escape may stand for a letter.

// sentPath is the path with the values of --path in it and no needless escapes. What is wrong with
// it the client says.
func (o *callOptions) sentPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	fill := map[string]string{}
	for _, v := range o.paths {
		name, value, _ := strings.Cut(v, "=")
		name = strings.TrimSpace(name)
		fill["{"+name+"}"], fill["{+"+name+"}"] = url.PathEscape(value), value
	}
	var b strings.Builder
	for {
		literal, rest, open := strings.Cut(path, "{")
		b.WriteString(literal)
		name, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			return plainEscapes(b.String())
		}
		variable := "{" + name + "}"
		if value, filled := fill[variable]; filled {
			variable = value
		}
		b.WriteString(variable)
		path = after
	}
}

// plainEscapes is a path without the escapes it could do without.
func plainEscapes(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil && !strings.HasPrefix(s, "{") {
			segments[i] = url.PathEscape(plain)
		}
	}
	return strings.Join(segments, "/")
}

// described is the catalogue's entry of a call, nil where it has none.
func described(method, path string) *catalogue.Operation {
	all, err := catalogue.Default()
	if err != nil {
		return nil // a broken catalogue is no reason not to call
	}
	op, _, _ := all.Match(method, onWire(method, path))
	return op
}

// onWire is a path as it is sent: without v2/, and with the slash that a few paths end in.
func onWire(method, path string) string {
	path, _, _ = strings.Cut("/"+strings.TrimPrefix(strings.Trim(path, "/"), "v2/"), "?")
	if _, known := catalogue.MatchKnown(method, path+"/"); known {
		path += "/"
	}
	return path
}

// exchangeOf says how the endpoint behind a path is spoken to.
func exchangeOf(method, path string) catalogue.Exchange {
	e, _ := catalogue.MatchExchange(method, onWire(method, path))
	return e
}

// deletesWithBody says whether a DELETE may have a body there: where it is known to, and where
// nothing is known.
func deletesWithBody(path string) bool {
	_, known := catalogue.MatchKnown("DELETE", onWire("DELETE", path))
	return !known || exchangeOf("DELETE", path).Kind == catalogue.KindBody
}

// warnOfPath says, before it is called or signed all the same, that no endpoint of
// WeChat Pay is known there. The path is told as it was given, for sent has the values.
// anyway is a sentence about what is done all the same.
func warnOfPath(sys System, method, path, sent string, anyway lang.Text) {
	wire := onWire(method, sent)
	if _, known := catalogue.MatchKnown(method, wire); known {
		return
	}
	path = strings.Trim(path, "/")
	if methods := catalogue.KnownMethods(wire); len(methods) > 0 {
		if meant, mistyped := catalogue.Mistyped(method, wire); mistyped {
			sys.note("no %s is known; did you mean %s? %s", method+" "+path, meant.SDKPath(), anyway)
			return
		}
		sys.note("as far as is known, %s takes %s, not %s. %s", path, strings.Join(methods, ", "), method, anyway)
		return
	}
	if near := catalogue.NearestKnown(wire, 1); len(near) > 0 {
		sys.note("no %s is known; did you mean %s? %s", path, near[0].SDKPath(), anyway)
		return
	}
	sys.note("no %s is known. %s", path, anyway)
}
