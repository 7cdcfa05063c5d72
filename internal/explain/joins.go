package explain

import (
	"bytes"
	"html"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// joins yields the strings people join from the fields, the right one first, as long as
// there is something left to spend.
func joins(m V2, left *budget) iter.Seq[choice[string]] {
	f := m.Fields
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(f)), func(n string) bool { return n == "sign" })
	size := 0
	for _, n := range names {
		size += len(n) + len(f[n]) + len("=&")
	}
	return func(yield func(choice[string]) bool) {
		say := func(id, text string, values ...string) bool {
			var as Finding
			if id != "" {
				as = found(id, values...)
			}
			return left.spend(2*size) && yield(choice[string]{text, as})
		}
		for _, v := range valuesTaken {
			if !say(v.id, joined(f, names, v.as)) {
				return
			}
		}
		_ = otherNames(m, names, say) && otherFrames(f, names, say) && lateFields(f, names, say)
	}
}

// joined is name=value&name=value of these names, without the empty values.
func joined(f wire.Fields, names []string, value func(string) string) string {
	var b strings.Builder
	for _, n := range names {
		if f[n] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(n)
		b.WriteByte('=')
		b.WriteString(value(f[n]))
	}
	return b.String()
}

func same(s string) string { return s }

// valuesTaken are what people sign for a value, the right one first.
var valuesTaken = [...]struct {
	id string
	as func(string) string
}{
	{"", same},
	{"v2-encoded", url.QueryEscape},
	{"v2-encoded", url.PathEscape},
	{"v2-encoded", encoders[2]},
	{"v2-encoded", encoders[3]},
	{"v2-encoded", encoders[5]},
	{"v2-decoded", unescapedForm},
	{"v2-escaped", html.EscapeString},
	{"v2-escaped", strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace},
	{"v2-escaped", strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace},
	{"v2-escaped-twice", html.UnescapeString},
	{"v2-cdata", func(s string) string { return "<![CDATA[" + s + "]]>" }},
	{"v2-trimmed", strings.TrimSpace},
	{"v2-unicode", ascii},
	{"v2-charset", func(s string) string { return string(latin1([]byte(s))) }},
	{"v2-charset", func(s string) string { return string(questions([]byte(s))) }},
	{"v2-lower-case", strings.ToLower},
}

// ascii has \uXXXX for what is not ASCII.
func ascii(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r < 0x80 {
			out = append(out, byte(r))
		} else {
			out = appendHex(out, r, false)
		}
	}
	return string(out)
}

// otherNames are the right values under other names, or in another order.
func otherNames(m V2, names []string, say func(string, string, ...string) bool) bool {
	f := m.Fields
	folded := slices.Clone(names)
	slices.SortFunc(folded, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	reversed := slices.Clone(names)
	slices.Reverse(reversed)
	byValue := slices.Clone(names)
	slices.SortStableFunc(byValue, func(a, b string) int { return strings.Compare(f[a], f[b]) })
	as := slices.DeleteFunc(slices.Clone(m.Order), func(n string) bool { return n == "sign" })
	return (len(as) == 0 || say("v2-order-as-sent", joined(f, as, same))) &&
		say("v2-order-folded", joined(f, folded, same)) &&
		say("v2-order-reversed", joined(f, reversed, same)) && say("v2-order-by-value", joined(f, byValue, same))
}

// otherFrames are the right values, put together otherwise.
func otherFrames(f wire.Fields, names []string, say func(string, string, ...string) bool) bool {
	right := joined(f, names, same)
	all := func(names []string) string {
		pairs := make([]string, len(names))
		for i, n := range names {
			pairs[i] = n + "=" + f[n]
		}
		return strings.Join(pairs, "&")
	}
	with := func(name, value string) string {
		g := maps.Clone(f)
		g[name] = value
		return joined(g, slices.Sorted(maps.Keys(g)), same)
	}
	f = maps.Clone(f)
	delete(f, "sign") // which nobody knows before it is made
	signs := slices.Sorted(slices.Values(append(slices.Clone(names), "sign")))
	if !say("v2-empty-signed", all(names)) || !say("v2-sign-signed", all(signs)) ||
		!say("v2-sign-signed", strings.TrimPrefix(right+"&sign=", "&")) {
		return false
	}
	if f["sign_type"] == "" {
		for _, t := range []wire.SignType{wire.SignMD5, wire.SignHMAC} {
			if !say("v2-sign-type-not-sent", with("sign_type", string(t)), string(t)) {
				return false
			}
		}
	}
	var values, quoted []string
	for _, n := range names {
		if f[n] != "" {
			values, quoted = append(values, f[n]), append(quoted, n+`="`+f[n]+`"`)
		}
	}
	return say("v2-values-only", strings.Join(values, "")) && say("v2-values-only", strings.Join(values, "&")) &&
		say("v2-quoted", strings.Join(quoted, "&")) &&
		say("v2-ampersands", strings.ReplaceAll(right, "&", "&amp;")) &&
		say("v2-ampersands-left-out", joinedBy(f, names, "")) && say("v2-ampersand-doubled", right+"&") &&
		say("v2-question-mark", "?"+right)
}

// joinedBy is joined with something else than & between the pairs.
func joinedBy(f wire.Fields, names []string, between string) string {
	var pairs []string
	for _, n := range names {
		if f[n] != "" {
			pairs = append(pairs, n+"="+f[n])
		}
	}
	return strings.Join(pairs, between)
}

// mostFields is how many fields a message has at most of which two are tried to be the ones that
// were not signed.
const mostFields = 40

// lateFields leave one field out, or two.
func lateFields(f wire.Fields, names []string, say func(string, string, ...string) bool) bool {
	filled := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return f[n] == "" })
	for i, n := range filled {
		if !say("v2-field-late", joined(f, slices.Concat(filled[:i], filled[i+1:]), same), n) {
			return false
		}
	}
	if len(filled) > mostFields {
		return true
	}
	for i, a := range filled {
		for j := i + 1; j < len(filled); j++ {
			rest := slices.Concat(filled[:i], filled[i+1:j], filled[j+1:])
			if !say("v2-fields-late", joined(f, rest, same), a, filled[j]) {
				return false
			}
		}
	}
	return true
}

// OrderOf are the names of the elements of an XML message, in their order.
func OrderOf(body []byte) (names []string) {
	rest := body
	for first := true; ; {
		_, after, found := bytes.Cut(rest, []byte("<"))
		if !found {
			return names
		}
		if inside, marked := bytes.CutPrefix(after, []byte("![CDATA[")); marked {
			_, rest, _ = bytes.Cut(inside, []byte("]]>"))
			continue
		}
		name, next, closed := bytes.Cut(after, []byte(">"))
		if rest = next; !closed {
			return names
		}
		switch {
		case len(name) == 0 || bytes.IndexByte([]byte("/?!"), name[0]) >= 0:
		case first:
			first = false // <xml>
		default:
			names = append(names, strings.TrimRight(string(name), "/ \t\r\n"))
		}
	}
}

// OrderOfQuery are the names of the members of a query, in their order.
func OrderOfQuery(query string) (names []string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		names = append(names, unescapedForm(name))
	}
	return names
}
