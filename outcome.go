package wxpay

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
)

// OutcomeUnknown tells of a call's error whether the call may have taken effect
// all the same, so that money may have moved. Where it is true, query by the same
// number before you decide, or send the same call again with the same numbers; a
// new number may take the money twice.
//
//	again := open(number) // writes that down before the call, and tells whether it was
//	order, err := debit(ctx, number)
//	if err != nil && (again || wxpay.OutcomeUnknown(err)) {
//		if order, err = query(ctx, number); err != nil {
//			return later(number) // whatever the query's error says
//		}
//	}
//	if err != nil {
//		return failed(number) // nothing was debited; it is open no more
//	}
//
// A number that an earlier call left open stays open whatever this call's error is: a
// 429 to the second call tells nothing of the first. The same goes where the process
// ended before it heard the answer, or where two work on one number: let only one.
//
// It is false for nil; for what was refused on this side and never sent
// ([*RequestError], [*ConfigError], [*KeyError], a [*TransportError] that has
// Sent false); and for an [*Error] that WeChat Pay signed, with a status below
// 500 and a code known to mean that the call did nothing, such as PARAM_ERROR,
// NO_AUTH, NOT_ENOUGH or CONTRACT_NOT_EXIST.
//
// It is true for everything else: no whole answer, an answer whose signature does
// not verify ([*SignatureError]), an answer without one (a gateway's page, a 401,
// return_code FAIL of APIv2), which anybody on the way can write; SYSTEM_ERROR and
// every status from 500; codes that speak of an earlier call with the same number,
// such as ORDER_PAID, ALREADY_EXISTS and INVALID_REQUEST; and every code and error
// that it does not know, for WeChat Pay adds codes without notice and asks not to
// take a new one for a failure. It is true for a [*DecodeError] as well: that call
// succeeded. Of errors joined or wrapped it is true where it is for one of them.
//
// Ask it about the call that moves the money. It tells nothing of an earlier call
// with the same number, nor does a query that finds no order prove that there will
// be none: such a query's error counts as unknown too. Nor does it tell anything of
// the debit when the query itself was not sent: decide on the debit's error, and on
// an answer. It is true for the error of a function that you gave to
// [Promise.Then], for that ran after a call that succeeded.
//
// Where a Transport of your own repeats calls below the client, as one that speaks HTTP/2 or
// retries does, the answer is to the last of them. It is true then where the client saw the
// call go out twice, by its body or net/http's trace; of a transport that it cannot see through
// it knows nothing.
//
// A signature proves that WeChat Pay wrote an answer less than five minutes ago, and
// in APIv2 not even when; that it is the answer to this call only TLS does. Let
// nothing open it on the way that you do not trust.
//
// Source: https://pay.weixin.qq.com/wiki/doc/api/tools/mch_pay.php?chapter=14_2
func OutcomeUnknown(err error) bool {
	if err == nil {
		return false
	}
	unknown := false
	ended := reaches(err, func(at error) []error {
		known, causes := outcomeOf(at)
		unknown = unknown || !known && len(causes) == 0
		return causes
	})
	return unknown || !ended // an error that cannot be asked says nothing
}

// outcomeOf says whether an error tells that its call had no effect, or which it holds that may.
func outcomeOf(err error) (known bool, causes []error) {
	if isNilPointer(err) {
		return false, nil // an error that is none says nothing
	}
	switch e := err.(type) {
	case *RequestError, *ConfigError, *KeyError:
		return true, nil
	case *TransportError:
		return !e.Sent, nil
	case *Error:
		return e.settled(), nil
	case *SignatureError, *DecodeError, *DecryptError, *PanicError, *afterwards:
		return false, nil
	}
	return false, causesOf(err)
}

// isNilPointer tells an error, or a body, that is there and is a nil pointer.
func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// settled tells whether the answer proves that the call did nothing.
func (e *Error) settled() bool {
	if !e.Verified || e.repeated || e.Status >= http.StatusInternalServerError {
		return false
	}
	switch e.Code {
	// The call was not taken: it is malformed, its caller may not make it, or makes
	// too many calls; such a refund, says its page, was not accepted.
	// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_4
	case "PARAM_ERROR":
		return !e.ofReply()
	case "SIGN_ERROR", "SIGNERROR", "NO_AUTH", "NOAUTH", "APPID_MCHID_NOT_MATCH", "APPID_NOT_EXIST", "MCHID_NOT_EXIST",
		"METHOD_NOT_ALLOWED", "LACK_PARAMS", "XML_FORMAT_ERROR", "POST_DATA_EMPTY", "REQUIRE_POST_METHOD", "NOT_UTF8",
		"PARAMETER FAIL", "MERCHANT PERMISSION ERROR", // of v2/papay/deletecontract
		"FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED":
		return true
	// A rule, the balance or the account forbids it; such a refund, says the same page
	// of the balance and the account, has failed.
	case "NOT_ENOUGH", "NOTENOUGH", "RULE_LIMIT", "RULELIMIT", "CONTRACT_NOT_EXIST", "CONTRACTERROR",
		"USER_ACCOUNT_ABNORMAL":
		return true
	// Only an unpaid order is closed, and its number is never paid after.
	// https://pay.weixin.qq.com/doc/v2/merchant/4011941162
	case "ORDER_CLOSED", "ORDERCLOSED":
		return true
	// What the call is about does not exist, such as the contract. A query may only
	// have come too early, and in APIv2, and here and there in APIv3, a query
	// is a POST.
	case "RESOURCE_NOT_EXISTS", "NOT_FOUND":
		method, path, _ := strings.Cut(e.Operation, " ")
		return method != http.MethodGet && !strings.HasPrefix(path, "v2/") && !strings.Contains(path, "/query")
	// Bills move nothing.
	case "NO_STATEMENT_EXIST", "STATEMENT_CREATING":
		return true
	}
	return false
}

// ofReply tells a PARAM_ERROR that is about WeChat Pay's own reply: it names no
// place in the request and no list of members. One user was told of a bank_type
// that is too long, after the payer had paid.
// https://developers.weixin.qq.com/community/pay/doc/00000ec3eb83e07bff92975046fc00
func (e *Error) ofReply() bool {
	var detail map[string]json.RawMessage
	if json.Unmarshal(e.Detail, &detail) != nil {
		return false
	}
	return string(detail["location"]) == "null" && !strings.HasPrefix(string(detail["value"]), "[")
}
