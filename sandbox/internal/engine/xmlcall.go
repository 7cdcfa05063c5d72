package engine

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// XMLEndpoint is one APIv2 endpoint.
type XMLEndpoint struct {
	Run xmlBehaviour
	// Page endpoints are opened by a payer with a signed query, which makes this session.
	Page func(*XMLCall) (*SessionRow, error)
	// Sub endpoints want a sub_mch_id.
	Sub bool
	// HMAC endpoints are signed with HMAC-SHA256 unless sign_type says MD5.
	HMAC bool
	// MTLS endpoints want the merchant's certificate in the TLS handshake.
	MTLS bool
	// Nonce endpoints answer with a nonce_str.
	Nonce bool
}

// xmlBehaviour answers one genuine APIv2 call. A *refusal becomes result_code
// FAIL with its code as err_code.
type xmlBehaviour func(*XMLCall) (wire.Fields, error)

// XMLCall is one genuine APIv2 call while it is being answered. Its fields are
// the embedded call's body as well, so that what products share works on both.
type XMLCall struct {
	*Call
	*XMLEndpoint
	Fields wire.Fields
}

func newXMLCall(s *Step, end *XMLEndpoint, m *Merchant, f wire.Fields) *XMLCall {
	body := map[string]any{}
	for name, value := range f {
		body[name] = value
	}
	c := s.CallBy(m)
	c.Product, c.Raw, c.Body, c.print = s.Products[ledger.Papay], EncodeJSON(f), body, XMLFingerprint(f)
	return &XMLCall{c, end, f}
}

// XMLRefusal is an error of the caller's that APIv2 names like this.
func XMLRefusal(code, message string) *Refusal { return &Refusal{Code: code, Message: message} }

// checkParties checks appid and sub-merchant against the registry.
func (c *XMLCall) checkParties() error {
	f, m := c.Fields, c.Merchant
	if !m.Owns(f["appid"]) {
		return appIDUnbound.InXML().Hinting(appIDUnbound.Hint(m, "appid", ""))
	}
	if c.Sub && f["sub_mch_id"] == "" {
		return XMLRefusal("PARAM_ERROR", "缺少参数sub_mch_id").
			Hinting("the partner paths want a sub_mch_id; the ones without /partner/ are for direct merchants")
	}
	if wrong := m.subMismatch(f["sub_mch_id"], f["sub_appid"]); wrong != Fits {
		name := "sub_mch_id"
		if wrong == subAppIDUnbound {
			name = "sub_appid"
		}
		return wrong.InXML().Hinting(wrong.Hint(m, name, ""))
	}
	return nil
}

// InXML is the refusal in APIv2's words.
func (x mismatch) InXML() *Refusal {
	switch x {
	case planUnknown:
		return XMLRefusal("PARAM_ERROR", "签约模板不存在，请检查plan_id")
	case planDisabled:
		return XMLRefusal("NOAUTH", "该模板已停用")
	case appIDUnbound:
		return XMLRefusal("APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
	case subMissing:
		return XMLRefusal("PARAM_ERROR", "缺少参数sub_mch_id")
	case subUnbound:
		return XMLRefusal("NOAUTH", "商户号mch_id与sub_mch_id无绑定关系")
	}
	return XMLRefusal("APPID_MCHID_NOT_MATCH", "sub_appid和sub_mch_id不匹配")
}

// spelledForXML is a refusal of what both versions share, in APIv2's spelling.
func (r *Refusal) spelledForXML() *Refusal {
	if r.Internal == InternalPaid {
		r.Code = "ORDERPAID"
	}
	for v3, v2 := range map[string]string{
		"NO_AUTH": "NOAUTH", "NOT_ENOUGH": "NOTENOUGH", "SYSTEM_ERROR": "SYSTEMERROR", "ORDER_CLOSED": "ORDERCLOSED",
		"ORDER_NOT_EXIST": "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS": "ORDERNOTEXIST",
	} {
		if r.Code == v3 {
			r.Code = v2
		}
	}
	return r
}
