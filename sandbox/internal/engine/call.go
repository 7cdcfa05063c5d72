package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// Behaviour is what one endpoint does once its call is known to be genuine and
// well-formed. It runs inside one step; it answers with a document (nil where
// success has no body) or an error, a *Refusal where WeChat Pay would refuse.
type Behaviour func(*Call) (Document, error)

// Call is one genuine, catalogue-checked API call while it is being answered.
type Call struct {
	*Step
	Op       *catalogue.Operation
	Product  *Product // nil for endpoints that belong to no contract product
	Merchant *registry.Merchant
	Vars     map[string]string
	Query    url.Values
	Raw      []byte
	Body     map[string]any // raw, decoded; nil without a body
	Print    string         // see Fingerprint
	Base     string         // scheme and host the sandbox was called at
	File     []byte         // set by a download: its reply, which is not signed
	Uploaded []byte         // of an upload: the file, whose hash is that of the body
	Note     string         // a hint for a success
}

// Text is a string or number of the body, "" when it is not there.
func (c *Call) Text(name string) string { return TextOf(c.Body, name) }

func TextOf(body map[string]any, name string) string {
	switch v := body[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func Object(body map[string]any, name string) map[string]any {
	m, _ := body[name].(map[string]any)
	return m
}

func Objects(body map[string]any, name string) []map[string]any {
	list, _ := body[name].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Fen is an amount of money of the body, 0 when it is not there. One that int64 does not hold has
// not passed the catalogue: it would be another amount.
func Fen(body map[string]any, name string) int64 {
	n, err := strconv.ParseInt(TextOf(body, name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (c *Call) QueryInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.Query.Get(name)); err == nil {
		return n
	}
	return otherwise // left out, or beyond what the catalogue lets through
}

// PageOf is the part of a list that the call's offset and limit name, of any size, and the two.
func PageOf[T any](c *Call, all []T) (part []T, offset, limit int) {
	offset, limit = c.QueryInt("offset", 0), c.QueryInt("limit", 20)
	part = all[min(max(offset, 0), len(all)):]
	return part[:min(max(limit, 0), len(part))], offset, limit
}

func FenText(fen int64) string { return strconv.FormatInt(fen, 10) }

// CNY is an amount of money in replies and notifications.
func CNY(fen int64) Document { return Document{"total": fen, "currency": "CNY"} }

// DecodeBody reads a body that has passed the catalogue; numbers keep their
// digits.
func DecodeBody(raw []byte) map[string]any {
	var out map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&out) != nil {
		return nil // no body
	}
	return out
}

// Either is the first of these members that is there.
func (c *Call) Either(names ...string) string { return c.Text(c.Named(names...)) }

// Named is which of these members is there, the first when none is.
func (c *Call) Named(names ...string) string {
	for _, name := range names {
		if c.Text(name) != "" {
			return name
		}
	}
	return names[0]
}

// Fingerprint tells calls apart by endpoint and meaning: members in another
// order are the same call.
func (c *Call) Fingerprint() string {
	if c.Print == "" {
		sum := sha256.Sum256(append([]byte(c.Op.ID()+"\n"), rows.EncodeJSON(c.Body)...))
		c.Print = hex.EncodeToString(sum[:])
	}
	return c.Print
}

// CallBy is a call of the merchant's. From here on the step is scoped.
func (s *Step) CallBy(m *registry.Merchant) *Call {
	s.Tx = rows.Scope(s.Tx, m.MchID)
	return &Call{Step: s, Merchant: m}
}
