package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/hint"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A script takes a new number by the exit code: what nobody has signed is not refused.
func TestTheExitCodeOfAnUnsignedAnswer(t *testing.T) {
	t.Parallel()
	const debit, query = "POST v3/papay/pay/transactions/apply", "GET v3/pay/transactions/id/{transaction_id}"
	for _, c := range []struct {
		answer wxpay.Error
		want   int
	}{
		{wxpay.Error{Operation: debit, Status: 401}, exitUnknown},
		{wxpay.Error{Operation: debit, Status: 403}, exitUnknown},
		{wxpay.Error{Operation: "POST v2/pay/pappayapply", Status: 200}, exitUnknown},
		{wxpay.Error{Operation: debit, Status: 401, Code: "SIGN_ERROR"}, exitUnknown},
		{wxpay.Error{Operation: "POST v2/pay/pappayapply", Status: 200, Code: "FAIL"}, exitUnknown},
		{wxpay.Error{Operation: query, Status: 401, Code: "SIGN_ERROR"}, exitUnknown},
		{wxpay.Error{Operation: query, Status: 404}, exitUnknown},
		{wxpay.Error{Operation: query, Status: 500, Code: "SYSTEM_ERROR", Verified: true}, exitUnknown},
		{wxpay.Error{Operation: query, Status: 404, Code: "ORDER_NOT_EXIST", Verified: true}, exitRefused},
		{wxpay.Error{Operation: debit, Status: 403, Code: "NO_AUTH", Verified: true}, exitRefused},
		{wxpay.Error{Operation: "POST v2/pay/orderquery", Code: "ORDERNOTEXIST", Verified: true}, exitRefused},
		{wxpay.Error{Operation: "POST v2/pay/orderquery", Code: "SYSTEMERROR"}, exitUnknown},
		{wxpay.Error{Operation: "POST v2/pay/orderquery", Status: 200, Code: "SYSTEMERROR", Verified: true}, exitUnknown},
		{wxpay.Error{Operation: "POST v2/pay/downloadbill", Status: 200, Code: "20002"}, exitUnknown},
		{wxpay.Error{Operation: "POST v2/pay/{query}", Code: "ORDERNOTEXIST", Verified: true}, exitUnknown},
	} {
		var said *failure
		if err := explainCall(&c.answer, hint.Hint{}); !errors.As(err, &said) || said.code != c.want {
			t.Errorf("%+v: got %v, want the exit code %d", c.answer, err, c.want)
		}
	}
}

type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What an answer repeats of the call is left out, as the SDK's own errors leave it out.
func TestARefusalRepeatsNothingOfTheCall(t *testing.T) {
	t.Parallel()
	const openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer wechat.Close()
	for what, answer := range map[string]string{
		"code and message": `{"code":"` + openid + `","message":"who is ` + openid + `"}`,
		"a field's message": `{"code":"PARAM_ERROR","message":"输入源“/body/openid”映射到值字段“用户标识”校验失败，值为` + openid +
			`，手机13812345678"}`,
		"detail":  `{"code":"PARAM_ERROR","message":"m","detail":{"field":"/openid","issue":"` + openid + ` is nobody"}}`,
		"members": `{"code":"PARAM_ERROR","message":"m","detail":{"value":["/body/` + openid + `"]}}`,
	} {
		cfg := wechat.ClientConfig()
		cfg.HTTPClient = &http.Client{Transport: answering(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 403, Header: http.Header{"Request-Id": {"x-" + openid}},
				ContentLength: int64(len(answer)), Body: io.NopCloser(strings.NewReader(answer))}, nil
		})}
		c, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Chain("v3/x").Post(t.Context(), map[string]any{"openid": openid, "phone": "13812345678",
			"members": map[string]int{openid: 1}})
		var said *failure
		hinted := hint.Of(http.Header{"X-Sandbox-Hint": {"it is " + openid}})
		if err := explainCall(err, hinted); !errors.As(err, &said) {
			t.Fatal(err)
		}
		all := fmt.Sprint(said.err, said.hint, said.said, said.word)
		if strings.Contains(all, openid) || strings.Contains(all, "13812345678") {
			t.Errorf("%s: got %s", what, all)
		}
	}
}

// Address books put characters that do not print around a number. The hint is freed of the call
// before those are made to show.
func TestAHintRepeatsNoNumberFromAnAddressBook(t *testing.T) {
	t.Parallel()
	const phone = "\u202d13812345678\u202c"
	wechat, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer wechat.Close()
	trace := &trace{to: answering(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 403, Header: http.Header{"X-Sandbox-Hint": {"you said " + phone}},
			ContentLength: 2, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	})}
	cfg := wechat.ClientConfig()
	cfg.HTTPClient = &http.Client{Transport: trace}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Chain("v3/x").Post(t.Context(), map[string]any{"phone": phone})
	var told *failure
	if err := explainCall(err, trace.hint); !errors.As(err, &told) ||
		!strings.HasPrefix(told.hint.String(), "you said ") ||
		strings.Contains(told.hint.String(), "13812345678") {
		t.Errorf("got %+v", told)
	}
}

// What --verbose prints of an answer looks like what WeChat Pay sends, and repeats nothing.
func TestVerboseRepeatsNothingOfTheCall(t *testing.T) {
	t.Parallel()
	const phone, sign = "13800138000", "57213DD35C40A3EDC4FB2692F3840654"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://a.cn/pay/orderquery", nil)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	sys := System{Err: &said}
	answered := &http.Response{StatusCode: 400, Status: "400 bad " + phone + " " + sign, Header: http.Header{}}
	for _, told := range toldHeaders {
		answered.Header.Set(told.name, "x-"+phone+"-"+sign)
		if told.name == "Request-ID" {
			answered.Header.Set(told.name, "08F1A7C4E9B2D35F60718293A4B5C6D7E8F90A1B-"+phone)
		}
	}
	(&trace{request: r, reply: answered}).report(sys, 0)
	if text := said.String(); strings.Contains(text, phone) || strings.Contains(text, sign) ||
		!strings.Contains(text, "400 Bad Request") {
		t.Errorf("got %s", text)
	}
	said.Reset()
	for name, value := range map[string]string{"Request-ID": "08F1A7C4E9B2D35F60718293A4B5C6D7E8F90A1B-268435461",
		"Wechatpay-Serial": "PUB_KEY_ID_0119000001092026010100000000000001", "Wechatpay-Timestamp": "1599703200",
		"X-Sandbox": "wxpay sandbox, not WeChat Pay"} {
		answered.Header.Set(name, value)
	}
	(&trace{request: r, reply: answered}).report(sys, 0)
	if text := said.String(); strings.Contains(text, "not shown") {
		t.Errorf("got %s", text)
	}
}
