package outbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// handlerTransport calls a handler of this process instead of a server, with the
// request as a server would have read it.
type handlerTransport struct{ handler http.Handler }

func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "127.0.0.1:0", r.URL.Host
	in.Header = http.Header{}
	for name, values := range r.Header {
		in.Header[http.CanonicalHeaderKey(name)] = values
	}
	out := &recorder{header: http.Header{}}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("the handler panicked: %v", p)
			}
		}()
		t.handler.ServeHTTP(out, in)
		out.WriteHeader(http.StatusOK) // what a server does for a handler that wrote nothing
		done <- nil
	}()
	select {
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	case err := <-done:
		if err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: out.status, Header: out.header, Body: io.NopCloser(&out.body), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// recorder keeps the status, and as much of the body as anybody reads.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body.Write(p[:min(len(p), max(0, answerLimit-w.body.Len()))])
	return len(p), nil
}

// WriteHeader is a server's: what comes before the answer is not the answer, and a status that is
// none is a mistake of the handler.
func (w *recorder) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("%d is no status", status))
	}
	interim := status < 200 && status != http.StatusSwitchingProtocols
	if w.status == 0 && !interim {
		w.status = status
	}
}
