package notify

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// learnWithin is how long a message waits for the certificate that it is signed with. WeChat Pay
// gives it up after five seconds, and sends it again.
const learnWithin = 4 * time.Second

// learn has the certificate downloaded that a message is signed with and that nobody knew: by the
// keys that open it, but for those in proved, to whom it was no riddle. Anybody can write the name
// of a certificate into a message, and only WeChat Pay what opens with a merchant's APIv3 key, so
// that a stranger starts no download. It gives the keys that prove the message then, or else says
// why they do not.
func (r *Receiver) learn(header http.Header, body []byte, proved []*wxpay.Keys) (learnt []*wxpay.Keys,
	why *wxpay.SignatureError) {
	serial := get(header, wire.HeaderSerial)
	if strings.HasPrefix(serial, wire.PublicKeyIDPrefix) {
		return nil, nil
	}
	e, err := wire.ParseEnvelope(body)
	if err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), learnWithin)
	defer cancel()
	for _, keys := range r.keys {
		if slices.Contains(proved, keys) {
			continue
		}
		if _, err := keys.Open(e.Resource.Nonce, e.Resource.AssociatedData, e.Resource.Ciphertext); err != nil {
			continue
		}
		_, unknown := keys.Find(ctx, serial)
		err := keys.Verify(header, body)
		switch {
		case err == nil:
			learnt = append(learnt, keys)
		case errors.As(err, &why) && unknown != nil:
			why.Hint = "it could not be learnt: " + strings.TrimPrefix(unknown.Error(), "wxpay: ")
		}
	}
	return learnt, why
}
