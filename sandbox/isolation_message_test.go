package sandbox_test

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// message is an API call taken apart, so that its ids can be replaced.
type message struct {
	op      *catalogue.Operation
	v2      bool
	header  http.Header
	vars    map[string]string
	query   url.Values
	body    any         // of APIv3, nil for none
	fields  wire.Fields // of APIv2, nil for a page
	foreign []string    // values that replaced put in and that are not the caller's own, longest first
}

// messageOf takes a call apart, and returns its body as well.
func messageOf(r *http.Request) (m *message, body []byte, err error) {
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, nil, err
		}
	}
	c, err := catalogue.Default()
	if err != nil {
		return nil, nil, err
	}
	op, vars, ok := c.Match(r.Method, r.URL.EscapedPath())
	if !ok {
		return nil, nil, fmt.Errorf("%s %s is no endpoint", r.Method, r.URL.Path)
	}
	m = &message{op: op, header: r.Header, vars: vars, query: r.URL.Query()}
	m.v2 = catalogue.ProtocolOf(op.Path) == catalogue.ProtocolV2
	switch {
	case len(body) == 0:
	case m.v2:
		m.fields, err = wire.ParseXML(body)
	default:
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		err = d.Decode(&m.body)
	}
	return m, body, err
}

// replaced is the message with other values, of which those that f says so are foreign.
func (m *message) replaced(f func(member, value string) (string, bool)) *message {
	out := *m
	out.vars, out.query, out.foreign = map[string]string{}, url.Values{}, nil
	replace := func(member, value string) string {
		value, foreign := f(member, value)
		if foreign {
			out.foreign = append(out.foreign, value)
		}
		return value
	}
	for name, value := range m.vars {
		out.vars[name] = replace(name, value)
	}
	for name, values := range m.query {
		for _, value := range values {
			out.query.Add(name, replace(name, value))
		}
	}
	if m.fields != nil {
		out.fields = wire.Fields{}
		for name, value := range m.fields {
			out.fields[name] = replace(name, value)
		}
	}
	out.body = replacedJSON("", m.body, replace)
	slices.SortFunc(out.foreign, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return &out
}

func replacedJSON(member string, node any, f func(member, value string) string) any {
	switch n := node.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range n {
			out[name] = replacedJSON(name, value, f)
		}
		return out
	case []any:
		out := make([]any, len(n))
		for i, value := range n {
			out[i] = replacedJSON(member, value, f)
		}
		return out
	case string:
		return f(member, n)
	case json.Number:
		return json.Number(f(member, n.String()))
	}
	return node
}

// members are the names of the members that have a value.
func (m *message) members() []string {
	names := map[string]bool{}
	m.replaced(func(member, value string) (string, bool) {
		if value != "" {
			names[member] = true
		}
		return value, false
	})
	return slices.Sorted(maps.Keys(names))
}

// unsaid is the text without the message's foreign values, but for those too short to be told from
// other text.
func (m *message) unsaid(text string) string {
	for _, value := range m.foreign {
		if len(value) >= 4 {
			text = strings.ReplaceAll(text, value, "‹id›")
		}
	}
	return text
}

// signed is the message as a request of the merchant with this setup.
func (m *message) signed(cfg *wxpay.Config) (*http.Request, error) {
	path, query, body := m.op.Path, m.query, []byte(nil)
	for name, value := range m.vars {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	switch {
	case m.v2 && m.fields != nil:
		body = signedXML(m.fields, cfg).XML()
	case m.v2:
		f := wire.Fields{}
		for name := range m.query {
			f[name] = m.query.Get(name)
		}
		query = url.Values{}
		for name, value := range signedXML(f, cfg) {
			query.Set(name, value)
		}
	case m.body != nil:
		body, _ = json.Marshal(m.body) // it was JSON
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	r, err := http.NewRequest(m.op.Method, cfg.Host+path, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return nil, err
	}
	r.RequestURI = path // as a server has it
	if m.v2 {
		return r, nil
	}
	r.Header = m.header.Clone()
	if r.Header.Get(wire.HeaderSerial) != "" {
		r.Header.Set(wire.HeaderSerial, cfg.PlatformKeys[0].ID)
	}
	a := wire.Authorization{Scheme: wire.Scheme, MchID: cfg.MchID, Nonce: nonce32, Serial: cfg.SerialNo}
	a.Timestamp = strconv.FormatInt(cfg.Now().Unix(), 10)
	text := wire.AppendRequestMessage(nil, m.op.Method, path, a.Timestamp, a.Nonce, body)
	a.Signature, err = wire.Sign(rand.Reader, cfg.PrivateKey, text)
	r.Header.Set("Authorization", a.String())
	return r, err
}

// signedXML is an APIv2 message of the merchant with this setup, with the kind of sign it had.
func signedXML(f wire.Fields, cfg *wxpay.Config) wire.Fields {
	by := wire.SignMD5
	if len(f["sign"]) == 64 {
		by = wire.SignHMAC
	}
	f["mch_id"] = cfg.MchID
	f["sign"] = f.Digest(cfg.APIv2Key.Reveal(), by)
	return f
}

// answer is what of an answer tells something.
type answer struct {
	success bool
	status  int
	number  string // the internal one, at the end of Request-ID
	hint    string
	body    any
	values  map[string]string // names of members by their value
}

func answerOf(m *message, out *httptest.ResponseRecorder) answer {
	a := answer{status: out.Code, success: out.Code < 300, values: map[string]string{}}
	a.hint = out.Header().Get(ledger.HeaderHint)
	_, a.number, _ = strings.Cut(out.Header().Get(wire.HeaderRequestID), "-")
	if m.v2 {
		f, err := wire.ParseXML(out.Body.Bytes())
		if err != nil && m.op.AnswersText() { // each value is one that is learnt
			a.success, a.body = true, out.Body.String()
			for value := range strings.FieldsFuncSeq(out.Body.String(), func(r rune) bool {
				return strings.ContainsRune(",`\r\n", r)
			}) {
				a.values[value] = "bill"
			}
			return a
		}
		a.success = f["return_code"] == "SUCCESS" && f["result_code"] == "SUCCESS"
		fields := map[string]any{}
		for name, value := range f {
			if name != "sign" && name != "nonce_str" {
				fields[name] = value
			}
		}
		a.body = fields
	} else if json.Unmarshal(out.Body.Bytes(), &a.body) != nil {
		a.body = out.Body.String() // a file, or nothing
	}
	if fields, ok := a.body.(map[string]any); ok && !a.success {
		if detail, ok := fields["detail"].(map[string]any); ok {
			delete(detail, "value") // the caller's own
		}
	}
	replacedJSON("", a.body, func(member, value string) string {
		a.values[value] = member
		return value
	})
	return a
}

// code is why it was refused.
func (a answer) code() string {
	fields, _ := a.body.(map[string]any)
	for _, name := range []string{"code", "err_code"} {
		if code, ok := fields[name].(string); ok && !a.success {
			return code
		}
	}
	return ""
}

// text is the whole answer, but for what it repeats of the call.
func (a answer) text(call *message) string {
	body, _ := json.Marshal(a.body)
	return call.unsaid(fmt.Sprintf("%d %s %s (%s)", a.status, a.number, body, a.hint))
}
