package explain

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// fieldNames are the five that an Authorization header has.
var fieldNames = [...]string{"mchid", "nonce_str", "timestamp", "serial_no", "signature"}

// misspelt are names that people write for one of the five, in lower case and without _ and -.
var misspelt = map[string]string{
	"merchantid": "mchid", "spmchid": "mchid", "mch": "mchid", "submchid": "mchid", "appid": "mchid",
	"nonce": "nonce_str", "noncestring": "nonce_str", "random": "nonce_str",
	"time": "timestamp", "ts": "timestamp", "timestap": "timestamp", "timstamp": "timestamp",
	"serial": "serial_no", "serialnumber": "serial_no", "serialnum": "serial_no", "certificateserial": "serial_no",
	"certserialno": "serial_no", "sign": "signature", "signatrue": "signature", "paysign": "signature",
	"signaturestr": "signature", "sig": "signature",
}

// spelledFor is the name that another one was written for, "" for none that is known.
func spelledFor(name string) string {
	plain := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	for _, right := range fieldNames {
		if plain == strings.ReplaceAll(right, "_", "") {
			return right
		}
	}
	return misspelt[plain]
}

// mostHeader is how long a header is at most that is taken apart. The longest genuine one has
// below a thousand bytes.
const mostHeader = 4 << 10

// Authorization reads the header's values, of which there should be one. What the protocol does
// not allow is a finding; the fields are then what could be read all the same.
func Authorization(values []string) (wire.Authorization, Finding) {
	switch {
	case len(values) == 0:
		return wire.Authorization{}, found("auth-missing")
	case len(values) > 1:
		return wire.Authorization{}, found("auth-twice", strconv.Itoa(len(values)))
	case len(values[0]) > mostHeader:
		return wire.Authorization{}, found("auth-too-long", strconv.Itoa(len(values[0])), strconv.Itoa(mostHeader))
	}
	a, err := wire.ParseAuthorization(values[0])
	if err == nil {
		return a, Finding{}
	}
	a, f := lenient(values[0])
	if !f.Found() || errors.Is(err, wire.ErrAuthorizationScheme) && !strings.HasPrefix(f.ID, "auth-scheme") {
		f = found("auth-malformed")
	}
	return a, f
}

// lenient reads a header that is not as it should be, and says what is wrong first.
func lenient(s string) (a wire.Authorization, f Finding) {
	note := func(id string, values ...string) {
		if !f.Found() {
			f = found(id, values...)
		}
	}
	s = strings.TrimSpace(s)
	if strings.Contains(s, `\"`) {
		note("auth-escaped-quotes")
		s = strings.ReplaceAll(s, `\"`, `"`)
	}
	if curly.Replace(s) != s {
		note("auth-curly-quotes")
		s = curly.Replace(s)
	}
	pairs, scheme := cutScheme(s)
	if scheme.Found() {
		note(scheme.ID, scheme.Values...)
		f.Case = scheme.Case
	}
	a.Scheme = wire.Scheme
	fields := map[string]string{}
	for rest := pairs; rest != ""; {
		var p pair
		p, rest = cutPair(rest)
		if p.wrongly.Found() {
			note(p.wrongly.ID, p.wrongly.Values...)
		}
		if p.name == "" {
			continue
		}
		name := p.name
		if !slices.Contains(fieldNames[:], name) {
			right := spelledFor(name)
			if right == "" {
				note("auth-field-unknown")
				continue
			}
			note("auth-field-misspelt", name, right)
			name = right
		}
		switch _, twice := fields[name]; {
		case twice:
			note("auth-field-twice", name)
		case p.value == "":
			note("auth-field-empty", name)
		case strings.ContainsFunc(p.value, func(r rune) bool { return r <= ' ' || r > '~' }):
			note("auth-field-characters", name)
		}
		if fields[name] == "" {
			fields[name] = p.value
		}
	}
	for _, name := range fieldNames {
		if _, there := fields[name]; !there {
			note("auth-field-missing", name)
		}
	}
	a.MchID, a.Nonce, a.Timestamp = fields["mchid"], fields["nonce_str"], fields["timestamp"]
	a.Serial, a.Signature = fields["serial_no"], fields["signature"]
	return a, f
}

