package wxpay_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// edited lets a test spoil a genuine reply.
func edited(status int, body string, edit func(*http.Response)) transport {
	return func(*http.Request) (*http.Response, error) {
		r := signedReply(status, body)
		edit(r)
		return r, nil
	}
}

func TestRepliesThatProveNothing(t *testing.T) {
	t.Parallel()
	const genuine = `{"presign_token":"0044de6c799739c2e8534b"}`
	shift := func(by time.Duration) func(*http.Response) {
		return func(r *http.Response) {
			r.Header.Set(wire.HeaderTimestamp, strconv.FormatInt(time.Now().Add(by).Unix(), 10))
		}
	}
	for name, c := range map[string]struct {
		answer transport
		check  wxpay.Check
		says   string
	}{
		"unsigned": {edited(200, genuine, func(r *http.Response) { r.Header = http.Header{} }),
			wxpay.CheckHeaders, "missing Wechatpay-Timestamp"},
		"a proxy dropped the serial": {edited(200, genuine, func(r *http.Response) { r.Header.Del(wire.HeaderSerial) }),
			wxpay.CheckHeaders, "missing Wechatpay-Serial: it is not from WeChat Pay, or a proxy"},
		"unsigned 204": {edited(204, "", func(r *http.Response) { r.Header = http.Header{} }),
			wxpay.CheckHeaders, "HTTP 204"},
		"another key": {edited(200, genuine, func(r *http.Response) {
			r.Header.Set(wire.HeaderSerial,
				"5157F09EFDC096DE15EBE81A47057A7232F1B8E1")
		}), wxpay.CheckSerial, "have " + testPlatformID},
		"stale": {edited(200, genuine, shift(-6*time.Minute)), wxpay.CheckTimestamp,
			"five minutes ago"},
		"exactly five minutes old": {edited(200, genuine, shift(-5*time.Minute)), wxpay.CheckTimestamp,
			"five minutes ago"},
		"from the future": {edited(200, genuine, shift(6*time.Minute)), wxpay.CheckTimestamp, "future"},
		"a timestamp that overflows": {edited(200, genuine, func(r *http.Response) {
			r.Header.Set(wire.HeaderTimestamp,
				"-9223372036854775808")
		}), wxpay.CheckTimestamp, ""},
		"a timestamp in words": {edited(200, genuine, func(r *http.Response) {
			r.Header.Set(wire.HeaderTimestamp,
				"now")
		}), wxpay.CheckTimestamp, "decimal"},
		"another body": {edited(200, genuine, func(r *http.Response) {
			r.Body, r.ContentLength = reply(200, nil, genuine+" ").Body, int64(len(genuine)+1)
		}), wxpay.CheckSignature, "changed on the way"},
		"a probe": {edited(200, genuine,
			func(r *http.Response) { r.Header.Set(wire.HeaderSignature, wire.ProbePrefix+"AAAA") }),
			wxpay.CheckSignature, "SIGNTEST"},
		"not base64": {edited(200, genuine,
			func(r *http.Response) { r.Header.Set(wire.HeaderSignature, "%%") }), wxpay.CheckSignature, "base64"},
		"a refusal with a bad signature": {edited(404, `{"code":"NOT_FOUND","message":"x"}`,
			func(r *http.Response) { r.Header.Set(wire.HeaderNonce, "other") }), wxpay.CheckSignature, "HTTP 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := clientOver(t, c.answer).Chain("v3/edu-papay/contracts/presign").
				Post(bg, map[string]any{"openid": "oSECRET"})
			var e *wxpay.SignatureError
			if !errors.As(err, &e) || e.Check != c.check || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want check %s saying %q", err, c.check, c.says)
			}
			if !strings.Contains(err.Error(), "POST v3/edu-papay/contracts/presign") || strings.Contains(err.Error(),
				"SECRET") || strings.Contains(err.Error(), "0044de") {
				t.Fatalf("the error names no operation or leaks: %v", err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const param = `{"code":"PARAM_ERROR","detail":{"field":"/amount/total","issue":"not an integer","location":"body","value":"oSECRET"},"message":"参数错误"}`
	for name, c := range map[string]struct {
		answer transport
		want   wxpay.Error
		says   []string
	}{
		"signed": {edited(400, param, func(*http.Response) {}),
			wxpay.Error{Status: 400, Code: "PARAM_ERROR", Message: "参数错误", Verified: true},
			[]string{"HTTP 400 PARAM_ERROR: 参数错误 (/amount/total: not an integer) [08F5-0]"}},
		"401 is not signed": {func(*http.Request) (*http.Response, error) {
			return reply(401, nil,
				`{"code":"SIGN_ERROR","detail":{"detail":{"issue":"sign not match"},"field":"signature","location":"authorization"},"message":"签名错误"}`), nil
		}, wxpay.Error{Status: 401, Code: "SIGN_ERROR", Message: "签名错误"},
			[]string{"signature: sign not match", "check MchID, SerialNo, PrivateKey and the clock"}},
		"a gateway's page": {func(*http.Request) (*http.Response, error) {
			return reply(502, nil, "<html>oSECRET</html>"), nil
		}, wxpay.Error{Status: 502}, []string{"HTTP 502: the answer is not WeChat Pay's JSON (20 bytes)"}},
		"a redirect is not followed": {func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/v3/x" {
				t.Error("the redirect was followed")
			}
			return reply(307, http.Header{"Location": {"http://127.0.0.1:2/stolen"}}, ""), nil
		}, wxpay.Error{Status: 307}, []string{"HTTP 307"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := clientOver(t, c.answer).Chain("v3/x").Post(bg, map[string]any{"openid": "oSECRET"})
			var e *wxpay.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Status != c.want.Status || e.Code != c.want.Code || (c.want.Message != "" &&
				e.Message != c.want.Message) || e.Verified != c.want.Verified || e.Operation != "POST v3/x" {
				t.Errorf("got %+v", e)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%v leaks", err)
			}
		})
	}
}

func TestTemporary(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{400: false, 401: false, 404: false, 429: true, 500: true, 502: true,
		503: true} {
		if got := (&wxpay.Error{Status: status}).Temporary(); got != want {
			t.Errorf("%d: %v", status, got)
		}
	}
	if !(&wxpay.Error{Status: 200, Code: "SYSTEMERROR"}).Temporary() {
		t.Error("APIv2's SYSTEMERROR is not temporary")
	}
}

// rawServer answers each connection with bytes of its own, for what no
// well-behaved HTTP server would send.
func rawServer(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = conn.Write([]byte(answer))
			}
			conn.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// nobody is an address that nobody listens on, nor will: its port is that of a
// connection.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return "http://" + conn.LocalAddr().String()
}

