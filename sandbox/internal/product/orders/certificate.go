package orders

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// ListCertificates hands out WeChat Pay's certificates, sealed with the merchant's
// APIv3 key. Merchants of the public key have none to get.
// https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/applyments/chapter3_3.shtml
func ListCertificates(c *engine.Call) (engine.Document, error) {
	if c.Merchant.KeyMode == ledger.KeysPublic {
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS",
			"无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。可查看指引https://pay.weixin.qq.com/doc/v3/merchant/4012153196").
			Hinting("this merchant has only a public key: configure it instead of downloading certificates")
	}
	const aad = "certificate"
	var data []engine.Document
	for _, listed := range c.Keys.Listed() {
		nonce := c.Random.Roll(random.LowerHex, wire.NonceSize)
		data = append(data, engine.Document{
			"serial_no":      listed.Serial,
			"effective_time": wire.FormatTime(listed.Cert.NotBefore),
			"expire_time":    wire.FormatTime(listed.Cert.NotAfter),
			"encrypt_certificate": engine.Document{
				"algorithm": wire.Algorithm, "nonce": nonce, "associated_data": aad,
				"ciphertext": c.Merchant.AEAD.Seal(nonce, aad, listed.PEM),
			},
		})
	}
	return engine.Document{"data": data}, nil
}
