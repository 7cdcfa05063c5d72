package wxpay

import (
	"crypto/rsa"
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
// key. Keys may be used by any number of goroutines.
//
// A client's Keys learn: the client downloads WeChat Pay's certificates where it
// needs them, and whoever verifies with the same Keys knows them from then on.
// Keys made by [NewKeys] know what they were given, until [Keys.Replace]. While
// a merchant moves from platform certificates to the public key, both kinds may
// be there: each message names the key that signed it.
type Keys struct {
	mchID string
	now   func() time.Time
	live  *liveKeys // nil of empty Keys
}

// NewKeys checks and gathers the keys of a merchant. Of cfg it takes MchID,
// PlatformKeys, APIv3Key, OtherAPIv3Keys and Now, the clock the five-minute
// window is measured by; the rest may stay empty. Nothing is downloaded for these
// keys, so at least one platform key is needed that has not expired. What is
// wrong comes back as a [*ConfigError].
func NewKeys(cfg Config) (*Keys, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return newKeys(cfg, false)
}

// newKeys makes the Keys of a client, which downloads what is missing, or of nobody.
func newKeys(cfg Config, downloads bool) (*Keys, error) {
	if err := checkMchID(cfg.MchID); err != nil {
		return nil, err
	}
	set, err := newKeySet(cfg, downloads)
	if err != nil {
		return nil, err
	}
	k := &Keys{mchID: cfg.MchID, now: cfg.Now, live: new(liveKeys)}
	k.live.set.Store(set)
	return k, nil
}

// Replace gives the keys what cfg has in PlatformKeys, APIv3Key and OtherAPIv3Keys, all at once, in
// place of what they had: for a process that only receives, when the files or settings it read them
// from have changed. Certificates that were downloaded stay. MchID must be the same. What is wrong
// comes back as a [*ConfigError], and then nothing has changed. A client's keys are replaced by
// [Client.Replace].
func (k *Keys) Replace(cfg Config) error {
	if k.none() {
		return &ConfigError{Field: "MchID", Problem: noKeys, Hint: fromNewKeys}
	}
	if err := sameMerchant(cfg.MchID, k.mchID); err != nil {
		return err
	}
	cfg.Now = k.now
	set, err := newKeySet(cfg, k.live.source != nil)
	if err != nil {
		return err
	}
	k.live.replace(set)
	return nil
}

func sameMerchant(given, want string) error {
	if err := checkMchID(given); err != nil {
		return err
	}
	if given != want {
		return &ConfigError{Field: "MchID", Problem: "it is another merchant's than that of the keys in use",
			Hint: "make another with New: whatever is sealed, signed or booked is one merchant's"}
	}
	return nil
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
func (k *Keys) none() bool { return k == nil || k.live == nil }

// noKeys is what is wrong with them, and fromNewKeys what to do.
const noKeys, fromNewKeys = "these keys are empty", "make them with wxpay.NewKeys, or take a client's"

// checkPlatformKeys refuses keys that cannot be right and, unless certificates are downloaded,
// those with which nothing could be verified.
func checkPlatformKeys(keys []PlatformKey, now time.Time, downloads bool) error {
	const field = "PlatformKeys"
	if len(keys) == 0 && !downloads {
		return &ConfigError{
			Field: field, Problem: "there is none, so nothing could be verified: only a Client downloads them",
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
	if !live && !downloads {
		return &ConfigError{
			Field: field, Problem: "every platform certificate has expired",
			Hint: "download the current ones with wxpay certificates, or move to the WeChat Pay public key, which " +
				"does not expire",
		}
	}
	return nil
}
