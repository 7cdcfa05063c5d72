package cli_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/cli"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// answering is a WeChat Pay that answers 200 with what it is told, rightly signed, and gives the
// settings that call it and the bodies it got.
func answering(t *testing.T, answer string) (env map[string]string, got func() string) {
	t.Helper()
	const id = "PUB_KEY_ID_0119000001092030010100000000000001"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, kind string, der []byte, err error) string {
		path := filepath.Join(t.TempDir(), name)
		if err == nil {
			err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	privateFile := file("key.pem", "PRIVATE KEY", private, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	publicFile := file("pub.pem", "PUBLIC KEY", public, err)

	var bodies bytes.Buffer
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(&bodies, r.Body)
		timestamp := strconv.FormatInt(time.Now().Unix(), 10)
		signature, err := wire.Sign(rand.Reader, key, wire.AppendReplyMessage(nil, timestamp, "n", []byte(answer)))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set(wire.HeaderTimestamp, timestamp)
		w.Header().Set(wire.HeaderNonce, "n")
		w.Header().Set(wire.HeaderSerial, id)
		w.Header().Set(wire.HeaderSignature, signature)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return map[string]string{
		"NO_COLOR": "1", "WXPAY_HOST": s.URL, "WXPAY_MCHID": "1900000109", "WXPAY_PRIVATE_KEY": privateFile,
		"WXPAY_SERIAL_NO": strings.Repeat("5", 40), "WXPAY_APIV3_KEY": "wxpay-vectors-not-a-real-secret!",
		"WXPAY_PUBLIC_KEY_ID": id, "WXPAY_PUBLIC_KEY": publicFile,
	}, bodies.String
}

// What the catalogue says travels encrypted does, as on the typed chain; it is given in clear.
func TestCallEncryptsWhatIsSensitive(t *testing.T) {
	t.Parallel()
	env, got := answering(t, `{"prepay_id":"1"}`)
	_, said, code := run(env, "call", "POST", "/v3/combine-transactions/jsapi", "-d", `{"combine_out_trade_no":"1",`+
		`"combine_payer_info":{"openid":"oX","identity":{"type":"IDCARD","name":"张三丰","number":"110101199003077758"}}}`)
	body := got()
	if code != 0 || strings.Contains(body, "张三丰") || strings.Contains(body, "110101199003077758") ||
		!strings.Contains(body, `"combine_out_trade_no":"1"`) || !strings.Contains(body, "IDCARD") {
		t.Errorf("exit code %d, sent %s: %s", code, body, said)
	}
	// A body need not have them.
	_, said, code = run(env, "call", "POST", "v3/combine-transactions/jsapi", "-d", `{"a":1e999}`)
	if rest := strings.TrimPrefix(got(), body); code != 0 || rest != `{"a":1e999}` {
		t.Errorf("exit code %d, sent %s: %s", code, rest, said)
	}
}

// What is not JSON is said to be none, without what stands in it.
func TestBodiesThatAreNoJSON(t *testing.T) {
	t.Parallel()
	env, got := answering(t, `{}`)
	_, said, code := run(env, "call", "POST", "v3/x", "-d", `{"a":13800138000, "b":13800138000x}`)
	if code != 2 || !strings.Contains(said, "--data is not JSON: line 1, column 34: ") ||
		strings.Contains(said, "138") || got() != "" {
		t.Errorf("exit code %d: %s", code, said)
	}
	if _, said, code := run(env, "call", "POST", "v3/x", "-d", `{"a":1e400}`); code != 0 || got() != `{"a":1e400}` {
		t.Errorf("exit code %d, sent %s: %s", code, got(), said)
	}
}

// An answer does not steer the terminal it is printed on, and is what came where a program reads
// it.
func TestAnswersDoNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const steering = "\u009b31m\u007f\u202e\u2066\u200f\u2028\U000e0001"
	for name, answer := range map[string]string{
		"JSON":     `{"message":"张三 é 😀` + steering + `"}`,
		"no JSON":  "a,b\r\n\x1b[31mc\rd\t张三\x9b" + steering,
		"no UTF-8": "{\"a\":\"\x9b31m\"}",
	} {
		env, _ := answering(t, answer)
		out, said, code := run(env, "call", "GET", "v3/x")
		shown := strings.ReplaceAll(out, "\r\n", "")
		if code != 0 || strings.ContainsAny(shown, "\r\x1b\x7f\u009b\u202e\u2066\u200f\u2028") ||
			strings.Contains(out, "\x9b3") || !strings.Contains(out, `\u`) {
			t.Errorf("%s: exit code %d, printed %q: %s", name, code, out, said)
		}
		var was, is any
		if name == "JSON" && (json.Unmarshal([]byte(answer), &was) != nil || json.Unmarshal([]byte(out), &is) != nil ||
			was.(map[string]any)["message"] != is.(map[string]any)["message"] || !strings.Contains(out, "张三 é 😀")) {
			t.Errorf("%s: printed %q", name, out)
		}
		if out, _, _ := run(env, "call", "GET", "v3/x", "--raw"); out != answer+"\n" {
			t.Errorf("%s, --raw: printed %q", name, out)
		}
		var piped strings.Builder
		cli.Main([]string{"call", "GET", "v3/x"}, cli.System{In: strings.NewReader(""), Out: &piped, Err: io.Discard,
			LookupEnv: func(name string) (string, bool) { value, set := env[name]; return value, set }})
		if piped.String() != answer+"\n" {
			t.Errorf("%s, into a pipe: printed %q", name, piped.String())
		}
	}
}

// Of an endpoint that no type describes nobody knows what travels encrypted: it is named, or a note
// says that it went in clear.
func TestCallEncryptsWhatItIsTold(t *testing.T) {
	t.Parallel()
	env, got := answering(t, `{}`)
	const body, note = `{"type":"PERSONAL_OPENID","name":"张三丰","list":[{"id":"1101"},{"id":"1102"}]}`,
		"wxpay does not know which fields travel encrypted there, and encrypts none but those of --encrypt"
	_, said, code := run(env, "call", "POST", "v3/profitsharing/receivers/add", "-d", body, "--encrypt", "/name",
		"--encrypt", "/list/*/id")
	sent := got()
	if code != 0 || strings.Contains(sent, "张三丰") || strings.Contains(sent, `"110`) ||
		!strings.Contains(sent, "PERSONAL_OPENID") || !strings.Contains(said, note) {
		t.Errorf("exit code %d, sent %s: %s", code, sent, said)
	}
	_, said, code = run(env, "call", "POST", "v3/profitsharing/receivers/add", "-d", body)
	if code != 0 || !strings.Contains(said, note) || got()[len(sent):] != body {
		t.Errorf("exit code %d: %s", code, said)
	}
	before := got()
	for _, pointer := range []string{"name", "/", "/nome"} {
		_, said, code = run(env, "call", "POST", "v3/profitsharing/receivers/add", "-d", body, "--encrypt", pointer)
		if code != 2 || got() != before || strings.Contains(said, "张三丰") {
			t.Errorf("%s: exit code %d: %s", pointer, code, said)
		}
	}
	for _, args := range [][]string{
		{"call", "GET", "v3/profitsharing/receivers"}, // no body
		{"call", "POST", "v3/combine-transactions/jsapi", "-d", "{}"},
	} {
		if _, said, _ = run(env, args...); strings.Contains(said, note) {
			t.Errorf("%s: %s", args, said)
		}
	}
}

// What is known of an endpoint is known of the path that is sent, however it was written.
func TestCallGoesByThePathThatIsSent(t *testing.T) {
	t.Parallel()
	env, got := answering(t, `{"prepay_id":"1"}`)
	const body = `{"combine_payer_info":{"identity":{"type":"IDCARD","name":"张三丰","number":"110101199003077758"}}}`
	for _, args := range [][]string{
		{"v3/combine-transactions/{kind}", "-p", "kind=jsapi"},
		{"v3/combine-transactions/{kind}", "-p", "kind=native", "-p", "kind=jsapi"},
		{"v3/{+rest}?a=b", "-p", "rest=combine-transactions/jsapi"},
		{"/v3/combine%2dtransactions/%6Asapi/"},
	} {
		before := got()
		_, said, code := run(env, append([]string{"call", "POST", "-d", body}, args...)...)
		sent := got()[len(before):]
		if code != 0 || strings.Contains(sent, "张三丰") || strings.Contains(sent, "110101") || sent == "" ||
			strings.Contains(said, "note") {
			t.Errorf("%s: exit code %d, sent %s: %s", args, code, sent, said)
		}
	}
	// What needs the merchant's certificate is not called without one.
	_, said, code := run(env, "call", "POST", "v2/secapi/pay/{what}", "-p", "what=refund", "-d", `{"a":"1"}`)
	if code != 2 || !strings.Contains(said, "API certificate") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
