package evidence_test

import (
	"archive/zip"
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/evidence"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/stored"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/leaktest"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// What of a payer may stand in a message.
const (
	openID   = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	name     = "欧阳峰的儿子"
	phone    = "13812345678"
	identity = "11010119900307123X"
	cookie   = "session=Zm9vYmFyYmF6cXV4"
)

// world is a sandbox with one merchant, who keeps what comes.
type world struct {
	*sandbox.Sandbox
	cfg    wxpay.Config
	client *wxpay.Client
	known  explain.Known
	about  evidence.About
	secret []string // keys

	mu   sync.Mutex
	came []*stored.Message
	url  string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Sandbox: sandbox.New(t)}
	m := w.Merchants()[0]
	cfg, err := w.ClientConfigFor(m.MchID)
	if err != nil {
		t.Fatal(err)
	}
	w.cfg = cfg
	w.client, err = wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := wxpay.ParseCertificate([]byte(m.Certificate))
	if err != nil {
		t.Fatal(err)
	}
	w.known.Merchants = []explain.Keys{{MchID: m.MchID, Serial: wire.SerialHex(cert), APIv3: m.APIv3Key.Reveal(),
		APIv2: m.APIv2Key.Reveal()}}
	w.about = evidence.About{Version: "(test)", Go: "go1", System: "x/y", Made: time.Unix(1785312323, 0)}
	for _, k := range cfg.PlatformKeys {
		w.known.Platform = append(w.known.Platform, explain.Platform{ID: k.ID, Key: k.Key, NotAfter: k.NotAfter})
	}
	block, _ := pem.Decode([]byte(m.PrivateKey.Reveal()))
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	w.secret = []string{m.APIv3Key.Reveal(), m.APIv2Key.Reveal()}
	for _, n := range append(private.(*rsa.PrivateKey).Primes, private.(*rsa.PrivateKey).D) {
		w.secret = append(w.secret, string(n.Bytes()), n.String())
	}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Header.Set("Cookie", cookie)
		r.Header.Set("X-Forwarded-For", "203.0.113.77")
		w.mu.Lock()
		defer w.mu.Unlock()
		w.came = append(w.came, &stored.Message{Header: r.Header, Body: body})
		if strings.HasPrefix(string(body), "<") {
			out.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(out, "<xml><return_code>SUCCESS</return_code></xml>")
			return
		}
		out.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) must(t *testing.T, path string, body map[string]any, options ...wxpay.Option) *wxpay.Result {
	t.Helper()
	result, err := w.client.Chain(path).Post(t.Context(), body, options...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// last is the notification that came last.
func (w *world) last(t *testing.T) *stored.Message {
	t.Helper()
	if err := w.Settle(); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.came) == 0 {
		t.Fatal("no notification came")
	}
	return w.came[len(w.came)-1]
}

// messages are rich ones, as they came and damaged, by what they are.
func (w *world) messages(t *testing.T) map[string]*stored.Message {
	t.Helper()
	rich := strings.Join([]string{openID, name, phone, identity}, " ")
	reply := w.must(t, "v3/security/echo", map[string]any{"echo_message": rich, "encrypted_echo_message": name,
		"notify_url": w.url + "/notify"}, wxpay.Encrypt("/encrypted_echo_message"))
	genuine := w.last(t)
	out := map[string]*stored.Message{
		"reply":   {Header: reply.Header, Body: reply.Body, Reply: true},
		"genuine": genuine,
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, genuine.Body, "", "\t"); err != nil {
		t.Fatal(err)
	}
	escaped := strings.Trim(strconv.QuoteToASCII(string(reply.Body)), `"`)
	with := func(body string) *stored.Message {
		return &stored.Message{Header: genuine.Header, Body: []byte(body)}
	}
	out["encoded again"] = with(indented.String())
	out["escaped"] = with(escaped)
	out["in a form"] = with(url.QueryEscape(string(genuine.Body)) + "=")
	out["cut"] = with(string(genuine.Body[:len(genuine.Body)/2]))
	out["of nothing known"] = with(rich)
	out["decrypted"] = with(`{"payer":{"openid":"` + openID + `","` + openID + `":1,"n":13812345678},"name":"` +
		name + `",id:` + identity)
	out["a payer's name in the name of a header"] = &stored.Message{Header: http.Header{"X-" + openID: {name},
		"Wechatpay-Serial": {openID}, "Wechatpay-Timestamp": {phone}, "Wechatpay-Nonce": {identity + "\r\n" + name},
		"Content-Type": {"application/json; openid=" + openID}, "Request-Id": {phone}}, Body: reply.Body}

	order := w.must(t, "v2/pay/unifiedorder", map[string]any{"appid": sandbox.DefaultAppID, "out_trade_no": "U1",
		"body": "x", "notify_url": w.url + "/paid", "total_fee": "888", "spbill_create_ip": "123.12.12.123",
		"trade_type": "JSAPI", "openid": openID, "attach": name + "&openid=" + phone + "&wangxiaoming=" + identity})
	fields, err := order.Map()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Payer(openID).Pay(fields["prepay_id"].(string)); err != nil {
		t.Fatal(err)
	}
	out["of APIv2"] = w.last(t)
	w.must(t, "v2/secapi/pay/refund", map[string]any{"appid": sandbox.DefaultAppID, "out_trade_no": "U1",
		"out_refund_no": "R1", "total_fee": 888, "refund_fee": 888, "notify_url": w.url + "/refunded"})
	if err := w.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	out["a refund of APIv2"] = w.last(t)
	return out
}

// aValue is one in JSON, or a CDATA, that is not a word of WeChat Pay's.
var aValue = regexp.MustCompile(`(?::"|CDATA\[)([^"\]]*[^"\]A-Z_]+[^"\]]*)`)

// secretsOf are the values of a message that nobody else may see.
func (w *world) secretsOf(t *testing.T, m *stored.Message) []string {
	t.Helper()
	out := append([]string{openID, name, phone, identity, cookie, "203.0.113.77"}, w.secret...)
	for _, header := range []string{wire.HeaderSignature, wire.HeaderNonce} {
		if v := m.Header.Get(header); v != "" {
			out = append(out, v)
		}
	}
	if e, err := wire.ParseEnvelope(m.Body); err == nil {
		out = append(out, e.ID, e.Resource.Ciphertext, e.Resource.Nonce)
	}
	if plain := (explain.Message{Header: m.Header, Body: m.Body}).Explain(w.known).Opened.Reveal(); plain != nil {
		for _, value := range aValue.FindAllStringSubmatch(string(plain), -1) {
			if len(value[1]) >= 6 {
				out = append(out, value[1])
			}
		}
	}
	if f, err := wire.ParseXML(m.Body); err == nil {
		for _, member := range []string{"req_info", "sign", "openid", "transaction_id", "nonce_str"} {
			if f[member] != "" {
				out = append(out, f[member])
			}
		}
	}
	return out
}

// A bundle of a rich message has no key, no openid, name or number of the payer, no signature,
// nonce or ciphertext and nothing of what was sealed, in any encoding.
func TestABundleIsSafeToPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for what, m := range w.messages(t) {
		c := evidence.Judge(m, false, time.Time{}, w.known)
		entries, err := c.Entries(w.about)
		if err != nil {
			t.Fatal(err)
		}
		var archive bytes.Buffer
		if err := evidence.Write(&archive, entries, w.about.Made); err != nil {
			t.Fatal(err)
		}
		secrets := w.secretsOf(t, m)
		leaktest.Text(t, what+", the archive", archive.String(), secrets...)
		z, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			leaktest.Text(t, what+", "+f.Name, f.Name+"\n"+string(data)+"\n"+f.Comment, secrets...)
		}
	}
}

