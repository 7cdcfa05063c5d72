package sandbox

import "github.com/wxpay-go/wxpay/internal/wire"

// listCertificates hands out WeChat Pay's certificates, sealed with the merchant's
// APIv3 key. Merchants of the public key have none to get.
// https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/applyments/chapter3_3.shtml
func listCertificates(c *call) (document, error) {
	if c.merchant.KeyMode == KeysPublic {
		return nil, notFound("RESOURCE_NOT_EXISTS",
			"无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。可查看指引https://pay.weixin.qq.com/doc/v3/merchant/4012153196").
			hinting("this merchant has only a public key: configure it instead of downloading certificates")
	}
	const aad = "certificate"
	var data []document
	for _, listed := range c.keys.listed() {
		nonce := c.random.roll(lowerHex, wire.NonceSize)
		data = append(data, document{
			"serial_no":      listed.serial,
			"effective_time": wire.FormatTime(listed.cert.NotBefore),
			"expire_time":    wire.FormatTime(listed.cert.NotAfter),
			"encrypt_certificate": document{
				"algorithm": wire.Algorithm, "nonce": nonce, "associated_data": aad,
				"ciphertext": c.merchant.aead.Seal(nonce, aad, listed.pem),
			},
		})
	}
	return document{"data": data}, nil
}
