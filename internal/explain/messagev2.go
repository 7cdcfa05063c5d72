package explain

import (
	"bytes"
	"crypto/aes"
	"crypto/md5" //nolint:gosec // the key derivation WeChat Pay documents
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// explainV2 is Explain of a message of APIv2.
func (m Message) explainV2(k Known) Verdict {
	v := &Verdict{}
	body := bytes.TrimPrefix(m.Body, []byte(bom))
	f, err := wire.ParseXML(body)
	if err != nil {
		v.add(found("xml-malformed", strings.TrimPrefix(err.Error(), wire.ErrXML.Error()+": ")))
		return *v
	}
	if f["req_info"] != "" {
		m.refund(f, k, v)
		return *v
	}
	if wrong := SignedBy(f, k); wrong.Found() {
		v.add(wrong)
		return *v
	}
	own, _ := k.merchant(f["mch_id"])
	if f["mch_id"] == "" {
		own, _ = k.merchant(f["combine_mch_id"])
	}
	if wrong := Sign(V2{Fields: f, Order: OrderOf(body)}, own, k); wrong.Found() {
		v.add(wrong)
		return *v
	}
	v.Genuine, v.MchID = true, own.MchID
	v.add(found("genuine/v2", own.MchID))
	return *v
}

// refund opens the sealed part of a refund.
func (m Message) refund(f wire.Fields, k Known, v *Verdict) {
	sealed, left := f["req_info"], wholeBudget
	raw, err := base64.StdEncoding.DecodeString(sealed)
	var spelling Finding
	if err != nil {
		if all := ciphertexts(sealed); len(all) > 0 {
			raw, spelling = all[0].value, found("sealed-base64-changed")
		} else {
			v.add(found("sealed-base64"))
			return
		}
	}
	if len(raw) == 0 || len(raw)%aes.BlockSize != 0 {
		v.add(found("sealed-blocks"))
		return
	}
	keys := secretsTaken(k, "sealed", Keys.ofV2, "sealed-key-of-v3", Keys.ofV3)
	for _, key := range keys {
		for _, d := range derivations {
			if !left.spend(len(raw)) {
				v.add(found("unknown/size"))
				return
			}
			if plain := openECB(raw, d.key(key.value.key)); plain != nil {
				v.Genuine, v.MchID, v.Opened = true, key.value.mchID, wire.Hide(plain)
				as := found("genuine/v2-sealed", key.value.mchID)
				if d.id != "" {
					as = found(d.id)
				} else if key.as.Found() || spelling.Found() {
					as = Finding{}
				}
				v.add(spelling.and(key.as).and(as))
				return
			}
		}
	}
	if len(keys) == 0 {
		v.add(found("unknown/no-key"))
		return
	}
	v.add(found("unknown/sealed"))
}

// derivations are the AES keys that people make of an APIv2 key, the right one first.
var derivations = [...]struct {
	id  string
	key func(string) []byte
}{
	{"", func(key string) []byte { h := md5.Sum([]byte(key)); return []byte(hex.EncodeToString(h[:])) }},
	{"sealed-md5-upper-case", func(key string) []byte {
		h := md5.Sum([]byte(key))
		return bytes.ToUpper([]byte(hex.EncodeToString(h[:])))
	}},
	{"sealed-md5-raw", func(key string) []byte { h := md5.Sum([]byte(key)); return h[:] }},
	{"sealed-without-md5", func(key string) []byte { return []byte(key) }},
}

// openECB opens AES-ECB, nil where what comes out is no refund. The mode has no tag: that the XML
// comes out is what tells the right key.
func openECB(raw, key []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(raw))
	for i := 0; i < len(raw); i += aes.BlockSize {
		block.Decrypt(out[i:], raw[i:])
	}
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize || pad > len(out) ||
		!bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil
	}
	out = out[:len(out)-pad]
	if !bytes.HasPrefix(bytes.TrimSpace(out), []byte("<root>")) {
		return nil
	}
	return out
}
