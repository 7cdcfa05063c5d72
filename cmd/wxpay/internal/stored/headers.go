package stored

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// header is a line with a name and a value: as in HTTP, as in a shell's variables, or as PHP prints
// an array.
var header = regexp.MustCompile(`^\s*[\["']?([A-Za-z][A-Za-z0-9_-]{0,127})[\]"']?\s*(?::|=>|=)\s*(.*?)\s*$`)

// printedMap is how Go prints a map of headers: map[Name:[value] Other:[value]].
var printedMap = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_-]{0,127}):\[([^\]]*)\]`)

// longestValue bounds a value that is put together from lines, in bytes.
const longestValue = 64 << 10

func isHeader(line string) bool { return header.MatchString(line) }

// ReadHeaders reads a file that has headers alone: lines of HTTP, what curl -D or curl -v wrote, an
// object of JSON, or what PHP or Go print of a map.
func ReadHeaders(data []byte) (http.Header, error) {
	m := &Message{}
	data = bytes.TrimPrefix(m.utf8(data), []byte(bom))
	start := bytes.TrimLeft(data, " \t\r\n")
	if len(start) > 0 && start[0] == '{' {
		var members map[string]json.RawMessage
		if json.Unmarshal(start, &members) != nil {
			return nil, lang.Errorf("it begins as JSON does and is none")
		}
		if inner := memberNamed(members, headerNames); inner != nil {
			start = inner
		}
		return headersOf(start)
	}
	if printed, ok := bytes.CutPrefix(start, []byte("map[")); ok {
		h := http.Header{}
		for _, pair := range printedMap.FindAllSubmatch(printed, -1) {
			h[string(pair[1])] = append(h[string(pair[1])], string(pair[2]))
		}
		return h, none(h)
	}
	h, err := m.headerLines(start)
	if err != nil {
		return nil, err
	}
	return h, none(h)
}

func none(h http.Header) error {
	if len(h) == 0 {
		return lang.Errorf("there is no header in it")
	}
	return nil
}

// headerLines reads lines to the end of the text, whatever curl -v or a start line puts around
// them.
func (m *Message) headerLines(text []byte) (h http.Header, err error) {
	h = http.Header{}
	last, n := "", 0
	lines(text, func(whole []byte) bool {
		n++
		line := trimmed(whole)
		for _, mark := range []string{"< ", "> "} {
			line = strings.TrimPrefix(line, mark)
		}
		switch {
		case strings.TrimSpace(line) == "", line == "<", line == ">", curlLine.MatchString(line),
			requestLine.MatchString(line), statusLine.MatchString(line):
		case last != "" && (line[0] == ' ' || line[0] == '\t') && !isHeader(line): // it goes on
			values := h[last]
			if len(values[len(values)-1]) > longestValue {
				err = lang.Errorf("line %d is no header: it has no name and colon", n)
				return false
			}
			values[len(values)-1] += " " + strings.TrimSpace(line)
		default:
			pair := header.FindStringSubmatch(line)
			if pair == nil {
				err = lang.Errorf("line %d is no header: it has no name and colon", n)
				return false
			}
			last = pair[1]
			h[last] = append(h[last], unquoted(pair[2]))
		}
		return true
	})
	return h, err
}

// unquoted takes off the quotation marks of a program's text, and the comma behind them.
func unquoted(value string) string {
	inner := strings.TrimSuffix(value, ",")
	if n := len(inner); n >= 2 && (inner[0] == '\'' || inner[0] == '"') && inner[n-1] == inner[0] {
		return inner[1 : n-1]
	}
	return value
}

// headersOf reads headers of JSON: an object of strings or of lists, a list of objects with name
// and value, a list of pairs, or a list of names and values in turn, as Node's rawHeaders.
func headersOf(raw json.RawMessage) (http.Header, error) {
	h := http.Header{}
	add := func(name string, value json.RawMessage) bool {
		var one string
		var many []string
		switch {
		case json.Unmarshal(value, &one) == nil:
			many = []string{one}
		case json.Unmarshal(value, &many) == nil:
		default:
			var number json.Number // as a timestamp that somebody decoded
			if json.Unmarshal(value, &number) != nil {
				return false
			}
			many = []string{number.String()}
		}
		h[name] = append(h[name], many...)
		return true
	}
	var (
		object map[string]json.RawMessage
		text   string
		list   []json.RawMessage
	)
	switch {
	case json.Unmarshal(raw, &object) == nil:
		for name, value := range object {
			add(name, value) // what is no header's value, such as what a framework keeps there, says nothing
		}
		return h, none(h)
	case json.Unmarshal(raw, &text) == nil:
		return ReadHeaders([]byte(text))
	case json.Unmarshal(raw, &list) != nil:
		return nil, lang.Errorf("its headers are neither an object nor a list")
	}
	for i := 0; i < len(list); i++ {
		var pair struct{ Name, Key, Value json.RawMessage }
		var both []json.RawMessage
		var name string
		switch {
		case json.Unmarshal(list[i], &pair) == nil:
			if pair.Name == nil {
				pair.Name = pair.Key
			}
			if json.Unmarshal(pair.Name, &name) == nil {
				add(name, pair.Value)
			}
		case json.Unmarshal(list[i], &both) == nil && len(both) == 2:
			if json.Unmarshal(both[0], &name) == nil {
				add(name, both[1])
			}
		case json.Unmarshal(list[i], &name) == nil && i+1 < len(list):
			i++
			add(name, list[i])
		}
	}
	return h, none(h)
}
