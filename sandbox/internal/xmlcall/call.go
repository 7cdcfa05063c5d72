package xmlcall

import (
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Endpoint is one APIv2 endpoint.
type Endpoint struct {
	Run Behaviour
	// Page endpoints are opened by a payer with a signed query, which makes this session.
	Page func(*Call) (*rows.Session, error)
	// Get endpoints are called with a signed query in place of a body.
	Get bool
	// Unsigned endpoints answer without a sign: with fields, or with the call's File.
	Unsigned bool
	// Failure is how an endpoint refuses a message, where that is not with err_code and
	// err_code_des. It is not signed.
	Failure func(*engine.Refusal, wire.Fields) wire.Fields
	// Sub endpoints want a sub_mch_id.
	Sub bool
	// HMAC endpoints are signed with HMAC-SHA256 unless sign_type says MD5.
	HMAC bool
	// MTLS endpoints want the merchant's certificate in the TLS handshake.
	MTLS bool
	// Nonce endpoints answer with a nonce_str.
	Nonce bool
	// Terse endpoints answer a success without return_msg.
	Terse bool
	// Form endpoints take a form with a file, and name no appid.
	Form bool
}

// Behaviour answers one genuine APIv2 call. A *engine.Refusal becomes result_code
// FAIL with its code as err_code.
type Behaviour func(*Call) (wire.Fields, error)

// Call is one genuine APIv2 call while it is being answered. Its fields are
// the embedded call's body as well, so that what products share works on both.
type Call struct {
	*engine.Call
	*Endpoint
	Fields wire.Fields
}

func New(s *engine.Step, end *Endpoint, m *registry.Merchant, f wire.Fields) *Call {
	body := map[string]any{}
	for name, value := range f {
		body[name] = value
	}
	c := s.CallBy(m)
	c.Product, c.Raw, c.Body, c.Print = s.Products[ledger.Papay], Kept(f), body, Fingerprint(f)
	return &Call{c, end, f}
}

// Refusal is an error of the caller's that APIv2 names like this.
func Refusal(code, message string) *engine.Refusal {
	return &engine.Refusal{Code: code, Message: message}
}

// CheckParties checks appid and sub-merchant against the registry.
func (c *Call) CheckParties() error {
	f, m := c.Fields, c.Merchant
	if !c.Form && !m.Owns(f["appid"]) {
		return InXML(registry.AppIDUnbound).Hinting(registry.AppIDUnbound.Hint(m, "appid", ""))
	}
	if c.Sub && f["sub_mch_id"] == "" {
		return Refusal("PARAM_ERROR", "缺少参数sub_mch_id").
			Hinting("the partner paths want a sub_mch_id; the ones without /partner/ are for direct merchants")
	}
	if wrong := m.SubMismatch(f["sub_mch_id"], f["sub_appid"]); wrong != registry.Fits {
		name := "sub_mch_id"
		if wrong == registry.SubAppIDUnbound {
			name = "sub_appid"
		}
		return InXML(wrong).Hinting(wrong.Hint(m, name, ""))
	}
	return nil
}

// InXML is the refusal in APIv2's words.
func InXML(x registry.Mismatch) *engine.Refusal {
	switch x {
	case registry.PlanUnknown:
		return Refusal("PARAM_ERROR", "签约模板不存在，请检查plan_id")
	case registry.PlanDisabled:
		return Refusal("NOAUTH", "该模板已停用")
	case registry.AppIDUnbound:
		return Refusal("APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
	case registry.SubMissing:
		return Refusal("PARAM_ERROR", "缺少参数sub_mch_id")
	case registry.SubUnbound:
		return Refusal("NOAUTH", "商户号mch_id与sub_mch_id无绑定关系")
	}
	return Refusal("APPID_MCHID_NOT_MATCH", "sub_appid和sub_mch_id不匹配")
}

// Spelled is a refusal of what both versions share, in APIv2's spelling.
func Spelled(r *engine.Refusal) *engine.Refusal {
	if r.Internal == engine.InternalPaid {
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
