package notify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// A notification that is printed does not name the payer.
func TestPrintedNotifications(t *testing.T) {
	t.Parallel()
	n := notify.Notification{ID: "1", EventType: "E", Plaintext: []byte(`{"openid":"oSECRET"}`)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, value := range []any{n, &n, struct{ N notify.Notification }{n}, []*notify.Notification{&n}} {
			text := fmt.Sprintf(verb, value)
			if !strings.Contains(text, "E 1") || strings.Contains(text, "SECRET") || strings.Contains(text, "83, 69") ||
				strings.Contains(text, "83 69") {
				t.Errorf("%s of a %T: %s", verb, value, text)
			}
		}
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("", "n", n, "p", &n)
	if strings.Contains(log.String(), "SECRET") {
		t.Error(log.String())
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	n, err := notify.New(w.keys(t)).Parse(m.header, m.body)
	if err != nil {
		t.Fatal(err)
	}
	if n.ID != "EV-1" || n.EventType != signedType || n.OriginalType != "entrust" || n.Summary != "签约" ||
		n.RequestID != "08F7A1-1" {
		t.Errorf("got %+v", n)
	}
	if got := n.CreateTime.Format(time.RFC3339); got != "2030-01-01T08:00:05+08:00" {
		t.Errorf("created at %s", got)
	}
	if string(n.Plaintext) != signedPlaintext {
		t.Errorf("the resource is not what was sealed: %s", n.Plaintext)
	}
	var e signed
	if err := n.Decode(&e); err != nil || e.OutContractCode != "wxwtdk20200910100000" || e.PlanID != 12535 {
		t.Errorf("decoded %+v, %v", e, err)
	}
}

// Two parsers of one mind could agree on a mistake; this message is openssl's.
func TestParseWhatOpenSSLMade(t *testing.T) {
	t.Parallel()
	var witness struct{ Timestamp, Nonce, Body, Serial, Signature string }
	data, err := os.ReadFile("../testdata/vectors/notification.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &witness); err != nil {
		t.Fatal(err)
	}
	certificate, err := wxpay.LoadPlatformCertificate("../testdata/vectors/keys/platform-certificate.pem")
	if err != nil {
		t.Fatal(err)
	}
	seconds, _ := strconv.ParseInt(witness.Timestamp, 10, 64)
	keys, err := wxpay.NewKeys(wxpay.Config{
		MchID: "1900000109", APIv3Key: wxpay.NewSecret(apiV3Key), PlatformKeys: []wxpay.PlatformKey{certificate},
		Now: func() time.Time { return time.Unix(seconds, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := notify.New(keys).Parse(http.Header{
		wire.HeaderTimestamp: {witness.Timestamp}, wire.HeaderNonce: {witness.Nonce},
		wire.HeaderSerial: {witness.Serial}, wire.HeaderSignature: {witness.Signature},
	}, []byte(witness.Body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := os.ReadFile("../testdata/vectors/gcm-resource.plain")
	if err != nil {
		t.Fatal(err)
	}
	if n.ID != "EV-2030010108000500001" || !bytes.Equal(n.Plaintext, plain) {
		t.Errorf("got %v", n)
	}
}

// fasthttp, gRPC metadata and cloud gateways have their own idea of case.
func TestParseTakesHeaderNamesInAnyCase(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	mixed := func(name string) string {
		if name == wire.HeaderSignature {
			return name
		}
		return strings.ToLower(name)
	}
	under := func(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }
	cgi := func(name string) string { return "HTTP_" + strings.ReplaceAll(strings.ToUpper(name), "-", "_") }
	for _, spell := range []func(string) string{strings.ToLower, strings.ToUpper, mixed, under, cgi} {
		h := http.Header{}
		for name, values := range m.header {
			h[spell(name)] = values
		}
		n, err := notify.New(w.keys(t)).Parse(h, m.body)
		if err != nil {
			t.Fatal(err)
		}
		if n.RequestID == "" {
			t.Errorf("the request id was lost")
		}
		if err := w.keys(t).Verify(h, m.body); err != nil {
			t.Errorf("%v: %v", h, err)
		}
	}
	// What is spelled as it should be counts, whatever stands beside it.
	beside := m.header.Clone()
	beside["HTTP_WECHATPAY_NONCE"], beside["wechatpay-serial"] = []string{"x"}, []string{"y"}
	delete(beside, "Request-Id")
	if err := w.keys(t).Verify(beside, m.body); err != nil {
		t.Error(err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	// Each makes one message of the genuine envelope e.
	cases := map[string]struct {
		make   func(t *testing.T, w *wechat, e *wire.Envelope) message
		check  wxpay.Check
		status int
		says   string
	}{
		"no Wechatpay-Serial, as behind a proxy": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.header.Del(wire.HeaderSerial)
			return m
		}, wxpay.CheckHeaders, 401, "missing Wechatpay-Serial"},
		"no headers at all": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			return message{nil, w.attempt(t, e).body}
		}, wxpay.CheckHeaders, 401, "proxy"},
		"five minutes old": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			w.now = w.now.Add(5 * time.Minute)
			return m
		}, wxpay.CheckTimestamp, 401, "five minutes ago"},
		"five minutes ahead": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			w.now = w.now.Add(-5 * time.Minute)
			return m
		}, wxpay.CheckTimestamp, 401, "in the future"},
		"a timestamp in words": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.header.Set(wire.HeaderTimestamp, "2030-01-01")
			return m
		}, wxpay.CheckTimestamp, 401, "not a decimal number"},
		"a nonce of two lines": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e) // the same signed bytes, cut in another place
			first, rest, _ := bytes.Cut(m.body, []byte(`,`))
			m.header.Set(wire.HeaderNonce, m.header.Get(wire.HeaderNonce)+"\n"+string(first))
			m.body = rest
			return m
		}, wxpay.CheckHeaders, 401, "a line end in it"},
		"another serial": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.header.Set(wire.HeaderSerial, "05A1C3E5079B2D4F60718293A4B5C6D7E8F90A1B")
			return m
		}, wxpay.CheckSerial, 401, "PlatformKeys"},
		"a body changed on the way": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.body = append(m.body, '\n')
			return m
		}, wxpay.CheckSignature, 401, "changed on the way"},
		"associated data changed": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.body = bytes.Replace(m.body, []byte(`"associated_data":"entrust"`), []byte(`"associated_data":"refund"`),
				1)
			return m
		}, wxpay.CheckSignature, 401, "changed on the way"},
		"a signature that is not base64": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.header.Set(wire.HeaderSignature, "***")
			return m
		}, wxpay.CheckSignature, 401, "not base64"},
		"a probe": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.header.Set(wire.HeaderSignature, wire.ProbePrefix+m.header.Get(wire.HeaderSignature))
			return m
		}, wxpay.CheckSignature, 401, "probe"},
		"a probe under a serial nobody has": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			m := w.attempt(t, e)
			m.header.Set(wire.HeaderSerial, "7BE0")
			m.header.Set(wire.HeaderSignature, wire.ProbePrefix+"AAAA")
			return m
		}, wxpay.CheckSerial, 401, ""},
		"nothing": {func(t *testing.T, w *wechat, _ *wire.Envelope) message {
			return w.sign(t, nil)
		}, notify.CheckBody, 400, "raw bytes"},
		"more than a mebibyte": {func(t *testing.T, w *wechat, _ *wire.Envelope) message {
			return w.sign(t, bytes.Repeat([]byte(" "), notify.MaxBody+1))
		}, notify.CheckBody, 413, "mebibyte"},
		"XML, as v2 sends": {func(t *testing.T, w *wechat, _ *wire.Envelope) message {
			return w.sign(t, []byte("<xml><return_code>SUCCESS</return_code></xml>"))
		}, wxpay.CheckSignature, 401, "give notify.APIv2Key"},
		"null": {func(t *testing.T, w *wechat, _ *wire.Envelope) message {
			return w.sign(t, []byte("null"))
		}, notify.CheckEnvelope, 400, "missing"},
		"an envelope cut short": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			return w.sign(t, w.attempt(t, e).body[:200])
		}, notify.CheckEnvelope, 400, "not the JSON"},
		"no resource": {func(t *testing.T, w *wechat, _ *wire.Envelope) message {
			return w.sign(t, []byte(`{"id":"EV-1","event_type":"ECOMMERCE_ENTRUST.SIGN","resource":null}`))
		}, notify.CheckEnvelope, 400, "resource.algorithm is missing"},
		"no id": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			e.ID = ""
			return w.attempt(t, e)
		}, notify.CheckEnvelope, 400, "id is missing"},
		"the SM4 cipher": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			e.Resource.Algorithm = "AEAD_SM4_GCM"
			return w.attempt(t, e)
		}, notify.CheckEnvelope, 400, "AEAD_AES_256_GCM"},
		"sealed with another APIv3 key": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			other, err := wire.NewAEAD("another-key-of-thirty-two-bytes!")
			if err != nil {
				t.Fatal(err)
			}
			e.Resource.Ciphertext = other.Seal(e.Resource.Nonce, e.Resource.AssociatedData, []byte(signedPlaintext))
			return w.attempt(t, e)
		}, notify.CheckResource, 500, "APIv3 key"},
		"sealed with other associated data": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			e.Resource.AssociatedData = ""
			return w.attempt(t, e)
		}, notify.CheckResource, 500, "does not open"},
		"a nonce of 13 bytes": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			e.Resource.Nonce += "5"
			return w.attempt(t, e)
		}, notify.CheckResource, 500, "12 bytes"},
		"a ciphertext that is not base64": {func(t *testing.T, w *wechat, e *wire.Envelope) message {
			e.Resource.Ciphertext = "***"
			return w.attempt(t, e)
		}, notify.CheckResource, 500, "base64"},
	}
	for _, plain := range []string{"", "null", "[]", `"text"`, "<xml/>", `{"a":1`, `{"a":1}{}`} {
		cases["sealed: "+plain] = struct {
			make   func(t *testing.T, w *wechat, e *wire.Envelope) message
			check  wxpay.Check
			status int
			says   string
		}{func(t *testing.T, w *wechat, e *wire.Envelope) message {
			return w.attempt(t, w.envelope(e.ID, e.EventType, plain))
		}, notify.CheckPlaintext, 400, "not a JSON object"}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWechat(t)
			keys := w.keys(t)
			m := c.make(t, w, w.envelope("EV-1", signedType, signedPlaintext))
			n, err := notify.New(keys).Parse(m.header, m.body)
			if n != nil || err == nil {
				t.Fatal("it parsed")
			}
			var e *notify.Error
			if !errors.As(err, &e) || e.Check != c.check || e.Status != c.status || !strings.Contains(err.Error(),
				c.says) {
				t.Errorf("got %v, want check %s, status %d, saying %q", err, c.check, c.status, c.says)
			}
			var s *wxpay.SignatureError
			if errors.As(err, &s) != (c.status == 401) {
				t.Errorf("a *wxpay.SignatureError goes with 401 and nothing else: %v", err)
			}
			var d *wxpay.DecryptError
			if errors.As(err, &d) != (c.check == notify.CheckResource) {
				t.Errorf("a *wxpay.DecryptError goes with the resource check and nothing else: %v", err)
			}
		})
	}
}

