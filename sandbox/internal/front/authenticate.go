package front

import (
	"net/http"
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
func (fr *Front) signer(x *exchange, now time.Time) (*registry.Merchant, *engine.Refusal) {
	r := x.request
	a, refused := fr.authorizationOf(x, now)
	if refused != nil {
		return nil, refused
	}
	if found := explain.Timestamp(a.Timestamp, now); found.Found() && !fr.unsigned {
		refused := explained(unauthorized("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"), found)
		if fr.OneClock && found.ID != "timestamp-milliseconds" {
			refused.Hint += ". Signatures are dated by the sandbox's clock here, as in any test with New: " +
				"give the client ClientConfig().Now, or start with TwoClocks()"
			refused.HintZH += "。这里的签名时间以沙箱时钟为准（用 New 启动的测试都是如此）：把 ClientConfig().Now 交给客户端，或用 TwoClocks() 启动"
		}
		return nil, refused
	}
	m := fr.Registry.BySerial(strings.ToUpper(a.Serial))
	if m == nil || m.MchID != a.MchID {
		return nil, fr.notTheirs(r, a, m)
	}
	if fr.unsigned {
		return m, nil
	}
	message := signedMessage(r, a, x.body)
	if !signedBy(m, a, message) {
		refused := unauthorized(notSigned(r))
		refused.Detail = signDetail(r, message, x.body)
		return nil, explained(refused, explain.Signature(x.signed(a), fr.Registry.KnownOf(m),
			fr.Registry.Known(fr.Keys, m)))
	}
	return m, nil
}

// notTheirs refuses a serial_no that is not of the merchant who is named.
func (fr *Front) notTheirs(r *http.Request, a wire.Authorization, owner *registry.Merchant) *engine.Refusal {
	named := fr.Registry.Merchant(a.MchID)
	_, found := explain.Owner(a, fr.Registry.Known(fr.Keys, named))
	refused := unauthorized("商户证书序列号有误。")
	switch {
	case owner == nil && fr.Registry.Retired(strings.ToUpper(a.Serial)) == a.MchID:
		refused.Message = "已更换证书，请使用新证书"
	case owner == nil && named == nil:
		refused.Message = notSigned(r)
	case ofOrders(r) && strings.HasPrefix(a.Serial, wire.PublicKeyIDPrefix):
		refused.Message = "签名错误，请检查后再试"
	}
	return explained(refused, found)
}

// explained gives a refusal what was found out about the signature.
func explained(r *engine.Refusal, f explain.Finding) *engine.Refusal {
	r.Hint, r.HintZH, r.Mistake = f.In("en"), f.In("zh"), f.Names()
	return r
}

// signed is a request as its signature is explained.
func (x *exchange) signed(a wire.Authorization) explain.Request {
	out := explain.Request{Method: x.request.Method, URI: requestURI(x.request), Host: x.request.Host, Body: x.body,
		Authorization: a}
	if x.op != nil {
		out.Pattern = x.op.Path
	}
	if x.form != nil {
		out.Form = x.form.whole
	}
	return out
}

// notSigned is what is said of a wrong signature: one of the first endpoints has other words.
func notSigned(r *http.Request) string {
	if r.URL.EscapedPath() == "/v3/certificates" {
		return "错误的签名，验签失败"
	}
	return "签名错误"
}

// authorizationOf is what a request says of who signed it, and how.
func (fr *Front) authorizationOf(x *exchange, now time.Time) (wire.Authorization, *engine.Refusal) {
	header := x.request.Header.Values("Authorization")
	a, found := explain.Authorization(header)
	if !found.Found() {
		return a, nil
	}
	refused := unauthorized("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
	switch {
	case ofOrders(x.request):
		refused.Message = "签名信息错误，验签失败"
	case len(header) != 1:
	case strings.HasPrefix(found.ID, "auth-scheme-"):
		refused.Message = "Http头Authorization认证类型不正确"
	default:
		refused.Message, refused.Internal = "Authorization不合法", engine.InternalMalformed
	}
	named := fr.Registry.Merchant(a.MchID)
	return a, explained(refused, explain.Call(x.signed(a), header, fr.Registry.Known(fr.Keys, named), now))
}

// signedMessage is what a merchant signs of a request.
func signedMessage(r *http.Request, a wire.Authorization, body []byte) []byte {
	return wire.AppendRequestMessage(make([]byte, 0, 256+len(body)), r.Method, requestURI(r), a.Timestamp, a.Nonce,
		body)
}

func signedBy(m *registry.Merchant, a wire.Authorization, message []byte) bool {
	return wire.Verify(m.RSA, message, a.Signature) == nil
}

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
