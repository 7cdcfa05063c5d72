package wxpay

import (
	"strconv"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// JSAPIPayV2 is [Client.JSAPIPay] for an order of APIv2 (v2/pay/unifiedorder or contractorder):
// signed with the APIv2 key. signType is the one the order was placed with, "MD5" or
// "HMAC-SHA256"; "" is MD5.
//
// Source: https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=7_7
func (c *Client) JSAPIPayV2(appID, prepayID, signType string) (JSAPIPay, error) {
	f := wire.Fields{"appId": appID, "package": "prepay_id=" + prepayID, "signType": signType}
	if signType == "" {
		f["signType"] = string(wire.SignMD5)
	}
	if err := c.signLaunchV2("JSAPIPayV2", appID, prepayID, f, "timeStamp", "nonceStr", "paySign"); err != nil {
		return JSAPIPay{}, err
	}
	return JSAPIPay{AppID: appID, TimeStamp: f["timeStamp"], NonceStr: f["nonceStr"], Package: f["package"],
		SignType: f["signType"], PaySign: f["paySign"]}, nil
}

// AppPayV2 is [Client.AppPay] for an order of APIv2: signed with the APIv2 key. signType is the one
// the order was placed with, "MD5" or "HMAC-SHA256"; "" is MD5.
//
// Source: https://pay.weixin.qq.com/wiki/doc/api/app/app.php?chapter=9_12
func (c *Client) AppPayV2(appID, prepayID, signType string) (AppPay, error) {
	p := AppPay{AppID: appID, PrepayID: prepayID, Package: "Sign=WXPay"}
	f := wire.Fields{"appid": appID, "prepayid": prepayID, "package": p.Package, "signType": signType}
	if err := c.signLaunchV2("AppPayV2", appID, prepayID, f, "timestamp", "noncestr", "sign"); err != nil {
		return AppPay{}, err
	}
	p.PartnerID, p.TimeStamp, p.NonceStr, p.Sign = c.mchID, f["timestamp"], f["noncestr"], f["sign"]
	return p, nil
}

// signLaunchV2 fills in what is signed under these names, and the signature. An app has a
// partnerid, and no signType among what is signed.
func (c *Client) signLaunchV2(op, appID, prepayID string, f wire.Fields, timestamp, nonce, sign string) error {
	if problem := c.unfitLaunch(appID, prepayID); problem != "" {
		return &RequestError{Operation: op, Problem: problem}
	}
	by := wire.SignType(f["signType"])
	switch {
	case by != "" && by != wire.SignMD5 && by != wire.SignHMAC:
		return &RequestError{Operation: op, Problem: "the signType is neither MD5 nor HMAC-SHA256"}
	case c.apiV2Key.IsZero():
		return &RequestError{Operation: op, Problem: noAPIv2Key}
	}
	if _, app := f["appid"]; app {
		f["partnerid"] = c.mchID
		delete(f, "signType")
	}
	drawn, err := wire.Nonce(c.rand)
	if err != nil {
		return notSent(op, err)
	}
	f[timestamp], f[nonce] = strconv.FormatInt(c.now().Unix(), 10), drawn
	f[sign] = f.Digest(c.apiV2Key.Reveal(), by)
	return nil
}
