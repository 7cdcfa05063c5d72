package stored

import (
	"bytes"
	"net/http"
	"regexp"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// lastWords are what curl -v says of the connection behind a body, often in the body's last line.
var lastWords = regexp.MustCompile(`(?s)\* ` +
	`(?:Connection #[0-9]+ to host |Closing connection|Connection #[0-9]+ left )[^\n]*\n?.*$`)

// curl reads what curl -v printed: "> " before what was sent, "< " before what was answered, and
// the body of the answer between the rest.
func (m *Message) curl(text []byte) error {
	var sent, answered, body []byte
	over := false // the head of an answer, so that the next is another
	lines(text, func(line []byte) bool {
		switch {
		case bytes.HasPrefix(line, []byte("<")) && (len(bytes.TrimSpace(line)) == 1 || line[1] == ' '):
			if over {
				answered, over = nil, false
			}
			rest := bytes.TrimLeft(line[1:], " ")
			answered = append(answered, rest...)
			over = len(bytes.TrimSpace(rest)) == 0
		case bytes.HasPrefix(line, []byte(">")):
			sent = append(sent, bytes.TrimLeft(line[1:], " ")...)
		case curlLine.Match(bytes.TrimRight(line, "\r\n")):
		default:
			body = append(body, line...)
		}
		return true
	})
	body = lastWords.ReplaceAll(body, nil)
	if beginsMessage(body) { // curl -i -v shows the head of the answer twice
		return m.http(bytes.TrimLeft(body, "\r\n"))
	}
	head := answered
	if m.Reply = len(answered) > 0; !m.Reply {
		head = sent
	}
	if len(head) == 0 {
		return lang.Errorf("it looks like what curl -v prints, and has no header in it: they begin with < or >")
	}
	h, err := m.headerLines(head)
	if err != nil {
		return err
	}
	m.Header = h
	if len(h) == 0 {
		m.Header = http.Header{}
	}
	m.Body = m.framed(body)
	return nil
}
