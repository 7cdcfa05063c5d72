package inbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/notify"
)

// packed is a notification as it is stored: JSON, in which everything comes back byte for byte.
type packed struct {
	notify.Notification
	// At is when it came, in microseconds.
	At int64
	// Text is the plaintext: as JSON within JSON it would come back with other spaces and escapes.
	Text string
	// Bytes are the members that are no UTF-8, of which JSON keeps none.
	Bytes map[string][]byte `json:",omitempty"`
}

// texts are what of it is text, by names of their own.
func (p *packed) texts() map[string]*string {
	return map[string]*string{"MchID": &p.MchID, "ID": &p.ID, "EventType": &p.EventType, "Summary": &p.Summary,
		"OriginalType": &p.OriginalType, "RequestID": &p.RequestID, "Text": &p.Text}
}

func pack(n *notify.Notification, at int64) (payload string, err error) {
	p := packed{Notification: *n, At: at, Text: string(n.Plaintext)}
	p.Plaintext = nil
	for name, text := range p.texts() {
		if !utf8.ValidString(*text) {
			if p.Bytes == nil {
				p.Bytes = map[string][]byte{}
			}
			p.Bytes[name], *text = []byte(*text), ""
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("inbox: the notification is not to be stored: %w", err)
	}
	return string(text), nil
}

func unpack(payload string) (n *notify.Notification, at int64, err error) {
	var p packed
	if err := json.Unmarshal([]byte(payload), &p); err != nil {
		return nil, 0, errors.New("inbox: a stored notification is not JSON; something else wrote to the table")
	}
	for name, text := range p.texts() {
		if bytes, is := p.Bytes[name]; is {
			*text = string(bytes)
		}
	}
	p.Plaintext = json.RawMessage(p.Text)
	return &p.Notification, p.At, nil
}
