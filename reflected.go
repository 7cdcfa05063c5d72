package wxpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// APIv2 signs calls and answers with one key, as name=value&name=value without escaping. Whoever
// opens TLS on the way, and wrote one value of a call, such as its attach, can cut the signed
// string of that call into the members of an answer. The string still has the call's nonce_str in
// it, as a member or in the value of one. So the nonces that a Client draws carry a mark under its
// key, by which it knows them again: in an answer to another call they tell that it is none. Where
// an endpoint repeats the nonce of its own call, the sign is another. Calls with a version have no
// nonce, and neither has a page's signed address, which the payer sees: they have that version or a
// timestamp, which no answer has; attach sorts before what a payer writes there.

const markAt = 16 // of the 32 characters of a nonce the second half marks the first

// nonceV2 draws a nonce with a mark.
func (c *call) nonceV2() (string, error) {
	nonce, err := wire.Nonce(c.client.rand)
	if err != nil {
		return "", err
	}
	return nonce[:markAt] + c.own.mark(nonce[:markAt]), nil
}

func (o *identity) mark(drawn string) string {
	mac := hmac.New(sha256.New, []byte(o.apiV2Key.Reveal()))
	mac.Write([]byte("nonce_str " + drawn))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)[:markAt/2]))
}

// drew tells whether text begins with a nonce that was drawn under this key.
func (o *identity) drew(text string) bool {
	return len(text) >= 2*markAt && hmac.Equal([]byte(o.mark(text[:markAt])), []byte(text[markAt:2*markAt]))
}

// reflected tells an answer that is the signed string of a call or a page of this client's.
func (c *call) reflected(answer wire.Fields) bool {
	if own := c.fields["sign"]; own != "" && strings.EqualFold(answer["sign"], own) {
		return true
	}
	own := c.fields["nonce_str"]
	for name, value := range answer {
		text := name + "=" + value
		for _, only := range []string{"timestamp=", "version="} {
			if strings.HasPrefix(text, only) || name != "attach" && strings.Contains(value, "&"+only) {
				return true
			}
		}
		for {
			_, after, found := strings.Cut(text, "nonce_str=")
			if !found {
				break
			}
			if c.own.drew(after) && (own == "" || !strings.HasPrefix(after, own)) {
				return true
			}
			text = after
		}
	}
	return false
}
