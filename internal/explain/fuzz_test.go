package explain_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// fit checks that a finding can be printed: on one line, whatever was sent, and without a key.
func fit(t *testing.T, f explain.Finding, k explain.Known) {
	t.Helper()
	for _, lang := range []string{"en", "zh"} {
		text := f.In(lang)
		for _, m := range k.Merchants {
			if strings.Contains(text, m.APIv2) || strings.Contains(text, m.APIv3) {
				t.Errorf("a key is printed: %q", text)
			}
		}
		if !utf8.ValidString(text) || text != wire.OneLine(text) || len(text) > 4<<10 {
			t.Errorf("not fit for a line: %q", text)
		}
	}
	if f.Found() && explain.Sentence(f.Names(), "en") == "" {
		t.Errorf("%s is no name of a mistake", f.Names())
	}
}

// Whatever an Authorization header is, what the protocol does not allow is found, and nothing else.
func FuzzAuthorization(f *testing.F) {
	r, k, _ := offline(f)
	right := r.Authorization.String()
	for _, s := range []string{right, "", wire.Scheme, wire.Scheme + ` mchid="1"`, "Bearer x", `{"mchid":"1"}`,
		strings.ReplaceAll(right, `"`, `'`), strings.ReplaceAll(right, ",", "; "), right + `,a="b"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		_, found := explain.Authorization([]string{header})
		if _, err := wire.ParseAuthorization(header); (err != nil) != found.Found() {
			t.Errorf("%v, found %q", err, found)
		}
		fit(t, found, k)
		fit(t, explain.Call(r, []string{header}, k, start), k)
	})
}

// Whatever is sent and signed, an explanation comes to an end.
func FuzzSignature(f *testing.F) {
	r, k, key := offline(f)
	for _, s := range []string{stringOf(r), "", "GET\n/\n1\nn\n\n", "{}", strings.Repeat("[", 2000)} {
		f.Add("POST", payPath, []byte(shortBody), s)
	}
	f.Add("GET", queryURI, []byte{}, "x")
	f.Add("PO\x00ST", "?&&=%zz", []byte(`{"a":[{},null,"\u0000\ud800"],"":""}`), "")
	f.Fuzz(func(t *testing.T, method, uri string, body []byte, signed string) {
		q := r
		q.Method, q.URI, q.Body, q.Pattern, q.Form = method, uri, body, uri, body
		q.Signature = signatureOf(t, key, signed)
		got := explain.Signature(q, k.Merchants[0], k)
		if got.Found() == (signed == stringOf(q)) {
			t.Errorf("found %q", got)
		}
		fit(t, got, k)
	})
}

func FuzzSign(f *testing.F) {
	_, k, _ := offline(f)
	f.Add([]byte("<xml><mch_id>1900000109</mch_id><sign>" + strings.Repeat("A", 32) + "</sign></xml>"))
	f.Add([]byte("<xml><a><![CDATA[</a>]]></a><b/><sign_type>HMAC-SHA256</sign_type><sign>x</sign></xml>"))
	f.Add([]byte("<xml><req_info>AAAA</req_info></xml>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, one := range (explain.Message{Body: body}).Explain(k).Findings {
			fit(t, one, k)
		}
		fields, err := wire.ParseXML(body)
		order := explain.OrderOf(body)
		if err == nil && len(order) != len(fields) && !strings.Contains(string(body), "<!--") {
			t.Errorf("%d names of %d fields: %q", len(order), len(fields), body)
		}
	})
}

func FuzzMessage(f *testing.F) {
	_, k, key := offline(f)
	k.Platform = []explain.Platform{{ID: "PUB_KEY_ID_1", Key: &key.PublicKey}}
	const sealed = `{"id":"1","event_type":"A","resource":{"algorithm":"AEAD_AES_256_GCM","ciphertext":"AAAAAAAAAAAAAAAAAAAA` +
		`AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","nonce":"aaaaaaaaaaaa"}}`
	f.Add("1599703200", "n", "PUB_KEY_ID_1", "AAAA", []byte(sealed))
	f.Add("", "\r\n", "1", wire.ProbePrefix, []byte("\x1f\x8b\x08"))
	f.Add("1599703200000", "n,n", "PUB_KEY_ID_2", " AA==", []byte(`"{\"a\":1}"`))
	f.Fuzz(func(t *testing.T, timestamp, nonce, serial, signature string, body []byte) {
		h := http.Header{"wechatpay_timestamp": {timestamp}, wire.HeaderNonce: {nonce}, wire.HeaderSerial: {serial},
			"X-Wechatpay-Signature": {signature}}
		signed := string(wire.AppendReplyMessage(nil, timestamp, nonce, body))
		for _, s := range []string{signature, signatureOf(t, key, signed), signatureOf(t, key, signed+"x")} {
			h["X-Wechatpay-Signature"] = []string{s}
			v := explain.Message{Header: h, Body: body, At: start}.Explain(k)
			if len(v.Findings) == 0 {
				t.Fatal("nothing was found")
			}
			for _, one := range v.Findings {
				fit(t, one, k)
			}
		}
	})
}

// A key that stands where an id should is not repeated.
func TestTheKeysThatMayNotBePrinted(t *testing.T) {
	t.Parallel()
	_, k, _ := offline(t)
	if own := k.Merchants[0]; len(own.APIv2) != wire.KeySize || len(own.APIv3) != wire.KeySize ||
		own.MchID != sandbox.DefaultMchID {
		t.Errorf("got keys of %d and %d bytes", len(own.APIv2), len(own.APIv3))
	}
	r, k, _ := offline(t)
	own := k.Merchants[0]
	r.MchID, r.Serial = own.APIv3, own.APIv2
	f := explain.Call(r, []string{r.Authorization.String()}, k, start)
	if f.Names() != "mchid-and-serial-unknown" {
		t.Errorf("got %s", f)
	}
	fit(t, f, k)
	v := explain.Message{Header: http.Header{wire.HeaderTimestamp: {"1599703200"}, wire.HeaderNonce: {"n"},
		wire.HeaderSerial: {own.APIv3}, wire.HeaderSignature: {"AAAA"}}, Body: []byte("{}")}.Explain(k)
	fit(t, v.Findings[0], k)
	fit(t, explain.SignedBy(wire.Fields{"mch_id": own.APIv2}, k), k)
}
