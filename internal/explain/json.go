package explain

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// style is how an encoder writes the strings of JSON.
type style struct {
	id      string    // of the mistake to sign so and send otherwise
	special [256]bool // bytes that are not written as they are
	unicode bool      // what is not ASCII is written \uXXXX
	lines   bool      // so are the two separators of lines that JavaScript takes for line ends
	upper   bool      // in capitals
	quotes  bool      // quotation marks are written so too
}

// styleOf is a style that escapes these characters of ASCII beside what JSON wants escaped.
func styleOf(id, ascii string, change func(*style)) *style {
	s := &style{id: id}
	for c := range 256 {
		s.special[c] = c < ' ' || c == '"' || c == '\\' || strings.IndexByte(ascii, byte(c)) >= 0
	}
	if change != nil {
		change(s)
	}
	for c := utf8.RuneSelf; c < 256 && (s.unicode || s.lines); c++ {
		s.special[c] = true
	}
	s.special[0x7f] = s.unicode
	return s
}

func inUnicode(s *style)  { s.unicode = true }
func inCapitals(s *style) { s.unicode, s.upper = true, true }
func withLines(s *style)  { s.lines = true }
func dotnet(s *style)     { s.unicode, s.upper, s.quotes = true, true, true }

// plainStyle escapes nothing but what JSON wants escaped.
var plainStyle = styleOf("body-unescaped", "", nil)

// styles are those of usual encoders, the most frequent first.
var styles = [...]*style{
	plainStyle,
	styleOf("body-escaped-go", "<>&", withLines),
	styleOf("body-escaped-php", "/", inUnicode),    // json_encode
	styleOf("body-escaped-slashes", "/", nil),      // the same with JSON_UNESCAPED_UNICODE
	styleOf("body-escaped-unicode", "", inUnicode), // Python's json.dumps, PHP with JSON_UNESCAPED_SLASHES
	styleOf("body-escaped-gson", "<>&='", withLines),
	styleOf("body-escaped-dotnet", "<>&'+`", dotnet), // System.Text.Json
	styleOf("body-escaped-unicode", "", inCapitals),  // fastjson with BrowserCompatible
}

