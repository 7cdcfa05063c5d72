package explain

import (
	"crypto/rsa"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Keys are what is known of a merchant. Whatever is not known is left empty.
type Keys struct {
	MchID         string
	Serial        string         // of the API certificate
	Public        *rsa.PublicKey // of the API certificate
	APIv3, APIv2  string
	Former        []Certificate // API certificates that were replaced
	FormerSecrets []string      // APIv3 and APIv2 keys that were replaced
	SubMerchants  []string      // whom the merchant acts for
}

// Certificate is an API certificate.
type Certificate struct {
	Serial string
	Public *rsa.PublicKey
}

// Platform is a key that WeChat Pay signs with.
type Platform struct {
	ID       string // a serial number, or PUB_KEY_ID_…
	Key      *rsa.PublicKey
	NotAfter time.Time // when its certificate expires; zero for a public key
}

// Known is all that is known. Where one merchant looks at its own messages, it is the first.
type Known struct {
	Merchants []Keys
	Platform  []Platform
}

// merchant finds one by number.
func (k Known) merchant(mchID string) (Keys, bool) {
	for _, m := range k.Merchants {
		if m.MchID == mchID && mchID != "" {
			return m, true
		}
	}
	return Keys{}, false
}

// platform finds one of WeChat Pay's keys by its id.
func (k Known) platform(id string) (Platform, bool) {
	for _, p := range k.Platform {
		if p.ID == id || !strings.HasPrefix(id, wire.PublicKeyIDPrefix) && wire.SameSerial(p.ID, id) {
			return p, true
		}
	}
	return Platform{}, false
}

// providerOf is who acts for a sub-merchant, "" for nobody.
func (k Known) providerOf(mchID string) string {
	for _, m := range k.Merchants {
		for _, sub := range m.SubMerchants {
			if sub == mchID && mchID != "" {
				return m.MchID
			}
		}
	}
	return ""
}
