package sandbox

import (
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/wxpay-go/wxpay/catalogue"
)

// behaviour is what one endpoint does once its call is known to be genuine and
// well-formed. It runs inside one step; it answers with a document (nil where
// success has no body) or an error, a *refusal where WeChat Pay would refuse.
type behaviour func(*call) (document, error)

// call is one genuine, catalogue-checked API call while it is being answered.
type call struct {
	*step
	op       *catalogue.Operation
	product  *product // nil for endpoints that belong to no contract product
	merchant *merchant
	vars     map[string]string
	query    url.Values
	raw      []byte
	body     map[string]any // raw, decoded; nil without a body
	print    string         // see fingerprint
	base     string         // scheme and host the sandbox was called at
	file     []byte         // set by a download: its reply, which is not signed
	note     string         // a hint for a success
}

// text is a string or number of the body, "" when it is not there.
func (c *call) text(name string) string { return textOf(c.body, name) }

func textOf(body map[string]any, name string) string {
	switch v := body[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func object(body map[string]any, name string) map[string]any {
	m, _ := body[name].(map[string]any)
	return m
}

func objects(body map[string]any, name string) []map[string]any {
	list, _ := body[name].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// fen is an amount of money of the body.
func fen(body map[string]any, name string) int64 {
	n, _ := strconv.ParseInt(textOf(body, name), 10, 64) // the catalogue has checked it
	return n
}

func (c *call) queryInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.query.Get(name)); err == nil {
		return n
	}
	return otherwise // left out, or beyond what the catalogue lets through
}

func fenText(fen int64) string { return strconv.FormatInt(fen, 10) }

// cny is an amount of money in replies and notifications.
func cny(fen int64) document { return document{"total": fen, "currency": "CNY"} }
