package demo

import (
	"bytes"
	"io"
	"net/http"
)

// trace keeps the last exchange of the merchant's client for the one who
// watches: the bodies and the status, never Authorization or a signature.
type trace struct {
	to                    http.RoundTripper
	method, uri           string
	sent, got             []byte
	status                int
	requestID, platformID string
}

func (t *trace) RoundTrip(r *http.Request) (*http.Response, error) {
	t.method, t.uri, t.sent, t.got, t.status = r.Method, r.URL.RequestURI(), nil, nil, 0
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		t.sent = body
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	reply, err := t.to.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if t.got, err = io.ReadAll(reply.Body); err != nil {
		return nil, err
	}
	reply.Body = io.NopCloser(bytes.NewReader(t.got))
	t.status, t.requestID, t.platformID = reply.StatusCode, reply.Header.Get("Request-ID"), reply.Header.Get(
		"Wechatpay-Serial")
	return reply, nil
}
