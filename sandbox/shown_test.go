package sandbox_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// hostile is what would write a line of a log by itself, colour a terminal, or turn its text
// around.
const hostile = "%0D%0Asandbox:%20all%20is%20well%1B%5B31m%C2%9B0m%E2%80%AE%FF%00"

// isOneLine wants text that a log or terminal shows as it is.
func isOneLine(t *testing.T, what, s string, most int) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		t.Errorf("%s: %q", what, s)
	}
	if n := utf8.RuneCountInString(s); n > most {
		t.Errorf("%s has %d characters, at most %d", what, n, most)
	}
}

// Whatever comes in a path, a header or an id, the log, the hints and the admin show it in one
// line.
func TestNothingFromOutsideWritesLines(t *testing.T) {
	t.Parallel()
	log := &logged{T: t}
	sb := sandbox.New(log, sandbox.At(start))
	w := &world{t, sb, sb.Client(), nil}
	long := strings.Repeat("x", 20_000)
	for _, uri := range []string{
		"/v3/" + hostile, "/" + hostile, "/papay/" + hostile, "/v3/edu-papay/contracts/" + hostile,
		"/v3/" + long, "/v3/certificates?" + hostile + "=1",
	} {
		p, _ := w.ask(http.MethodGet, w.URL()+uri, nil)
		isOneLine(t, "the hint for "+uri[:8], p.Header.Get(ledger.HeaderHint), 2001)
		isOneLine(t, "the other header", p.Header.Get(ledger.HeaderUnsupported), 2001)
		p, body := w.ask(http.MethodGet, w.AdminURL()+uri, nil)
		isOneLine(t, fmt.Sprintf("the admin, %d", p.StatusCode), strings.TrimSuffix(body, "\n"), 1000)
	}
	for _, method := range []string{strings.Repeat("LONG", 1000)} {
		p, _ := w.ask(method, w.URL()+"/v3/certificates", nil)
		isOneLine(t, "the hint for a method", p.Header.Get(ledger.HeaderHint), 300)
	}
	for _, path := range []string{
		"/sandbox/payers/" + hostile, "/sandbox/contracts/" + hostile, "/sandbox/merchants/" + hostile + "/credentials",
	} {
		_, body := w.ask(http.MethodGet, w.AdminURL()+path, nil)
		isOneLine(t, path, strings.TrimSuffix(body, "\n"), 1000)
	}
	// What was taken and is listed comes out escaped, and means the same.
	w.must("POST", presignCombine, with(combineBody(), "contract_display_account", "a\u202eb\nc"))
	_, body := w.ask(http.MethodGet, w.AdminURL()+"/sandbox/sessions", nil)
	isOneLine(t, "a list of the admin", strings.TrimSuffix(body, "\n"), 5000)
	list := w.adminOK("GET", "/sandbox/sessions", nil)["data"].([]any)
	if got := list[0].(object)["account"]; got != "a\u202eb\nc" {
		t.Errorf("the account is listed as %q", got)
	}
	// A handshake that is none is logged by net/http.
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.TLSURL(), "https://"))
	w.ok(err)
	_, _ = io.WriteString(conn, "\x16GET /\r\nall is well HTTP/1.1\r\n\r\n")
	_, _ = bufio.NewReader(conn).ReadString(0)
	conn.Close()
	w.ok(w.Close())
	if log.count("sandbox: ") < 5 {
		t.Error("the log has nothing to judge")
	}
	for _, line := range log.lines {
		isOneLine(t, "a line of the log", line, 2100)
		if strings.HasPrefix(line, "sandbox: all is well") {
			t.Errorf("somebody wrote a line: %s", line)
		}
	}
}

// ask sends a request that nobody signed.
func (w *world) ask(method, address string, body io.Reader) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, address, body)
	w.ok(err)
	r.Header.Set("User-Agent", "a\x9bb\u202e") // which net/http lets through
	p, err := http.DefaultTransport.RoundTrip(r)
	w.ok(err)
	defer p.Body.Close()
	answer, err := io.ReadAll(p.Body)
	w.ok(err)
	return p, string(answer)
}
