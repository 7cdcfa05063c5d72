package recipes

import (
	"bytes"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// NetHTTP is a server of the standard library. WeChat Pay posts, and hangs up after 5 seconds; the
// receiver bounds the body by itself ([notify.MaxBody]), so only the connection needs limits here.
// End it with [http.Server.Shutdown], which lets what is being booked finish.
func NetHTTP(addr string, r *notify.Receiver) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("/notify", logged(r))
	return &http.Server{
		Addr: addr, Handler: mux,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
	}
}

// logged is a middleware that looks at the body and puts the same bytes back. It logs their hash
// and not the bytes: they are the payer's, and the headers beside them prove that WeChat Pay said
// so.
func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, notify.MaxBody))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		slog.DebugContext(req.Context(), "notified", "bytes", len(body), "sha256", sha256.Sum256(body),
			"request_id", req.Header.Get("Request-ID"))
		req.Body = io.NopCloser(bytes.NewReader(body)) // exactly what was read
		next.ServeHTTP(w, req)
	})
}
