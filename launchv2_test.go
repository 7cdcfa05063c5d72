package wxpay_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// What a page and an app pay an order of APIv2 with, signed as its page says, by none of our code.
func TestPayParametersOfAPIv2(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(signType, message string) string {
		message += "&key=" + testAPIv2Key
		if signType == "HMAC-SHA256" {
			h := hmac.New(sha256.New, []byte(testAPIv2Key))
			h.Write([]byte(message))
			return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
		}
		h := md5.Sum([]byte(message))
		return strings.ToUpper(hex.EncodeToString(h[:]))
	}
	const appID, prepay = "wxd930ea5d5a258f4f", "wx201410272009395522657a690389285100"
	for given, signType := range map[string]string{"": "MD5", "MD5": "MD5", "HMAC-SHA256": "HMAC-SHA256"} {
		page, err := client.JSAPIPayV2(appID, prepay, given)
		if err != nil {
			t.Fatal(err)
		}
		want := sum(signType, "appId="+appID+"&nonceStr="+page.NonceStr+"&package=prepay_id="+prepay+"&signType="+signType+
			"&timeStamp="+page.TimeStamp)
		if page.PaySign != want || page.SignType != signType || page.AppID != appID ||
			page.Package != "prepay_id="+prepay {
			t.Errorf("%q: got %+v, want %s", given, page, want)
		}
		// A service provider's order is paid to the sub-merchant.
		for partner, partnerID := range map[string]string{"": cfg.MchID, "1900000110": "1900000110"} {
			app, err := client.AppPayV2(appID, partner, prepay, given)
			if err != nil {
				t.Fatal(err)
			}
			want = sum(signType, "appid="+appID+"&noncestr="+app.NonceStr+"&package=Sign=WXPay&partnerid="+partnerID+
				"&prepayid="+prepay+"&timestamp="+app.TimeStamp)
			if app.Sign != want || app.PartnerID != partnerID || app.PrepayID != prepay {
				t.Errorf("%q: got %+v, want %s", given, app, want)
			}
		}
	}
	if _, err := client.AppPayV2(appID, "1900000110&appid=x", prepay, ""); err == nil {
		t.Error("a partnerID of two members was signed")
	}
	keyless, err := wxpay.New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		client                  *wxpay.Client
		appID, prepay, signType string
		says                    string
	}{
		"no appid":      {client, "", prepay, "", "appid is empty"},
		"no prepay_id":  {client, appID, "", "", "prepay_id is empty"},
		"another type":  {client, appID, prepay, "RSA", "neither MD5 nor HMAC-SHA256"},
		"no APIv2 key":  {keyless, appID, prepay, "", "Config.APIv2Key is not set"},
		"no client":     {nil, appID, prepay, "", "there is no client"},
		"two members":   {client, appID, prepay + "&total_fee=1", "", "a character that none has"},
		"another app's": {client, appID + "=", prepay, "", "a character that none has"},
	} {
		_, ofPage := c.client.JSAPIPayV2(c.appID, c.prepay, c.signType)
		_, ofApp := c.client.AppPayV2(c.appID, "", c.prepay, c.signType)
		for _, err := range []error{ofPage, ofApp} {
			var e *wxpay.RequestError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}