// A merchant's own key or certificate that was given as WeChat Pay's is no public key of WeChat
// Pay's, and stays out; so does what a certificate says of its holder.
func TestABundleHasNoKeyOfTheMerchant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := explain.Platform{ID: w.known.Merchants[0].Serial, Key: w.known.Platform[0].Key}
	known := w.known
	known.Platform = append([]explain.Platform{own}, w.known.Platform...)
	entries, err := evidence.Judge(w.messages(t)["genuine"], false, time.Time{}, known).Entries(w.about)
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name, "keys/") {
			keys++
			if block, _ := pem.Decode(e.Data); block == nil || block.Type != "PUBLIC KEY" {
				t.Errorf("%s is %s", e.Name, e.Data)
			}
		}
		if e.Name == "keys/"+own.ID+".pem" {
			t.Error("the merchant's key is there")
		}
	}
	if keys != len(w.known.Platform) {
		t.Errorf("%d keys of %d", keys, len(w.known.Platform))
	}
}

// It is enough to see what was wrong: the lengths, the kinds of characters, the serial numbers, the
// times, the finding and the keys of WeChat Pay.
func TestABundleTellsTheCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	messages := w.messages(t)
	c := evidence.Judge(messages["encoded again"], false, time.Unix(1785312323, 0), w.known)
	entries, err := c.Entries(w.about)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entries {
		got[e.Name] = string(e.Data)
	}
	var file struct {
		Standing string
		Findings []struct{ ID, Zh string }
		Serial   string
		Event    string `json:"event_type"`
		Bytes    int    `json:"body_bytes"`
		Hash     string `json:"string_sha256"`
		Came     string
	}
	if err := json.Unmarshal([]byte(got["case.json"]), &file); err != nil {
		t.Fatal(err)
	}
	header := messages["genuine"].Header
	switch {
	case file.Standing != "altered" || file.Findings[0].ID != "message-body-reencoded" || file.Findings[0].Zh == "":
		t.Errorf("%+v", file)
	case file.Serial != header.Get(wire.HeaderSerial) || file.Event != "SECURITY_ECHO.SUCCESS":
		t.Errorf("%+v", file)
	case file.Bytes != len(c.Body) || len(file.Hash) != 64 || file.Came != "2026-07-29T08:05:23Z":
		t.Errorf("%+v", file)
	case got["keys/"+file.Serial+".pem"] == "":
		t.Errorf("the key is not there: %v", got)
	}
	_, body, _ := strings.Cut(got["message.txt"], "\n\n")
	if len(body) != len(c.Body) || !strings.Contains(body, "\t\"event_type\": \"SECURITY_ECHO.SUCCESS\",\n") {
		t.Errorf("%d bytes became %d: %s", len(c.Body), len(body), body)
	}
	if !strings.HasPrefix(got["string.txt"], header.Get(wire.HeaderTimestamp)+`\n`+"\n") {
		t.Errorf("%s", got["string.txt"])
	}
	for _, e := range entries {
		if block, _ := pem.Decode(e.Data); strings.HasPrefix(e.Name, "keys/") && (block == nil ||
			block.Type != "PUBLIC KEY") {
			t.Errorf("%s is %s", e.Name, e.Data)
		}
	}
}

