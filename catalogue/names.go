package catalogue

import (
	"go/token"
	"strings"
	"unicode"
)

// words spells the parts of names that are not simply capitalised. Exact paths always travel beside
// the names made here; nothing turns a name back into a path.
var words = map[string]string{
	"aead": "AEAD", "api": "API", "appid": "AppID", "authinfo": "AuthInfo", "cvv": "CVV", "entrustweb": "EntrustWeb",
	"eduschoolpay": "EduSchoolPay", "facepay": "FacePay", "fundflowbill": "FundFlowBill", "h5": "H5", "id": "ID",
	"ids": "IDs",
	"ip":  "IP", "jsapi": "JSAPI", "mch": "Mch", "mcc": "MCC", "mchid": "MchID", "mp": "MP",
	"miniprogram": "MiniProgram",
	"offlineface": "OfflineFace", "offlinefacemch": "OfflineFaceMch", "openid": "OpenID", "os": "OS",
	"qrcode": "QRCode",
	"qs":     "QS", "sp": "SP", "tradebill": "TradeBill", "unionid": "UnionID", "url": "URL", "wechatpay": "WechatPay",
	"wxid": "WxID",

	// Values.
	"aes": "AES", "cny": "CNY", "gcm": "GCM", "hmac": "HMAC", "md5": "MD5", "rsa": "RSA", "sha1": "SHA1",
	"sha256": "SHA256",
	"sm2":    "SM2", "sm4": "SM4",

	// APIv2 writes its paths without hyphens.
	"closeorder": "CloseOrder", "contractorder": "ContractOrder", "deletecontract": "DeleteContract",
	"downloadbill": "DownloadBill",
	"h5entrustweb": "H5EntrustWeb",
	"orderquery":   "OrderQuery", "paporderquery": "PapOrderQuery", "pappayapply": "PapPayApply",
	"preentrustweb": "PreEntrustWeb",
	"querycontract": "QueryContract", "refundquery": "RefundQuery", "secapi": "SecAPI",
}

// GoName spells a path segment, field name or event type as an exported Go identifier: "edu-papay"
// is EduPapay, "sub_mchid" is SubMchID, "ECOMMERCE_ENTRUST.SIGN" is EcommerceEntrustSign.
func GoName(name string) string {
	var b strings.Builder
	for _, word := range splitName(name) {
		if known, ok := words[word]; ok {
			b.WriteString(known)
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	s := b.String()
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return "N" + s
	}
	return s
}

// GoVar spells a name as an unexported Go identifier, for parameters: "contract_id" is contractID.
func GoVar(name string) string {
	s := GoName(name)
	parts := splitName(name)
	if len(parts) == 0 {
		return "n"
	}
	n := len(parts[0])
	if known, ok := words[parts[0]]; ok && known == strings.ToUpper(known) {
		s = strings.ToLower(known) + s[n:]
	} else {
		s = strings.ToLower(s[:1]) + s[1:]
	}
	if token.IsKeyword(s) {
		s += "Value"
	}
	return s
}

// exported says that the name can be an exported Go identifier as it stands.
func exported(name string) bool {
	for _, r := range name {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return name != "" && name[0] >= 'A' && name[0] <= 'Z'
}

func splitName(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
