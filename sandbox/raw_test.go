package sandbox_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// raw is a request that the client would never send.
type raw struct {
	method, uri string
	body        []byte
	header      map[string]string
	auth        string // instead of a signed one; "-" for none
	signed      []byte // what is signed, instead of the right string
	at          time.Time
	timestamp   string
	nonce       string
	serial      string
	mchid       string
	key         crypto.Signer
	spell       func(signature string) string
}

// send is exchange, with what an error says.
func (w *world) send(r raw) (*http.Response, wire.ErrorBody) {
	w.t.Helper()
	p, answer := w.exchange(r)
	var e wire.ErrorBody
	empty := len(answer) == 0 && (p.StatusCode == 404 || p.StatusCode == 405) // of no endpoint
	if p.StatusCode >= 300 && !empty {
		if err := json.Unmarshal(answer, &e); err != nil {
			w.t.Fatalf("an error that is not in WeChat Pay's shape: %d %s", p.StatusCode, answer)
		}
	}
	if p.Header.Get(ledger.HeaderSandbox) == "" {
		w.t.Errorf("a reply without X-Sandbox")
	}
	if signature := p.Header.Get(wire.HeaderSignature); (signature == "") != (p.StatusCode == 401 ||
		p.StatusCode == 413 || empty || e.Message == "Http头缺少Accept或User-Agent") {
		w.t.Errorf("%d: signed: %t", p.StatusCode, signature != "")
	} else if signature != "" {
		w.ok(w.Keys().Verify(p.Header, answer))
	}
	return p, e
}

// exchange sends a request and gives the answer as it came.
func (w *world) exchange(r raw) (*http.Response, []byte) {
	w.t.Helper()
	cfg := w.ClientConfig()
	def := func(v *string, otherwise string) {
		if *v == "" {
			*v = otherwise
		}
	}
	def(&r.method, "POST")
	def(&r.uri, "/"+presignCombine)
	def(&r.nonce, "593BEC0C930BF1AFEB40B4A08C8FB242")
	def(&r.serial, cfg.SerialNo)
	def(&r.mchid, cfg.MchID)
	if r.body == nil && r.method == "POST" {
		r.body, _ = json.Marshal(combineBody())
	}
	if r.at.IsZero() {
		r.at = start
	}
	def(&r.timestamp, strconv.FormatInt(r.at.Unix(), 10))
	if r.key == nil {
		r.key = cfg.PrivateKey
	}
	if r.signed == nil {
		r.signed = wire.AppendRequestMessage(nil, r.method, r.uri, r.timestamp, r.nonce, r.body)
	}
	if r.auth == "" {
		signature, err := wire.Sign(rand.Reader, r.key, r.signed)
		w.ok(err)
		if r.spell != nil {
			signature = r.spell(signature)
		}
		r.auth = wire.Authorization{Scheme: wire.Scheme, MchID: r.mchid, Nonce: r.nonce, Timestamp: r.timestamp,
			Serial: r.serial, Signature: signature}.String()
	}
	q, err := http.NewRequestWithContext(context.Background(), r.method, w.URL()+r.uri, bytes.NewReader(r.body))
	w.ok(err)
	q.Header.Set("Accept", "application/json")
	if len(r.body) > 0 {
		q.Header.Set("Content-Type", "application/json")
	}
	if r.auth != "-" {
		q.Header.Set("Authorization", r.auth)
	}
	for name, value := range r.header {
		if value == "" {
			q.Header[name] = nil // so that net/http does not fill it in
			continue
		}
		q.Header.Set(name, value)
	}
	p, err := http.DefaultTransport.RoundTrip(q)
	w.ok(err)
	defer p.Body.Close()
	answer, err := io.ReadAll(p.Body)
	w.ok(err)
	return p, answer
}

func TestHostileAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const malformed = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
	const parts = "Authorization不合法"
	const scheme = "Http头Authorization认证类型不正确"
	for _, c := range []struct{ name, auth, message string }{
		{"none", "-", malformed},
		{"a scheme alone", wire.Scheme, parts},
		{"a bearer token", "Bearer secret-token", scheme},
		{"SM2", `WECHATPAY2-SM2-WITH-SM3 mchid="1"`, scheme},
		{"no pairs", wire.Scheme + " ,,,,", parts},
		{"an open quote", wire.Scheme + ` mchid="1900000109`, parts},
		{"a key twice", wire.Scheme + ` mchid="1",mchid="1",nonce_str="n",timestamp="1",serial_no="s",signature="x"`,
			parts},
		{"a key missing", wire.Scheme + ` mchid="1",nonce_str="n",timestamp="1",serial_no="s"`, parts},
		{"very long", wire.Scheme + ` mchid="` + strings.Repeat("9", 40<<10) + `"`, parts},
	} {
		p, e := w.send(raw{auth: c.auth})
		if p.StatusCode != 401 || e.Code != "SIGN_ERROR" || e.Message != c.message {
			t.Errorf("%s: got %d %s %s, want 401 SIGN_ERROR %s", c.name, p.StatusCode, e.Code, e.Message, c.message)
		}
		number := "-268443699"
		if c.message == parts {
			number = "-270924332"
		}
		if !strings.HasSuffix(p.Header.Get("Request-ID"), number) {
			t.Errorf("%s: Request-ID %q does not end in the code of a signature error", c.name,
				p.Header.Get("Request-ID"))
		}
		if strings.Contains(p.Header.Get(ledger.HeaderHint), "secret-token") {
			t.Errorf("%s: the hint repeats the header", c.name)
		}
	}
	journal, err := w.Journal(0, 0)
	w.ok(err)
	for _, x := range journal {
		if strings.Contains(x.Header.Get("Authorization"), "secret-token") {
			t.Error("the journal keeps what was in Authorization")
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		off    time.Duration
		status int
	}{
		{"five minutes ago", -5 * time.Minute, 200}, {"longer ago", -5*time.Minute - time.Second, 401},
		{"five minutes ahead", 5 * time.Minute, 200}, {"further ahead", 5*time.Minute + time.Second, 401},
	} {
		if p, e := w.send(raw{at: start.Add(c.off)}); p.StatusCode != c.status ||
			(c.status == 401 && !strings.Contains(e.Message, "timestamp")) {
			t.Errorf("%s: got %d %s", c.name, p.StatusCode, e.Message)
		}
	}
	for _, timestamp := range []string{"yesterday", "1.6e9", "99999999999999999999",
		"-1", strconv.FormatInt(start.UnixMilli(), 10)} {
		if p, e := w.send(raw{timestamp: timestamp}); p.StatusCode != 401 || !strings.Contains(e.Message, "timestamp") {
			t.Errorf("%s: got %d %s", timestamp, p.StatusCode, e.Message)
		}
	}
}

func TestSerials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: "1900000120"}))
	other, err := w.ClientConfigFor("1900000120")
	w.ok(err)
	for name, r := range map[string]raw{
		"an unknown one":           {serial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"},
		"WeChat Pay's":             {serial: w.ClientConfig().PlatformKeys[1].ID},
		"another merchant's":       {serial: other.SerialNo},
		"an unknown merchant":      {mchid: "1"},
		"another merchant's mchid": {mchid: "1900000120"},
	} {
		p, e := w.send(r)
		if p.StatusCode != 401 || e.Message != "商户证书序列号有误。" || p.Header.Get(ledger.HeaderHint) == "" {
			t.Errorf("%s: got %d %s, hint %q", name, p.StatusCode, e.Message, p.Header.Get(ledger.HeaderHint))
		}
	}
	if p, e := w.send(raw{serial: strings.ToLower(w.ClientConfig().SerialNo)}); p.StatusCode != 200 {
		t.Errorf("a serial in lower case: got %d %s", p.StatusCode, e.Message)
	}
}

