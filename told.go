package wxpay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
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
// tells, the values of its body, also those that were encrypted in it, and what the proxy was
// told, which may repeat it in the answer to CONNECT; each in every way that it may be repeated.
func (c *call) told() []string {
	u := c.flight.request.URL
	values := []string{u.EscapedPath(), u.Path, u.RawQuery}
	add := func(s string) {
		if s = strings.TrimSpace(s); len(s) >= minTold { // it may be repeated without the space
			values = append(values, s)
		}
	}
	for _, v := range c.vars {
		add(*v.value)
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		add(value)
		if clear, err := url.QueryUnescape(value); err == nil {
			add(clear)
		}
	}
	if proxy := c.flight.proxy; proxy != nil && proxy.User != nil {
		name := proxy.User.Username()
		password, _ := proxy.User.Password()
		add(name)
		add(password)
		add(base64.StdEncoding.EncodeToString([]byte(name + ":" + password)))
	}
	b := said{values: map[string]bool{}, names: map[string]bool{}, deeper: maxDeeper}
	b.json(c.body)
	for name, value := range c.fields {
		b.names[name] = true
		b.text(value)
	}
	for value := range b.values {
		// A word that the protocol itself has, as a member's name or in the path, stays.
		if !isSmall(value) || !b.names[value] && !strings.Contains(c.path, value) {
			values = append(values, value)
		}
	}
	for _, clear := range c.inClear {
		clear = strings.TrimSpace(clear)
		if n := utf8.RuneCountInString(clear); n >= minSealed && (n >= minTold || !isConstant(clear)) {
			values = append(values, clear)
		}
	}
	told := make(map[string]bool, len(values))
	for _, v := range values {
		told[v] = true
		for _, spelled := range escapedForJSON(v) {
			told[spelled] = true
		}
		told[string(appendEscaped(nil, v, false))] = true
		told[url.PathEscape(v)], told[url.QueryEscape(v)] = true, true
	}
	delete(told, "")
	all := make([]string, 0, len(told))
	for spelled := range told {
		all = append(all, spelled)
	}
	return all
}

// said is what a body says: the values that may name somebody, and the names of its members. JSON
// in a string of JSON is looked into so often, for each time its spellings double.
type said struct {
	values, names map[string]bool
	deeper        int
}

// maxDeeper is one more than the deepest that a documented body has.
const maxDeeper = 3

// text takes in a string, and what is in it where it is JSON.
func (s said) text(text string) {
	if s.deeper > 0 {
		s.json([]byte(text))
	}
	switch text = strings.TrimSpace(text); {
	case isConstant(text), len(text) < minTold, isSmall(text) && len(text) < minLetters:
	default:
		s.values[text] = true
	}
}

// json takes in the strings and the long numbers of JSON, as they mean and as they are written
// there. What is JSON the decoder says: it may begin with white space.
func (s said) json(raw []byte) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var inside []int // how many names and values an object has had so far, -1 in a list
	for {
		start := d.InputOffset()
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
			written := raw[start:d.InputOffset()]
			written = written[bytes.IndexByte(written, '"')+1 : len(written)-1]
			if last >= 0 && inside[last] >= 0 && inside[last]%2 == 0 && (isSmall(t) || isConstant(t)) {
				s.names[t] = true
			} else {
				s.within(t, string(written))
			}
		}
		if last >= 0 && inside[last] >= 0 {
			inside[last]++
		}
	}
}

// within takes in a string of JSON. What is in that was escaped once more on the way.
func (s said) within(text, written string) {
	inner := said{map[string]bool{}, s.names, s.deeper - 1}
	inner.text(text)
	for value := range inner.values {
		s.values[value] = true
		for _, spelled := range escapedForJSON(value) {
			s.values[spelled] = true
		}
	}
	if inner.values[strings.TrimSpace(text)] {
		s.values[written] = true
	}
}

// escapedForJSON is a string as JSON has it, with <, > and & escaped and without.
func escapedForJSON(s string) [2]string {
	var both [2]string
	for i := range both {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(i == 0)
		if e.Encode(s) == nil {
			both[i] = b.String()[1 : b.Len()-2] // without the quotes and the line end
		}
	}
	return both
}

// isConstant says that a value is one of the protocol's own words, such as JSAPI.
func isConstant(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" }

func isSmall(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" }

// patience bounds the comparisons of without, in steps of 64 bytes.
const patience = 8 << 20

// without is the first n bytes of a text without what is told, of which … is left; told values
// may overlap. It looks before it cuts, so that no half of one is left, and no further than it
// has to: a proxy may send megabytes, and what looks like everything that was told is cut.
func without(text string, told []string, n int) string {
	var begin [256][]string
	for _, t := range told {
		begin[t[0]] = append(begin[t[0]], t)
	}
	var b strings.Builder
	end := 0 // of what is told
	for i, steps := 0, 0; i < len(text) && b.Len() <= n && steps < patience; i++ {
		fresh, longest := i >= end, 0
		steps++
		for _, t := range begin[text[i]] {
			steps += 1 + len(t)>>6
			if len(t) > longest && strings.HasPrefix(text[i:], t) {
				longest = len(t)
			}
		}
		end = max(end, i+longest)
		switch {
		case fresh && longest > 0:
			b.WriteString("…")
		case fresh:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
