package engine

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// Refusal is an answer that is not a success: WeChat Pay's status, code and
// message, and the internal code at the end of Request-ID. There is one
// constructor per kind of refusal, so that a behaviour reads like the official
// error table. https://pay.weixin.qq.com/docs/merchant/development/interface-rules/basic-rules.html
type Refusal struct {
	Status   int
	Code     string
	Message  string
	Detail   any // goes out as "detail" when not nil
	Internal int
	Hint     string // X-Sandbox-Hint: what a real WeChat Pay never says
	HintZH   string // the same in Chinese, for logs; "" where nobody wrote it
	Mistake  string // the words of package explain for what is wrong with a signature; "" for anything else
	// Unsupported, when set, goes out as X-Sandbox-Unsupported: the refusal is
	// the sandbox's own and says nothing about WeChat Pay.
	Unsupported string
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Hinting returns r with a sentence for the X-Sandbox-Hint header.
func (r *Refusal) Hinting(hint string) *Refusal {
	r.Hint = hint
	return r
}

// The internal codes documented for the end of Request-ID.
const (
	InternalSign       = 268443699
	InternalMalformed  = 270924332
	InternalParam      = 268435461
	InternalRange      = 268435464
	internalUnknown    = 270924358
	InternalMerchant   = 268443715
	internalNoRelation = 268443701
	InternalNoSubMchID = 268443704
	internalAppID      = 268445527
	InternalReplay     = 268498688
	InternalNotFound   = 268512771
	InternalPaid       = 268449538
	InternalRate       = 268447840
	InternalClosed     = 268447914
)

// ParamError is what a request that breaks the catalogue's rules gets.
func ParamError(v *catalogue.Violation) *Refusal {
	r := BadParam(v.Message).Hinting(v.Error())
	if r.Detail = v; len(v.Unknown) > 0 {
		r.Internal = internalUnknown
	}
	return r
}

// BadParam is a PARAM_ERROR of what the catalogue cannot know. Production sends those with a
// sentence and no detail.
func BadParam(message string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: "PARAM_ERROR", Message: message, Internal: InternalParam}
}

// BadField is BadParam with a hint that names the field.
func BadField(pointer, message string) *Refusal {
	return BadParam(message).Hinting(pointer + ": " + message)
}

// BeyondTime refuses a date that the sandbox's clock never shows.
func BeyondTime(pointer string) *Refusal {
	return BadField(pointer, "时间超出范围").Hinting(pointer + ": the sandbox's time goes from 1971 to 2261")
}

func InvalidRequest(message string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: "INVALID_REQUEST", Message: message, Internal: InternalParam}
}

func AlreadyExists(message string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: "ALREADY_EXISTS", Message: message, Internal: InternalParam}
}

func NoAuth(message string) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Code: "NO_AUTH", Message: message, Internal: InternalMerchant}
}

func AppIDMismatch() *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: "APPID_MCHID_NOT_MATCH", Message: "appid和mch_id不匹配，请检查后再试",
		Internal: internalAppID}
}

// NotFound is 404 under the name the product uses for it: NOT_FOUND,
// RESOURCE_NOT_EXISTS or ORDER_NOT_EXIST.
func NotFound(code, message string) *Refusal {
	return &Refusal{Status: http.StatusNotFound, Code: code, Message: message, Internal: InternalNotFound}
}

func SystemError() *Refusal {
	return &Refusal{Status: http.StatusInternalServerError, Code: "SYSTEM_ERROR", Message: "系统繁忙，请稍后重试",
		Internal: InternalMerchant}
}

// RefusalOf is how an error of a behaviour goes out: a refusal as it is,
// anything else as the 500 of a server in trouble.
func RefusalOf(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return SystemError().Hinting("the sandbox itself failed: " + err.Error())
}

// Body writes the refusal as WeChat Pay does: keys sorted, compact.
func (r *Refusal) Body() []byte {
	out := Document{"code": r.Code, "message": r.Message}
	if r.Detail != nil {
		out["detail"] = r.Detail
	}
	return out.Encode()
}

// Document is a reply or a resource on its way out. Being a map its keys come
// out sorted, as in the replies people have recorded.
type Document map[string]any

// Set adds a member unless the value is empty: WeChat Pay leaves out what it has
// nothing to say about and never sends null.
func (d Document) Set(name, value string) {
	if value != "" {
		d[name] = value
	}
}

func (d Document) Encode() []byte { return rows.EncodeJSON(d) }

// Integer writes decimal digits as a JSON number. What an older store has in their place is a
// string.
func Integer(digits string) any {
	if number := digits == "0" || !strings.HasPrefix(digits, "0"); number &&
		strings.Trim(digits, random.Decimal) == "" {
		return json.Number(digits)
	}
	return digits
}

// NothingToPay refuses an order or a debit of less than a fen.
func NothingToPay(pointer string, total int64) *Refusal {
	return BadField(pointer, "金额需大于0").
		Hinting("orders and debits are of at least one fen")
}

func NoSuchOrder() *Refusal {
	return NotFound("ORDER_NOT_EXIST", "订单不存在").
		Hinting("no order, and no debit, of the parties the call names has this number")
}