func TestNoWholeReply(t *testing.T) {
	t.Parallel()
	closed := rawServer(t, "")
	for name, c := range map[string]struct {
		host string
		sent bool
		says string
	}{
		"no one listens":  {nobody(t), false, "nothing was sent"},
		"cut before":      {closed, true, "it can be repeated"},
		"cut in the body": {rawServer(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), true, "cut short"},
		"cut in a chunk": {rawServer(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"), true,
			"unexpected EOF"},
		"claims 5 MiB": {rawServer(t, "HTTP/1.1 200 OK\r\nContent-Length: 5242880\r\n\r\n{"), true,
			"larger than 4 MiB"},
		"streams 5 MiB": {rawServer(t, "HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", 5<<20)), true,
			"larger than 4 MiB"},
		"speaks no HTTP": {rawServer(t, "SSH-2.0-x\r\n"), true, "malformed HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig()
			cfg.Host = c.host
			client, err := wxpay.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Chain("v3/user/{openid}/contracts").Path("openid", "oSECRET").Get(bg)
			var e *wxpay.TransportError
			if !errors.As(err, &e) || e.Sent != c.sent || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want sent=%v and %q", err, c.sent, c.says)
			}
			if strings.Contains(err.Error(), "SECRET") || e.Operation != "GET v3/user/{openid}/contracts" {
				t.Fatalf("the error leaks or misnames: %v", err)
			}
		})
	}
}

