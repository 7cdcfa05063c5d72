package explain_test

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// messageCases are notifications and replies whose headers, signature or keys are wrong.
func (s *storage) messageCases() []storedCase {
	header := func(is string, change func(http.Header)) storedCase {
		return storedCase{is: is, message: with(s.payment, func(m *explain.Message) { change(m.Header) })}
	}
	set := func(is, name, value string) storedCase {
		return header(is, func(h http.Header) { h.Set(name, value) })
	}
	at := func(is string, d time.Duration) storedCase {
		return storedCase{is: is, message: with(s.payment, func(m *explain.Message) { m.At = start.Add(d) })}
	}
	forged := func(c storedCase) storedCase { c.forged = true; return c }
	knowing := func(is string, m explain.Message, change func(*explain.Known)) storedCase {
		k := s.known
		k.Merchants, k.Platform = append([]explain.Keys{}, k.Merchants...), append([]explain.Platform{}, k.Platform...)
		change(&k)
		return storedCase{is: is, message: m, known: &k}
	}
	h := s.payment.Header
	timestamp, nonce, signature := h.Get(wire.HeaderTimestamp), h.Get(wire.HeaderNonce), h.Get(wire.HeaderSignature)
	merchant := s.known.Merchants[0]
	own := (&world{t: s.t, Sandbox: s.sandbox}).privateKey(merchant.MchID)
	again := func(m *explain.Message, key crypto.Hash) {
		text := wire.AppendReplyMessage(nil, timestamp, nonce, m.Body)
		m.Header.Set(wire.HeaderSignature, std((&world{t: s.t}).rsa(own, key)(string(text))))
	}
	return []storedCase{
		{is: "genuine", message: s.payment},
		{is: "genuine", message: s.reply},
		{is: "genuine", message: with(s.payment, func(m *explain.Message) {
			m.Header = http.Header{}
			for name, values := range s.payment.Header { // as CGI has it
				m.Header["HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = values
			}
		})},
		forged(set("probe", wire.HeaderSignature, wire.ProbePrefix+"abc")),

		header("header-missing", func(h http.Header) { h.Del(wire.HeaderSerial) }),
		forged(header("header-missing", func(h http.Header) { h.Del(wire.HeaderSignature) })),
		forged(header("header-missing unknown/message", func(h http.Header) { h.Del(wire.HeaderNonce) })),
		header("header-renamed", func(h http.Header) {
			h.Set("X-Wechatpay-Serial", h.Get(wire.HeaderSerial))
			h.Del(wire.HeaderSerial)
		}),
		header("header-doubled", func(h http.Header) { h.Add(wire.HeaderNonce, nonce) }),
		set("header-doubled", wire.HeaderNonce, nonce+", "+nonce),
		set("header-padded", wire.HeaderNonce, " "+nonce),
		set("header-padded", wire.HeaderSerial, `"`+s.serial+`"`),
		forged(set("header-line-end unknown/message", wire.HeaderNonce, nonce[:5]+"\n"+nonce[5:])),

		forged(set("message-timestamp", wire.HeaderTimestamp, "yesterday")),
		set("message-timestamp-formatted", wire.HeaderTimestamp, "2020-09-10 10:00:00"),
		set("message-timestamp-formatted", wire.HeaderTimestamp, "2020-09-10T02:00:00Z"),
		at("message-old", 300*time.Second), at("message-early", -300*time.Second),
		at("message-eight-hours", 8*time.Hour), at("message-eight-hours", -8*time.Hour),
		header("message-timestamp-nonce-swapped", func(h http.Header) {
			h.Set(wire.HeaderTimestamp, nonce)
			h.Set(wire.HeaderNonce, timestamp)
		}),
		set("message-timestamp-milliseconds", wire.HeaderTimestamp, timestamp+"123"),
		{is: "message-nonce-case", message: with(s.lowerCase(), func(m *explain.Message) {
			m.Header.Set(wire.HeaderNonce, strings.ToUpper(nonce))
		})},

		forged(set("signature-not-base64", wire.HeaderSignature, "!!!")),
		set("signature-spaces", wire.HeaderSignature, strings.ReplaceAll(signature, "+", " ")),
		set("signature-percent", wire.HeaderSignature, url.QueryEscape(signature)),
		set("signature-wrapped", wire.HeaderSignature, signature[:76]+"\r\n"+signature[76:]),
		forged(set("message-signature-length", wire.HeaderSignature, signature[:100])),

		forged(knowing("platform-none", s.payment, func(k *explain.Known) { k.Platform = nil })),
		forged(knowing("platform-is-merchant", s.payment, func(k *explain.Known) {
			k.Platform = []explain.Platform{{ID: merchant.Serial, Key: merchant.Public}}
		})),
		{is: "platform-is-merchant message-signed-by-merchant", forged: true, known: s.and(explain.Platform{
			ID: merchant.Serial, Key: merchant.Public}), message: with(s.payment, func(m *explain.Message) {
			again(m, crypto.SHA256)
		})},
		{is: "unknown/message-key", forged: true, known: s.and(explain.Platform{ID: "1", Key: merchant.Public}),
			message: with(s.payment, func(m *explain.Message) { // which is not the reason
				m.Header.Set(wire.HeaderSignature, std(make([]byte, 256)))
			})},
		forged(knowing("platform-is-merchant", s.payment, func(k *explain.Known) { // under the name of the right one
			k.Platform = []explain.Platform{{ID: s.serial, Key: merchant.Public}}
		})),
		knowing("platform-expired", s.payment, func(k *explain.Known) { k.Platform[1].NotAfter = start }),
		set("message-other-key", wire.HeaderSerial, s.publicKeyID),
		set("message-serial-changed", wire.HeaderSerial, "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
		forged(knowing("message-certificate-unknown", s.payment, func(k *explain.Known) {
			k.Platform = k.Platform[:1]
		})),
		{is: "message-public-key-unknown", forged: true, known: s.without(0), message: with(s.payment,
			func(m *explain.Message) {
				m.Header.Set(wire.HeaderSerial, s.publicKeyID)
				m.Header.Set(wire.HeaderSignature, std(make([]byte, 256)))
			})},
		{is: "message-serial-of-merchant", forged: true, message: with(s.payment, func(m *explain.Message) {
			m.Header.Set(wire.HeaderSerial, merchant.Serial)
			m.Header.Set(wire.HeaderSignature, std(make([]byte, 256)))
		})},
		{is: "message-signed-by-merchant", forged: true, message: with(s.payment, func(m *explain.Message) {
			again(m, crypto.SHA256)
		})},
		forged(set("unknown/message-key", wire.HeaderSignature, std(make([]byte, 256)))),
		{is: "unknown/message", forged: true, message: s.signedFor(s.reply, `{"prepay_id":"x"}`)},
	}
}

// lowerCase is a notification whose nonce is in lower case.
func (s *storage) lowerCase() explain.Message {
	s.payment.Header = s.payment.Header.Clone()
	nonce := s.payment.Header.Get(wire.HeaderNonce)
	s.payment.Header.Set(wire.HeaderNonce, strings.ToLower(nonce))
	m := s.signed(string(s.payment.Body))
	s.payment.Header.Set(wire.HeaderNonce, nonce)
	return m
}

// and is what is known, and another key that was given as WeChat Pay's.
func (s *storage) and(p explain.Platform) *explain.Known {
	k := s.known
	k.Platform = append(append([]explain.Platform{}, k.Platform...), p)
	return &k
}

// without is what is known but for one of WeChat Pay's keys.
func (s *storage) without(i int) *explain.Known {
	k := s.known
	k.Platform = append(append([]explain.Platform{}, k.Platform[:i]...), k.Platform[i+1:]...)
	return &k
}

// signedFor is a message that has the signature of its own body and another one.
func (s *storage) signedFor(m explain.Message, body string) explain.Message {
	return with(m, func(m *explain.Message) { m.Body = []byte(body) })
}

// changedBodies are bodies that something on the way changed.
func (s *storage) changedBodies() []storedCase {
	body := string(s.payment.Body)
	of := func(is string, m explain.Message, body string) storedCase {
		return storedCase{is: is, message: with(m, func(m *explain.Message) { m.Body = []byte(body) })}
	}
	changed := func(is, body string) storedCase { return of(is, s.payment, body) }
	reply := func(is string, m explain.Message, body string) storedCase {
		c := of(is, m, body)
		c.message.Reply = true
		return c
	}
	var zipped, indented bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write(s.payment.Body)
	s.ok(err)
	s.ok(z.Close())
	s.ok(json.Indent(&indented, s.payment.Body, "", "  "))
	var decoded map[string]any
	s.ok(json.Unmarshal(s.payment.Body, &decoded))
	sorted, err := json.Marshal(decoded)
	s.ok(err)
	quoted, err := json.Marshal(body)
	s.ok(err)
	latin := ""
	for _, b := range s.payment.Body {
		latin += string(rune(b))
	}
	lines := s.signed("{\"code_url\":\n\"weixin://x\"}")
	crlf := s.signed("{\"code_url\":\r\n\"weixin://x\"}")
	cut := changed("message-body-cut", body[:len(body)-5])
	cut.forged = true
	other := changed("unknown/message resource-associated-data",
		strings.Replace(body, `"associated_data":"`, `"associated_data":"x`, 1))
	other.forged = true
	none := changed("message-body-empty", "")
	none.forged = true
	return []storedCase{
		changed("message-body-padded", body+"\n"), changed("message-body-padded", " "+body),
		reply("message-body-trimmed", s.signed("{\"code_url\":\"weixin://x\"}\n"), `{"code_url":"weixin://x"}`),
		changed("message-body-bom", "\ufeff"+body),
		reply("message-body-crlf", lines, string(crlf.Body)), reply("message-body-lf", crlf, string(lines.Body)),
		changed("message-body-html", html.EscapeString(body)),
		changed("message-body-plus", strings.ReplaceAll(body, "+", " ")),
		changed("message-body-percent", url.QueryEscape(body)),
		changed("message-body-percent", url.QueryEscape(body)+"="),
		changed("message-body-equals", body+"="),
		changed("message-body-backslashes", strings.ReplaceAll(body, `"`, `\"`)),
		changed("message-body-zeros", body+"\x00\x00"), changed("message-body-charset", latin),
		changed("message-body-quoted", string(quoted)),
		changed("message-body-base64", base64.StdEncoding.EncodeToString(s.payment.Body)),
		changed("message-body-gzip", zipped.String()), changed("message-body-doubled", body+body),
		changed("message-body-reencoded", indented.String()), changed("message-body-reencoded", string(sorted)),
		changed("message-body-reencoded", strings.ReplaceAll(strings.ReplaceAll(body, `":`, `": `), `,"`, `, "`)),
		changed("message-body-reencoded", escapedSlashes(body)),
		cut, none, other,
	}
}

// escapedSlashes is what PHP's json_encode makes of a body.
func escapedSlashes(body string) (out string) {
	for _, r := range strings.ReplaceAll(body, "/", `\/`) {
		if r < 0x80 {
			out += string(r)
		} else {
			out += `\u` + strconv.FormatInt(int64(r), 16)
		}
	}
	return out
}

func TestStoredMessages(t *testing.T) {
	t.Parallel()
	s := newStorage(t)
	s.check(append(s.messageCases(), s.changedBodies()...))
}
