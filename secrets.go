package wxpay

import (
	"fmt"
	"strings"
)

// A Config that is printed while a program starts, or a Client in a dump of
// somebody's struct, must not put keys into a log. So neither prints as the
// struct it is, whatever the verb.

// Format prints who the merchant is and which platform keys there are, and no
// secret.
func (c Config) Format(f fmt.State, _ rune) {
	keys := Keys{platform: c.PlatformKeys}
	fmt.Fprintf(f, "wxpay.Config{MchID: %q, SerialNo: %q, PlatformKeys: [%s], Host: %q, …}", c.MchID, c.SerialNo, keys.ids(), c.Host)
}

// Format prints whom the client calls as and where, and no secret.
func (c Client) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "wxpay.Client{MchID: %q, Host: %q, …}", c.mchID, strings.TrimSuffix(c.host.String(), "://"))
}