func TestStandings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	messages := w.messages(t)
	for what, want := range map[string]evidence.Standing{
		"genuine": evidence.Genuine, "reply": evidence.Genuine, "encoded again": evidence.Altered,
		"in a form": evidence.Altered, "cut": evidence.Forged, "of APIv2": evidence.Genuine,
		"a refund of APIv2": evidence.Genuine,
	} {
		if c := evidence.Judge(messages[what], false, time.Time{}, w.known); c.Standing != want {
			t.Errorf("%s: %s, want %s: %v", what, c.Standing, want, c.Verdict.Findings)
		}
	}
	nobody := explain.Known{Merchants: []explain.Keys{{}}}
	for _, what := range []string{"genuine", "of APIv2"} {
		if c := evidence.Judge(messages[what], false, time.Time{}, nobody); c.Standing != evidence.Unproven {
			t.Errorf("%s without keys: %s: %v", what, c.Standing, c.Verdict.Findings)
		}
	}
	padded := &stored.Message{Header: messages["genuine"].Header, Body: append(bytes.Clone(messages["genuine"].Body),
		'\n')}
	if c := evidence.Judge(padded, false, time.Time{}, w.known); c.Standing != evidence.Genuine ||
		string(c.Cut) != "\n" {
		t.Errorf("with a line end of an editor: %s", c.Standing)
	}
	old := evidence.Judge(messages["genuine"], false, time.Now().AddDate(0, 0, 1), w.known)
	if old.Standing != evidence.Altered {
		t.Errorf("a day later: %s", old.Standing)
	}
}

// Masked, a message has the length that it had, and no value of it.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{`{"a":"b","event_type":"TRANSACTION.SUCCESS","n":[1,true,null]}`, `{"a":"\u4e2d\/"`,
		"<xml><a><![CDATA[x]]></a><b>1</b></xml>", "a=%7B%22&amp;&#39;", "<?xml version=\"1.0\"?><xml", "\xff\xfe",
		`"a" : x`} {
		f.Add([]byte(seed), "Wechatpay-Nonce", "n")
	}
	const marker = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	f.Fuzz(func(t *testing.T, body []byte, header, value string) {
		m := &stored.Message{Header: http.Header{header: {value, marker}}, Body: bytes.Replace(body, []byte("x"),
			[]byte(marker), 3)}
		c := evidence.Judge(m, true, time.Time{}, explain.Known{})
		entries, err := c.Entries(evidence.About{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.Contains(string(e.Data), marker) && !strings.Contains(string(body)+header+value, marker[:8]) {
				t.Errorf("%s has the value: %q", e.Name, e.Data)
			}
			if e.Name == "message.txt" {
				if _, masked, found := strings.Cut(string(e.Data), "\n\n"); found && len(masked) != len(m.Body) &&
					!strings.Contains(header+value, "\n") {
					t.Errorf("%d bytes became %d", len(m.Body), len(masked))
				}
			}
		}
		if s := evidence.Escaped(body); !utf8.ValidString(s) {
			t.Errorf("%q is no text", s)
		}
	})
}
