package wxpay_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// The members, and what they hold, are those of the page on scheduled deduct and of its APIv2 and
// combine-papay siblings.
func TestParseReferrerInfo(t *testing.T) {
	t.Parallel()
	const signing = wxpay.SigningMiniProgram
	for name, c := range map[string]struct {
		text string
		want wxpay.ReferrerInfo
	}{
		"signed": {`{"appId":"wxbd687630cd02ce1d","extraData":{"return_code":"SUCCESS","return_msg":"",` +
			`"contract_id":"201710180325670965"}}`,
			wxpay.ReferrerInfo{AppID: signing, ReturnCode: "SUCCESS", ContractID: "201710180325670965"}},
		"failed": {`{"appId":"wxbd687630cd02ce1d","extraData":{"return_code":"FAIL","return_msg":"签约失败"}}`,
			wxpay.ReferrerInfo{AppID: signing, ReturnCode: "FAIL", ReturnMsg: "签约失败"}},
		"the back arrow":           {`{"appId":"wxbd687630cd02ce1d"}`, wxpay.ReferrerInfo{AppID: signing}},
		"the back arrow, null":     {`{"appId":"wxbd687630cd02ce1d","extraData":null}`, wxpay.ReferrerInfo{AppID: signing}},
		"from no mini program":     {`{}`, wxpay.ReferrerInfo{}},
		"members it does not know": {` {"extraData":{"x":[1]},"y":2} `, wxpay.ReferrerInfo{}},
		"members in other letters": {`{"APPID":1,"extraData":{"Return_Code":"SUCCESS"}}`, wxpay.ReferrerInfo{}},
		"a code of tomorrow": {`{"extraData":{"return_code":"PENDING"}}`,
			wxpay.ReferrerInfo{ReturnCode: "PENDING"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := wxpay.ParseReferrerInfo([]byte(c.text)); err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestParseReferrerInfoRefuses(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":          "not a JSON object",
		"undefined": "not a JSON object",
		"null":      "not a JSON object",
		"[]":        "not a JSON object",
		"{} {}":     "not a JSON object",
		`{"appId":"x","extraData":"return_code=SUCCESS"}`:  "extraData of the referrerInfo",
		`{"appId":["` + payer + `"]}`:                      "appId",
		`{"extraData":{"return_code":0}}`:                  "return_code",
		`{"extraData":{"return_msg":{}}}`:                  "return_msg",
		`{"extraData":{"contract_id":201710180325670965}}`: "contract_id",
		"{" + strings.Repeat(" ", 8<<10) + "}":             "8 KiB",
	} {
		got, err := wxpay.ParseReferrerInfo([]byte(text))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), payer) ||
			got != (wxpay.ReferrerInfo{}) {
			t.Errorf("%.60s: got %+v, %v", text, got, err)
		}
	}
}

// Whatever a client sends, what is read of it is what is in it.
func FuzzParseReferrerInfo(f *testing.F) {
	f.Add([]byte(`{"appId":"wxbd687630cd02ce1d","extraData":{"return_code":"SUCCESS","contract_id":"201710180325670965"}}`))
	f.Add([]byte(`{"extraData":null}`))
	f.Add([]byte(`[{"appId":1}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := wxpay.ParseReferrerInfo(text)
		if err != nil {
			if got != (wxpay.ReferrerInfo{}) || len(err.Error()) > 120 {
				t.Fatalf("got %+v with %v", got, err)
			}
			return
		}
		back, err := json.Marshal(map[string]any{"appId": got.AppID, "extraData": map[string]string{
			"return_code": got.ReturnCode, "return_msg": got.ReturnMsg, "contract_id": got.ContractID}})
		if err != nil || !json.Valid(text) {
			t.Fatalf("%q was read, %v", text, err)
		}
		if again, err := wxpay.ParseReferrerInfo(back); len(back) <= 8<<10 && (err != nil || again != got) {
			t.Fatalf("%+v is read again as %+v, %v", got, again, err)
		}
	})
}
