package wxpay

import (
	"crypto/rsa"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// PlatformKey is one of WeChat Pay's own keys: it proves that a reply or a
// notification came from WeChat Pay, and sensitive fields are encrypted to it.
//
// Make one with [ParsePublicKey] or [ParsePlatformCertificate].
type PlatformKey struct {
	// ID is what WeChat Pay writes into Wechatpay-Serial: "PUB_KEY_ID_…" for
	// a public key, the 40 hexadecimal digits of the serial number for a
	// platform certificate.
	ID string
	// Key is the RSA public key.
	Key *rsa.PublicKey
	// NotBefore and NotAfter bound a platform certificate's life. They are
	// zero for a public key, which does not expire.
	NotBefore, NotAfter time.Time
}

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
			if key.IsZero() {
				problem = "it is missing"
			}
			problem += surrounded(key)
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

// surrounded says, behind a problem, that a key came with white space around it.
func surrounded(key Secret) string {
	if text := key.Reveal(); strings.TrimSpace(text) != text {
		return ": " + padded
	}
	return ""
}

// padded is what is wrong with a text that has white space around it.
const padded = "it begins or ends with white space or a line end"

// MchID is the merchant whose keys they are, "" of empty Keys.
func (k *Keys) MchID() string {
	if k.none() {
		return ""
	}
	return k.mchID
}

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
			if wire.SameSerial(other.ID, k.ID) {
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

// Known is the key with this ID, which a message names in Wechatpay-Serial, and whether there is
// one.
func (k *Keys) Known(id string) (PlatformKey, bool) {
	if k.none() {
		return PlatformKey{}, false
	}
	found := k.find(id)
	if found == nil {
		return PlatformKey{}, false
	}
	return *found, true
}

func (k *Keys) find(id string) *PlatformKey {
	for i := range k.platform {
		if wire.SameSerial(k.platform[i].ID, id) {
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
