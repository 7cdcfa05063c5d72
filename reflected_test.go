package wxpay_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// cut makes other members of the signed string of a call: of what the payer wrote in attach.
func cut(t *testing.T, call wire.Fields) wire.Fields {
	t.Helper()
	answer := wire.Fields{"sign": call["sign"]}
	hidden := "" // what sorts behind attach
	for name, value := range call {
		if name < "attach" {
			answer[name] = value
		}
	}
	attach, wrote, _ := strings.Cut(call["attach"], "&")
	answer["attach"] = attach
	for pair := range strings.SplitSeq(strings.TrimSuffix(wrote, "&s="), "&") {
		name, value, _ := strings.Cut(pair, "=")
		answer[name] = value
	}
	rest := wire.Fields{}
	for name, value := range call {
		if name > "attach" && name != "sign" {
			rest[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		hidden += "&" + name + "=" + rest[name]
	}
	answer["s"] = hidden
	if !answer.Verify(testAPIv2Key) {
		t.Fatal("the cut is not what was signed")
	}
	return answer
}

// Whoever opens TLS, and is the payer, answers a call with the call itself, or with an earlier one.
func TestACallIsNoAnswer(t *testing.T) {
	t.Parallel()
	var calls []wire.Fields
	var answer func(call wire.Fields) wire.Fields
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		call, err := wire.ParseXML(body)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
		return reply(200, nil, string(answer(call).XML())), nil
	})}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	debit := func(number, attach string) error {
		_, err := c.Chain("v2/pay/pappayapply").Post(bg, map[string]string{
			"appid": "wx1", "attach": attach, "body": "b", "out_trade_no": number, "total_fee": "1"})
		return err
	}
	for wrote, what := range map[string]string{
		"hi&result_code=SUCCESS&return_code=SUCCESS&s=":                 "a success",
		"hi&err_code=NOTENOUGH&result_code=FAIL&return_code=SUCCESS&s=": "a refusal",
	} {
		answer = func(call wire.Fields) wire.Fields { return cut(t, call) }
		var forged *wxpay.SignatureError
		if err := debit("T1", wrote); !errors.As(err, &forged) || !wxpay.OutcomeUnknown(err) {
			t.Errorf("%s out of the call: %v", what, err)
		}
		earlier := calls[len(calls)-1]
		answer = func(wire.Fields) wire.Fields { return cut(t, earlier) }
		if err := debit("T2", "mine"); !errors.As(err, &forged) || !wxpay.OutcomeUnknown(err) {
			t.Errorf("%s out of an earlier call: %v", what, err)
		}
	}

	page := wire.Fields{"appid": "wx1", "contract_code": "1", "mch_id": "1900000109", "plan_id": "1",
		"timestamp": "1599703200", "version": "1.0",
		"contract_display_account": "me&result_code=SUCCESS&return_code=SUCCESS&s="}
	page["sign"] = page.Digest(testAPIv2Key, wire.SignMD5)
	answer = func(wire.Fields) wire.Fields {
		return wire.Fields{"appid": "wx1", "contract_code": "1", "contract_display_account": "me",
			"result_code": "SUCCESS", "return_code": "SUCCESS", "sign": page["sign"],
			"s": "&mch_id=1900000109&plan_id=1&timestamp=1599703200&version=1.0"}
	}
	var forged *wxpay.SignatureError
	if err := debit("T4", "mine"); !errors.As(err, &forged) {
		t.Errorf("out of a page: %v", err)
	}

	gone := wire.Fields{"appid": "wx1", "contract_id": "1", "mch_id": "1900000109", "version": "1.0",
		"contract_termination_remark": "bye&result_code=SUCCESS&return_code=SUCCESS&s="}
	gone["sign"] = gone.Digest(testAPIv2Key, wire.SignMD5)
	answer = func(wire.Fields) wire.Fields {
		return wire.Fields{"appid": "wx1", "contract_id": "1", "contract_termination_remark": "bye",
			"mch_id": "", "result_code": "SUCCESS", "return_code": "SUCCESS", "sign": gone["sign"],
			"s": "&mch_id=1900000109&version=1.0"}
	}
	if err := debit("T5", "mine"); !errors.As(err, &forged) || !strings.Contains(forged.Problem, "a version") {
		t.Errorf("out of a call with a version: %v", err)
	}

	// WeChat Pay may repeat the nonce of the call, and an attach as it was.
	answer = func(call wire.Fields) wire.Fields {
		f := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "nonce_str": call["nonce_str"],
			"attach": call["attach"]}
		f["sign"] = f.Digest(testAPIv2Key, wire.SignMD5)
		return f
	}
	if err := debit("T3", "a=1&nonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS"); err != nil {
		t.Error(err)
	}
}