func TestTamperedBodyShowsTheServersView(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, e := w.send(raw{spell: func(s string) string { return s }, signed: []byte("something else")})
	var detail struct {
		Field, Location string
		SignInformation struct {
			Method, URL            string
			SignMessageLength      int    `json:"sign_message_length"`
			TruncatedSignedMessage string `json:"truncated_sign_message"`
		} `json:"sign_information"`
		Detail struct{ Issue string }
	}
	w.ok(json.Unmarshal(e.Detail, &detail))
	info := detail.SignInformation
	want := "POST\n/" + presignCombine + "\n" + strconv.FormatInt(start.Unix(), 10) +
		"\n593BEC0C930BF1AFEB40B4A08C8FB242\n" + `{"appid"` + "\n"
	if p.StatusCode != 401 || detail.Field != "signature" || detail.Location != "authorization" ||
		detail.Detail.Issue != "sign not match" ||
		info.Method != "POST" || info.URL != "/"+presignCombine || info.TruncatedSignedMessage != want ||
		info.SignMessageLength < 300 {
		t.Errorf("got %d %s", p.StatusCode, e.Detail)
	}
}

// business is where a refusal is that names no field: production sends those without detail.
const business = "-"

func TestBadBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	edit := func(from, to string) []byte {
		body, _ := json.Marshal(combineBody())
		if !bytes.Contains(body, []byte(from)) {
			t.Fatalf("no %s in %s", from, body)
		}
		return bytes.Replace(body, []byte(from), []byte(to), 1)
	}
	edu := func(name string, value any) []byte {
		body, _ := json.Marshal(with(eduBody(), name, value))
		return body
	}
	for _, c := range []struct {
		name, uri string
		body      []byte
		field     string
	}{
		{"cut short", "", edit(`true}`, `tru`), ""},
		{"not JSON", "", []byte(`<xml/>`), ""},
		{"an array", "", []byte(`[]`), ""},
		{"two objects", "", edit(`}`, `}{}`), ""},
		{"nothing", "", []byte{}, ""},
		{"an emoji in the display name", "", edit("微信代扣用户A", "用户😀"), "/contract_display_account"},
		{"an escaped emoji", "", edit("微信代扣用户A", `\ud83d\ude00`), "/contract_display_account"},
		{"null", "", edit(`"微信代扣用户A"`, `null`), "/contract_display_account"},
		{"a string for an integer plan", "", edit(`12535`, `"12535"`), "/plan_id"},
		{"a fraction for an integer plan", "", edit(`12535`, `12535.0`), "/plan_id"},
		{"an integer for a string plan", "/" + presignEdu, edu("plan_id", 101164396), "/plan_id"},
		{"a plan nobody has", "", edit(`12535`, `99999`), business},
		{"an appid of somebody else", "", edit(`wxd678efh567hg6787`, `wx0000000000000000`), business},
		{"punctuation in the code", "", edit(code, "a-b"), "/out_contract_code"},
		{"a query in the notify_url", "", edit(`/notify`, `/notify?a=1`), "/notify_url"},
		{"an unknown member", "", edit(`{`, `{"extra":1,`), "/extra"},
		{"a required one missing", "", edit(`"appid":"wxd678efh567hg6787",`, ``), "/appid"},
		{"day 29", "/" + presignEdu, edu("period_start_date", "2020-03-29"), "/period_start_date"},
		{"day 30", "/" + presignEdu, edu("period_start_date", "2020-03-30"), "/period_start_date"},
		{"day 31", "/" + presignEdu, edu("period_start_date", "2020-03-31"), "/period_start_date"},
		{"a day that is none", "/" + presignEdu, edu("period_start_date", "2020-02-30"), "/period_start_date"},
		{"another trade_scene", "/" + presignEdu, edu("trade_scene", "OTHER"), "/trade_scene"},
		{"sub_appid without sub_mchid", "/" + presignEdu, edu("sub_mchid", nil), business},
	} {
		p, e := w.send(raw{uri: c.uri, body: c.body})
		if c.field == business {
			if p.StatusCode != 400 || e.Code != "PARAM_ERROR" || e.Detail != nil {
				t.Errorf("%s: got %d %s %s, want 400 PARAM_ERROR in words", c.name, p.StatusCode, e.Code, e.Detail)
			}
		} else {
			badParam(t, c.name, p.StatusCode, e, "body", c.field)
		}
		if p.Header.Get(ledger.HeaderHint) == "" {
			t.Errorf("%s: no hint", c.name)
		}
	}
	if p, e := w.send(raw{body: []byte(strings.Repeat("x", 2<<20))}); p.StatusCode != 413 ||
		e.Code != "INVALID_REQUEST" {
		t.Errorf("oversize: got %d %s", p.StatusCode, e.Code)
	}
	if p, e := w.send(raw{uri: "/" + presignEdu, body: edu("sub_mchid", "1999999999")}); p.StatusCode != 403 ||
		e.Code != "NO_AUTH" {
		t.Errorf("a stranger as sub-merchant: got %d %s", p.StatusCode, e.Code)
	}
}

func TestBadHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, header := range map[string]map[string]string{
		"no Content-Type":   {"Content-Type": ""},
		"a form":            {"Content-Type": "application/x-www-form-urlencoded"},
		"a nonsensical one": {"Content-Type": ";;"},
	} {
		if p, e := w.send(raw{header: header}); p.StatusCode != 400 || e.Code != "PARAM_ERROR" {
			t.Errorf("%s: got %d %s", name, p.StatusCode, e.Code)
		}
	}
}

func TestUnknownEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name, method, uri string
		status            int
		unsupported       bool
	}{
		{"an unknown path", "GET", "/v3/no/such/path", 404, true},
		{"another method", "PUT", "/" + presignCombine, 405, false},
		{"a path that climbs", "GET", "/v3/../v3/certificates/../x", 404, true},
		{"the admin", "GET", "/sandbox/health", 404, true},
	} {
		p, e := w.send(raw{method: c.method, uri: c.uri})
		if p.StatusCode != c.status || e.Code != "" || p.Header.Get(wire.HeaderRequestID) != "" ||
			p.Header.Get(wire.HeaderSignature) != "" ||
			(p.Header.Get(ledger.HeaderUnsupported) != "") != c.unsupported {
			t.Errorf("%s: got %d %s, unsupported %q", c.name, p.StatusCode, e.Code,
				p.Header.Get(ledger.HeaderUnsupported))
		}
	}
	// A stranger learns the same, without a signature.
	q, _ := http.NewRequestWithContext(context.Background(), "GET", w.URL()+"/v3/no/such/path", nil)
	p, err := http.DefaultTransport.RoundTrip(q)
	w.ok(err)
	defer p.Body.Close()
	if p.StatusCode != 404 || p.Header.Get(wire.HeaderSignature) != "" {
		t.Errorf("unsigned: got %d, signature %q", p.StatusCode, p.Header.Get(wire.HeaderSignature))
	}
}

func TestReplyKeyFollowsTheRequest(t *testing.T) {
	t.Parallel()
	for mode, want := range map[ledger.KeyMode][3]string{
		ledger.KeysMoving:      {"CERT", "PUB", "CERT"},
		ledger.KeysPublic:      {"PUB", "PUB", "PUB"},
		ledger.KeysCertificate: {"CERT", "CERT", "CERT"},
	} {
		w := newWorld(t, sandbox.WithKeyMode(mode))
		both := newWorld(t).ClientConfig().PlatformKeys
		public, cert := both[0].ID, both[1].ID
		names := map[string]string{"PUB": public, "CERT": cert}
		for i, asked := range []string{"", public, cert} {
			header := map[string]string{}
			if asked != "" {
				header[wire.HeaderSerial] = asked
			}
			p, _ := w.send(raw{header: header})
			if got := p.Header.Get(wire.HeaderSerial); got != names[want[i]] {
				t.Errorf("mode %q, asked for %q: signed by %s, want %s", mode, asked, got, names[want[i]])
			}
		}
	}
	id := newWorld(t).ClientConfig().PlatformKeys[0].ID
	if digits := strings.TrimPrefix(id, "PUB_KEY_ID_"); len(digits) != 34 || !strings.HasPrefix(digits, "01900000109") {
		t.Errorf("the public key is %s, want 34 digits that begin with 0 and the mchid", id)
	}
}
