package wxpay_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/leaktest"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// Errors of others that say little and hold much.
type (
	wordlessError struct{ Address, Body string }
	textError     string
	wordless      struct{}
)

func (wordlessError) Error() string { return "broken" }
func (textError) Error() string     { return "broken" }

func (wordless) MarshalJSON() ([]byte, error)  { return nil, wordlessError{payer, payer} }
func (*wordless) UnmarshalJSON([]byte) error   { return wordlessError{payer, payer} }
func (*wordless) UnmarshalText(b []byte) error { return textError(b) }

const payer = "oSECRETopenidOfThePayer"

// everyError is one of each type, exported or not, around what no error prints.
func everyError(t *testing.T) []error {
	t.Helper()
	c := clientAt(t, "https://api.example", transport(func(r *http.Request) (*http.Response, error) {
		switch r.URL.Path {
		case "/v3/ok":
			return signedReply(200, `{"n":"`+payer+`"}`), nil
		case "/v3/text":
			return nil, textError(payer)
		case "/v3/refused/" + payer:
			return signedReply(400, `{"code":"PARAM_ERROR","message":"`+payer+` is nobody"}`), nil
		}
		return nil, wordlessError{r.URL.String(), payer}
	}))
	result, err := c.Chain("v3/ok").Get(bg)
	if err != nil {
		t.Fatal(err)
	}
	v2 := repliesV2(t, wire.Fields{"openid": payer})
	undecoded := result.Decode(&struct{ N wordless }{})
	undecodedV2 := v2.Decode(&struct {
		N wordless `xml:"openid"`
	}{})
	after := func(*wxpay.Result) error { return wordlessError{payer, payer} }
	return []error{
		second(c.Chain("v3/user/{o}").Get(bg, wxpay.Path("o", payer))),
		second(c.Chain("v3/text").Get(bg)),
		second(c.Chain("v3/refused/{o}").Get(bg, wxpay.Path("o", payer))),
		second(c.Chain("v3/x").Post(bg, map[string]any{"a": wordless{}})),
		undecoded, errors.Unwrap(undecoded), undecodedV2, errors.Unwrap(undecodedV2),
		second(c.Chain("v3/ok").GetAsync(bg).Then(after).Wait(bg)),
		second(wxpay.LoadPrivateKey("-----BEGIN " + payer)),
		&wxpay.PanicError{}, &wxpay.ConfigError{Field: "MchID"}, &wxpay.SignatureError{Operation: "verify"},
		&wxpay.DecryptError{Hint: "no"}, &wxpay.ResolveError{Problem: "it is of no call"},
	}
}

// An error prints what Error says and nothing that it holds: whatever the verb, by its
// pointer or its value, alone or in something else.
func TestErrorsPrintTheirTextOnly(t *testing.T) {
	t.Parallel()
	types := map[reflect.Type]bool{}
	for _, err := range everyError(t) {
		types[reflect.TypeOf(err)] = true
		value := reflect.ValueOf(err).Elem().Interface()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			for _, printed := range []any{err, value} {
				if got, want := fmt.Sprintf(verb, printed), fmt.Sprintf(verb, err.Error()); got != want {
					t.Errorf("%s of a %T: %s\nwant %s", verb, printed, got, want)
				}
			}
		}
		var refused *wxpay.Error
		if errors.As(err, &refused) { // its fields keep what came
			text := fmt.Sprintf("%v %#v %d %+v", err, value, value, struct{ E error }{err})
			if strings.Contains(text, "SECRET") || !strings.Contains(refused.Message, payer) {
				t.Errorf("a refusal prints %s and has the message %s", text, refused.Message)
			}
			continue
		}
		leaktest.Check(t, err, payer)
		leaktest.Check(t, value, payer)
	}
	if len(types) != 13 {
		t.Errorf("%d types of errors: %v", len(types), types)
	}
}

// What WeChat Pay, or a gateway, repeats of the call's path and query is not printed.
func TestRefusalsRepeatNoValue(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"the message": `{"code":"PARAM_ERROR","message":"openid oSECRET is not of this appid"}`,
		"the query":   `{"code":"PARAM_ERROR","message":"qSECRET& or qSECRET%26 is wrong"}`,
		"the issue":   `{"code":"PARAM_ERROR","message":"bad","detail":{"field":"/oSECRET","issue":"oSECRET does not match"}}`,
		"the path":    `{"code":"404","message":"no route for /v3/user/oSECRET"}`,
		"cut in two":  `{"code":"404","message":"` + strings.Repeat("x", 509) + `oSECRET"}`,
	} {
		for _, signed := range []bool{true, false} {
			c := clientOver(t, func(*http.Request) (*http.Response, error) {
				if !signed {
					return reply(400, nil, body), nil
				}
				return signedReply(400, body), nil
			})
			err := second(c.Chain("v3/user/{openid}").Get(bg, wxpay.Path("openid", "oSECRET"),
				wxpay.Query("q", "qSECRET&")))
			var e *wxpay.Error
			if !errors.As(err, &e) || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "oSE") {
				t.Errorf("%s: got %v", name, err)
			} else if !strings.Contains(e.Message+string(e.Detail), "SECRET") {
				t.Errorf("%s: the fields lost what came: %q %s", name, e.Message, e.Detail)
			}
		}
	}
}

// A gateway's 401 says nothing about the signature.
func TestAGatewaysRefusal(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{`<html>log in</html>`: false, `{"code":"SIGN_ERROR","message":"x"}`: true} {
		c := clientOver(t, func(*http.Request) (*http.Response, error) { return reply(401, nil, body), nil })
		err := second(c.Chain("v3/x").Post(bg, `{}`))
		if strings.Contains(err.Error(), "the signature of the call was refused") != want ||
			strings.Contains(err.Error(), "gateway") == want {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// A promise that is printed while its call is under way shows its type.
func TestPrintedPromises(t *testing.T) {
	t.Parallel()
	release := make(chan bool)
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		<-release
		return signedReply(200, `{"n":"oSECRET"}`), nil
	})
	p := c.Chain("v3/x").GetAsync(bg)
	go close(release)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if text := fmt.Sprintf(verb, p); text != "*wxpay.Promise[*github.com/wxpay-go/wxpay.Result]" {
			t.Errorf("%s: %s", verb, text)
		}
	}
	if err := second(p.Wait(bg)); err != nil {
		t.Error(err)
	}
}

// The Host of a Config may be given with a password, which New refuses.
func TestPrintedHostsHaveNoPassword(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"https://user:pSECRET@proxy.example", "https://user:p@SECRET@proxy.example"} {
		cfg := wxpay.Config{MchID: "1", Host: host}
		text, err := cfg.MarshalText()
		if s := fmt.Sprintf("%v %#v %s %v", cfg, cfg, text, err); strings.Contains(s, "SECRET") ||
			!strings.Contains(s, "@proxy.example") {
			t.Error(s)
		}
	}
}
