package outbox

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
)

// xmlMessage is the body of an attempt. Refunds are sealed and have no sign;
// everything else is in clear and signed, always with MD5. As recorded, those of contracts have no
// CDATA, those of payments all but for the total.
func (o *Outbox) xmlMessage(m *registry.Merchant, p *push.Row, s armed.Injected) []byte {
	f := push.FieldsOfJSON(p.Resource)
	if p.Event == push.EventV2Refund {
		appid := f["appid"]
		delete(f, "appid")
		inner := strings.NewReplacer("<xml>", "<root>", "</xml>", "</root>").Replace(string(f.XML()))
		return wire.Fields{
			"return_code": "SUCCESS", "appid": appid, "mch_id": m.MchID, "nonce_str": o.Random.Nonce(),
			"req_info": wire.SealReqInfo(s.Key(m.APIv2Key.Reveal()), []byte(inner)),
		}.XML()
	}
	if p.Event == push.EventV2Payment { // every attempt has the same, or it would look like another debit's failure
		f["nonce_str"] = strings.ReplaceAll(p.ID, "-", "")
	}
	f["sign"] = f.Digest(s.Key(m.APIv2Key.Reveal()), wire.SignMD5)
	return f.Written(wire.Form{Bare: func(name, _ string) bool {
		return p.Event == push.EventV2Contract || name == "total_fee"
	}})
}

// judgeXML says what is wrong with a merchant's answer to an APIv2 notification,
// "" when nothing is. The status alone proves nothing here: the XML has to say
// SUCCESS. https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_10.shtml
//
// show makes a value of it fit to be shown.
func judgeXML(status int, body []byte, show func(string) string) string {
	const want = "want 200 and " +
		"<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"
	f, err := wire.ParseXML(body)
	switch {
	case status != http.StatusOK:
		return fmt.Sprintf("answered %d; ", status) + want
	case len(body) == 0:
		return "answered with an empty body, which is enough in APIv3 only; " + want
	case err != nil:
		return "answered with something that is not APIv2's XML; " + want
	case strings.TrimSpace(string(body)) != string(body):
		return "answered with white space around the XML, which WeChat Pay has been seen to take for a failure; " + want
	case f["return_code"] != "SUCCESS":
		return "answered return_code " + show(f["return_code"]) + ", so it is sent again; " + want
	}
	return ""
}
