package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
)

// receiver is a merchant's receiver at $MERCHANT. It keeps the last message that it got in the file
// notification, as it came over HTTP, and its body in the file body. "careful ENV_FILE" verifies with
// the keys of an env file and takes every event, "narrow ENV_FILE" verifies and takes none,
// "forgetful ENV_FILE" answers 409 to what it handled before, "ageless ENV_FILE" asks no message how
// old it is, and a number is what it answers to everything.
func receiver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: receiver careful|narrow|forgetful|ageless env-file, or: receiver status")
	}
	var h http.Handler
	if status, err := strconv.Atoi(args[0]); err == nil {
		h = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
	} else {
		h = verifying(ts, args[0], args[1])
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var raw bytes.Buffer
		raw.WriteString(r.Method + " " + r.RequestURI + " HTTP/1.1\r\n")
		raw.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
		_ = r.Header.Write(&raw)
		raw.WriteString("\r\n")
		raw.Write(body)
		_ = os.WriteFile(ts.MkAbs("notification"), raw.Bytes(), 0o600)
		_ = os.WriteFile(ts.MkAbs("body"), body, 0o600)
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	}))
	ts.Defer(server.Close)
	ts.Setenv("MERCHANT", server.URL)
}

// reply makes a call and keeps the answer in the file reply as curl -i prints it, in curl-v and
// curl-iv as curl -v does: "reply method path".
func reply(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: reply method path")
	}
	cfg := configOf(ts, ts.Getenv("E"))
	kept := &keeping{to: http.DefaultTransport}
	cfg.HTTPClient = &http.Client{Transport: kept}
	client, err := wxpay.New(cfg)
	ts.Check(err)
	_, err = client.Chain(args[1]).Get(context.Background())
	ts.Check(err)
	head, body, _ := bytes.Cut(kept.answer, []byte("\r\n\r\n"))
	var v bytes.Buffer
	v.WriteString("*   Trying 127.0.0.1:443...\n> " + args[0] + " /" + args[1] + " HTTP/1.1\r\n> Accept: */*\r\n> \r\n")
	for line := range strings.Lines(string(head) + "\r\n\r\n") {
		v.WriteString("< " + line)
	}
	v.WriteString("{ [" + strconv.Itoa(len(body)) + " bytes data]\n")
	const left = "* Connection #0 to host 127.0.0.1 left intact\n"
	write := func(name string, data ...[]byte) {
		ts.Check(os.WriteFile(ts.MkAbs(name), bytes.Join(data, nil), 0o600))
	}
	write("reply", kept.answer)
	write("curl-v", v.Bytes(), body, []byte(left))
	write("curl-iv", v.Bytes(), kept.answer, []byte(left))
}

// keeping keeps the last answer as it came.
type keeping struct {
	to     http.RoundTripper
	answer []byte
}

func (k *keeping) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := k.to.RoundTrip(r)
	if err == nil {
		k.answer, err = httputil.DumpResponse(answer, true)
	}
	return answer, err
}

// configOf is the setup that an env file describes.
func configOf(ts *testscript.TestScript, envFile string) wxpay.Config {
	vars := map[string]string{}
	for line := range strings.Lines(ts.ReadFile(envFile)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		vars[name] = value
	}
	cfg, err := wxpay.ConfigFromEnv(func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
	ts.Check(err)
	return cfg
}

// verifying is a receiver of package notify, or one that has half of what that does.
func verifying(ts *testscript.TestScript, kind, envFile string) http.Handler {
	cfg := configOf(ts, envFile)
	keys, err := wxpay.NewKeys(cfg)
	ts.Check(err)
	r := notify.New(keys, notify.OnError(func(context.Context, *notify.Error) {}),
		notify.APIv2Key(cfg.MchID, cfg.APIv2Key))
	if kind != "narrow" {
		r.Otherwise(func(context.Context, *notify.Notification) error { return nil })
	}
	handled := map[string]bool{}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if kind == "ageless" { // by a clock that shows what the message says
			seconds, _ := strconv.ParseInt(req.Header.Get("Wechatpay-Timestamp"), 10, 64)
			old := cfg
			old.Now = func() time.Time { return time.Unix(seconds, 0) }
			keys, err := wxpay.NewKeys(old)
			if err != nil {
				return
			}
			r := notify.New(keys, notify.OnError(func(context.Context, *notify.Error) {}))
			r.Otherwise(func(context.Context, *notify.Notification) error { return nil })
			r.ServeHTTP(w, req)
			return
		}
		body, _ := io.ReadAll(req.Body)
		if n, err := r.Parse(req.Header, body); err == nil && kind == "forgetful" {
			if handled[n.ID] {
				w.WriteHeader(http.StatusConflict)
				return
			}
			handled[n.ID] = true
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.ServeHTTP(w, req)
	})
}

// tidied writes what was just printed to the file tidied, with stand-ins for what differs from run
// to run: addresses, numbers of certificates, days, dates.
func tidied(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: tidied")
	}
	text := ts.ReadFile("stdout")
	for _, change := range [][2]string{
		{`http://127\.0\.0\.1:[0-9]+`, "http://127.0.0.1:PORT"},
		{`127\.0\.0\.1:[0-9]+`, "127.0.0.1:PORT"},
		{`\b[0-9A-F]{40}\b`, "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"},
		{`[0-9]+ days`, "123 days"},
		{`[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:]{8})?`, "2026-11-28"},
		{`within [0-9]+ seconds`, "within 2 seconds"},
		{`(?s)(the sandbox says:).*?(\n +→)`, "$1 …$2"},
	} {
		text = regexp.MustCompile(change[0]).ReplaceAllString(text, change[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs("tidied"), []byte(text), 0o600))
}
