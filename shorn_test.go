package wxpay_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
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

// Nor does what errors.As finds in it by an interface, for an *url.Error is a net.Error.
func TestWhatIsFoundInAnErrorRepeatsNothing(t *testing.T) {
	t.Parallel()
	const openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("gateway: %w", &url.Error{Op: "Get", URL: r.URL.String(), Err: context.DeadlineExceeded})
	})
	_, err := client.Chain("v3/x/{openid}").Get(bg, wxpay.Path("openid", openid))
	var (
		network   net.Error
		timeout   interface{ Timeout() bool }
		temporary interface{ Temporary() bool }
		address   *url.Error
		unwrap    interface{ Unwrap() error }
	)
	if !errors.As(err, &network) || !network.Timeout() || !errors.As(err, &timeout) || !timeout.Timeout() ||
		!errors.As(err, &temporary) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	errors.As(err, &unwrap)
	if errors.As(err, &address) {
		t.Errorf("the address is found: %v", address)
	}
	for _, found := range []any{network, timeout, temporary, unwrap} {
		if text := fmt.Sprintf("%v %+v", found, found); strings.Contains(text, openid) {
			t.Errorf("a %T says %s", found, text)
		}
	}
}

// A panic in a function that goes on with a call knows what the call told, and what a body panics
// with nobody knows.
func TestAPanicAfterwardsRepeatsNothing(t *testing.T) {
	t.Parallel()
	const openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{}`), nil })
	_, err := client.Chain("v3/x").PostAsync(bg, map[string]string{"openid": openid}).Then(func(*wxpay.Result) error {
		panic("no account for payer " + openid)
	}).Otherwise(func(err error) (*wxpay.Result, error) { panic(err) }).Wait(bg)
	var panicked *wxpay.PanicError
	if !errors.As(err, &panicked) || !strings.Contains(err.Error(), "no account for payer …") {
		t.Fatalf("got %v", err)
	}
	_, ofBody := client.Chain("v3/x").PostAsync(bg, panickingBody(openid)).Wait(bg)
	var cause *wxpay.PanicError
	if !errors.As(ofBody, &cause) || cause.Value != openid {
		t.Fatalf("got %v", ofBody)
	}
	for _, e := range []*wxpay.PanicError{panicked, cause} {
		asXML, err := xml.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(*e)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprintf("%v %#v %s %s", e, *e, asXML, asJSON); strings.Contains(text, openid) {
			t.Errorf("it prints %s", text)
		}
	}
}

type panickingBody string

func (p panickingBody) MarshalJSON() ([]byte, error) { panic(string(p)) }

// Nor does a typed reply print its headers or its body, whatever the verb.
func TestATypedReplyPrintsNothing(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{"openid":"SECRET"}`), nil
	})
	reply, err := wxpay.Call[struct{ wxpay.Reply }]{Client: client, Method: "GET", Path: "v3/x"}.Do(bg)
	if err != nil || !reply.Verified() || reply.Status() != 200 {
		t.Fatalf("got %v, %v", reply, err)
	}
	signature := signedReply(200, `{}`).Header.Get("Wechatpay-Signature")[:8]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%t", "%x", "%d"} {
		for _, v := range []any{reply, *reply} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "SECRET") || strings.Contains(text, "Wechatpay") ||
				strings.Contains(text, signature) || strings.Contains(text, "83 69 67 82 69 84") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}
