package stored

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// http reads a message of HTTP, with or without its first line, with line ends of either kind. Of
// several heads, as curl -i prints them behind a proxy or a 100 Continue, the last counts.
func (m *Message) http(text []byte) error {
	for {
		head, body, found := cutHead(text)
		first, _, _ := bytes.Cut(head, []byte("\n"))
		line := trimmed(first)
		m.Reply = statusLine.MatchString(line)
		if m.Reply && (strings.HasPrefix(line[strings.IndexByte(line, ' '):], " 1") ||
			strings.Contains(strings.ToLower(line), "connection established")) && found {
			text = bytes.TrimLeft(body, "\r\n")
			continue
		}
		h, err := m.headerLines(head)
		if err != nil {
			return err
		}
		if len(h) == 0 {
			return lang.Errorf("there is no header in it")
		}
		m.Header = h
		m.Body = m.framed(body)
		return nil
	}
}

// cutHead cuts a message at its first empty line.
func cutHead(text []byte) (head, body []byte, found bool) {
	at := 0
	lines(text, func(line []byte) bool {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			found = true
			head, body = text[:at], text[at+len(line):]
			return false
		}
		at += len(line)
		return true
	})
	if !found {
		return text, nil, false
	}
	return head, body, true
}

// framed is the body as its headers frame it: with the length that they say, or in chunks.
func (m *Message) framed(body []byte) []byte {
	if strings.EqualFold(m.get("Transfer-Encoding"), "chunked") {
		if whole, ok := unchunked(body); ok {
			m.note("the body was put together from the chunks that HTTP sends")
			return whole
		}
	}
	length, err := strconv.Atoi(m.get("Content-Length"))
	switch rest := len(body) - length; {
	case err != nil || length < 0 || rest == 0:
		return body
	case rest > 0 && len(bytes.TrimSpace(body[length:])) == 0:
		m.Cut = body[length:]
		return body[:length]
	case rest > 0 && beginsMessage(body[length:]):
		m.note("the file has more than one message; this is about the first")
		return body[:length]
	case m.encoded():
	default:
		m.note("Content-Length says %d bytes, and the body has %d: it was changed or cut after it came", length,
			len(body))
	}
	return body
}

// encoded tells bodies whose length is that of another form of them: curl --compressed unpacks.
func (m *Message) encoded() bool { return m.get("Content-Encoding") != "" }

func beginsMessage(text []byte) bool {
	first, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte("\n"))
	line := trimmed(first)
	return requestLine.MatchString(line) || statusLine.MatchString(line)
}

// get is a header's value, whatever the case of its name.
func (m *Message) get(name string) string { return valueOf(m.Header, name) }

func valueOf(h http.Header, name string) string {
	for written, values := range h {
		if strings.EqualFold(strings.ReplaceAll(written, "_", "-"), name) && len(values) > 0 {
			return strings.TrimSpace(values[0])
		}
	}
	return ""
}

// unchunked puts a chunked body together. ok is false for what is none: curl undoes chunks and
// shows the header all the same.
func unchunked(body []byte) (whole []byte, ok bool) {
	whole = []byte{}
	for {
		line, rest, found := bytes.Cut(body, []byte("\n"))
		size, _, _ := strings.Cut(trimmed(line), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		switch {
		case !found && n != 0, err != nil, int(n) > len(rest):
			return nil, false
		case n == 0:
			return whole, true
		}
		whole = append(whole, rest[:n]...)
		body = bytes.TrimPrefix(bytes.TrimPrefix(rest[n:], []byte("\r")), []byte("\n"))
	}
}
