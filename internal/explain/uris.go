package explain

import (
	"iter"
	"net/url"
	"slices"
	"strings"
)

// hosts are WeChat Pay's, which people sign along with the path.
var hosts = [...]string{"api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "apihk.mch.weixin.qq.com",
	"api.wechatpay.cn"}

// mostPairs is how many pairs a query has at most whose every order is tried.
const mostPairs = 4

// otherURIs are second lines that name the same resource wrongly.
func otherURIs(r Request, left *budget) iter.Seq[choice[string]] {
	return func(yield func(choice[string]) bool) {
		seen := map[string]bool{r.URI: true}
		say := func(id, uri string, values ...string) bool {
			if seen[uri] {
				return true
			}
			seen[uri] = true
			return left.spend(len(uri)) && yield(choice[string]{uri, found(id, values...)})
		}
		path, query, has := strings.Cut(r.URI, "?")
		suffix := strings.TrimPrefix(r.URI, path)
		_ = (!has || otherQueries(path, query, say)) && otherPaths(path, suffix, say) &&
			otherBases(r, say) && (r.Pattern == "" || placeholders(r.Pattern, suffix, say))
	}
}

func otherQueries(path, query string, say func(string, string, ...string) bool) bool {
	if query == "" {
		return say("query-mark", path)
	}
	pairs := strings.Split(query, "&")
	if !say("query-left-out", path) || !say("query-mark-left-out", path+query) {
		return false
	}
	whole := func(change func(string) string) string { return path + "?" + change(query) }
	each := func(change func(string) string) string { // of names and values alone
		out := make([]string, len(pairs))
		for i, p := range pairs {
			name, value, has := strings.Cut(p, "=")
			if out[i] = change(name); has {
				out[i] += "=" + change(value)
			}
		}
		return path + "?" + strings.Join(out, "&")
	}
	if !say("query-decoded", whole(unescapedForm)) || !say("query-decoded", whole(unescaped)) {
		return false
	}
	for _, e := range encoders {
		if !say("query-reencoded", each(func(s string) string { return e(unescapedForm(s)) })) ||
			!say("query-encoded-twice", each(e)) {
			return false
		}
	}
	if !say("query-encoded-whole", path+"?"+url.QueryEscape(query)) ||
		!say("query-escaped-html", path+"?"+strings.ReplaceAll(query, "&", "&amp;")) {
		return false
	}
	sorted := slices.Sorted(slices.Values(pairs))
	if !say("query-reordered", path+"?"+strings.Join(sorted, "&")) {
		return false
	}
	slices.Reverse(sorted)
	reversed := slices.Clone(pairs)
	slices.Reverse(reversed)
	if !say("query-reordered", path+"?"+strings.Join(sorted, "&")) ||
		!say("query-reordered", path+"?"+strings.Join(reversed, "&")) {
		return false
	}
	if len(pairs) <= mostPairs {
		for order := range permutations(len(pairs)) {
			out := make([]string, len(pairs))
			for i, from := range order {
				out[i] = pairs[from]
			}
			if !say("query-reordered", path+"?"+strings.Join(out, "&")) {
				return false
			}
		}
	}
	if filled := slices.DeleteFunc(slices.Clone(pairs), func(p string) bool {
		return p == "" || strings.HasSuffix(p, "=")
	}); len(filled) < len(pairs) && !say("query-empty-left-out", path+"?"+strings.Join(filled, "&")) {
		return false
	}
	for i, p := range pairs {
		if len(pairs) == 1 {
			break
		}
		name, _, _ := strings.Cut(p, "=")
		if !say("query-part-left-out", path+"?"+strings.Join(slices.Concat(pairs[:i], pairs[i+1:]), "&"), name) {
			return false
		}
	}
	return true
}

func otherPaths(path, suffix string, say func(string, string, ...string) bool) bool {
	segments := strings.Split(path, "/")
	each := func(change func(string) string) string {
		out := make([]string, len(segments))
		for i, s := range segments {
			out[i] = change(s)
		}
		return strings.Join(out, "/") + suffix
	}
	if !say("path-decoded", unescaped(path)+suffix) {
		return false
	}
	for _, e := range encoders {
		if !say("path-reencoded", each(func(s string) string { return e(unescaped(s)) })) ||
			!say("path-encoded-twice", each(e)) {
			return false
		}
	}
	if !say("path-encoded-whole", url.QueryEscape(path)+suffix) ||
		!say("path-without-slash", strings.TrimPrefix(path, "/")+suffix) ||
		!say("path-slash-doubled", "/"+path+suffix) ||
		!say("path-slash-at-end", path+"/"+suffix) ||
		!say("path-lower-case", strings.ToLower(path)+suffix) ||
		!say("path-lower-case", strings.ToLower(path+suffix)) ||
		!say("query-mark-added", path+"?") || !say("path-with-fragment", path+suffix+"#") {
		return false
	}
	for i := 2; i < len(segments); i++ { // /v3/pay/… signed as /pay/…
		left, beginning := "/"+strings.Join(segments[i:], "/")+suffix, strings.Join(segments[:i], "/")
		if !say("path-beginning-left-out", left, beginning) {
			return false
		}
	}
	return true
}

// otherBases are what stands before a path in an address.
func otherBases(r Request, say func(string, string, ...string) bool) bool {
	bare, _, _ := strings.Cut(r.Host, ":")
	path, _, _ := strings.Cut(r.URI, "?")
	for _, host := range append([]string{r.Host, bare}, hosts[:]...) {
		if host == "" {
			continue
		}
		for _, scheme := range []string{"https://", "http://", "", "//"} {
			if !say("path-with-host", scheme+host+r.URI) || !say("path-with-host-without-query", scheme+host+path) {
				return false
			}
		}
	}
	return true
}

// placeholders are paths in which nothing was put in place of a placeholder.
func placeholders(pattern, suffix string, say func(string, string, ...string) bool) bool {
	if !strings.Contains(pattern, "{") {
		return true
	}
	colons := strings.NewReplacer("{", ":", "}", "").Replace(pattern)
	return say("path-placeholder", pattern+suffix) && say("path-placeholder", colons+suffix)
}

// encoders are how libraries escape the same text in an address.
var encoders = [...]func(string) string{
	url.QueryEscape, // a form's: + for a space
	url.PathEscape,
	func(s string) string { return escapedBut(s, "-_.~", true) },      // RFC 3986, PHP's rawurlencode, Python's quote
	func(s string) string { return escapedBut(s, "-_.!~*'()", true) }, // JavaScript's encodeURIComponent
	func(s string) string { return escapedBut(s, "-_.*", true) },      // Java's URLEncoder, with %20
	func(s string) string { return escapedBut(s, "-_.!*()", false) },  // .NET's UrlEncode, in lower case
	func(s string) string { return escapedBut(s, "-_.~", false) },     // RFC 3986 in lower case
	func(s string) string { return escapedBut(s, "-_.~:/@,;+$!*'()", true) },
	func(s string) string {
		return strings.ReplaceAll(escapedBut(s, "-_.*", true), "%20", "+") // Java's URLEncoder
	},
}

// escapedBut escapes every byte but letters, digits and some others.
func escapedBut(s, keep string, upper bool) string {
	digits := "0123456789abcdef"
	if upper {
		digits = "0123456789ABCDEF"
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// unescapedForm undoes the escapes of a form, where + is a space.
func unescapedForm(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
