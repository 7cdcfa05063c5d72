package stored

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// The members under which programs, gateways and frameworks keep headers and body, in small letters
// without dashes and underlines.
var (
	headerNames = []string{"headers", "header", "httpheaders", "requestheaders", "responseheaders",
		"multivalueheaders", "rawheaders"}
	bodyNames    = []string{"body", "rawbody", "requestbody", "responsebody", "payload", "content", "data"}
	base64Names  = []string{"bodybase64", "base64body", "rawbodybase64"}
	isBase64     = []string{"isbase64encoded", "base64", "base64encoded"}
	messageNames = []string{"request", "req", "notification", "message", "event", "response", "res", "reply"}
)

// dashes are left out of names to compare them.
var dashes = strings.NewReplacer("_", "", "-", "", ".", "")

// memberNamed finds a member by one of its names, the first of them before the others.
func memberNamed(members map[string]json.RawMessage, names []string) (found json.RawMessage) {
	best := len(names)
	for name, value := range members {
		if len(name) > 40 || string(value) == "null" {
			continue
		}
		at := slices.Index(names, dashes.Replace(strings.ToLower(name)))
		if at >= 0 && at < best {
			best, found = at, value
		}
	}
	return found
}

// json reads an object with headers and body in it, or takes all of the file as a body.
func (m *Message) json(data, start []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(start, &list) == nil {
		if len(list) == 0 {
			return lang.Errorf("it is an empty list")
		}
		if len(list) > 1 {
			m.note("the file has more than one message; this is about the first")
		}
		start, data = list[0], list[0]
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(bytes.TrimSpace(start), &members) != nil { // a body that was cut or changed
		m.Body = data
		return nil
	}
	switch {
	case members["resource"] != nil && members["event_type"] != nil, members["encrypt_certificate"] != nil:
		m.Body = data
		return nil
	case members["Plaintext"] != nil && members["EventType"] != nil:
		return lang.Errorf("it is a notification as package notify hands it on: it was verified when it came, and " +
			"what WeChat Pay signed is not kept in it")
	case members["seq"] != nil && members["request_id"] != nil && members["uri"] != nil:
		return lang.Errorf("it is a line of a sandbox's journal, which keeps no signatures")
	}
	headers := memberNamed(members, headerNames)
	if headers == nil {
		if inner := memberNamed(members, messageNames); inner != nil && inner[0] == '{' {
			var nested map[string]json.RawMessage
			if json.Unmarshal(inner, &nested) == nil && memberNamed(nested, headerNames) != nil {
				members, headers = nested, memberNamed(nested, headerNames)
			}
		}
	}
	if headers == nil {
		m.Body = data
		return nil
	}
	h, err := headersOf(headers)
	if err != nil {
		return err
	}
	m.Header = h
	m.Reply = members["status"] != nil || members["statusCode"] != nil || members["status_code"] != nil
	return m.jsonBody(members)
}

// jsonBody finds the body beside the headers.
func (m *Message) jsonBody(members map[string]json.RawMessage) error {
	var text string
	if encoded := memberNamed(members, base64Names); encoded != nil {
		return m.unbase64(encoded)
	}
	body := memberNamed(members, bodyNames)
	switch {
	case body == nil: // as of a 204
		m.note("there is no body beside the headers: it is taken for empty")
		return nil
	case string(memberNamed(members, isBase64)) == "true":
		return m.unbase64(body)
	case json.Unmarshal(body, &text) == nil:
		m.Body = []byte(text)
		return nil
	}
	// The bytes in this file are the best there is.
	m.note("the body was decoded before it was stored: WeChat Pay signed its bytes, so store those as a string")
	m.Body = body
	return nil
}

func (m *Message) unbase64(raw json.RawMessage) error {
	var text string
	err := json.Unmarshal(raw, &text)
	if err == nil {
		m.Body, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil {
		return lang.Errorf("its body should be base64, and is not")
	}
	return nil
}
