package doctor

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// callable says that signed calls can be made, or why not.
func (d *Doctor) callable(id string, reached bool) bool {
	switch {
	case d.client == nil:
		return false // the check of the client has said so
	case !reached:
		d.skip(id, lang.Textf("the host is not reached"))
		return false
	case d.refused:
		d.skip(id, lang.Textf("the signature of the call before was not taken"))
		return false
	}
	return true
}

// certificates asks WeChat Pay for its certificates, which only the right APIv3 key opens.
func (d *Doctor) certificates(ctx context.Context, reached bool) {
	const id = "certificates"
	if !d.callable(id, reached) {
		return
	}
	list, err := d.client.Certificates(ctx)
	if err == nil {
		newest := list[0]
		for _, one := range list {
			if one.NotAfter.After(newest.NotAfter) {
				newest = one
			}
		}
		d.ok(id, lang.Textf("%d listed, opened with the APIv3 key and verified; the newest ends on %s", len(list),
			day(newest.NotAfter)))
		d.listed(list)
		return
	}
	var (
		refused *wxpay.Error
		sealed  *wxpay.DecryptError
	)
	switch {
	case errors.As(err, &refused) && (refused.Status == http.StatusNotFound || refused.Code == "NOT_ENOUGH"):
		if d.value(PublicKey) != "" {
			d.ok(id, lang.Textf("HTTP %d, there are none: right for a merchant with WeChat Pay's public key",
				refused.Status))
			d.skip("apiv3-key", lang.Textf("only a notification tells whether it is the right one: try a stored "+
				"one with wxpay decrypt"))
			return
		}
		d.fault(id, lang.Textf("HTTP %d, there are none: this merchant has WeChat Pay's public key instead",
			refused.Status), lang.Textf("download pub_key.pem in the merchant console, API安全, 微信支付公钥, and give it "+
			"with its id: WXPAY_PUBLIC_KEY, WXPAY_PUBLIC_KEY_ID"))
	case errors.As(err, &sealed):
		d.fault(id, lang.Textf("they do not open: the APIv3 key is not this merchant's, or was changed"),
			lang.Textf("set it anew in the merchant console, API安全, APIv3密钥, and here: it is not shown again"))
	default:
		d.failed(id, err)
	}
}

// listed compares the certificate that is given with those of the list.
func (d *Doctor) listed(list []*x509.Certificate) {
	if d.value(PlatformCertificate) == "" || len(d.keys) == 0 {
		return
	}
	given := d.keys[len(d.keys)-1].ID
	for _, one := range list {
		if wire.SameSerial(wire.SerialHex(one), given) {
			return
		}
	}
	d.warn("platform-certificate", lang.Textf("WeChat Pay no longer lists %s", given),
		lang.Textf("save the new one with: wxpay certificates"))
}

// signedCall makes the call that WeChat Pay has for trying keys: it returns what it is sent, one
// text of it encrypted both ways. https://pay.weixin.qq.com/doc/v3/merchant/4014551946
func (d *Doctor) signedCall(ctx context.Context, reached bool) {
	const id = "signed-call"
	if !d.callable(id, reached) {
		return
	}
	if none := len(d.keys) == 0 && len(d.client.Keys().Expiries()) == 0; none {
		d.skip(id, lang.Textf("there is no key of WeChat Pay to verify the answer with"))
		return
	}
	text := "wxpay doctor " + rand.Text()
	result, err := d.client.Chain("v3/security/echo").Post(ctx,
		map[string]any{"echo_message": text, "encrypted_echo_message": text},
		wxpay.Encrypt("/encrypted_echo_message"), wxpay.Decrypt("/encrypted_echo_message"))
	if err != nil {
		d.failed(id, err)
		return
	}
	d.signed = result.Header.Get(wire.HeaderSerial)
	var reply struct {
		Plain  string `json:"echo_message"`
		Opened string `json:"encrypted_echo_message"`
	}
	switch err := result.Decode(&reply); {
	case err != nil:
		d.fault(id, lang.Textf("the answer is signed, and its encrypted text does not open: %s", err.Error()),
			lang.Textf("see that the private key is that of the certificate which WeChat Pay has as the current one"))
	case reply.Plain != text || reply.Opened != text:
		d.warn(id, lang.Textf("the answer is signed, and is not what was sent"), lang.Text{})
	default:
		d.ok(id, lang.Textf("signed, verified both ways, a text encrypted both ways; answer signed with %s",
			wire.Clip(d.signed, 64)))
	}
}

