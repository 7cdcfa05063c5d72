package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
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
		if err := explainCall(&c.answer, ""); !errors.As(err, &said) || said.code != c.want {
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
	cfg := wechat.ClientConfig()
	cfg.HTTPClient = &http.Client{Transport: answering(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 403, Header: http.Header{"Request-Id": {"x-" + openid}},
			Body: io.NopCloser(strings.NewReader(`{"code":"` + openid + `","message":"who is ` + openid + `"}`))}, nil
	})}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Chain("v3/x").Post(t.Context(), map[string]string{"openid": openid})
	var said *failure
	if err := explainCall(err, ""); !errors.As(err, &said) {
		t.Fatal(err)
	}
	if all := fmt.Sprint(said.err, said.said, said.word); strings.Contains(all, openid) {
		t.Errorf("got %s", all)
	}
}