var curly = strings.NewReplacer("“", `"`, "”", `"`, "‘", `'`, "’", `'`, "＂", `"`)

// cutScheme takes the scheme off the front of a header.
func cutScheme(s string) (pairs string, f Finding) {
	if rest, ok := strings.CutPrefix(s, wire.Scheme); ok {
		trimmed := strings.TrimLeft(rest, " ")
		if len(trimmed) < len(rest) || rest == "" {
			return trimmed, Finding{}
		}
		return strings.TrimLeft(rest, ",:;\t"), found("auth-scheme-space")
	}
	first, rest, _ := strings.Cut(s, " ")
	switch {
	case beginsWithPair(s):
		return s, found("auth-scheme-missing")
	case strings.EqualFold(first, wire.Scheme):
		return rest, found("auth-scheme-case")
	case strings.EqualFold(first, "WECHATPAY2-SM2-WITH-SM3"):
		return rest, found("auth-scheme-sm2")
	case strings.EqualFold(first, "Bearer"), strings.EqualFold(first, "Basic"), strings.EqualFold(first, "Digest"):
		return "", found("auth-scheme-other/named", first)
	}
	return rest, found("auth-scheme-other")
}

// beginsWithPair reports whether a header has its pairs first.
func beginsWithPair(s string) bool {
	return slices.ContainsFunc(fieldNames[:], func(name string) bool {
		rest, ok := strings.CutPrefix(strings.TrimLeft(s, `{" `), name)
		return ok && strings.IndexAny(rest, `="':`) == 0
	})
}

// pair is one of a header.
type pair struct {
	name, value string
	wrongly     Finding
}

// cutPair takes a pair off the front, whatever it is written like.
func cutPair(s string) (p pair, rest string) {
	note := func(id string) {
		if !p.wrongly.Found() {
			p.wrongly = found(id)
		}
	}
	if strings.HasPrefix(s, "{") && strings.Contains(s, `":`) {
		note("auth-json")
		s = s[1:]
	}
	i := strings.IndexByte(s, '=')
	if colon := strings.IndexByte(s, ':'); colon >= 0 && (i < 0 || colon < i) &&
		strings.IndexAny(strings.TrimLeft(s[colon+1:], " "), `"'`) == 0 {
		note("auth-colon")
		i = colon
	}
	if i < 0 {
		note("auth-not-pairs")
		return p, ""
	}
	p.name = strings.Trim(s[:i], `"' `)
	rest = s[i+1:]
	if trimmed := strings.TrimLeft(rest, " \t"); trimmed != rest || strings.HasSuffix(s[:i], " ") {
		note("auth-spaces")
		rest = trimmed
	}
	switch {
	case strings.HasPrefix(rest, `"`), strings.HasPrefix(rest, `'`):
		quote := rest[:1]
		if quote == `'` {
			note("auth-single-quotes")
		}
		var closed bool
		if p.value, rest, closed = strings.Cut(rest[1:], quote); !closed {
			note("auth-unclosed")
			return p, ""
		}
	default:
		note("auth-unquoted")
		end := strings.IndexAny(rest, ",; &}")
		if end < 0 {
			end = len(rest)
		}
		p.value, rest = rest[:end], rest[end:]
	}
	before := rest
	rest = strings.TrimLeft(rest, " \t")
	switch {
	case rest == "" || rest == "}":
		return p, ""
	case strings.Trim(rest, ", ") == "":
		note("auth-comma-at-end")
		return p, ""
	case rest[0] == ',' && len(rest) == len(before):
		return p, strings.TrimLeft(rest[1:], " ")
	case rest[0] == ',':
		note("auth-spaces")
		return p, strings.TrimLeft(rest[1:], " ")
	}
	note("auth-separator")
	return p, strings.TrimLeft(rest, ",;&| \t")
}
