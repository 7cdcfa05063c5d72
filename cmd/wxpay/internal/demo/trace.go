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
	sent                  []byte
	got                   bytes.Buffer // as far as the client read it, which sets the bound
	status                int
	requestID, platformID string
}

func (t *trace) RoundTrip(r *http.Request) (*http.Response, error) {
	t.method, t.uri, t.sent, t.got, t.status = r.Method, r.URL.RequestURI(), nil, bytes.Buffer{}, 0
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
	reply.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(reply.Body, &t.got), reply.Body}
	t.status, t.requestID, t.platformID = reply.StatusCode, reply.Header.Get("Request-ID"), reply.Header.Get(
		"Wechatpay-Serial")
	return reply, nil
}