func TestContextCancelledInTheMiddle(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client left
		close(arrived)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	cfg := testConfig()
	cfg.Host = server.URL
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(bg)
	go func() { <-arrived; cancel() }()
	_, err = client.Chain("v3/pay/transactions/jsapi").Post(ctx, map[string]any{})
	var e *wxpay.TransportError
	if !errors.As(err, &e) || !errors.Is(err, context.Canceled) || !e.Sent {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "context was cancelled") || !strings.Contains(err.Error(),
		"repeat with the same numbers") {
		t.Fatalf("%v does not say what next", err)
	}
}

// A success that does not decode is still a success, and its bytes are there.
func TestGenuineRepliesThatDoNotDecode(t *testing.T) {
	t.Parallel()
	type out struct {
		wxpay.Reply `json:"-"`
		PlanID      int64 `json:"plan_id"`
	}
	for body, says := range map[string]string{
		`{"plan_id":"12535"}`: "plan_id is not a int64",
		`<xml/>`:              "it is not JSON",
		`null`:                "it is null",
		" null\n":             "it is null", // every field would be empty
	} {
		client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, body), nil })
		got, err := leaf.NewGetter[out](leaf.Bind(client), "v3/x").Get(bg)
		var e *wxpay.DecodeError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "succeeded") {
			t.Errorf("%s: got %v", body, err)
		}
		if result, err := client.Chain("v3/x").Get(bg); err != nil || strings.TrimSpace(body) == "null" &&
			!errors.As(second(result.Map()), &e) {
			t.Errorf("%s: a map: %v", body, err)
		}
		if got == nil || string(got.RawJSON()) != body || got.RequestID() != "08F5-0" || got.Status() != 200 {
			t.Errorf("%s: the reply is lost: %+v", body, got)
		}
	}
}

func TestUnknownKeysAreKept(t *testing.T) {
	t.Parallel()
	const body = `{"plan_id":101164396123311331,"later":{"added":true}}`
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, body), nil })
	type out struct {
		wxpay.Reply `json:"-"`
		PlanID      int64 `json:"plan_id"`
	}
	got, err := leaf.NewPoster[wxpay.None, out](leaf.Bind(client), "v3/x").Post(bg, nil)
	if err != nil || got.PlanID != 101164396123311331 || string(got.RawJSON()) != body {
		t.Errorf("got %+v, %v", got, err)
	}
	result, err := client.Chain("v3/x").Get(bg)
	if err != nil {
		t.Fatal(err)
	}
	m, err := result.Map()
	if err != nil || fmt.Sprint(m["plan_id"]) != "101164396123311331" {
		t.Errorf("got %v, %v", m, err)
	}
}

// A certificate that has expired proves nothing any more, even when another key
// of the client is good.
func TestExpiredPlatformCertificate(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	old, err := wxpay.ParsePlatformCertificate(certificate(t, platform, 77, time.Now().Add(-2*time.Hour),
		time.Now().Add(-time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	cfg.PlatformKeys = append(cfg.PlatformKeys, old)
	cfg.HTTPClient = &http.Client{Transport: edited(200, `{}`,
		func(r *http.Response) { r.Header.Set(wire.HeaderSerial, old.ID) })}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Chain("v3/x").Get(bg)
	var e *wxpay.SignatureError
	if !errors.As(err, &e) || e.Check != wxpay.CheckSerial || !strings.Contains(err.Error(), "expired") {
		t.Errorf("got %v", err)
	}
}
