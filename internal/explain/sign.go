package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// V2 is a message of APIv2: a call, the query of a page or a notification.
type V2 struct {
	Fields wire.Fields
	Order  []string // the names as they came; may be nil
	HMAC   bool     // the endpoint takes HMAC-SHA256 unless sign_type says otherwise
}

// SignedBy says what is wrong with the merchant that a message names, and nothing where it is
// known.
func SignedBy(f wire.Fields, k Known) Finding {
	id := f["mch_id"]
	if id == "" {
		id = f["combine_mch_id"]
	}
	if _, known := k.merchant(id); known {
		return Finding{}
	}
	switch by := k.providerOf(id); {
	case id == "":
		return found("v2-mchid-missing")
	case by != "":
		return found("v2-mchid-of-sub-merchant", id, by)
	}
	return found("v2-mchid-unknown", id)
}

// Sign says why the sign of a message of APIv2 is wrong, and nothing where it is right. Both sides
// hold the key, so the message is signed the way people get it wrong until the sign comes out:
// other fields, another key, another digest, or two of these at once.
func Sign(m V2, own Keys, k Known) Finding {
	f := m.Fields
	if f["sign"] == "" {
		return missingSign(f)
	}
	if !f.SignType().Known() {
		return found("v2-sign-type-unknown")
	}
	if m.HMAC && f["sign_type"] == "" && len(f["sign"]) != 64 {
		return found("v2-hmac-by-default")
	}
	if own.APIv2 != "" && f.Verify(own.APIv2) {
		return Finding{}
	}
	want := readSign(f["sign"])
	keys, ways := keysTaken(f, own, k), digestsTaken(f.SignType())
	left := wholeBudget
	for mistakes := range 3 {
		for j := range joins(m, &left) {
			for i := range keys {
				key, made := &keys[i], mistake(&j)+mistake(&keys[i])
				if made > mistakes {
					continue
				}
				for n := range ways {
					d := &ways[n]
					if made+mistake(d) != mistakes {
						continue
					}
					if !left.spend(len(j.value) + len(key.value)) {
						return found("unknown/size")
					}
					if spelling, ok := want.is(d.value(j.value, key.value)); ok {
						return j.as.and(key.as).and(d.as).and(spelling)
					}
				}
			}
		}
		if left.spent() {
			return found("unknown/size")
		}
	}
	switch {
	case !want.usual:
		return found("v2-sign-shape")
	case own.APIv2 == "":
		return found("unknown/no-key")
	}
	return found("unknown/sign")
}

// missingSign says what stands in the place of the sign.
func missingSign(f wire.Fields) Finding {
	for _, name := range []string{"Sign", "SIGN", "signature", "paySign", "pay_sign", "sig"} {
		if f[name] != "" {
			return found("v2-sign-misnamed", name)
		}
	}
	return found("v2-sign-missing")
}

// mistake is 1 for a choice that is one, and 0 for the right one.
func mistake[T any](c *choice[T]) int {
	if c.as.ID != "" {
		return 1
	}
	return 0
}

// signed is a sign as bytes, by the ways to write them.
type signed struct {
	hex, base64 []byte
	usual       bool // it has the form of an MD5 or an HMAC-SHA256
}

func readSign(s string) (out signed) {
	if raw, err := hex.DecodeString(s); err == nil {
		out.hex = raw
		out.usual = len(raw) == 16 || len(raw) == 32
	}
	if raw, err := base64.StdEncoding.DecodeString(s); err == nil {
		out.base64 = raw
	}
	return out
}

// is compares with a digest, and says how the sign was written if not as it should be.
func (s signed) is(digest []byte) (spelling Finding, ok bool) {
	switch {
	case bytes.Equal(s.hex, digest):
		return Finding{}, true
	case bytes.Equal(s.base64, digest):
		return found("v2-sign-base64"), true
	case len(digest) == 16 && bytes.Equal(s.hex, digest[4:12]):
		return found("v2-md5-short"), true
	}
	return Finding{}, false
}
