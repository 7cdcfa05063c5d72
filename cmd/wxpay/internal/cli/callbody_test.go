package cli

import (
	"net/http"
	"strings"
	"testing"
)

// What a server says beside its status does not steer the terminal.
func TestVerboseShowsTheStatusEscaped(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/v3/certificates", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	reply := &http.Response{Status: "403 \x1b[31mNo", Header: http.Header{"Request-Id": {"a\u009bb"}}}
	(&trace{request: r, reply: reply}).report(System{Err: &out}, 0)
	if strings.ContainsAny(out.String(), "\x1b\u009b") {
		t.Errorf("got %q", out.String())
	}
}