// said is what a sandbox says about a refusal.
func (d *Doctor) said(refused *wxpay.Error) lang.Text {
	said := d.hint.Through(func(s string) string { return d.Quiet(refused, s) })
	if said.String() == "" {
		return lang.Text{}
	}
	return lang.Textf("; the sandbox says: %v", said)
}

// failed says what the end of a signed call means for the set-up.
func (d *Doctor) failed(id string, err error) {
	var (
		refused *wxpay.Error
		forged  *wxpay.SignatureError
		lost    *wxpay.TransportError
		key     *wxpay.KeyError
	)
	switch {
	case errors.As(err, &refused) && refused.Verified:
		d.ok(id, lang.Textf("WeChat Pay refused it and signed that (HTTP %d %s): the keys are right", refused.Status,
			wire.Clip(refused.Code, 64)))
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		d.refused = true
		d.fault(id, lang.Textf("HTTP 401 %s: WeChat Pay does not take the signature%v", wire.Clip(refused.Code, 64),
			d.said(refused)),
			lang.Textf("compare merchant number and serial number with the merchant console; the private key must "+
				"be that of the certificate with this number; check the clock"))
	case errors.As(err, &refused):
		d.fault(id, lang.Textf("HTTP %d, which nobody signed: a gateway or a proxy answered", refused.Status),
			lang.Textf("check host and proxy"))
	case errors.As(err, &forged) && forged.Check == wxpay.CheckSerial:
		d.fault(id, lang.Textf("the answer is signed with %s, which is not known here", wire.Clip(forged.Serial, 64)),
			lang.Textf("give the public key with this id, or leave out the certificate: they are downloaded"))
	case errors.As(err, &forged):
		d.fault(id, lang.Textf("the answer does not verify (%s)", forged.Check),
			lang.Textf("see that the public key or certificate is this merchant's and its id belongs to it"))
	case errors.As(err, &lost):
		d.fault(id, lang.Textf("no answer came: %s", wire.Clip(lost.Error(), 300)), lang.Text{})
	case errors.As(err, &key):
		d.fault(id, lang.Textf("%s", key.Problem), lang.Textf("%s", key.Hint))
	default:
		d.fault(id, lang.Textf("%s", err.Error()), lang.Text{})
	}
}

// apiV2Call asks for an order that is not there, which takes the APIv2 key and an appid.
func (d *Doctor) apiV2Call(ctx context.Context, reached bool) {
	const id = "apiv2-call"
	switch {
	case len(d.Get(APIv2Key).Value) != wire.KeySize || d.client == nil:
		return
	case d.AppID == "":
		d.skip(id, lang.Textf("give --appid to have the APIv2 key tried with a query"))
		return
	case !d.callable(id, reached):
		return
	}
	_, err := d.client.Chain("v2/pay/orderquery").Post(ctx,
		map[string]any{"appid": d.AppID, "out_trade_no": "wxpaydoctor" + rand.Text()[:16]})
	var refused *wxpay.Error
	switch {
	case err == nil:
		d.ok(id, lang.Textf("signed, and verified both ways"))
	case errors.As(err, &refused) && refused.Verified:
		d.ok(id, lang.Textf("signed, and verified both ways (%s)", wire.Clip(refused.Code, 64)))
	case errors.As(err, &refused) && (strings.Contains(refused.Message, "签名") || refused.Code == "SIGNERROR"):
		d.fault(id, lang.Textf("WeChat Pay does not take the sign: the APIv2 key is not this merchant's, or was "+
			"changed"),
			lang.Textf("set it anew in the merchant console, API安全, APIv2密钥, and here"))
	case errors.As(err, &refused):
		d.fault(id, lang.Textf("refused, and not signed: %s", wire.Clip(refused.Message, 200)),
			lang.Textf("see that the appid is bound to the merchant: 产品中心, AppID账号管理"))
	default:
		d.failed(id, err)
	}
}
