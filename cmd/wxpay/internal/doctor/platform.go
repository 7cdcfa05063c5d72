package doctor

import (
	"context"
	"crypto/rsa"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// ours says that a key which should be WeChat Pay's is the merchant's own.
func (d *Doctor) ours(key *rsa.PublicKey) bool {
	return d.key != nil && d.key.Public().(*rsa.PublicKey).Equal(key)
}

func (d *Doctor) publicKey(ctx context.Context) {
	const id = "public-key"
	console := lang.Textf("both are in the merchant console: API安全, 微信支付公钥")
	keyID, name := d.value(PublicKeyID), d.value(PublicKey)
	switch {
	case keyID == "" && name == "":
		return
	case name == "":
		d.fault(id, lang.Textf("its id is given and its file is not (WXPAY_PUBLIC_KEY)"), console)
		return
	case keyID == "":
		d.fault(id, lang.Textf("its file is given and its id is not (WXPAY_PUBLIC_KEY_ID)"), console)
		return
	case !strings.HasPrefix(keyID, wire.PublicKeyIDPrefix):
		d.fault(id, lang.Textf("its id does not begin with PUB_KEY_ID_: a serial number is of a certificate"), console)
		return
	}
	parse := func(data []byte) (wxpay.PlatformKey, error) { return wxpay.ParsePublicKey(keyID, data) }
	key, _, ok := file(ctx, d, id, PublicKey, lang.Textf("a public key"),
		lang.Textf("use pub_key.pem of the merchant console: API安全, 微信支付公钥"), parse)
	switch {
	case !ok:
	case d.ours(key.Key):
		d.fault(id, lang.Textf("it is the merchant's own, not WeChat Pay's"), console)
	default:
		d.keys = append(d.keys, key)
		d.ok(id, lang.Textf("%s", keyID))
	}
}

func (d *Doctor) platformCertificate(ctx context.Context) {
	const id = "platform-certificate"
	if d.value(PlatformCertificate) == "" {
		return
	}
	right := lang.Textf("leave it out, for certificates are downloaded, or save them with: wxpay certificates")
	key, _, ok := file(ctx, d, id, PlatformCertificate, lang.Textf("a platform certificate of WeChat Pay"), right,
		wxpay.ParsePlatformCertificate)
	switch {
	case !ok:
	case d.ours(key.Key):
		d.fault(id, lang.Textf("it is the merchant's own, not WeChat Pay's"), right)
	case wire.SameSerial(key.ID, d.value(SerialNo)):
		d.fault(id, lang.Textf("its number is given as the number of the merchant's certificate"),
			lang.Textf("WXPAY_SERIAL_NO is the number of apiclient_cert.pem"))
	default:
		if d.lasting(id, key.NotBefore, key.NotAfter, soonOfPlatform, right,
			lang.Textf("%s, until %s (%d days)", key.ID, day(key.NotAfter), d.daysTo(key.NotAfter))) {
			d.keys = append(d.keys, key)
		}
	}
}

// keyMode says by what WeChat Pay is verified.
func (d *Doctor) keyMode() {
	const id = "key-mode"
	given, loaded := func(variable string) bool { return d.value(variable) != "" }, len(d.keys)
	for _, variable := range []string{PublicKey, PlatformCertificate} {
		if given(variable) {
			loaded--
		}
	}
	switch public, certificate := given(PublicKey), given(PlatformCertificate); {
	case loaded < 0:
		d.skip(id, lang.Textf("the key or certificate that is given is wrong"))
	case public && certificate:
		d.ok(id, lang.Textf("moving: WeChat Pay's public key and its certificates, either is taken"))
	case public:
		d.ok(id, lang.Textf("WeChat Pay's public key; certificates are downloaded where a message names one"))
	case certificate:
		d.ok(id, lang.Textf("WeChat Pay's certificates"))
	case d.Offline:
		d.warn(id, lang.Textf("neither public key nor certificate is given: certificates are downloaded"),
			lang.Textf("a merchant since 2024 has the public key alone, which must be given"))
	default:
		d.ok(id, lang.Textf("WeChat Pay's certificates, which are downloaded"))
	}
}
