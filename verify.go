package wxpay

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Keys is what tells WeChat Pay's words from a forger's: one merchant's
// platform keys by id and its APIv3 key. A [Client] has one; a process that
// only receives notifications can make one with [NewKeys] and needs no private
// key.
//
// Keys never change after they are made and may be shared by any number of
// goroutines. While a merchant moves from platform certificates to the public
// key, give both: each message names the key that signed it.
type Keys struct {
	mchID    string
	platform []PlatformKey
	aeads    []*wire.AEAD // by APIv3Key and OtherAPIv3Keys
	now      func() time.Time
}

// NewKeys checks and gathers the keys of a merchant. Of cfg it takes MchID,
// PlatformKeys, APIv3Key, OtherAPIv3Keys and Now, the clock the five-minute
// window is measured by; the rest may stay empty. What is wrong comes back as a
// [*ConfigError].
func NewKeys(cfg Config) (*Keys, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := checkMchID(cfg.MchID); err != nil {
		return nil, err
	}
	k := &Keys{mchID: cfg.MchID, platform: slices.Clone(cfg.PlatformKeys), now: cfg.Now}
	for i, key := range append([]Secret{cfg.APIv3Key}, cfg.OtherAPIv3Keys...) {
		aead, err := wire.NewAEAD(key.Reveal())
		if err != nil {
			problem := err.Error()
			switch text := key.Reveal(); {
			case text == "":
				problem = "it is missing"
			case strings.TrimSpace(text) != text:
				problem += ": it begins or ends with white space or a line end"
			}
			e := &ConfigError{
				Field: "APIv3Key", Problem: problem,
				Hint: "set it in the merchant console under API security; " +
					"it is not the APIv2 key, which also has 32 characters, nor base64",
			}
			if i > 0 {
				e.Field = "OtherAPIv3Keys[" + strconv.Itoa(i-1) + "]"
			}
			return nil, e
		}
		k.aeads = append(k.aeads, aead)
	}
	if err := checkPlatformKeys(cfg.PlatformKeys, cfg.Now()); err != nil {
		return nil, err
	}
	return k, nil
}

// MchID is the merchant whose keys they are.
func (k *Keys) MchID() string { return k.mchID }

// Now is the time by the clock the keys were made with, of empty Keys the machine's.
func (k *Keys) Now() time.Time {
	if k.none() {
		return time.Now()
	}
	return k.now()
}

// none tells of keys that [NewKeys] did not make: nothing is verified or opened with them.
func (k *Keys) none() bool { return k == nil || len(k.aeads) == 0 }

// noKeys is what is wrong with them, and fromNewKeys what to do.
const noKeys, fromNewKeys = "these keys are empty", "make them with wxpay.NewKeys, or take a client's"

func checkPlatformKeys(keys []PlatformKey, now time.Time) error {
	const field = "PlatformKeys"
	if len(keys) == 0 {
		return &ConfigError{
			Field: field, Problem: "there is none, so no reply could be verified",
			Hint: "add the WeChat Pay public key from the merchant console (ParsePublicKey), or the platform " +
				"certificates (ParsePlatformCertificate)",
		}
	}
	live := false
	for i, k := range keys {
		switch {
		case k.ID == "":
			return &ConfigError{Field: field, Problem: "a key has no ID",
				Hint: "make it with ParsePublicKey or ParsePlatformCertificate"}
		case k.Key == nil:
			return &ConfigError{Field: field, Problem: k.ID + " has no Key",
				Hint: "make it with ParsePublicKey or ParsePlatformCertificate"}
		}
		if err := checkBits(k.Key, "a platform key"); err != nil {
			return &ConfigError{Field: field, Problem: k.ID + ": " + err.Error(),
				Hint: "make it with ParsePublicKey or ParsePlatformCertificate"}
		}
		for _, other := range keys[:i] {
			if other.ID == k.ID {
				return &ConfigError{Field: field, Problem: k.ID + " is there twice", Hint: "keep one"}
			}
		}
		live = live || k.NotAfter.IsZero() || now.Before(k.NotAfter)
	}
	if !live {
		return &ConfigError{
			Field: field, Problem: "every platform certificate has expired",
			Hint: "download the current ones with GET v3/certificates, or move to the WeChat Pay public key, which " +
				"does not expire",
		}
	}
	return nil
}

// notTheirs is what to do about what WeChat Pay does not write.
const notTheirs = "refuse it: WeChat Pay does not write that"

// Verify checks that a reply or notification was signed by WeChat Pay less
// than five minutes ago, over exactly these bytes. It fails with a
// [*SignatureError] that says which check failed. An empty body is verified
// like any other.
func (k *Keys) Verify(header http.Header, body []byte) error {
	fail := func(check Check, problem, hint string) error {
		return &SignatureError{
			Operation: "verify", Check: check, Problem: problem, Hint: hint,
			// It outlives the message, whose headers may lie in a buffer of fasthttp's.
			Serial:    strings.Clone(header.Get(wire.HeaderSerial)),
			RequestID: strings.Clone(header.Get(wire.HeaderRequestID)),
		}
	}
	if k.none() {
		return fail(CheckSerial, noKeys, fromNewKeys)
	}
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
	key := k.find(serial)
	if key == nil {
		return fail(CheckSerial, "no platform key with this id is configured (have "+k.ids()+")",
			"add it to PlatformKeys")
	}
	if !key.NotAfter.IsZero() && !k.now().Before(key.NotAfter) {
		return fail(CheckSerial, "the platform certificate with this id expired at "+wire.FormatTime(key.NotAfter),
			"WeChat Pay signs with a newer one by then: download it with GET v3/certificates")
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
	return fail(CheckSignature, "the signature is not of these bytes under this key: the body was changed on the way "+
		"(re-encoded JSON, a proxy), "+
		"or the key configured for this id is another one",
		"give the body as it came, and compare the key with the merchant console")
}

// Open decrypts a sealed resource: a notification's, or a certificate of GET
// v3/certificates. It fails with a [*DecryptError].
func (k *Keys) Open(nonce, associatedData, ciphertext string) ([]byte, error) {
	if k.none() {
		return nil, &DecryptError{Problem: noKeys, Hint: fromNewKeys}
	}
	var plain []byte
	var err error
	for _, aead := range k.aeads {
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

// Current is the key to encrypt sensitive fields with and to declare in
// Wechatpay-Serial: the public key where there is one, otherwise the
// certificate that took effect last. Empty Keys have none.
func (k *Keys) Current() PlatformKey {
	if k.none() {
		return PlatformKey{}
	}
	now := k.now()
	var best *PlatformKey
	for i := range k.platform {
		p := &k.platform[i]
		switch {
		case p.NotAfter.IsZero():
			return *p
		case now.Before(p.NotBefore) || !now.Before(p.NotAfter):
			continue
		case best == nil || p.NotBefore.After(best.NotBefore):
			best = p
		}
	}
	if best == nil {
		best = &k.platform[0]
	}
	return *best
}

func (k *Keys) find(id string) *PlatformKey {
	for i := range k.platform {
		if k.platform[i].ID == id {
			return &k.platform[i]
		}
	}
	return nil
}

func (k *Keys) ids() string {
	ids := make([]string, len(k.platform))
	for i, p := range k.platform {
		ids[i] = p.ID
	}
	return strings.Join(ids, ", ")
}
