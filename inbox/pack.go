package inbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/notify"
)

// packed is a notification as it is stored.
type packed struct {
	notify.Notification
	// Bytes is the plaintext where it is no JSON in UTF-8: PostgreSQL and MySQL take no other text.
	Bytes *[]byte `json:",omitempty"`
}

func pack(n *notify.Notification) (payload string, err error) {
	p := packed{Notification: *n}
	if !utf8.Valid(n.Plaintext) || !json.Valid(n.Plaintext) {
		p.Plaintext, p.Bytes = nil, (*[]byte)(&n.Plaintext)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("inbox: the notification is not to be stored: %w", err)
	}
	return string(text), nil
}

func unpack(payload string) (*notify.Notification, error) {
	var p packed
	if err := json.Unmarshal([]byte(payload), &p); err != nil {
		return nil, errors.New("inbox: a stored notification is not JSON; something else wrote to the table")
	}
	if p.Bytes != nil {
		p.Plaintext = *p.Bytes
	}
	return &p.Notification, nil
}
