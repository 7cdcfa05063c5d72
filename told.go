package wxpay

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// What is shorter names nobody that anybody could look for, and stands in addresses of machines
// and in ports.
const (
	minTold    = 4 // bytes of a string
	minSealed  = 2 // characters of a string that was encrypted, which a name in Latin letters has
	minDigits  = 6 // of a number in a body
	minLetters = 6 // of a word in small letters in a body
)

// told is what errors look for and leave out of the words of others: what the call's address
// tells, the values of its body, also those that were encrypted in it, its signature and the
// headers that the caller gave; each as it is, and as it is usually escaped. What is escaped in
// other ways, or over again, without undoes.
func (c *call) told() []string {
	made := c.flight.made
	values := []string{made.rawPath, made.path, made.query}
	add := func(s string) {
		if s = strings.TrimSpace(s); len(s) >= minTold { // it may be repeated without the space
			values = append(values, s)
		}
	}
	for _, v := range c.vars {
		add(*v.value)
	}
	for f := c.flight; f != nil; f = f.before {
		values = append(values, f.made.authorization)
		if a, err := wire.ParseAuthorization(f.made.authorization); err == nil {
			add(a.Nonce)
			add(a.Signature)
		}
	}
	for name, given := range c.header {
		if name != wire.HeaderSerial { // which names a key, as errors do
			add(given[0])
		}
	}
	for pair := range strings.SplitSeq(made.query, "&") {
		_, value, _ := strings.Cut(pair, "=")
		add(value)
		if clear, err := url.QueryUnescape(value); err == nil {
			add(clear)
		}
	}
	add(strings.ToLower(c.fields["sign"])) // which is as good
	b := said{values: map[string]bool{}, names: map[string]bool{}}
	b.json(c.body)
	for name, value := range c.fields {
		b.names[name] = true
		b.text(value)
	}
	if c.upload != nil {
		for _, part := range c.upload.parts {
			b.text(part[1])
		}
	}
	for value := range b.values {
		// A word that the protocol itself has, as a member's name or in the path, stays.
		if !isSmall(value) || !b.names[value] && !strings.Contains(c.path, value) {
			values = append(values, value)
		}
	}
	for _, clear := range c.inClear {
		clear = strings.TrimSpace(clear)
		if n := utf8.RuneCountInString(clear); n >= minSealed {
			values = append(values, clear)
		}
	}
	told := make(map[string]bool, len(values))
	for _, v := range values {
		for _, spelled := range spellings(v) {
			told[spelled] = true
		}
	}
	delete(told, "")
	return slices.Collect(maps.Keys(told))
}

// without is a header of an answer as errors name it, without what the call told.
func (c *call) without(s string) string { return without(s, c.told(), len(s)) }

// said is what a body says: the values that may name somebody, and the names of its members.
type said struct{ values, names map[string]bool }

// text takes in a string, and what is in it where it is JSON.
func (s said) text(text string) {
	s.json([]byte(text))
	switch text = strings.TrimSpace(text); {
	case isConstant(text), len(text) < minTold, isSmall(text) && len(text) < minLetters:
	default:
		s.values[text] = true
	}
}

// json takes in the strings and the long numbers of JSON. What is JSON the decoder says: it may
// begin with white space.
func (s said) json(raw []byte) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var inside []int // how many names and values an object has had so far, -1 in a list
	for {
		token, err := d.Token()
		if err != nil {
			return // the end, or no JSON
		}
		last := len(inside) - 1
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				inside = append(inside, 0)
				continue
			case '[':
				inside = append(inside, -1)
				continue
			}
			inside = inside[:last]
			last--
		case json.Number:
			if digits := strings.TrimPrefix(t.String(), "-"); len(digits) >= minDigits {
				s.values[digits] = true
			}
		case string:
			if last >= 0 && inside[last] >= 0 && inside[last]%2 == 0 && isName(t) {
				s.names[t] = true
			} else {
				s.text(t)
			}
		}
		if last >= 0 && inside[last] >= 0 {
			inside[last]++
		}
	}
}

// spellings are a value, and it in JSON, with <, > and & escaped and without, and in addresses. One
// that stands right behind a % or a \ of something else is found only so.
func spellings(v string) []string {
	out := []string{v, url.QueryEscape(v), url.PathEscape(v), string(appendEscaped(nil, v, false))}
	for _, asHTML := range []bool{true, false} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(asHTML)
		if e.Encode(v) == nil {
			out = append(out, b.String()[1:b.Len()-2]) // without the quotes and the line end
		}
	}
	return out
}

// isConstant says that a value is one of the protocol's own words, such as JSAPI.
func isConstant(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" }

func isSmall(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" }

// isName says that a member is named as the protocol does it, with one digit at most, as in
// h5_info: no openid is that plain.
func isName(s string) bool {
	if i := strings.IndexAny(s, "0123456789"); i > 0 {
		s = s[:i] + s[i+1:]
	}
	return isSmall(s) || isConstant(s)
}