// appendHex writes \uXXXX, as two of them what is beyond the first plane.
func appendHex(dst []byte, r rune, upper bool) []byte {
	digits := "0123456789abcdef"
	if upper {
		digits = "0123456789ABCDEF"
	}
	for _, u := range utf16.AppendRune(nil, r) {
		dst = append(dst, '\\', 'u', digits[u>>12], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	return dst
}

// appendString writes a string of JSON.
func (s *style) appendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	copied := 0
	for i := 0; i < len(text); {
		c := text[i]
		if !s.special[c] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if c >= utf8.RuneSelf && !s.unicode && r != 0x2028 && r != 0x2029 {
			i += size
			continue
		}
		dst = append(dst, text[copied:i]...)
		if short := strings.IndexByte("\"\\\n\r\t\b\f", c); short >= 0 && (c != '"' || !s.quotes) {
			dst = append(dst, '\\', "\"\\nrtbf"[short])
		} else if c == '/' {
			dst = append(dst, '\\', '/')
		} else {
			dst = appendHex(dst, r, s.upper)
		}
		i += size
		copied = i
	}
	return append(append(dst, text[copied:]...), '"')
}

// token is a string of JSON, decoded, or what stands between two.
type token struct {
	text     string
	isString bool
}

// lexed takes compact JSON apart.
func lexed(compact []byte) (out []token) {
	for len(compact) > 0 {
		i := bytes.IndexByte(compact, '"')
		if i < 0 {
			return append(out, token{text: string(compact)})
		}
		if i > 0 {
			out = append(out, token{text: string(compact[:i])})
		}
		end := i + 1
		for end < len(compact) && compact[end] != '"' {
			if compact[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(compact))
		out = append(out, token{textOf(compact[i:end]), true})
		compact = compact[end:]
	}
	return out
}

// written is JSON with every string written in a style.
func (s *style) written(tokens []token, size int) []byte {
	out := make([]byte, 0, size+size/8)
	for _, t := range tokens {
		if t.isString {
			out = s.appendString(out, t.text)
		} else {
			out = append(out, t.text...)
		}
	}
	return out
}

// spaced puts other separators between members and behind names.
func spaced(compact []byte, comma, colon string) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	copied := 0
	for i, c := range wire.Marks(compact) {
		if c == ',' || c == ':' {
			out = append(out, compact[copied:i]...)
			if c == ',' {
				out = append(out, comma...)
			} else {
				out = append(out, colon...)
			}
			copied = i + 1
		}
	}
	return append(out, compact[copied:]...)
}

// deepest is how deep JSON may be to be taken apart: what people send is a tenth of it.
const deepest = 64

// member is one of an object.
type member struct {
	name  []byte // with its quotation marks
	value []byte
}

// members takes compact JSON apart that is an object. ok is false for anything else.
func members(compact []byte) (out []member, ok bool) {
	if len(compact) < 2 || compact[0] != '{' || compact[len(compact)-1] != '}' {
		return nil, false
	}
	depth, begin, colon := 0, 1, -1
	for i, c := range wire.Marks(compact) {
		switch {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		switch {
		case depth == 1 && c == ':' && colon < 0:
			colon = i
		case depth == 1 && c == ',' || depth == 0 && c == '}':
			if colon > 0 {
				out = append(out, member{compact[begin:colon], compact[colon+1 : i]})
			}
			begin, colon = i+1, -1
		}
	}
	return out, true
}

// elements takes compact JSON apart that is an array.
func elements(compact []byte) (out [][]byte) {
	depth, begin := 0, 1
	for i, c := range wire.Marks(compact) {
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if (depth == 1 && c == ',' || depth == 0) && i > begin {
			out = append(out, compact[begin:i])
			begin = i + 1
		}
	}
	return out
}

// work is how many bytes could be hashed while as many are encoded or taken apart, and perString
// while a string or a member is set apart from others.
const work, perString = 4, 64

// compacted is JSON without white space. ok is false for what is none.
func compacted(body []byte, left *budget) (compact []byte, ok bool) {
	var b bytes.Buffer
	if !left.spend(work*len(body)) || json.Compact(&b, body) != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// apart is what it costs to take JSON apart.
func apart(compact []byte) int {
	return work*len(compact) + perString*(bytes.Count(compact, []byte(`"`))+bytes.Count(compact, []byte(`,`)))
}

// sortedJSON has the members of every object in the order of their names.
func sortedJSON(compact []byte, left *budget) []byte {
	return remade(compact, left, func(m []member) []member {
		slices.SortStableFunc(m, func(a, b member) int { return bytes.Compare(a.name, b.name) })
		return m
	})
}

// without leaves out members that are null, or those that are empty too.
func without(compact []byte, empty bool, left *budget) []byte {
	return remade(compact, left, func(m []member) []member {
		return slices.DeleteFunc(m, func(m member) bool {
			switch string(m.value) {
			case "null":
				return true
			case `""`, "{}", "[]":
				return empty
			}
			return false
		})
	})
}

// remade is compact JSON with the members of every object, the innermost first, as f gives them.
// It costs the depth times the length: what is deeper than people nest stays as it is.
func remade(compact []byte, left *budget, f func([]member) []member) []byte {
	if depth := depthOf(compact); depth > deepest || !left.spend(depth*len(compact)+apart(compact)) {
		return compact
	}
	return rebuilt(compact, f)
}

func rebuilt(compact []byte, f func([]member) []member) []byte {
	if len(compact) > 0 && compact[0] == '[' {
		out := []byte{'['}
		for i, e := range elements(compact) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, rebuilt(e, f)...)
		}
		return append(out, ']')
	}
	list, isObject := members(compact)
	if !isObject {
		return compact
	}
	for i := range list {
		list[i].value = rebuilt(list[i].value, f)
	}
	out := []byte{'{'}
	for i, m := range f(list) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, m.name...), ':'), m.value...)
	}
	return append(out, '}')
}

// formOf is a flat object as a form, in the order of its members.
func formOf(compact []byte) []byte {
	list, _ := members(compact)
	var pairs []string
	for _, m := range list {
		pairs = append(pairs, textOf(m.name)+"="+url.QueryEscape(textOf(m.value)))
	}
	return []byte(strings.Join(pairs, "&"))
}

// textOf is the text of a string of JSON, or anything else as it is written.
func textOf(token []byte) string {
	quoted := len(token) > 1 && token[0] == '"'
	if quoted && bytes.IndexByte(token, '\\') < 0 {
		return string(token[1 : len(token)-1]) // most are, and this is much cheaper
	}
	var s string
	if quoted && json.Unmarshal(token, &s) == nil {
		return s
	}
	return string(token)
}

// depthOf is how deep JSON is.
func depthOf(compact []byte) int {
	depth, most := 0, 0
	for _, c := range wire.Marks(compact) {
		switch c {
		case '{', '[':
			depth++
			most = max(most, depth)
		case '}', ']':
			depth--
		}
	}
	return most
}
