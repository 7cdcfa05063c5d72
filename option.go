package wxpay

import (
	"net/http"
	"net/textproto"
	"strings"
)

// Option sets one thing of one call.
type Option func(*call)

// Path fills the variable {name} (or {+name}) of the path. The value is
// escaped, its case kept.
func Path(name, value string) Option {
	return func(c *call) { c.vars = append(c.vars[:len(c.vars):len(c.vars)], variable{name, value}) }
}

// Query adds name=value to the query, escaped, in the order given. A name
// given twice is sent twice.
func Query(name, value string) Option {
	return func(c *call) { c.addQuery(name, value) }
}

// Header sets a header of the call, such as Accept-Language ("en", "zh-CN") to
// choose the language of error messages, or Wechatpay-Serial to declare
// another of the platform keys. What the signature or the transport decides,
// such as Authorization, cannot be set: the call fails before it is sent.
func Header(name, value string) Option {
	return func(c *call) {
		name = textproto.CanonicalMIMEHeaderKey(name)
		switch name {
		case "Authorization", "Content-Type", "Content-Length", "Host", "Transfer-Encoding", "Connection":
			c.fail("header " + name + " is set by the client")
			return
		}
		if !headerName(name) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			c.fail("a header's name or value holds a character that HTTP does not allow there")
			return
		}
		if c.header == nil {
			c.header = make(http.Header, 1)
		}
		c.header[name] = []string{value}
	}
}

// headerName tells whether name is a token of RFC 9110.
func headerName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return r >= 0x80 || !unreserved(byte(r)) && !strings.ContainsRune("!#$%&'*+^`|", r)
	}) < 0
}

func (c *call) addQuery(name, value string) {
	if len(c.query) > 0 {
		c.query = append(c.query, '&')
	}
	c.query = append(appendEscaped(c.query, name, false), '=')
	c.query = appendEscaped(c.query, value, false)
}
