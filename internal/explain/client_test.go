package explain_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

var start = time.Date(2020, 9, 10, 10, 0, 0, 0, wire.Beijing)

const (
	otherMchID = "1900000120"
	subMchID   = "1900000999"
	nonce      = "593BEC0C930b1af-EB40B4A08C8FB242"
)

// world is a sandbox, its log, and a client that makes mistakes.
type world struct {
	*sandbox.Sandbox
	t                     testing.TB
	key, formerKey, other *rsa.PrivateKey
	serial, formerSerial  string
	otherSerial           string
	v2, v3                string
	otherV2, formerV2     string // of the other merchant, who has replaced the key

	mu  sync.Mutex
	log []string
}

// testing.TB as the sandbox needs it, but for its log.
type logged struct {
	*testing.T
	w *world
}

func (l logged) Logf(format string, args ...any) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.w.log = append(l.w.log, fmt.Sprintf(format, args...))
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	w.Sandbox = sandbox.New(logged{t, w}, sandbox.At(start), sandbox.WithMerchant(ledger.Merchant{MchID: otherMchID}),
		sandbox.WithSubMerchant(ledger.SubMerchant{MchID: subMchID}))
	w.formerKey, w.formerSerial = w.privateKey(sandbox.DefaultMchID), w.ClientConfig().SerialNo
	_, err := w.ReplaceCertificate(sandbox.DefaultMchID)
	w.ok(err)
	own := w.ClientConfig()
	w.key, w.serial = w.privateKey(sandbox.DefaultMchID), own.SerialNo
	w.v2, w.v3 = own.APIv2Key.Reveal(), own.APIv3Key.Reveal()
	for _, m := range w.Merchants() {
		if m.MchID == otherMchID {
			w.formerV2 = strings.Repeat("k1", 16)
			for _, key := range []string{w.formerV2, strings.Repeat("k2", 16)} {
				m.APIv2Key = wxpay.NewSecret(key)
				_, err := w.AddMerchant(m)
				w.ok(err)
			}
		}
	}
	other, err := w.ClientConfigFor(otherMchID)
	w.ok(err)
	w.other, w.otherSerial, w.otherV2 = w.privateKey(otherMchID), other.SerialNo, other.APIv2Key.Reveal()
	return w
}

// privateKey is that of a merchant's certificate.
func (w *world) privateKey(mchID string) *rsa.PrivateKey {
	w.t.Helper()
	for _, m := range w.Merchants() {
		if m.MchID == mchID {
			return parseKey(w.t, []byte(m.PrivateKey.Reveal()))
		}
	}
	w.t.Fatalf("there is no merchant %s", mchID)
	return nil
}

func parseKey(t testing.TB, text []byte) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// lines are what a request signs.
type lines struct {
	method, uri, timestamp, nonce, body string
}

func (l lines) String() string {
	return string(wire.AppendRequestMessage(nil, l.method, l.uri, l.timestamp, l.nonce, []byte(l.body)))
}

// call is a request, and what its client does wrong.
type call struct {
	is string // the mistake, "a+b" for two, "id/case" for one of several sentences

	method, uri, body, kind string                    // kind: its Content-Type
	signed                  func(lines) string        // what is signed
	sign                    func(string) []byte       // how
	spell                   func([]byte) string       // how the signature is written
	fields                  func(*wire.Authorization) // what else the header says
	write                   func(string) []string     // how the header is written
	signedBody              string                    // where only a part of the body is
}

const (
	payPath = "/v3/pay/transactions/jsapi"
	payBody = `{"appid":"wxd678efh567hg6787","mchid":"1900000109","description":"会员<年卡>&'月'=卡/季","out_trade_no":"a1b2c3",` +
		`"notify_url":"https://yourapp.com/notify","amount":{"total":1,"currency":"CNY"},"attach":null,"goods_tag":"",` +
		`"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}`
)

func (c call) defaults() call {
	c.method, c.uri = cmp.Or(c.method, "POST"), cmp.Or(c.uri, payPath)
	if c.method == "POST" {
		c.body, c.kind = cmp.Or(c.body, payBody), cmp.Or(c.kind, "application/json")
	}
	if c.signed == nil {
		c.signed = lines.String
	}
	if c.spell == nil {
		c.spell = base64.StdEncoding.EncodeToString
	}
	if c.fields == nil {
		c.fields = func(*wire.Authorization) {}
	}
	if c.write == nil {
		c.write = func(s string) []string { return []string{s} }
	}
	return c
}

