package wxpay

import (
	"net"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// variable is a path variable's name and value. The value may be an openid: behind a pointer it is
// printed with nothing that holds it.
type variable struct {
	name  string
	value *string
}

// joinPath puts two pieces of a path together with one slash between.
func joinPath(base, sub string) string {
	base, sub = strings.Trim(base, "/"), strings.Trim(sub, "/")
	if base == "" || sub == "" {
		return base + sub
	}
	return base + "/" + sub
}

// expandPath turns a path such as "v3/pay/transactions/id/{transaction_id}"
// into the escaped absolute path and raw query to be sent. Of RFC 6570 it
// speaks {name} and {+name}, which leaves reserved characters as they are, in path and query.
// What it returns needs no further escaping, and no value can add or remove a
// path segment unless {+name} asks for it. The problem, where there is one,
// is a sentence.
func expandPath(path string, vars []variable) (escaped, query, problem string) {
	if len(vars) == 0 && isPlainPath(path) {
		return "/" + path, "", ""
	}
	if strings.Contains(path, "://") {
		return "", "", "the path is a whole URL: give the path only, the host is Config.Host"
	}
	path, template, _ := strings.Cut(path, "?")
	path = strings.Trim(path, "/")
	if path == "" {
		return "", "", "the path is empty"
	}
	for segment := range strings.SplitSeq(path, "/") {
		if name := foreignVariable(segment); name != "" {
			return "", "", "the path has the segment " + wire.Clip(segment, 64) + ", which is how other SDKs write a " +
				"variable: write {" + wire.Clip(name, 64) + "}"
		}
	}
	if escaped, problem = inPath.expand("/"+path, vars); problem != "" {
		return "", "", problem
	}
	if query, problem = inQuery.expand(template, vars); problem != "" {
		return "", "", problem
	}
	for _, v := range vars {
		if !names(path, v.name) && !names(template, v.name) {
			return "", "", "a wxpay.Path(name, value) names no variable of the path" // the name may be an openid
		}
	}
	for segment := range strings.SplitSeq(escaped[1:], "/") {
		switch strings.ReplaceAll(strings.ReplaceAll(segment, "%2e", "."), "%2E", ".") {
		case "", ".", "..":
			return "", "", "the path has an empty or dot segment, which servers resolve away"
		}
	}
	return escaped, query, ""
}

// isPlainPath tells a path that there is nothing to do about, as most are: small letters, digits
// and dashes between single slashes.
func isPlainPath(path string) bool {
	last := byte('/')
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		case c != '/' || last == '/':
			return false
		}
		last = c
	}
	return last != '/'
}

// names tells whether a template has the variable.
func names(template, name string) bool {
	for rest := template; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return false
		}
		after = strings.TrimPrefix(after, "+")
		if strings.HasPrefix(after, name) && strings.HasPrefix(after[len(name):], "}") {
			return true
		}
		rest = after
	}
}

// foreignVariable is the name in a segment that is a variable as the SDKs of other languages
// write one: _name_, $name$ or :name. No path of WeChat Pay has such a segment.
func foreignVariable(segment string) string {
	name := ""
	if rest, ok := strings.CutPrefix(segment, ":"); ok {
		name = rest
	}
	for _, mark := range []string{"_", "$"} {
		if len(segment) > 2 && strings.HasPrefix(segment, mark) && strings.HasSuffix(segment, mark) {
			name = segment[1 : len(segment)-1]
		}
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return ""
	}
	return name
}

// part is what a template is: a path or a query.
type part struct {
	name, advice string
	literal      func(r rune) bool // what may stand in it outside of variables
	values       bool              // a value may be anything
}

var (
	inPath = part{"path", "put the value into a {variable}", pathRune, false}
	// What servers take in queries is wider than RFC 3986.
	inQuery = part{"query", "use wxpay.Query(name, value)", func(r rune) bool {
		return ' ' < r && r < 0x7f && r != '#'
	}, true}
)

// expand fills the variables of a template.
func (p part) expand(template string, vars []variable) (escaped, problem string) {
	if template == "" { // as most queries are
		return "", ""
	}
	var b strings.Builder
	b.Grow(len(template) + 48)
	for rest := template; ; {
		literal, tail, found := strings.Cut(rest, "{")
		if strings.ContainsRune(literal, '}') {
			return "", "the " + p.name + " has a } without a {"
		}
		for _, r := range literal {
			if !p.literal(r) {
				return "", "the " + p.name + " holds a character that must be escaped: " + p.advice
			}
		}
		b.WriteString(literal)
		if !found {
			break
		}
		name, after, closed := strings.Cut(tail, "}")
		if !closed || name == "" || strings.ContainsRune(name, '{') {
			return "", "the " + p.name + " has a { without a name and a }"
		}
		name, reserved := strings.CutPrefix(name, "+")
		v, ok := lookup(vars, name)
		switch {
		case !ok:
			name = wire.Clip(name, 64)
			return "", p.name + " variable {" + name + "} is not filled: add wxpay.Path(\"" + name + "\", value)"
		case v == "" && !p.values:
			return "", p.name + " variable {" + wire.Clip(name, 64) + "} is empty"
		case (v == "." || v == "..") && !p.values:
			return "", p.name + " variable {" + wire.Clip(name, 64) + "} is a dot segment, which servers resolve away"
		}
		b.Write(appendEscaped(nil, v, reserved))
		rest = after
	}
	if escaped = b.String(); !validEscapes(escaped) {
		return "", "the " + p.name + " has a % that is not followed by two hexadecimal digits"
	}
	return escaped, ""
}

// lookup finds the variable set last, so that a call may override its chain.
func lookup(vars []variable, name string) (string, bool) {
	for i := len(vars) - 1; i >= 0; i-- {
		if vars[i].name == name {
			return *vars[i].value, true
		}
	}
	return "", false
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// pathRune tells what may stand in the literal part of a path.
func pathRune(r rune) bool {
	return r < 0x80 && (unreserved(byte(r)) || strings.ContainsRune("/%!$&'()*+,;=:@", r))
}

// appendEscaped percent-encodes all but the unreserved characters of RFC 3986
// and, where reserved is set, those with a meaning in paths.
func appendEscaped(dst []byte, s string, reserved bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		c := s[i]
		if unreserved(c) || reserved && strings.IndexByte("/!$&'()*+,;=:@", c) >= 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

func validEscapes(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
