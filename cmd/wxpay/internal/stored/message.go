// Package stored reads a notification or a reply of WeChat Pay in the forms in which people keep
// one: a message of HTTP as it came, what curl -i or curl -v printed, JSON with headers and body in
// it, the two in files of their own, or a body alone.
//
// The bytes of the body are what WeChat Pay signed, so none is changed without a note that says so.
//
// It knows the sentences of package lang. Start reading at [Read].
package stored

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// Message is what was found in a file.
type Message struct {
	// Header has the names as they are written in the file. It is empty where there are none, as
	// beside a body of APIv2.
	Header http.Header
	Body   []byte
	// Reply says that it begins with a status line: it answers a call.
	Reply bool
	// Notes say what was done to the file to get at the body, and what is odd about it.
	Notes []lang.Text
	// Cut are the bytes that were taken off the body's end, such as the line end that editors add.
	Cut []byte
}

func (m *Message) note(format string, args ...any) {
	m.Notes = append(m.Notes, lang.Textf(format, args...))
}

const bom = "\ufeff"

var (
	requestLine = regexp.MustCompile(`^[A-Z]{3,7} \S+( HTTP/[0-9.]+)?$`)
	statusLine  = regexp.MustCompile(`^HTTP/[0-9.]+ [0-9]{3}( .*)?$`)
	curlLine    = regexp.MustCompile(`^(?:[*<>] |[<>]$|[{}] \[)`)
)

// Read finds out which form a file has, and reads it. The error says what is missing and how to
// keep a message.
func Read(data []byte) (*Message, error) {
	m := &Message{}
	data = m.utf8(data)
	start := bytes.TrimLeft(bytes.TrimPrefix(data, []byte(bom)), " \t\r\n")
	first, _, _ := bytes.Cut(start, []byte("\n"))
	line := string(bytes.TrimRight(first, "\r"))
	switch {
	case len(start) == 0:
		return nil, lang.Errorf("it is empty")
	case curlLine.MatchString(line):
		return m, m.curl(start)
	case requestLine.MatchString(line), statusLine.MatchString(line):
		return m, m.http(start)
	case start[0] == '{' || start[0] == '[' && json.Valid(start):
		return m, m.json(data, start)
	case start[0] == '<':
		m.Body = data
		return m, nil
	case isHeader(line):
		return m, m.http(start)
	}
	return nil, lang.Errorf("it is no message that wxpay can read: it begins neither with a line of HTTP, nor with a " +
		"header, nor as JSON or XML does")
}

// utf8 undoes UTF-16, in which PowerShell redirects what a command prints.
func (m *Message) utf8(data []byte) []byte {
	big, little := bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.HasPrefix(data, []byte("\xff\xfe"))
	if !big && !little {
		return data
	}
	units := make([]uint16, len(data)/2-1)
	for i := range units {
		high, low := data[2*i+2], data[2*i+3]
		if little {
			high, low = low, high
		}
		units[i] = uint16(high)<<8 | uint16(low)
	}
	m.note("the file is UTF-16, as PowerShell writes it: it was read as the UTF-8 that it was made of")
	return []byte(string(utf16.Decode(units)))
}

// lines yields lines with their ends.
func lines(data []byte, yield func(line []byte) bool) {
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			n = len(data)
		}
		if !yield(data[:n]) {
			return
		}
		data = data[n:]
	}
}

// trimmed is a line as a string, without its end.
func trimmed(line []byte) string { return strings.TrimRight(string(line), "\r\n") }
