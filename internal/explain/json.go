package explain

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// escape writes a character as an encoder does, or leaves it to the plain way by returning dst as
// it was.
type escape func(dst []byte, r rune) []byte

// styles are how encoders write the strings of JSON, by what somebody who signed so did.
var styles = [...]struct {
	id    string
	write escape
}{
	{"body-unescaped", plainString},
	{"body-escaped-go", func(dst []byte, r rune) []byte {
		switch r {
		case '<', '>', '&', 0x2028, 0x2029:
			return appendHex(dst, r, false)
		}
		return dst
	}},
	{"body-escaped-php", func(dst []byte, r rune) []byte { // json_encode
		if r == '/' {
			return append(dst, `\/`...)
		}
		return notASCII(dst, r)
	}},
	{"body-escaped-slashes", func(dst []byte, r rune) []byte { // json_encode with JSON_UNESCAPED_UNICODE
		if r == '/' {
			return append(dst, `\/`...)
		}
		return dst
	}},
	{"body-escaped-unicode", notASCII}, // Python's json.dumps, and PHP with JSON_UNESCAPED_SLASHES
	{"body-escaped-unicode", func(dst []byte, r rune) []byte { // fastjson, BrowserCompatible
		if r >= 0x7f {
			return appendHex(dst, r, true)
		}
		return dst
	}},
	{"body-escaped-gson", func(dst []byte, r rune) []byte {
		switch r {
		case '<', '>', '&', '=', '\'', 0x2028, 0x2029:
			return appendHex(dst, r, false)
		}
		return dst
	}},
	{"body-escaped-dotnet", func(dst []byte, r rune) []byte { // System.Text.Json
		if r >= 0x7f || strings.ContainsRune("<>&'+\"`", r) {
			return appendHex(dst, r, true)
		}
		return dst
	}},
}

// plainString escapes nothing but what JSON wants escaped.
func plainString(dst []byte, _ rune) []byte { return dst }

func notASCII(dst []byte, r rune) []byte {
	if r >= 0x7f {
		return appendHex(dst, r, false)
	}
	return dst
}

// appendHex writes \uXXXX, as two of them what is beyond the first plane.
func appendHex(dst []byte, r rune, upper bool) []byte {
	units := utf16.AppendRune(nil, r)
	for _, u := range units {
		hex := strconv.FormatUint(uint64(u)|0x10000, 16)[1:]
		if upper {
			hex = strings.ToUpper(hex)
		}
		dst = append(append(dst, `\u`...), hex...)
	}
	return dst
}

// appendString writes a string of JSON.
func appendString(dst []byte, s string, write escape) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		before := len(dst)
		if dst = write(dst, r); len(dst) > before {
			continue
		}
		switch r {
		case '"', '\\':
			dst = append(dst, '\\', byte(r))
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		default:
			if r < ' ' {
				dst = appendHex(dst, r, false)
			} else {
				dst = utf8.AppendRune(dst, r)
			}
		}
	}
	return append(dst, '"')
}

// tokens yields the strings of compact JSON, quotation marks included, and what stands between
// them.
func tokens(compact []byte, yield func(token []byte, isString bool)) {
	for len(compact) > 0 {
		i := bytes.IndexByte(compact, '"')
		if i < 0 {
			yield(compact, false)
			return
		}
		if i > 0 {
			yield(compact[:i], false)
		}
		end := i + 1
		for end < len(compact) && compact[end] != '"' {
			if compact[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(compact))
		yield(compact[i:end], true)
		compact = compact[end:]
	}
}

// restyled writes every string of compact JSON anew.
func restyled(compact []byte, write escape) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	tokens(compact, func(token []byte, isString bool) {
		if !isString {
			out = append(out, token...)
			return
		}
		out = appendString(out, textOf(token), write)
	})
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

// sortedJSON has the members of every object in the order of their names.
func sortedJSON(compact []byte) []byte {
	return remade(compact, func(m []member) []member {
		slices.SortStableFunc(m, func(a, b member) int { return bytes.Compare(a.name, b.name) })
		return m
	})
}

// without leaves out members that are null, or those that are empty too.
func without(compact []byte, empty bool) []byte {
	return remade(compact, func(m []member) []member {
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

// remade is compact JSON with the members of every object, the innermost first, as f gives them. It
// costs the depth times the length.
func remade(compact []byte, f func([]member) []member) []byte {
	if len(compact) > 0 && compact[0] == '[' {
		out := []byte{'['}
		for i, e := range elements(compact) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, remade(e, f)...)
		}
		return append(out, ']')
	}
	list, isObject := members(compact)
	if !isObject {
		return compact
	}
	for i := range list {
		list[i].value = remade(list[i].value, f)
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
