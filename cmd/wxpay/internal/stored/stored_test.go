package stored_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/stored"
	"github.com/wxpay-go/wxpay/internal/wire"
)

const body = `{"id":"EV-1","event_type":"TRANSACTION.SUCCESS","resource":{"ciphertext":"a\/b"}}`

const head = "Content-Type: application/json\r\nWechatpay-Nonce: n0nce\r\nWechatpay-Timestamp: 1785312323\r\n" +
	"Wechatpay-Serial: 5157F09E\r\nWechatpay-Signature: c2lnbmF0dXJl==\r\n"

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func utf16le(s string) string {
	out := "\xff\xfe"
	for _, u := range utf16.Encode([]rune(s)) {
		out += string([]byte{byte(u), byte(u >> 8)})
	}
	return out
}

type object = map[string]any

// sent are the headers under the names that they have in most files.
var sent = []string{"Wechatpay-Nonce", "n0nce", "Wechatpay-Timestamp", "1785312323", "Wechatpay-Serial", "5157F09E",
	"Wechatpay-Signature", "c2lnbmF0dXJl=="}

// made gives each header in a form of JSON.
func made[T any](of func(name, value string) T) (list []T) {
	for i := 0; i < len(sent); i += 2 {
		list = append(list, of(sent[i], sent[i+1]))
	}
	return list
}

func inJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// Every form gives the same headers and, byte for byte, the same body.
func TestForms(t *testing.T) {
	t.Parallel()
	headers := map[string]string{"wechatpay-nonce": "n0nce", "WECHATPAY_TIMESTAMP": "1785312323",
		"HTTP_WECHATPAY_SERIAL": "5157F09E", "Wechatpay-Signature": "c2lnbmF0dXJl=="}
	lists := map[string][]string{}
	for i := 0; i < len(sent); i += 2 {
		lists[sent[i]] = []string{sent[i+1]}
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(body))
	curl := "*   Trying 1.2.3.4:443...\n> GET /v3/x HTTP/1.1\n> Accept: */*\n> \n"
	for line := range strings.Lines("HTTP/1.1 200 OK\r\n" + head + "\r\n") {
		curl += "< " + line
	}
	for name, file := range map[string]string{
		"HTTP":              "POST /notify HTTP/1.1\r\n" + head + "\r\n" + body,
		"HTTP, LF":          lf("POST /notify HTTP/1.1\r\n"+head+"\r\n") + body,
		"no first line":     head + "\r\n" + body,
		"blank lines first": "\n\r\n" + head + "\r\n" + body,
		"BOM":               "\ufeffPOST /notify HTTP/1.1\r\n" + head + "\r\n" + body,
		"UTF-16":            utf16le("HTTP/1.1 200 OK\r\n" + head + "\r\n" + body),
		"with a length":     "POST / HTTP/1.1\r\nContent-Length: 81\r\n" + head + "\r\n" + body + "\r\n",
		"in chunks": "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + head + "\r\n" + "a\r\n" + body[:10] +
			"\r\n47\r\n" + body[10:] + "\r\n0\r\n\r\n",
		"chunks undone":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + head + "\r\n" + body,
		"100 Continue":      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + head + "\r\n" + body,
		"a proxy's CONNECT": "HTTP/1.0 200 Connection established\r\n\r\nHTTP/2 200 \r\n" + head + "\r\n" + body,
		"two of them": "POST / HTTP/1.1\r\nContent-Length: 81\r\n" + head + "\r\n" + body +
			"\nPOST / HTTP/1.1\r\n",
		"curl -v":           curl + "{ [81 bytes data]\n" + body + "* Connection #0 to host x left intact\n",
		"curl -i -v":        curl + "HTTP/1.1 200 OK\r\n" + head + "\r\n" + body + "* Closing connection 0\n",
		"JSON":              inJSON(object{"headers": headers, "body": body}),
		"JSON, base64":      inJSON(object{"headers": headers, "body": encoded, "isBase64Encoded": true}),
		"JSON, body_base64": inJSON(object{"header": headers, "body_base64": encoded}),
		"JSON, lists":       inJSON(object{"multiValueHeaders": lists, "rawBody": body}),
		"JSON, a number": strings.Replace(inJSON(object{"headers": headers, "body": body}), `"1785312323"`,
			"1785312323", 1),
		"JSON, names": inJSON(object{"body": body, "headers": made(func(name, value string) object {
			return object{"name": name, "value": value}
		})}),
		"JSON, keys": inJSON(object{"body": body, "headers": made(func(name, value string) object {
			return object{"key": name, "value": value}
		})}),
		"JSON, in turn": inJSON(object{"rawHeaders": sent, "body": body}),
		"JSON, pairs": inJSON(object{"body": body, "headers": made(func(name, value string) []string {
			return []string{name, value}
		})}),
		"JSON, a string":     inJSON(object{"headers": head, "body": body}),
		"JSON, nested":       inJSON(object{"at": "now", "request": object{"headers": headers, "body": body}}),
		"JSON, in a list":    inJSON([]any{object{"headers": headers, "body": body}}),
		"JSON, decoded body": inJSON(object{"headers": headers, "body": json.RawMessage(body)}),
	} {
		m, err := stored.Read([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		check(t, name, m.Header)
		if name == "JSON, decoded body" {
			if len(m.Notes) == 0 {
				t.Errorf("%s: it says nothing", name)
			}
			continue
		}
		if string(m.Body) != body {
			t.Errorf("%s: the body is %q", name, m.Body)
		}
		reply := strings.Contains(name, "curl") || strings.HasPrefix(file, "HTTP/") || name == "UTF-16"
		if m.Reply != reply {
			t.Errorf("%s: it is a reply: %v", name, m.Reply)
		}
	}
}

func check(t *testing.T, name string, h http.Header) {
	t.Helper()
	got := wire.Canonical(h)
	for header, want := range map[string]string{wire.HeaderNonce: "n0nce", wire.HeaderTimestamp: "1785312323",
		wire.HeaderSerial: "5157F09E", wire.HeaderSignature: "c2lnbmF0dXJl=="} {
		if v := got[header]; len(v) != 1 || v[0] != want {
			t.Errorf("%s: %s is %q", name, header, v)
		}
	}
}

// inPHP writes the headers under the names that CGI has for them.
func inPHP(before, between, behind string) string {
	return strings.Join(made(func(name, value string) string {
		return before + "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + between + value + behind
	}), "")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"HTTP": head, "LF": lf(head), "with a first line": "POST / HTTP/1.1\r\n" + head + "\r\n",
		"UTF-16": utf16le(head),
		"folded": strings.Replace(head, "n0nce", "\r\n n0nce", 1),
		"JSON": `{"Wechatpay-Nonce":"n0nce","Wechatpay-Timestamp":1785312323,"Wechatpay-Serial":["5157F09E"],` +
			`"Wechatpay-Signature":"c2lnbmF0dXJl=="}`,
		"of Go": "map[Accept:[*/*] Wechatpay-Nonce:[n0nce] Wechatpay-Serial:[5157F09E] " +
			"Wechatpay-Signature:[c2lnbmF0dXJl==] Wechatpay-Timestamp:[1785312323]]",
		"of PHP":   inPHP("    [", "] => ", "\n"),
		"variable": inPHP("", "=", "\n"),
		"quoted":   inPHP("'", "' => '", "',\n"),
	} {
		h, err := stored.ReadHeaders([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "folded" {
			h.Set("Wechatpay-Nonce", strings.TrimSpace(h.Get("Wechatpay-Nonce")))
		}
		check(t, name, h)
	}
	for _, file := range []string{"", "hello", "{", "{}", "map[]", "a: b\nhello"} {
		if h, err := stored.ReadHeaders([]byte(file)); err == nil {
			t.Errorf("%q gives %v", file, h)
		}
	}
}

// A body alone stays as it is, to its last byte.
func TestBodies(t *testing.T) {
	t.Parallel()
	for _, file := range []string{body, body + "\n", "\ufeff" + body, "<xml><a>1</a></xml>\n", `{"cut": `,
		"\n<xml></xml>"} {
		m, err := stored.Read([]byte(file))
		if err != nil || string(m.Body) != file || len(m.Header) > 0 {
			t.Errorf("%q: %v, %v", file, m, err)
		}
	}
	m, err := stored.Read([]byte(head + "Content-Length: 999\r\n\r\n" + body))
	if err != nil || len(m.Notes) != 1 || !strings.Contains(m.Notes[0].String(), "999") {
		t.Errorf("%v, %v", m, err)
	}
	m, err = stored.Read([]byte("HTTP/1.1 204 No Content\r\n" + head + "\r\n"))
	if err != nil || len(m.Body) != 0 || !m.Reply {
		t.Errorf("%v, %v", m, err)
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		"": "it is empty", " \r\n\ufeff": "no message", "hello": "no message", "[]": "empty list",
		"POST / HTTP/1.1\r\nhello\r\n\r\n":                            "line 2 is no header",
		"POST / HTTP/1.1\r\n\r\n{}":                                   "no header in it",
		"* nothing\n":                                                 "no header in it",
		`{"MchID":"1","ID":"2","EventType":"X","Plaintext":{}}`:       "package notify",
		`{"seq":1,"request_id":"08","uri":"/v3/x","header":{}}`:       "journal",
		`{"headers":{"a":"b"},"isBase64Encoded":true,"body":"?"}`:     "should be base64",
		`{"headers":7,"body":""}`:                                     "neither an object nor a list",
		`{"headers":{"a":"b"},"isBase64Encoded":true,"body":{"a":1}}`: "should be base64",
	} {
		if m, err := stored.Read([]byte(file)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v", file, m, err)
		}
	}
}

// Whatever is in a file, it is read or refused, and no body is longer than the file.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{head + "\r\n" + body,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
		"> GET / HTTP/1.1\n< HTTP/1.1 200 OK\n< A: b\n<\n{}* Closing connection\n", "\xff\xfea\x00:\x00b\x00",
		inJSON(object{"headers": map[string]string{"a": "b"}, "body": "x"}), "map[A:[b]]", "<xml/>",
		"HTTP/1.1 100 Continue\r\n\r\n", "A: b\r\n c\r\n\r\n",
		`[{"headers":[["a","b"],"c","d",{"name":"e","value":1}]}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := stored.Read(file)
		if err == nil && len(m.Body) > 3*len(file) { // of UTF-16 a character may take three bytes
			t.Errorf("%d bytes became a body of %d", len(file), len(m.Body))
		}
		if _, err := stored.ReadHeaders(file); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
