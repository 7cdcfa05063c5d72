package wxpay_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// What the call told is left out of the words of a transport before anything of them is cut, also
// where an address is in them that has to be.
func TestWordsAreLookedThroughWhole(t *testing.T) {
	t.Parallel()
	const openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	for what, c := range map[string]struct{ value, words, left string }{
		"at the 256th byte": {openid, strings.Repeat("x", 180) + " " + openid + " is over quota", "oUpF"},
		"a mail address":    {"zhang.san@example.com", "payer zhang.san@example.com is over quota", "example"},
		"two spaces":        {"张三  13800138000", "payer 张三  13800138000 is over quota", "1380"},
		"a quotation":       {`张三"13800138000"李`, `payer 张三"13800138000"李 is over quota`, "张三"},
		"a line end":        {"张三\n13800138000", "payer 张三\n13800138000 is over quota", "1380"},
	} {
		cfg := testConfig()
		cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("gateway: after 3 attempts: %w",
				&url.Error{Op: "Post", URL: "https://gw.example/v3", Err: errors.New(c.words)})
		})}
		client, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Chain("v3/x").Post(bg, map[string]string{"payer": c.value})
		if err == nil || strings.Contains(err.Error(), c.left) || strings.Contains(err.Error(), "gw.example") ||
			!strings.Contains(err.Error(), "gateway: after 3 attempts") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

// Nor does the panic of a transport tell it, where a promise has it.
func TestAPanicRepeatsNothingOfTheCall(t *testing.T) {
	t.Parallel()
	const openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	cfg := testConfig()
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		panic("no route for payer " + openid)
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Chain("v3/x").PostAsync(bg, map[string]string{"openid": openid}).Wait(bg)
	if panicked := (*wxpay.PanicError)(nil); !errors.As(err, &panicked) || strings.Contains(err.Error(), openid) ||
		!strings.Contains(err.Error(), "no route for payer …") {
		t.Errorf("got %v", err)
	}
}

// A result prints neither what it holds in clear nor a request id that repeats the call.
func TestAResultRepeatsNothing(t *testing.T) {
	t.Parallel()
	const openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	answer := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "openid": openid}
	answer["sign"] = answer.Digest(testAPIv2Key, wire.SignMD5)
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return reply(200, http.Header{"Request-Id": {"id-" + openid}}, string(answer.XML())), nil
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	result, err := client.Chain("v2/pay/orderquery").Post(bg, map[string]string{"openid": openid})
	if err != nil {
		t.Fatal(err)
	}
	held := struct{ result *wxpay.Result }{result}
	result.Body = nil // which fmt prints in numbers
	result.Header = nil
	for _, verb := range []string{"%v", "%s", "%q", "%d", "%+v", "%#v"} {
		if said := fmt.Sprintf(verb, held); strings.Contains(said, openid) {
			t.Errorf("%s in a struct: %s", verb, said)
		}
	}
	result.Header = http.Header{"Request-Id": {"id-" + openid}}
	if said := fmt.Sprint(result); strings.Contains(said, openid) {
		t.Errorf("got %s", said)
	}
}
