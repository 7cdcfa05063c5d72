package front

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
)

// signer finds out which merchant sent the request. A refusal is a 401
// with the message that was recorded for the endpoint; its hint says what the merchant did.
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-verification.html
func (fr *Front) signer(r *http.Request, body []byte, now time.Time) (*registry.Merchant, *engine.Refusal) {
	a, refused := authorizationOf(r)
	if refused != nil {
		return nil, refused
	}
	if hint := offBy(a.Timestamp, now); hint != "" && !fr.unsigned {
		if fr.OneClock {
			hint += ". Signatures are dated by the sandbox's clock here, as in any test with New: " +
				"give the client ClientConfig().Now, or start with TwoClocks()"
		}
		return nil, unauthorized("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟").Hinting(hint)
	}
	m := fr.Registry.BySerial(strings.ToUpper(a.Serial))
	if m == nil && fr.Registry.Retired(strings.ToUpper(a.Serial)) == a.MchID {
		return nil, unauthorized("已更换证书，请使用新证书").Hinting("this API certificate was replaced; the merchant's is now " +
			fr.Registry.Merchant(a.MchID).Serial)
	}
	switch {
	case m == nil && fr.Registry.Merchant(a.MchID) == nil:
		return nil, unauthorized(notSigned(r)).Hinting(fr.wrongSerial(a, m))
	case ofOrders(r) && strings.HasPrefix(a.Serial, wire.PublicKeyIDPrefix):
		return nil, unauthorized("签名错误，请检查后再试").Hinting(fr.wrongSerial(a, m))
	case m == nil || m.MchID != a.MchID:
		return nil, unauthorized("商户证书序列号有误。").Hinting(fr.wrongSerial(a, m))
	}
	if fr.unsigned {
		return m, nil
	}
	message := signedMessage(r, a, body)
	if !signedBy(m, a, message) {
		refused := unauthorized(notSigned(r))
		refused.Detail = signDetail(r, message, body)
		return nil, refused.Hinting(fr.explain(r, body, a, m))
	}
	return m, nil
}

// notSigned is what is said of a wrong signature: one of the first endpoints has other words.
func notSigned(r *http.Request) string {
	if r.URL.EscapedPath() == "/v3/certificates" {
		return "错误的签名，验签失败"
	}
	return "签名错误"
}

// authorizationOf is what a request says of who signed it, and how.
func authorizationOf(r *http.Request) (wire.Authorization, *engine.Refusal) {
	malformed := "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
	if ofOrders(r) {
		malformed = "签名信息错误，验签失败"
	}
	header := r.Header.Values("Authorization")
	if len(header) != 1 {
		return wire.Authorization{}, unauthorized(malformed).
			Hinting(fmt.Sprintf("%d Authorization headers, want one", len(header)))
	}
	a, err := wire.ParseAuthorization(header[0])
	if err != nil {
		refused := unauthorized(malformed).Hinting(err.Error())
		switch unknown := errors.Is(err, wire.ErrAuthorizationScheme); {
		case ofOrders(r):
		case unknown:
			refused.Message = "Http头Authorization认证类型不正确"
		default:
			refused.Message, refused.Internal = "Authorization不合法", engine.InternalMalformed
		}
		return wire.Authorization{}, refused
	}
	return a, nil
}

// signedMessage is what a merchant signs of a request.
func signedMessage(r *http.Request, a wire.Authorization, body []byte) []byte {
	return wire.AppendRequestMessage(make([]byte, 0, 256+len(body)), r.Method, requestURI(r), a.Timestamp, a.Nonce,
		body)
}

func signedBy(m *registry.Merchant, a wire.Authorization, message []byte) bool {
	return wire.Verify(m.RSA, message, a.Signature) == nil
}

// explain says which mistake the signature shows.
func (fr *Front) explain(r *http.Request, body []byte, a wire.Authorization, m *registry.Merchant) string {
	signed := explain.Request{Method: r.Method, URI: requestURI(r), Host: r.Host, Body: body, Authorization: a}
	return explain.Signature(signed, m.Known(), fr.Registry.Known(), publicKeyOf(fr.Keys.CertKey),
		publicKeyOf(fr.Keys.PublicKey))
}

func publicKeyOf(key crypto.Signer) *rsa.PublicKey { return key.Public().(*rsa.PublicKey) }

func unauthorized(message string) *engine.Refusal {
	return &engine.Refusal{Status: http.StatusUnauthorized, Code: "SIGN_ERROR", Message: message,
		Internal: engine.InternalSign}
}

// requestURI is the path and query exactly as they came over the wire: what the
// merchant should have signed.
func requestURI(r *http.Request) string {
	if r.RequestURI != "" && r.RequestURI[0] == '/' || r.Method == http.MethodConnect {
		return r.RequestURI
	}
	return r.URL.RequestURI() // an absolute-form request line, as through a proxy
}

// offBy says what is wrong with a timestamp, "" when it is within the window.
func offBy(timestamp string, now time.Time) string {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	switch {
	case err != nil:
		return "timestamp is not a decimal number of seconds"
	case len(timestamp) == 13:
		return "timestamp has 13 digits: it is in milliseconds, want seconds"
	}
	// Compared as seconds: a timestamp far outside would overflow a Duration.
	switch off := seconds - now.Unix(); {
	case off > int64(wire.Window/time.Second):
		return fmt.Sprintf("timestamp is %d seconds in the future, at most 300 are allowed: the client's clock "+
			"runs ahead", off)
	case off < -int64(wire.Window/time.Second):
		return fmt.Sprintf("timestamp is %d seconds in the past, at most 300 are allowed: "+
			"the client's clock runs behind, or the request is old", -off)
	}
	return ""
}

func (fr *Front) wrongSerial(a wire.Authorization, owner *registry.Merchant) string {
	m := fr.Registry.Merchant(a.MchID)
	switch {
	case m == nil && owner == nil:
		return "neither the mchid nor the serial_no is known to this sandbox; take both from its ClientConfig or " +
			"key files"
	case m == nil:
		return "the serial_no belongs to merchant " + owner.MchID + ", the mchid to nobody"
	case a.Serial == fr.Keys.Serial || strings.HasPrefix(a.Serial, wire.PublicKeyIDPrefix):
		return "serial_no names WeChat Pay's key; it must be that of the merchant's own API certificate, " + m.Serial
	case owner != nil:
		return "the serial_no belongs to merchant " + owner.MchID + ", not to " + m.MchID
	}
	return "merchant " + m.MchID + " has an API certificate with another serial number, " + m.Serial
}

// signDetail shows the server's view of the signed string, cut as in recorded
// answers: the body to its first 8 characters, and the last line feed.
func signDetail(r *http.Request, message, body []byte) engine.Document {
	begin := []rune(string(body[:min(len(body), 8*utf8.UTFMax)]))
	cut := string(message[:len(message)-len(body)-1]) + string(begin[:min(len(begin), 8)]) + "\n"
	return engine.Document{
		"detail": engine.Document{"issue": "sign not match"}, "field": "signature", "location": "authorization",
		"sign_information": engine.Document{
			"method": r.Method, "url": requestURI(r),
			"sign_message_length": len(message), "truncated_sign_message": cut,
		},
	}
}
