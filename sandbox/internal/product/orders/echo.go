package orders

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Echo returns what it is sent, and notifies it when asked to: whoever gets all
// of it back has every key in its place.
// https://pay.weixin.qq.com/doc/v3/merchant/4014551946
func Echo(c *engine.Call) (engine.Document, error) {
	out := engine.Document{"echo_message": c.Text("echo_message")}
	secret := c.Text("encrypted_echo_message")
	out.Set("encrypted_echo_message", secret) // encrypted to the merchant on its way out
	if c.Text("notify_url") == "" {
		return out, nil
	}
	return out, tellEcho(c.Step, c.Merchant, c.Text("notify_url"), c.Text("echo_message"), secret)
}

// tellEcho notifies a merchant of what is echoed, the secret encrypted.
func tellEcho(s *engine.Step, m *registry.Merchant, url, message, secret string) error {
	resource := engine.Document{"echo_message": message}
	if secret != "" {
		sealed, err := wire.EncryptOAEP(s.Random, m.RSA, secret)
		if err != nil {
			return err
		}
		resource["encrypted_echo_message"] = sealed
	}
	return push.Notify(s, &push.Row{Push: ledger.Push{MchID: m.MchID, URL: url,
		Event: "SECURITY_ECHO.SUCCESS", OriginalType: "security", Summary: "回调通知成功", Resource: resource.Encode(),
		About: m.MchID}, Retries: rows.GenericSchedule})
}
