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
// speaks {name} and {+name}, which leaves reserved characters as they are.
// What it returns needs no further escaping, and no value can add or remove a
// path segment unless {+name} asks for it. The problem, where there is one,
// is a sentence.
func expandPath(path string, vars []variable) (escaped, query, problem string) {
	if strings.Contains(path, "://") {
		return "", "", "the path is a whole URL: give the path only, the host is Config.Host"
	}
	path, query, _ = strings.Cut(path, "?")
	if bad := strings.IndexFunc(query, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }); bad >= 0 {
		return "", "", "the query holds a character that must be escaped: use wxpay.Query(name, value)"
	}
	path = strings.Trim(path, "/")
	if path == "" {
		return "", "", "the path is empty"
	}
	var b strings.Builder
	b.Grow(len(path) + 48)
	used := 0
	for rest := path; ; {
		literal, tail, found := strings.Cut(rest, "{")
		if strings.ContainsRune(literal, '}') {
			return "", "", "the path has a } without a {"
		}
		for _, r := range literal {
			if !pathRune(r) {
				return "", "", "the path holds a character that must be escaped: put the value into a {variable}"
			}
		}
		if b.Len() == 0 {
			b.WriteByte('/')
		}
		b.WriteString(literal)
		if !found {
			break
		}
		name, after, closed := strings.Cut(tail, "}")
		if !closed || name == "" || strings.ContainsRune(name, '{') {
			return "", "", "the path has a { without a name and a }"
		}
		name, reserved := strings.CutPrefix(name, "+")
		v, ok := lookup(vars, name)
		switch {
		case !ok:
			name = wire.Clip(name, 64)
			return "", "", "path variable {" + name + "} is not filled: add wxpay.Path(\"" + name + "\", value)"
		case v == "":
			return "", "", "path variable {" + wire.Clip(name, 64) + "} is empty"
		case v == "." || v == "..":
			return "", "", "path variable {" + wire.Clip(name, 64) + "} is a dot segment, which servers resolve away"
		}
		b.Write(appendEscaped(nil, v, reserved))
		used++
		rest = after
	}
	if used < len(vars) {
		for _, v := range vars {
			if !strings.Contains(path, "{"+v.name+"}") && !strings.Contains(path, "{+"+v.name+"}") {
				return "", "", "a wxpay.Path(name, value) names no variable of the path" // the name may be an openid
			}
		}
	}
	escaped = b.String()
	for segment := range strings.SplitSeq(escaped[1:], "/") {
		switch strings.ReplaceAll(strings.ReplaceAll(segment, "%2e", "."), "%2E", ".") {
		case "", ".", "..":
			return "", "", "the path has an empty or dot segment, which servers resolve away"
		}
	}
	if !validEscapes(escaped) {
		return "", "", "the path has a % that is not followed by two hexadecimal digits"
	}
	return escaped, query, ""
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
