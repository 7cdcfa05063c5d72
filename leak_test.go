package wxpay_test

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// remoteKey is a key in a service that cannot be reached.
type remoteKey struct{ public crypto.PublicKey }

func (k remoteKey) Public() crypto.PublicKey { return k.public }

func (remoteKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, broken }

var broken = &url.Error{Op: "Post", URL: "https://kms.example/sign?token=kSECRET", Err: errors.New("EOF")}

// What else a call makes use of may fail with an address in its error, and that with a secret.
func TestErrorsOfOthersAreQuoted(t *testing.T) {
	t.Parallel()
	panicking := clientAt(t, "https://api.example", transport(func(*http.Request) (*http.Response, error) { panic(broken) }))
	_, panicked := panicking.Chain("v3/x").GetAsync(bg).Wait(bg)
	cfg := testConfig()
	cfg.PrivateKey = remoteKey{cfg.PrivateKey.Public()}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, unsigned := c.Chain("v3/x").Get(bg)
	_, unpaid := c.JSAPIPay("wx1", "prepay")
	proxied := clientAt(t, "http://127.0.0.1:1", &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "user:pSECRET@h.invalid:1"})})
	_, unreached := proxied.Chain("v3/x").Get(bg)
	for what, err := range map[string]error{"a panic": panicked, "a signer": unsigned, "a signer for a pay call": unpaid, "a proxy": unreached} {
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What WeChat Pay says of a call may quote the payer: an error that is marshalled does not.
func TestMarshalledErrorsQuoteNobody(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(struct{ E error }{&wxpay.Error{Code: "PARAM_ERROR", Detail: []byte(`{"value":"oSECRET"}`)}})
	if err != nil || strings.Contains(string(text), "SECRET") || !strings.Contains(string(text), "PARAM_ERROR") {
		t.Errorf("%s, %v", text, err)
	}
}

// A chain that is printed, or what holds it, shows no value of its path.
func TestPrintedChainsShowNoValues(t *testing.T) {
	t.Parallel()
	chain := clientAt(t, "https://api.example", http.DefaultTransport).Chain("v3/user/{openid}").Path("openid", "oSECRET")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, value := range []any{chain, &chain, struct{ c wxpay.Chain }{chain}, []wxpay.Chain{chain}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "oSECRET") || strings.Contains(text, "6f534543524554") {
				t.Errorf("%s of a %T: %s", verb, value, text)
			}
		}
	}
}

// Errors that are none prove nothing.
func TestOutcomeOfNothingJoined(t *testing.T) {
	t.Parallel()
	if !wxpay.OutcomeUnknown(noneJoined{}) {
		t.Error("known")
	}
}

type noneJoined struct{}

func (noneJoined) Error() string   { return "none" }
func (noneJoined) Unwrap() []error { return []error{nil} }
