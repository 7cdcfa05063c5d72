package sandbox_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Every mistake gets its own sentence, in the reply's header and in the journal.
func TestSignaturesAreExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: "1900000120"}))
	cfg := w.ClientConfig()
	other, err := w.ClientConfigFor("1900000120")
	w.ok(err)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	w.ok(err)

	const nonce = "593BEC0C930BF1AFEB40B4A08C8FB242"
	timestamp := strconv.FormatInt(start.Unix(), 10)
	post := "/" + presignCombine
	body := []byte(`{"contract_display_account":"用户&A","appid":"x","plan_id":1}`)
	get := "/v3/pay/transactions/out-trade-no/a%2Ab12345?mchid=1900000109"
	message := func(method, uri string, body string) []byte {
		return wire.AppendRequestMessage(nil, method, uri, timestamp, nonce, []byte(body))
	}
	right := string(message("POST", post, string(body)))
	key := cfg.PrivateKey
	withHash := func(hash crypto.Hash, sum []byte) string {
		s, err := key.Sign(rand.Reader, sum, hash)
		w.ok(err)
		return base64.StdEncoding.EncodeToString(s)
	}
	sum256, sum1 := sha256.Sum256([]byte(right)), sha1.Sum([]byte(right))
	pss, err := key.Sign(rand.Reader, sum256[:], &rsa.PSSOptions{Hash: crypto.SHA256})
	w.ok(err)
	fixed := func(s string) func(string) string { return func(string) string { return s } }
	recode := func(encode func([]byte) string) func(string) string {
		return func(s string) string {
			plain, _ := base64.StdEncoding.DecodeString(s)
			return encode(plain)
		}
	}

	for _, c := range []struct {
		name string
		raw  raw
		says string
	}{
		{"body left out", raw{signed: message("POST", post, "")}, "body was left out"},
		{"keys sorted again", raw{signed: message("POST", post,
			`{"appid":"x","contract_display_account":"用户&A","plan_id":1}`)}, "sorted by name"},
		{"HTML escaped", raw{signed: message("POST", post,
			`{"contract_display_account":"用户\u0026A","appid":"x","plan_id":1}`)}, "encoding/json"},
		{"Python's spacing", raw{signed: message("POST", post,
			`{"contract_display_account": "用户&A", "appid": "x", "plan_id": 1}`)}, "spaces after"},
		{"Python's default", raw{signed: message("POST", post,
			`{"contract_display_account": "\u7528\u6237&A", "appid": "x", "plan_id": 1}`)}, "json.dumps"},
		{"indented", raw{signed: message("POST", post,
			"{\n  \"contract_display_account\": \"用户&A\",\n  \"appid\": \"x\",\n  \"plan_id\": 1\n}")}, "indented"},
		{"trailing line feed", raw{signed: message("POST", post, string(body)+"\n")}, "line end too many"},
		{"wrong method", raw{signed: message("GET", post, string(body))}, "signed as GET"},
		{"lower-case method", raw{signed: message("post", post, string(body))}, "signed as post"},
		{"whole URL", raw{signed: message("POST", "https://api.mch.weixin.qq.com"+post, string(body))}, "whole address"},
		{"no slash", raw{signed: message("POST", post[1:], string(body))}, "leading /"},
		{"no last line feed", raw{signed: []byte(strings.TrimSuffix(right, "\n"))}, "last line feed"},
		{"CRLF", raw{signed: []byte(strings.ReplaceAll(right, "\n", "\r\n"))}, "CRLF"},
		{"literal backslash n", raw{signed: []byte(strings.ReplaceAll(right, "\n", `\n`))}, "two characters"},
		{"milliseconds", raw{signed: []byte(strings.Replace(right, timestamp, timestamp+"123", 1))}, "milliseconds"},
		{"the time taken twice", raw{signed: []byte(strings.Replace(right, timestamp,
			strconv.FormatInt(start.Unix()+1, 10), 1))}, "take the time once"},
		{"timestamp and nonce swapped", raw{signed: wire.AppendRequestMessage(nil, "POST", post, nonce, timestamp,
			body)}, "wrong order"},
		{"a reply's string", raw{signed: wire.AppendReplyMessage(nil, timestamp, nonce, body)}, "string of a reply"},
		{"something else", raw{signed: []byte("hello")}, "another string was signed"},

		{"URL-safe base64", raw{spell: recode(base64.URLEncoding.EncodeToString)}, "URL-safe"},
		{"no padding", raw{spell: recode(base64.RawStdEncoding.EncodeToString)}, "padding"},
		{"hexadecimal", raw{spell: recode(hex.EncodeToString)}, "hexadecimal"},
		{"not base64", raw{spell: fixed("!!!")}, "not base64"},
		{"cut", raw{spell: func(s string) string { return s[:len(s)-8] }}, "252 bytes"},
		{"SHA-1", raw{spell: fixed(withHash(crypto.SHA1, sum1[:]))}, "SHA-1"},
		{"no hash prefix", raw{spell: fixed(withHash(0, sum256[:]))}, "without the frame"},
		{"PSS", raw{spell: fixed(base64.StdEncoding.EncodeToString(pss))}, "PSS"},
		{"another merchant's key", raw{key: other.PrivateKey}, "merchant 1900000120"},
		{"a stranger's key", raw{key: stranger}, "no key known here"},

		{"query left out", raw{method: "GET", uri: get, signed: message("GET", strings.Split(get, "?")[0], "")},
			"query was left out"},
		{"path decoded", raw{method: "GET", uri: get, signed: message("GET", strings.Replace(get, "%2A", "*", 1), "")},
			"path was signed decoded"},
		{"an empty object for no body", raw{method: "GET", uri: get, signed: message("GET", get, "{}")},
			"body is empty"},
		{"no line for the empty body", raw{method: "GET", uri: get,
			signed: []byte(strings.TrimSuffix(string(message("GET", get, "")), "\n\n"))}, "two line feeds"},
	} {
		c.raw.nonce = nonce
		if c.raw.method == "" {
			c.raw.body = body
		}
		p, e := w.send(c.raw)
		hint := p.Header.Get(ledger.HeaderHint)
		if p.StatusCode != 401 || !strings.Contains(hint, c.says) {
			t.Errorf("%s: got %d %s, hint %q, want it to say %q", c.name, p.StatusCode, e.Message, hint, c.says)
		}
		journal, err := w.Journal(0, 1)
		w.ok(err)
		if journal[0].Hint != hint || journal[0].MchID != "" || strings.Contains(journal[0].Header.Get("Authorization"),
			`signature="A`) {
			t.Errorf("%s: the journal says %+v", c.name, journal[0])
		}
	}
}

