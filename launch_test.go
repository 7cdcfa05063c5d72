package wxpay_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// The four signed lines of a pay call are those of an API call if a value brings lines of its own.
func TestPayCallsSignNoOtherMessage(t *testing.T) {
	t.Parallel()
	c := clientAt(t, "https://api.example", transport(nil))
	for _, odd := range []string{"POST\n/v3/refund/domestic/refunds", "wx1\r", "wx 1", "wx\x00", "wx\u2028", "wx\x7f",
		"用户"} {
		_, app := c.AppPay(odd, "wx201410272009395522657a690389285100")
		_, page := c.JSAPIPay("wxd678efh567hg6787", odd)
		_, last := c.AppPay("wxd678efh567hg6787", odd)
		for _, err := range []error{app, page, last} {
			if !errors.As(err, new(*wxpay.RequestError)) || strings.Contains(err.Error(), odd) {
				t.Errorf("%q: got %v", odd, err)
			}
		}
	}
}

// A token goes into the query string of a business view as one value.
func TestCreditRepaymentAppEscapes(t *testing.T) {
	t.Parallel()
	if got := wxpay.CreditRepaymentApp("x", "a&b=1").Query; got != "presign_token=a%26b%3D1" {
		t.Errorf("got %s", got)
	}
}

// A payer's openid is told in the body, and WeChat Pay repeats it.
func TestRefusalsRepeatNoOpenIDOfTheBody(t *testing.T) {
	t.Parallel()
	says := `{"code":"PARAM_ERROR","message":"` + payer + ` is nobody","detail":{"field":"/payer/openid","issue":"` +
		payer + ` is bad"}}`
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(400, says), nil })
	v2 := v2Client(t, true, wire.Fields{"return_code": "SUCCESS", "result_code": "FAIL", "err_code": "PARAM_ERROR",
		"err_code_des": payer + " is nobody"}, nil)
	for name, err := range map[string]error{
		"a map":      second(c.Chain("v3/x").Post(bg, map[string]any{"payer": map[string]any{"sub_openid": payer}})),
		"raw":        second(c.Chain("v3/x").Post(bg, `{"openid" : "`+payer+`"}`)),
		"an APIv2's": second(v2.Chain("v2/x").Post(bg, map[string]string{"openid": payer})),
	} {
		if err == nil || strings.Contains(err.Error(), payer) || !strings.Contains(err.Error(), "… is nobody") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A Result prints what came back of it, and nothing of the call that it answers.
func TestResultsPrintNobody(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{"openid":"`+payer+`"}`),
			nil
	})
	r, err := c.Chain("v3/x").Post(bg, map[string]string{"openid": payer}, wxpay.Query("openid", payer))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%e"} {
		for _, v := range []any{r, *r} {
			if s := fmt.Sprintf(verb, v); !strings.HasPrefix(s, "wxpay.Result{Status: 200, Body: ") ||
				strings.Contains(s, payer) {
				t.Errorf("%s: %s", verb, s)
			}
		}
	}
	header := "it was " + r.Header.Get("Request-ID") + ", sent by " + payer + " to v3/x?openid=" + payer
	if s := r.Quiet(header); strings.Contains(s, payer) || !strings.Contains(s, "sent by …") {
		t.Errorf("quiet is %s", s)
	}
	if s := new(wxpay.Result).Quiet(payer) + (*wxpay.Result)(nil).Quiet(payer); s != "" {
		t.Errorf("of no call: %s", s)
	}
}
