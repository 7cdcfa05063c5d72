package wxpay

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// What a call has to do with keys that may still have to be downloaded.

// knowKeys sees to it that the answer of a call can be verified before the call is sent: a client
// that knows no key of WeChat Pay's downloads its certificates first, and one whose certificates
// are old downloads them anew, of many calls one.
func (c *call) knowKeys(ctx context.Context) error {
	if c.problem != "" || c.list != nil {
		return nil
	}
	if err := c.client.keys.live.source.prepare(ctx); err != nil {
		if err := c.tooLate(ctx); err != nil {
			return err
		}
		problem := "there is no key of WeChat Pay's to verify the answer with: " +
			strings.TrimPrefix(printed(err), "wxpay: ")
		return &RequestError{Operation: c.operation(), Problem: problem, err: wire.Hide(withoutCause(err))}
	}
	c.began = c.client.keys.live.set.Load()
	return nil
}

// withoutCause is what a call that was not sent keeps of a failed download. The download's own
// answer, such as a 404, is not an answer to this call, and must not be found in its error.
func withoutCause(err error) error {
	var e *KeyError
	if !errors.As(err, &e) {
		return nil
	}
	return &KeyError{Want: e.Want, Problem: e.Problem, Hint: e.Hint}
}

// declared is the id of the key that the call names in Wechatpay-Serial: that of its encrypted
// fields, or the one that the answer should be signed with.
func (c *call) declared() string {
	switch {
	case c.keyID != "":
		return c.keyID
	case c.list != nil && !c.began.public(): // it may be for want of the certificate that would be named
		return ""
	}
	return c.began.current(c.client.now()).ID
}

// provable says of a refusal whether its signature can be looked at: WeChat Pay tells a merchant
// who has no certificates yet, by a key that this client does not know, why there are none.
func (c *call) provable(header http.Header) bool {
	return c.list == nil || c.client.keys.find(header.Get(wire.HeaderSerial)) != nil
}

// verify checks the signature of an answer. What is signed with a key that was replaced during the
// call counts, and a certificate that nobody knew is downloaded.
func (c *call) verify(success bool, header http.Header, body []byte) error {
	keys := c.client.keys
	if c.list != nil && success {
		return c.list.verify(c.began, header, body)
	}
	now := keys.live.set.Load()
	err := keys.verify(now, header, body)
	if err == nil || c.list != nil {
		return err
	}
	var e *SignatureError
	if !errors.As(err, &e) || e.Check != CheckSerial {
		return err
	}
	if c.began != now && keys.verify(c.began, header, body) == nil {
		return nil
	}
	serial := header.Get(wire.HeaderSerial)
	if !isCertificateSerial(serial) || findKey(now.all, serial) != nil { // which has expired
		return err
	}
	if _, problem := keys.Find(c.flight.request.Context(), serial); problem != nil {
		e.Hint = "it could not be learnt: " + strings.TrimPrefix(printed(problem), "wxpay: ")
		return err
	}
	return keys.Verify(header, body)
}

// isCertificateSerial tells the number of a certificate, which can be downloaded, from the id of a
// public key and from what no key is called.
func isCertificateSerial(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "0123456789abcdefABCDEF") == ""
}