// Who made a signature is told of the certificates that were replaced too, the newest ten of a
// merchant, also after a restart; and the journal has a word for the mistake.
func TestSignaturesOfFormerCertificates(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	keys := []crypto.Signer{w.ClientConfig().PrivateKey}
	for range 2 {
		_, err := w.ReplaceCertificate(sandbox.DefaultMchID)
		w.ok(err)
		keys = append(keys, w.ClientConfig().PrivateKey)
	}
	look := func(when string) {
		t.Helper()
		for i, key := range keys[:2] {
			p, _ := w.send(raw{key: key})
			all, err := w.Journal(0, 1)
			w.ok(err)
			if x := all[0]; p.Header.Get(ledger.HeaderMistake) != "key-replaced" || x.Mistake != "key-replaced" ||
				!strings.Contains(x.HintZH, "旧证书") {
				t.Errorf("%s, key %d: %s, %+v", when, i, p.Header.Get(ledger.HeaderHint), x)
			}
		}
	}
	look("before")
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept))
	look("after a restart")
	if p, _ := w.send(raw{}); p.StatusCode != http.StatusOK || p.Header.Get(ledger.HeaderMistake) != "" {
		t.Errorf("the key of today: %d %s", p.StatusCode, p.Header.Get(ledger.HeaderMistake))
	}
}

// A URL-safe signature that has no - or _ in it is the right one.
func TestTheRightSignatureIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body, _ := json.Marshal(combineBody())
	if p, e := w.send(raw{body: body}); p.StatusCode != 200 {
		t.Errorf("got %d %s: %s", p.StatusCode, e.Message, p.Header.Get(ledger.HeaderHint))
	}
}

// What an explanation costs is bounded, whatever is sent: no key is needed to ask for one.
func TestLargeMessagesAreNotExplainedToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const says = "too large to try them all"

	// Indented, this would be hundreds of megabytes.
	nested := []byte(strings.Repeat("[", 9990) + strings.Repeat("]", 9990))
	long := []byte(`"` + strings.Repeat("z", 500_000) + `"`)
	for _, body := range [][]byte{nested, long} {
		p, _ := w.send(raw{body: body, signed: []byte("something else")})
		if hint := p.Header.Get(ledger.HeaderHint); p.StatusCode != 401 || !strings.Contains(hint, says) {
			t.Errorf("%d bytes: got %d, hint %q", len(body), p.StatusCode, hint)
		}
	}
	p, _ := w.send(raw{body: long, signed: wire.AppendRequestMessage(nil, "POST", "/"+presignCombine,
		strconv.FormatInt(start.Unix(), 10), "593BEC0C930BF1AFEB40B4A08C8FB242", nil)})
	if hint := p.Header.Get(ledger.HeaderHint); !strings.Contains(hint, "body was left out") {
		t.Errorf("a frequent mistake in a large message: hint %q", hint)
	}

	// Every field may be the one that was left out: joining them all takes the square of their
	// number.
	ask := func(sign string, fields int) string {
		var b strings.Builder
		b.WriteString("<xml><mch_id>1900000109</mch_id><sign>" + sign + "</sign>")
		for i := range fields {
			fmt.Fprintf(&b, "<a%d>%s</a%d>", i, strings.Repeat("z", 1000), i)
		}
		b.WriteString("</xml>")
		r, err := http.Post(w.URL()+"/pay/orderquery", "text/xml", strings.NewReader(b.String()))
		w.ok(err)
		r.Body.Close()
		return r.Header.Get(ledger.HeaderHint)
	}
	if hint := ask(strings.Repeat("A", 32), 400); !strings.Contains(hint, says) {
		t.Errorf("400 fields: hint %q", hint)
	}
	if hint := ask(strings.Repeat("A", 32), 3); !strings.Contains(hint, "no known mistake") {
		t.Errorf("3 fields: hint %q", hint)
	}
}
