package papay

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
)

// The numbers in error_code.
const (
	billWrong = "20001" // a parameter, or the signature
	billNone  = "20002" // or not yet
	billDown  = "20100"
)

// downloadBill is the bill of GET /v3/bill/tradebill in one call: the text, or the text packed, in
// place of fields. https://pay.weixin.qq.com/doc/v2/merchant/4011985040
func downloadBill(c *xmlcall.Call) (wire.Fields, error) {
	f := c.Fields
	day, err := time.Parse("20060102", f["bill_date"])
	if err != nil {
		return nil, xmlcall.Refusal(billWrong, "invalid bill_date").Hinting("bill_date is a day, yyyyMMdd in Beijing")
	}
	text, err := payments.TradeBill(c.Call, payments.BillQuery{Day: day.Format(time.DateOnly),
		SubMchID: f["sub_mch_id"], Type: f["bill_type"]})
	if err != nil {
		return nil, billRefusal(err)
	}
	c.File = []byte(text)
	if f["tar_type"] == "GZIP" {
		c.File = payments.Gzipped(c.File)
	}
	return nil, nil
}

// billRefusal is a refusal of APIv3's bills as this endpoint has it.
func billRefusal(err error) error {
	var r *engine.Refusal
	if !errors.As(err, &r) {
		return err
	}
	switch r.Code {
	case "NO_STATEMENT_EXIST":
		return xmlcall.Refusal(billNone, "No Bill Exist").Hinting(r.Hint)
	case "STATEMENT_CREATING":
		return xmlcall.Refusal(billNone, "Bill Creating").Hinting(r.Hint)
	case "PARAM_ERROR": // the one parameter that the catalogue does not judge
		return xmlcall.Refusal(billWrong, "invalid bill_date").Hinting(r.Hint)
	}
	return err
}

// billFailure is how downloadbill fails: at return_code, with a number, whoever called.
func billFailure(r *engine.Refusal, f wire.Fields) wire.Fields {
	code, message := billWrong, ""
	switch r.Code {
	case "SIGN_ERROR", "MCHID_NOT_EXIST":
		message = "sign error"
	case "REQUIRE_POST_METHOD":
		message = "require POST method"
	case "POST_DATA_EMPTY":
		message = "empty post data"
	case "XML_FORMAT_ERROR", "INVALID_REQUEST": // the latter of a body that is cut short or too large
		message = "data format error"
	case "APPID_MCHID_NOT_MATCH":
		message = "invalid appid"
	case "NOAUTH": // the sub-merchant is not the caller's
		message = "invalid parameter"
	case "PARAM_ERROR":
		v, _ := r.Detail.(*catalogue.Violation)
		message = wrongParameter(v, f)
	case "SYSTEMERROR", "FREQUENCY_LIMITED":
		code, message = billDown, "system error"
	default: // a number of this endpoint's, or what a fault says
		code, message = r.Code, r.Message
	}
	return wire.Fields{"return_code": "FAIL", "return_msg": message, "error_code": code}
}

// wrongParameter names the parameter, where production has words for it.
func wrongParameter(v *catalogue.Violation, f wire.Fields) string {
	switch {
	case v == nil || len(v.Unknown) > 0:
		return "invalid parameter"
	case f[v.Field] == "":
		return "missing parameter"
	}
	switch v.Field {
	case "nonce_str":
		return "nonce_str too long"
	case "tar_type":
		return "invalid tar_type, Only GZIP supported"
	case "bill_type", "bill_date", "appid":
		return "invalid " + v.Field
	}
	return "invalid parameter"
}
