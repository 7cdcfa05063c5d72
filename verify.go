package wxpay

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// notTheirs is what to do about what WeChat Pay does not write.
const notTheirs = "refuse it: WeChat Pay does not write that"

// Verify checks that a reply or notification was signed by WeChat Pay less
// than five minutes ago, over exactly these bytes. Names of headers may be in any case,
// with _ for -, and as CGI writes them (HTTP_…). It fails with a [*SignatureError] that says
// which check failed. An empty body is verified like any other.
//
// It asks nobody. Of a certificate that the keys do not know [Keys.Find] asks WeChat Pay; calls and
// receivers do so by themselves.
func (k *Keys) Verify(header http.Header, body []byte) error {
	if k.none() {
		return k.verify(nil, header, body)
	}
	return k.verify(k.live.set.Load(), header, body)
}

func (k *Keys) verify(set *keySet, header http.Header, body []byte) error {
	fail := func(check Check, problem, hint string) error {
		return &SignatureError{
			Operation: "verify", Check: check, Problem: problem, Hint: hint,
			// It outlives the message, whose headers may lie in a buffer of fasthttp's.
			Serial:    strings.Clone(header.Get(wire.HeaderSerial)),
			RequestID: strings.Clone(header.Get(wire.HeaderRequestID)),
		}
	}
	if set == nil {
		return fail(CheckSerial, noKeys, fromNewKeys)
	}
	header = wire.Canonical(header)
	timestamp, nonce := header.Get(wire.HeaderTimestamp), header.Get(wire.HeaderNonce)
	serial, signature := header.Get(wire.HeaderSerial), header.Get(wire.HeaderSignature)
	var missing []string
	for _, h := range [...][2]string{
		{wire.HeaderTimestamp, timestamp}, {wire.HeaderNonce, nonce}, {wire.HeaderSerial, serial},
		{wire.HeaderSignature, signature},
	} {
		if h[1] == "" {
			missing = append(missing, h[0])
		}
	}
	if missing != nil {
		return fail(CheckHeaders, "missing "+strings.Join(missing, ", ")+
			": it is not from WeChat Pay, or a proxy in between drops them",
			"let Wechatpay-* headers through")
	}
	if strings.ContainsAny(nonce, "\r\n") { // it would move where the signed body begins
		return fail(CheckHeaders, "Wechatpay-Nonce has a line end in it", notTheirs)
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fail(CheckTimestamp, "Wechatpay-Timestamp is not a decimal number of seconds", notTheirs)
	}
	// Compared as seconds: a timestamp far outside would overflow a Duration.
	off := k.now().Unix() - seconds
	if window := int64(wire.Window / time.Second); off >= window || off <= -window {
		if off < 0 {
			return fail(CheckTimestamp, "it was signed in the future by this machine's clock", "check the clock (NTP)")
		}
		return fail(CheckTimestamp, "it was signed five minutes ago or more: an old message sent again, or this "+
			"machine's clock is ahead",
			"check the clock (NTP)")
	}
	key := findKey(set.all, serial)
	if key == nil {
		return fail(CheckSerial, "no platform key with this id is known (have "+cmp.Or(idsOf(set.all), "none")+")",
			unknownKey(serial))
	}
	if !key.NotAfter.IsZero() && !k.now().Before(key.NotAfter) {
		return fail(CheckSerial, "the platform certificate with this id expired at "+wire.FormatTime(key.NotAfter),
			"WeChat Pay signs with a newer one by then: download it with wxpay certificates")
	}
	err = wire.Verify(key.Key, wire.AppendReplyMessage(make([]byte, 0, len(timestamp)+len(nonce)+len(body)+3),
		timestamp, nonce, body), signature)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, wire.ErrProbe):
		return fail(CheckSignature, "a WECHATPAY/SIGNTEST/ probe: WeChat Pay sends these to see that they are "+
			"refused, and sends the real message again",
			"nothing to do")
	case errors.Is(err, wire.ErrEncoding):
		return fail(CheckSignature, "Wechatpay-Signature is not base64", notTheirs)
	}
	if wire.MadeBy(key.Key, signature) {
		return fail(CheckSignature, "the signature was made with this key, of other bytes: the body, "+
			"Wechatpay-Timestamp or Wechatpay-Nonce was changed on the way (re-encoded JSON, a proxy)",
			"give the body as it came")
	}
	return fail(CheckSignature, "the signature was not made with the key that is configured for this id: that is "+
		"another key, or the signature was changed on the way or is forged",
		"compare the key with the merchant console")
}

// unknownKey is what to do about a message that is signed with a key nobody knows.
func unknownKey(id string) string {
	if strings.HasPrefix(id, wire.PublicKeyIDPrefix) {
		return "it is a public key of WeChat Pay's, which no call gives: " + wherePublicKeysAre +
			"; add it to PlatformKeys (ParsePublicKey) beside what is there"
	}
	return "add it to PlatformKeys; a Client's own keys learn certificates by themselves"
}

// Open decrypts a sealed resource: a notification's, or a certificate of GET
// v3/certificates. It fails with a [*DecryptError].
func (k *Keys) Open(nonce, associatedData, ciphertext string) ([]byte, error) {
	if k.none() {
		return nil, &DecryptError{Problem: noKeys, Hint: fromNewKeys}
	}
	var plain []byte
	var err error
	for _, aead := range k.live.set.Load().aeads {
		if plain, err = aead.Open(nonce, associatedData, ciphertext); !errors.Is(err, wire.ErrOpen) {
			break
		}
	}
	switch {
	case err == nil:
		return plain, nil
	case errors.Is(err, wire.ErrOpen):
		return nil, &DecryptError{
			Problem: err.Error() + ": the APIv3 key was changed in the merchant console and not here, " +
				"or this is the APIv2 key, or the resource is another merchant's",
			Hint: "check APIv3Key; OtherAPIv3Keys takes the second while one replaces the other",
		}
	}
	return nil, &DecryptError{Problem: err.Error(), Hint: "give nonce, associated_data and ciphertext as they came"}
}
