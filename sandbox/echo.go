package sandbox

import "github.com/wxpay-go/wxpay/internal/wire"

// echo returns what it is sent, and notifies it when asked to: whoever gets all
// of it back has every key in its place.
// https://pay.weixin.qq.com/doc/v3/merchant/4014551946
func echo(c *call) (document, error) {
	out := document{"echo_message": c.text("echo_message")}
	secret := c.text("encrypted_echo_message")
	out.set("encrypted_echo_message", secret) // encrypted to the merchant on its way out
	if c.text("notify_url") == "" {
		return out, nil
	}
	resource := document{"echo_message": c.text("echo_message")}
	if secret != "" {
		sealed, err := wire.EncryptOAEP(c.random, c.merchant.public, secret)
		if err != nil {
			return nil, err
		}
		resource["encrypted_echo_message"] = sealed
	}
	return out, c.notify(&pushRow{Push: Push{MchID: c.merchant.MchID, URL: c.text("notify_url"),
		Event: "SECURITY_ECHO.SUCCESS", OriginalType: "security", Summary: "签名验签加解密测试成功", Resource: resource.encode(),
		About: c.merchant.MchID}, retries: genericSchedule})
}