// send makes the call, and gives the answer.
func (w *world) send(t *testing.T, c call) *http.Response {
	t.Helper()
	c = c.defaults()
	if c.sign == nil {
		c.sign = w.rsa(w.key, crypto.SHA256)
	}
	a := wire.Authorization{Scheme: wire.Scheme, MchID: sandbox.DefaultMchID, Nonce: nonce,
		Timestamp: strconv.FormatInt(start.Unix(), 10), Serial: w.serial}
	c.fields(&a)
	message := c.signed(lines{c.method, c.uri, a.Timestamp, a.Nonce, cmp.Or(c.signedBody, c.body)})
	a.Signature = c.spell(c.sign(message))
	r, err := http.NewRequestWithContext(context.Background(), c.method, w.URL()+c.uri, strings.NewReader(c.body))
	w.ok(err)
	r.Header = http.Header{"Accept": {"application/json"}, "User-Agent": {"test"}, "Authorization": c.write(a.String())}
	if c.kind != "" {
		r.Header.Set("Content-Type", c.kind)
	}
	p, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, p.Body)
	p.Body.Close()
	return p
}

// rsa signs as PKCS#1 v1.5 does.
func (w *world) rsa(key *rsa.PrivateKey, hash crypto.Hash) func(string) []byte {
	return func(message string) []byte {
		h := hash.New()
		h.Write([]byte(message))
		s, err := rsa.SignPKCS1v15(rand.Reader, key, hash, h.Sum(nil))
		w.ok(err)
		return s
	}
}

func sha(message string) []byte { h := sha256.Sum256([]byte(message)); return h[:] }

// named checks that hint, journal and log of the last call name a mistake.
func (w *world) named(t *testing.T, is string, p *http.Response) {
	t.Helper()
	all, err := w.Journal(0, 1)
	w.ok(err)
	x, hint := all[0], p.Header.Get(ledger.HeaderHint)
	var names []string
	for _, name := range strings.Split(is, "+") {
		id, of, _ := strings.Cut(name, "/")
		names = append(names, id)
		m := row(t, id, of)
		if !strings.Contains(hint, begins(m.En.Problem)) || !strings.Contains(x.HintZH, begins(m.Zh.Problem)) {
			t.Errorf("%s: the hint is %q, in Chinese %q", name, hint, x.HintZH)
		}
	}
	want := strings.Join(names, "+")
	if got := p.Header.Get(ledger.HeaderMistake); got != want || x.Mistake != want {
		t.Errorf("%s: the header says %q, the journal %q: %s", want, got, x.Mistake, hint)
	}
	if x.Hint != hint {
		t.Errorf("%s: the hint is %q, in the journal %q", want, hint, x.Hint)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if log := strings.Join(w.log, "\n"); !strings.Contains(log, hint+" ["+want+"]") {
		t.Errorf("%s: the log has no %q", want, hint)
	}
	if strings.Contains(hint, "{1}") || strings.Contains(x.HintZH, "{1}") {
		t.Errorf("%s: a detail is missing: %q", want, hint)
	}
}

// row is the sentences of an ID.
func row(t *testing.T, id, of string) explain.Mistake {
	t.Helper()
	for _, m := range explain.ByID(id) {
		if m.Case == of {
			return m
		}
	}
	t.Fatalf("there is no mistake %s/%s", id, of)
	return explain.Mistake{}
}

// begins is a sentence up to its first detail, or what stands behind one in front.
func begins(sentence string) string {
	for part := range strings.SplitSeq(sentence, "{") {
		if _, behind, found := strings.Cut(part, "}"); found {
			part = behind
		}
		if len(part) > 3 {
			return part
		}
	}
	return sentence
}

// each makes calls one after the other, and checks that each is named.
func (w *world) each(t *testing.T, calls []call) {
	t.Helper()
	for i, c := range calls {
		t.Run(fmt.Sprintf("%d %s", i, strings.ReplaceAll(c.is, "/", " ")), func(t *testing.T) {
			p := w.send(t, c)
			if p.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: answered %d", c.is, p.StatusCode)
			}
			w.named(t, c.is, p)
		})
	}
}

// nothing is a client without a mistake, by which the others are measured.
func TestARightSignatureIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := call{body: strings.NewReplacer(`"attach":null,"goods_tag":"",`, "").Replace(payBody)}
	if p := w.send(t, c); p.StatusCode != http.StatusOK {
		t.Errorf("answered %d: %s", p.StatusCode, p.Header.Get(ledger.HeaderHint))
	}
	if p := w.send(t, call{method: "GET", uri: queryURI}); p.StatusCode != http.StatusNotFound ||
		p.Header.Get(ledger.HeaderMistake) != "" {
		t.Errorf("answered %d: %s", p.StatusCode, p.Header.Get(ledger.HeaderHint))
	}
}
