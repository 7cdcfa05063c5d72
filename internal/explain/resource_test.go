package explain_test

import (
	"bytes"
	"crypto/aes"
	"crypto/md5"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// resourceCases are notifications that are genuine, and whose resource does not open, or opens
// with another key than it should.
func (s *storage) resourceCases() []storedCase {
	var e wire.Envelope
	s.ok(json.Unmarshal(s.payment.Body, &e))
	own := s.known.Merchants[0]
	signed := func(is string, change func(*wire.Envelope)) storedCase {
		changed := e
		change(&changed)
		body, err := json.Marshal(changed)
		s.ok(err)
		return storedCase{is: is, message: s.signed(string(body))}
	}
	knowing := func(is string, change func(m *explain.Keys)) storedCase {
		k := s.known
		k.Merchants = []explain.Keys{own}
		change(&k.Merchants[0])
		return storedCase{is: is, message: s.payment, known: &k}
	}
	text := func(is string, change func(string) string) storedCase {
		return signed(is, func(e *wire.Envelope) { e.Resource.Ciphertext = change(e.Resource.Ciphertext) })
	}
	other := knowing("resource-of-other-merchant", func(m *explain.Keys) {})
	other.known.Merchants = []explain.Keys{{MchID: otherMchID, APIv3: strings.Repeat("3", 32)}, own}
	same := knowing("resource-names-other", func(m *explain.Keys) {})
	same.known.Merchants = []explain.Keys{{MchID: otherMchID, APIv3: own.APIv3}, own}
	aead, err := wire.NewAEAD(own.APIv3)
	s.ok(err)
	return []storedCase{
		{is: "envelope-not-json", message: s.signed("hello")},
		{is: "envelope-member", message: s.signed(`{"code_url":"weixin://x"}`)},
		signed("envelope-member", func(e *wire.Envelope) { e.Resource.Algorithm = "AEAD_AES_128_GCM" }),
		signed("resource-nonce-size", func(e *wire.Envelope) { e.Resource.Nonce += e.Resource.Nonce }),
		signed("resource-nonce-padded", func(e *wire.Envelope) { e.Resource.Nonce += " " }),
		text("resource-base64", func(s string) string { return "!" + s }),
		text("resource-base64", func(string) string { return "QUJD" }),
		text("resource-base64-changed", func(s string) string {
			return strings.NewReplacer("+", "-", "/", "_").Replace(s)
		}),
		text("resource-base64-changed", func(s string) string { return strings.TrimRight(s, "=") }),
		text("resource-base64-changed", func(s string) string { return strings.ReplaceAll(s, "+", " ") }),
		text("resource-changed", func(s string) string { return s[:40] + flipped(s[40]) + s[41:] }),
		text("resource-changed", func(s string) string { return s[:len(s)-16] }),
		signed("resource-associated-data", func(e *wire.Envelope) { e.Resource.AssociatedData += "x" }),
		signed("resource-associated-data", func(e *wire.Envelope) {
			e.Resource.Ciphertext = aead.Seal(e.Resource.Nonce, "", []byte(`{"mchid":"1900000109","amount":{"total":1}}`))
		}),
		signed("resource-changed", func(e *wire.Envelope) {
			e.Resource.Ciphertext = aead.Seal(e.Resource.Nonce, "y", []byte(`{"mchid":"1900000109","amount":{"total":1}}`))
		}),
		signed("unknown/resource", func(e *wire.Envelope) { e.Resource.Nonce = strings.Repeat("n", 12) }),

		knowing("resource-no-key", func(m *explain.Keys) { m.APIv3, m.APIv2 = "", "" }),
		knowing("resource-key-length", func(m *explain.Keys) { m.APIv3 = m.APIv3[:31] }),
		knowing("resource-key-of-v2", func(m *explain.Keys) { m.APIv3, m.APIv2 = m.APIv2, m.APIv3 }),
		knowing("resource-key-replaced", func(m *explain.Keys) {
			m.APIv3, m.FormerSecrets = strings.Repeat("3", 32), []string{m.APIv3}
		}),
		knowing("resource-key-dressed", func(m *explain.Keys) { m.APIv3 = "\"" + m.APIv3 + "\"\n" }),
		knowing("resource-key-encoded", func(m *explain.Keys) { m.APIv3 = std([]byte(m.APIv3)) }),
		knowing("unknown/resource", func(m *explain.Keys) { m.APIv3 = strings.Repeat("3", 32) }),
		s.otherCase(), other, same,
	}
}

// otherCase is a message to a merchant whose APIv3 key has small letters, and is given in capitals.
func (s *storage) otherCase() storedCase {
	const key = "abcdefghijklmnopqrstuvwxyz012345"
	aead, err := wire.NewAEAD(key)
	s.ok(err)
	var e wire.Envelope
	s.ok(json.Unmarshal(s.payment.Body, &e))
	e.Resource.Ciphertext = aead.Seal(e.Resource.Nonce, e.Resource.AssociatedData, []byte(`{"mchid":"1900000109"}`))
	body, err := json.Marshal(e)
	s.ok(err)
	k := s.known
	k.Merchants = []explain.Keys{{MchID: "1900000109", APIv3: strings.ToUpper(key)}}
	return storedCase{is: "resource-key-case", message: s.signed(string(body)), known: &k}
}

// flipped is another character of base64.
func flipped(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// v2Cases are messages of APIv2.
func (s *storage) v2Cases() []storedCase {
	own := s.known.Merchants[0]
	knowing := func(is string, m explain.Message, change func(m *explain.Keys)) storedCase {
		k := s.known
		k.Merchants = []explain.Keys{own}
		change(&k.Merchants[0])
		return storedCase{is: is, message: m, known: &k}
	}
	forged := func(c storedCase) storedCase { c.forged = true; return c }
	text := func(is string, m explain.Message, old, with string) storedCase {
		changed := strings.ReplaceAll(string(m.Body), old, with)
		if changed == string(m.Body) {
			s.t.Fatalf("%s: nothing to change in %s", is, m.Body)
		}
		return storedCase{is: is, message: s.signedFor(m, changed)}
	}
	f, err := wire.ParseXML(s.refundedV2.Body)
	s.ok(err)
	sealed := f["req_info"]
	plain, err := wire.OpenReqInfo(own.APIv2, sealed)
	s.ok(err)
	resealed := func(is string, key []byte) storedCase {
		block, err := aes.NewCipher(key)
		s.ok(err)
		pad := aes.BlockSize - len(plain)%aes.BlockSize
		raw := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
		for i := 0; i < len(raw); i += aes.BlockSize {
			block.Encrypt(raw[i:], raw[i:])
		}
		return text(is, s.refundedV2, sealed, base64.StdEncoding.EncodeToString(raw))
	}
	sum := md5.Sum([]byte(own.APIv2))
	other := explain.Keys{MchID: otherMchID, APIv2: strings.Repeat("2", 32), APIv3: strings.Repeat("3", 32)}
	others := knowing("sealed-of-other-merchant", s.refundedV2, func(*explain.Keys) {})
	others.known.Merchants = []explain.Keys{other, own}
	const lower = "abcdefghijklmnopqrstuvwxyz012345"
	small := knowing("sealed-key-case", s.signedFor(s.refundedV2, strings.ReplaceAll(string(s.refundedV2.Body), sealed,
		wire.SealReqInfo(lower, plain))), func(m *explain.Keys) { m.APIv2 = strings.ToUpper(lower) })
	return []storedCase{
		{is: "genuine/v2", message: s.paidV2},
		{is: "genuine/v2", message: s.signedFor(s.paidV2, "\ufeff"+string(s.paidV2.Body))},
		{is: "genuine/v2-sealed", message: s.refundedV2},
		forged(text("xml-malformed", s.paidV2, "</xml>", "")),
		forged(text("v2-mchid-unknown", s.paidV2, own.MchID, otherMchID)),
		forged(text("unknown/sign", s.paidV2, "888", "889")),
		forged(text("v2-field-late", s.paidV2, "<xml>", "<xml><added>by a gateway</added>")),
		forged(knowing("unknown/no-key", s.paidV2, func(m *explain.Keys) { m.APIv2, m.APIv3 = "", "" })),
		forged(knowing("v2-key-of-v3", s.paidV2, func(m *explain.Keys) { m.APIv3, m.APIv2 = m.APIv2, m.APIv3 })),
		forged(knowing("unknown/no-key", s.refundedV2, func(m *explain.Keys) { m.APIv2, m.APIv3 = "", "" })),

		forged(text("sealed-base64", s.refundedV2, sealed, "!"+sealed)),
		text("sealed-base64-changed", s.refundedV2, sealed, strings.NewReplacer("+", "-", "/", "_").Replace(sealed)),
		forged(text("sealed-blocks", s.refundedV2, sealed, sealed[:len(sealed)-8])),
		resealed("sealed-md5-upper-case", []byte(strings.ToUpper(hex.EncodeToString(sum[:])))),
		resealed("sealed-md5-raw", sum[:]), resealed("sealed-without-md5", []byte(own.APIv2)),
		knowing("sealed-key-of-v3", s.refundedV2, func(m *explain.Keys) { m.APIv3, m.APIv2 = m.APIv2, m.APIv3 }),
		knowing("sealed-key-replaced", s.refundedV2, func(m *explain.Keys) {
			m.APIv2, m.FormerSecrets = other.APIv2, []string{m.APIv2}
		}),
		knowing("sealed-key-dressed", s.refundedV2, func(m *explain.Keys) { m.APIv2 += "\n" }),
		forged(knowing("unknown/sealed", s.refundedV2, func(m *explain.Keys) { m.APIv2 = other.APIv2 })),
		small, others,
	}
}

func TestStoredResources(t *testing.T) {
	t.Parallel()
	s := newStorage(t)
	s.check(append(s.resourceCases(), s.v2Cases()...))

	// What opens is given, and never printed.
	v := s.payment.Explain(s.known)
	if !bytes.Contains(v.Opened.Reveal(), []byte(`"out_trade_no":"a1b2c3"`)) || v.Event != "TRANSACTION.SUCCESS" ||
		v.MchID != "1900000109" || v.SignedBy != s.serial {
		t.Errorf("got %+v", v)
	}
	v = s.refundedV2.Explain(s.known)
	if !bytes.Contains(v.Opened.Reveal(), []byte("<out_refund_no>")) && !bytes.Contains(v.Opened.Reveal(),
		[]byte("R1")) || v.MchID != "1900000109" {
		t.Errorf("got %+v", v)
	}
	if k := s.known.Merchants[0].Public; k == (*rsa.PublicKey)(nil) {
		t.Error("no key")
	}
}