// What an error says stays the same when the server uses the headers' buffer again.
func TestAnErrorKeepsItsOwnText(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	serial, id := []byte("PUB_KEY_ID_9999"), []byte("REQUEST-0001")
	m.header[wire.HeaderSerial] = []string{unsafe.String(&serial[0], len(serial))}
	m.header["Request-Id"] = []string{unsafe.String(&id[0], len(id))}
	_, err := notify.New(w.keys(t)).Parse(m.header, m.body)
	before := err.Error()
	clear(serial)
	clear(id)
	if after := err.Error(); after != before {
		t.Errorf("%q became %q", before, after)
	}
}

func TestPrintingANotificationKeepsThePayerOut(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	n, err := notify.New(w.keys(t)).Parse(m.header, m.body)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%v %+v %s\n", n, n, n)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "n", n)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "n", n)
	if s := out.String(); strings.Contains(s, "openid") || strings.Contains(s, "111 112 101 110 105 100") ||
		strings.Count(s, "EV-1") != 5 {
		t.Errorf("printed %s", s)
	}
}

// Whatever WeChat Pay may one day sign, the receiver says what is wrong with
// it and does not fall over. A run costs a signature, so script/fuzz tells the
// fuzzer not to spend its time on minimizing.
func FuzzParse(f *testing.F) {
	w := newWechat(f)
	r := notify.New(w.keys(f))
	genuine := w.attempt(f, w.envelope("EV-1", signedType, signedPlaintext)).body
	f.Add(genuine)
	f.Add(genuine[:len(genuine)-1])
	f.Add(
		[]byte(
			`{"id":"1","event_type":"A.B","resource":{"algorithm":"AEAD_AES_256_GCM","ciphertext":"AAAA","nonce":"fdasflkja484"}}`))
	f.Add([]byte(`null`))
	f.Add([]byte(``))
	f.Add([]byte(`<`))
	f.Fuzz(func(t *testing.T, body []byte) {
		local := *w // workers share nothing
		m := local.sign(t, body)
		n, err := r.Parse(m.header, m.body)
		if err != nil {
			var e *notify.Error
			if !errors.As(err, &e) || n != nil || e.Check == "" || e.Status < 400 || e.Status > 599 {
				t.Fatalf("an error that tells nothing: %v", err)
			}
			// XML is APIv2's, whose signature is in the body: see FuzzParseV2.
			xml := strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(string(body), "\ufeff"), " \t\r\n"), "<")
			if e.Status == 401 && !xml {
				t.Fatalf("a genuine signature was refused: %v", err)
			}
			return
		}
		if n.ID == "" || n.EventType == "" || !json.Valid(n.Plaintext) || n.Plaintext[0] == 'n' {
			t.Fatalf("parsed into nothing: %v", n)
		}
		if err := n.Decode(new(map[string]any)); err != nil {
			t.Fatalf("an object that is not a map: %v", err)
		}
	})
}
