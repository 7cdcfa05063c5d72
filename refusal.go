package wxpay

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// refused turns an answer that is not a success into an *Error.
func (c *call) refused(r *Result, verified bool) error {
	e := c.refusal(r, verified)
	var body wire.ErrorBody
	if json.Unmarshal(r.Body, &body) == nil && body.Code != "" {
		e.Code, e.Message, e.Detail = body.Code, body.Message, body.Detail
	} else {
		e.Message = notTheirJSON(r)
	}
	return e
}

// notTheirJSON says what an answer is that has no code.
func notTheirJSON(r *Result) string {
	switch {
	case len(r.Body) > 0:
	case r.Status == http.StatusNotFound:
		return "the answer is empty, which WeChat Pay's is for a path that it does not have: look for typing mistakes"
	case r.Status == http.StatusMethodNotAllowed:
		return "the answer is empty, which WeChat Pay's is for a path that takes another method"
	}
	return gatewayAnswered("JSON", r)
}

func gatewayAnswered(format string, r *Result) string {
	return "the answer is not WeChat Pay's " + format + " (" + strconv.Itoa(len(r.Body)) +
		" bytes): a proxy or gateway answered"
}

// maxRaw is how much of a refused answer an [Error] keeps, in bytes.
const maxRaw = 64 << 10

// refusal is an Error with what it says of an answer.
func (c *call) refusal(r *Result, verified bool) *Error {
	raw := bytes.Clone(r.Body[:min(len(r.Body), maxRaw)])
	return &Error{Operation: c.operation(), Status: r.Status, RequestID: r.RequestID(), Verified: verified,
		repeated: c.flight.repeated(), told: wire.Hide(c.told()), raw: wire.Hide(raw)}
}

// RawBody is the answer as it came, its first 64 KiB: JSON, XML, or the page of a proxy. It may
// name the payer, and nothing that prints or marshals an error shows it.
func (e *Error) RawBody() []byte {
	if e == nil {
		return nil
	}
	return bytes.Clone(e.raw.Reveal())
}
