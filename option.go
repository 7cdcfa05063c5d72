package wxpay

import (
	"net/http"
	"net/textproto"
	"strings"
)

// Option sets one thing of one call. A nil Option is ignored.
type Option func(*call)

// Path fills the variable {name} (or {+name}) of the path. The value is
// escaped, its case kept.
func Path(name, value string) Option {
	return func(c *call) { c.vars = append(c.vars[:len(c.vars):len(c.vars)], variable{name, &value}) }
}

// Query adds name=value to the query, escaped, in the order given. A name
// given twice is sent twice.
func Query(name, value string) Option {
	return func(c *call) { c.addQuery(name, value) }
}

// Header sets a header of the call, such as Accept-Language ("en", "zh-CN") to
// choose the language of error messages, or Wechatpay-Serial to declare
// another of the platform keys. What the signature or the transport decides,
// such as Authorization, and what would change the bytes that are signed, such as
// Accept-Encoding, cannot be set: the call fails before it is sent. So it does for Idempotency-Key:
// WeChat Pay does not know it, and net/http would take it for leave to send the call twice.
func Header(name, value string) Option {
	name = textproto.CanonicalMIMEHeaderKey(name) // here, for calls at once may share the option
	return func(c *call) {
		switch name {
		case "Content-Type":
			c.fail("header Content-Type is set by the client; a form with a file is sent by Upload")
			return
		case "Authorization", "Content-Length", "Host", "Transfer-Encoding", "Connection":
			c.fail("header " + name + " is set by the client")
			return
		case "Accept-Encoding", "Content-Encoding", "Range":
			c.fail("header " + name + " would make other bytes of the body or of the reply than those that are signed")
			return
		case "Idempotency-Key", "X-Idempotency-Key":
			c.fail("header " + name + " would let net/http send the call twice, and WeChat Pay does not know it: " +
				"what keeps a repeated call from counting twice is its own number, such as out_trade_no")
			return
		}
		if !validHeader(name, value) {
			c.fail("a header's name or value holds a character that HTTP does not allow there")
			return
		}
		if c.header == nil {
			c.header = make(http.Header, 1)
		}
		c.header[name] = []string{value}
	}
}

// validHeader tells whether name is a token and value a field value of RFC 9110.
func validHeader(name, value string) bool {
	for i := 0; i < len(name); i++ {
		if !unreserved(name[i]) && strings.IndexByte("!#$%&'*+^`|", name[i]) < 0 {
			return false
		}
	}
	for i := 0; i < len(value); i++ {
		if value[i] < ' ' && value[i] != '\t' || value[i] == 0x7f {
			return false
		}
	}
	return name != ""
}

func (c *call) addQuery(name, value string) {
	if len(c.query) > 0 {
		c.query = append(c.query, '&')
	}
	c.query = append(appendEscaped(c.query, name, false), '=')
	c.query = appendEscaped(c.query, value, false)
}
