package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
)

// refusal is an answer that is not a success: WeChat Pay's status, code and
// message, and the internal code at the end of Request-ID. There is one
// constructor per kind of refusal, so that a behaviour reads like the official
// error table. https://pay.weixin.qq.com/docs/merchant/development/interface-rules/basic-rules.html
type refusal struct {
	status   int
	code     string
	message  string
	detail   any // goes out as "detail" when not nil
	internal int
	hint     string // X-Sandbox-Hint: what a real WeChat Pay never says
	// unsupported, when set, goes out as X-Sandbox-Unsupported: the refusal is
	// the sandbox's own and says nothing about WeChat Pay.
	unsupported string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

// hinting returns r with a sentence for the X-Sandbox-Hint header.
func (r *refusal) hinting(hint string) *refusal {
	r.hint = hint
	return r
}

// The internal codes documented for the end of Request-ID.
const (
	internalSign       = 268443699
	internalParam      = 268435461
	internalRange      = 268435464
	internalMerchant   = 268443715
	internalNoRelation = 268443701
	internalNoSubMchID = 268443704
	internalAppID      = 268445527
	internalReplay     = 268498688
	internalNotFound   = 268512771
	internalPaid       = 268449538
	internalRate       = 268447840
)

// paramError is what a request that breaks the catalogue's rules gets.
func paramError(v *catalogue.Violation) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "PARAM_ERROR", message: "参数错误", detail: v,
		internal: internalParam}
}

// badField is paramError for what the catalogue cannot know.
func badField(pointer, value, issue string) *refusal {
	r := paramError(&catalogue.Violation{Field: pointer, Value: value, Issue: issue, Location: catalogue.LocationBody})
	return r.hinting(pointer + ": " + issue)
}

// beyondTime refuses a date that the sandbox's clock never shows.
func beyondTime(pointer, value string) *refusal {
	return badField(pointer, value, "时间超出范围").hinting(pointer + ": the sandbox's time goes from 1971 to 2261")
}

func invalidRequest(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "INVALID_REQUEST", message: message, internal: internalParam}
}

func alreadyExists(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "ALREADY_EXISTS", message: message, internal: internalParam}
}

func noAuth(message string) *refusal {
	return &refusal{status: http.StatusForbidden, code: "NO_AUTH", message: message, internal: internalMerchant}
}

func appIDMismatch() *refusal {
	return &refusal{status: http.StatusBadRequest, code: "APPID_MCHID_NOT_MATCH", message: "appid和mch_id不匹配，请检查后再试",
		internal: internalAppID}
}

// notFound is 404 under the name the product uses for it: NOT_FOUND,
// RESOURCE_NOT_EXISTS or ORDER_NOT_EXIST.
func notFound(code, message string) *refusal {
	return &refusal{status: http.StatusNotFound, code: code, message: message, internal: internalNotFound}
}

func systemError() *refusal {
	return &refusal{status: http.StatusInternalServerError, code: "SYSTEM_ERROR", message: "系统异常，请稍后重试",
		internal: internalMerchant}
}

// refusalOf is how an error of a behaviour goes out: a refusal as it is,
// anything else as the 500 of a server in trouble.
func refusalOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return systemError().hinting("the sandbox itself failed: " + err.Error())
}

// body writes the refusal as WeChat Pay does: keys sorted, compact.
func (r *refusal) body() []byte {
	out := document{"code": r.code, "message": r.message}
	if r.detail != nil {
		out["detail"] = r.detail
	}
	return out.encode()
}

// document is a reply or a resource on its way out. Being a map its keys come
// out sorted, as in the replies people have recorded.
type document map[string]any

// set adds a member unless the value is empty: WeChat Pay leaves out what it has
// nothing to say about and never sends null.
func (d document) set(name, value string) {
	if value != "" {
		d[name] = value
	}
}

func (d document) encode() []byte { return encodeJSON(d) }

// integer writes decimal digits as a JSON number. What an older store has in their place is a
// string.
func integer(digits string) any {
	if number := digits == "0" || !strings.HasPrefix(digits, "0"); number && strings.Trim(digits, decimal) == "" {
		return json.Number(digits)
	}
	return digits
}
