package explain

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// envelope opens what is sealed in a notification.
func (m Message) envelope(body []byte, k Known, v *Verdict, left *budget) {
	e, err := wire.ParseEnvelope(body)
	if err != nil {
		if !json.Valid(body) {
			if v.Genuine || len(v.Findings) == 0 {
				v.add(found("envelope-not-json"))
			}
			return
		}
		v.add(found("envelope-member", strings.TrimPrefix(err.Error(), wire.ErrEnvelope.Error()+": ")))
		return
	}
	v.Event = wire.Clip(e.EventType, shown)
	plain, whose, f := openResource(e.Resource, k, left)
	v.add(f)
	if plain == nil {
		return
	}
	v.Opened, v.MchID = wire.Hide(plain), whose
	if other := namedIn(plain, k); other != "" && other != whose {
		v.add(found("resource-names-other", whose, other))
	}
}

// namedIn is the known merchant that a resource names, "" for none.
func namedIn(plain []byte, k Known) string {
	var named struct {
		SpMchID wire.Loose `json:"sp_mchid"`
		MchID   wire.Loose `json:"mchid"`
		MchID2  wire.Loose `json:"mch_id"`
	}
	_ = json.Unmarshal(plain, &named)
	for _, id := range []wire.Loose{named.SpMchID, named.MchID, named.MchID2} {
		if _, known := k.merchant(string(id)); known {
			return string(id)
		}
	}
	return ""
}

// OpenResource opens a sealed resource with the keys that are known, and says whose key it was and
// what is wrong. plain is nil where none opens it.
func OpenResource(r wire.Resource, k Known) (plain []byte, mchID string, f Finding) {
	left := wholeBudget
	return openResource(r, k, &left)
}

func openResource(r wire.Resource, k Known, left *budget) (plain []byte, mchID string, f Finding) {
	if trimmed := strings.TrimSpace(r.Nonce); len(r.Nonce) != wire.NonceSize && len(trimmed) != wire.NonceSize {
		return nil, "", found("resource-nonce-size", strconv.Itoa(len(r.Nonce)))
	} else if trimmed != r.Nonce && len(trimmed) == wire.NonceSize {
		r.Nonce, f = trimmed, found("resource-nonce-padded")
	}
	raws := ciphertexts(r.Ciphertext)
	if len(raws) == 0 {
		return nil, "", f.and(found("resource-base64"))
	}
	short := Finding{}
	for _, raw := range raws {
		for _, key := range resourceKeys(k) {
			if len(key.value.key) != wire.KeySize {
				if !key.as.Found() {
					short = found("resource-key-length", strconv.Itoa(len(key.value.key)))
				}
				continue
			}
			if !left.spend(2 * len(raw.value)) {
				return nil, "", f.and(found("unknown/size"))
			}
			if plain, wrong := open(r, raw.value, key.value.key); plain != nil || wrong.Found() {
				return plain, key.value.mchID, f.and(raw.as).and(key.as).and(wrong)
			}
		}
	}
	switch {
	case len(resourceKeys(k)) == 0:
		return nil, "", f.and(found("resource-no-key"))
	case short.Found():
		return nil, "", f.and(short)
	}
	return nil, "", f.and(found("unknown/resource"))
}

// resourceKeys are the keys that a resource may be sealed with, those that should be it first.
func resourceKeys(k Known) []choice[secret] {
	out := secretsTaken(k, "resource", Keys.ofV3, "resource-key-of-v2", Keys.ofV2)
	for _, m := range k.Merchants {
		if raw, err := base64.StdEncoding.DecodeString(m.APIv3); err == nil && len(raw) == wire.KeySize {
			out = append(out, choice[secret]{secret{string(raw), m.MchID}, found("resource-key-encoded")})
		}
	}
	return out
}

// ciphertexts reads base64 in the spellings that it gets on the way.
func ciphertexts(s string) (out []choice[[]byte]) {
	add := func(raw []byte, err error, as Finding) {
		if err == nil && len(raw) > aes.BlockSize {
			out = append(out, choice[[]byte]{raw, as})
		}
	}
	std := base64.StdEncoding
	wrong := found("resource-base64-changed")
	if raw, err := std.DecodeString(s); err == nil && strings.ContainsAny(s, "\r\n") { // which Go passes over
		add(raw, nil, wrong)
		return out
	} else if err == nil {
		add(raw, nil, Finding{})
		return out
	}
	for _, text := range []string{strings.ReplaceAll(s, " ", "+"), wrapped.Replace(s), escapedLines.Replace(s),
		unescaped(s)} {
		raw, err := std.DecodeString(text)
		add(raw, err, wrong)
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		raw, err := e.DecodeString(s)
		add(raw, err, wrong)
	}
	return out
}

// open opens with a key, or says why it does not though the key is right. Both are nothing where
// the key is not shown to be the right one.
func open(r wire.Resource, raw []byte, key string) ([]byte, Finding) {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, Finding{}
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(r.Nonce) != gcm.NonceSize() || len(raw) < gcm.Overhead() {
		return nil, Finding{}
	}
	with := func(data string) []byte {
		plain, err := gcm.Open(nil, []byte(r.Nonce), raw, []byte(data))
		if err == nil && plain == nil {
			plain = []byte{}
		}
		return plain
	}
	if plain := with(r.AssociatedData); plain != nil {
		return plain, Finding{}
	}
	// Without the tag GCM is a stream: under the right key and nonce it gives what was sealed,
	// whatever is wrong with the rest.
	stream := make([]byte, len(raw)-gcm.Overhead())
	cipher.NewCTR(block, append([]byte(r.Nonce), 0, 0, 0, 2)).XORKeyStream(stream, raw[:len(stream)])
	if !readable(stream) {
		return nil, Finding{}
	}
	for _, data := range []string{"", r.OriginalType, strings.TrimSpace(r.AssociatedData), "transaction", "refund",
		"certificate", "null", strings.ToLower(r.AssociatedData)} {
		if plain := with(data); plain != nil {
			return plain, found("resource-associated-data", data)
		}
	}
	return nil, found("resource-changed")
}

// leastReadable is how many bytes of text never come out of a stream under a wrong key.
const leastReadable = 24

// readable reports whether bytes are the text of a JSON object or of a certificate, but for a few:
// they do not come out of a stream under a wrong key.
func readable(b []byte) bool {
	if len(b) < leastReadable || b[0] != '{' && b[0] != '-' {
		return false
	}
	bad := 0
	for rest := b; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			bad++
		}
		rest = rest[size:]
	}
	return bad*16 <= len(b)
}
