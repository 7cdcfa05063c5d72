package wxpay

import (
	"cmp"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// JSAPIPayV2 is [Client.JSAPIPay] for an order of APIv2 (v2/pay/unifiedorder or contractorder):
// signed with the APIv2 key. signType is the one the order was placed with, "MD5" or
// "HMAC-SHA256"; "" is MD5.
//
// Source: https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=7_7
func (c *Client) JSAPIPayV2(appID, prepayID, signType string) (JSAPIPay, error) {
	by := wire.SignType(signType)
	timestamp, nonce, key, err := c.beginLaunchV2("JSAPIPayV2", appID, prepayID, by)
	if err != nil {
		return JSAPIPay{}, err
	}
	p := JSAPIPay{AppID: appID, TimeStamp: timestamp, NonceStr: nonce, Package: "prepay_id=" + prepayID,
		SignType: cmp.Or(signType, string(wire.SignMD5))}
	p.PaySign = wire.Fields{"appId": p.AppID, "timeStamp": p.TimeStamp, "nonceStr": p.NonceStr, "package": p.Package,
		"signType": p.SignType}.Digest(key, by)
	return p, nil
}

// AppPayV2 is [Client.AppPay] for an order of APIv2: signed with the APIv2 key. signType is the one
// the order was placed with, "MD5" or "HMAC-SHA256"; "" is MD5. Of a service provider's order appID
// and partnerID are the sub-merchant's (sub_appid, sub_mch_id), and signed with the provider's key;
// else partnerID is "", for the Client's own merchant number.
//
// Source: https://pay.weixin.qq.com/wiki/doc/api/app/app.php?chapter=9_12 and
// https://pay.weixin.qq.com/doc/v2/partner/4011986561
func (c *Client) AppPayV2(appID, partnerID, prepayID, signType string) (AppPay, error) {
	by := wire.SignType(signType)
	timestamp, nonce, key, err := c.beginLaunchV2("AppPayV2", appID, prepayID, by)
	if err == nil && strings.Trim(partnerID, "0123456789") != "" {
		err = &RequestError{Operation: "AppPayV2", Problem: "the partnerID is no merchant number, which is digits"}
	}
	if err != nil {
		return AppPay{}, err
	}
	p := AppPay{AppID: appID, PartnerID: cmp.Or(partnerID, c.mchID), PrepayID: prepayID, Package: "Sign=WXPay",
		NonceStr: nonce, TimeStamp: timestamp}
	p.Sign = wire.Fields{"appid": p.AppID, "partnerid": p.PartnerID, "prepayid": p.PrepayID, "package": p.Package,
		"noncestr": p.NonceStr, "timestamp": p.TimeStamp}.Digest(key, by)
	return p, nil
}

// beginLaunchV2 is beginLaunch for what the APIv2 key signs, which it gives too.
func (c *Client) beginLaunchV2(op, appID, prepayID string, by wire.SignType) (timestamp, nonce, key string,
	err error) {
	problem := c.unfitLaunch(appID, prepayID)
	if problem == "" {
		key = c.own.Load().apiV2Key.Reveal()
	}
	switch {
	case problem != "":
	case !by.Known():
		problem = "the signType is neither MD5 nor HMAC-SHA256"
	case key == "":
		problem = noAPIv2Key
	}
	timestamp, nonce, err = c.beginLaunch(op, problem)
	return timestamp, nonce, key, err
}
