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
	panicking := clientAt(t, "https://api.example",
		transport(func(*http.Request) (*http.Response, error) { panic(broken) }))
	_, panicked := panicking.Chain("v3/x").GetAsync(bg).Wait(bg)
	cfg := testConfig()
	cfg.PrivateKey = remoteKey{cfg.PrivateKey.Public()}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, unsigned := c.Chain("v3/x").Get(bg)
	_, unpaid := c.JSAPIPay("wx1", "prepay")
	proxied := clientAt(t, "http://127.0.0.1:1",
		&http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "user:pSECRET@h.invalid:1"})})
	_, unreached := proxied.Chain("v3/x").Get(bg)
	for what, err := range map[string]error{"a panic": panicked, "a signer": unsigned,
		"a signer for a pay call": unpaid, "a proxy": unreached} {
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What WeChat Pay says of a call may quote the payer: an error that is marshalled does not.
func TestMarshalledErrorsQuoteNobody(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(struct{ E error }{&wxpay.Error{Code: "PARAM_ERROR",
		Detail: []byte(`{"value":"oSECRET"}`)}})
	if err != nil || strings.Contains(string(text), "SECRET") || !strings.Contains(string(text), "PARAM_ERROR") {
		t.Errorf("%s, %v", text, err)
	}
}

// A chain that is printed, or what holds it, shows no value of its path.
func TestPrintedChainsShowNoValues(t *testing.T) {
	t.Parallel()
	chain := clientAt(t, "https://api.example", http.DefaultTransport).Chain("v3/user/{openid}").
		Path("openid", "oSECRET")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, value := range []any{chain, &chain, struct{ c wxpay.Chain }{chain}, []wxpay.Chain{chain}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "oSECRET") || strings.Contains(text,
				"6f534543524554") {
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

// A transport that panics may do so with the request in hand.
func TestPanicsShowNoAddress(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]transport{
		"the request": func(r *http.Request) (*http.Response, error) { panic(r) },
		"the header":  func(r *http.Request) (*http.Response, error) { panic(r.Header) },
		"the address": func(r *http.Request) (*http.Response, error) { panic(r.URL) },
		"a string":    func(r *http.Request) (*http.Response, error) { panic(fmt.Sprintf("no route to %s", r.URL)) },
		"an error": func(r *http.Request) (*http.Response, error) {
			panic(&url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("EOF")})
		},
	} {
		err := second(clientOver(t, f).Chain("v3/user/{openid}").
			GetAsync(bg, wxpay.Path("openid", "oSECRET"), wxpay.Query("q", "qSECRET")).Wait(bg))
		marshalled, _ := json.Marshal(err)
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err),
			fmt.Sprintf("%d", err), string(marshalled)} {
			if strings.Contains(text, "SECRET") || strings.Contains(text, "signature=") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// The detail of a refusal may name the payer.
func TestRefusalsPrintNoDetail(t *testing.T) {
	t.Parallel()
	refusal := &wxpay.Error{Operation: "POST v3/x", Status: 400, Code: "PARAM_ERROR",
		Detail: []byte(`{"value":"oSECRET"}`)}
	for _, verb := range []string{"%v", "%+v", "%s", "%q", "%#v", "%d"} {
		for _, value := range []any{refusal, *refusal, struct{ E *wxpay.Error }{refusal},
			struct{ E wxpay.Error }{*refusal}} {
			text := fmt.Sprintf(verb, value)
			for _, told := range []string{"SECRET", "83 69 67", "0x53, 0x45"} {
				if strings.Contains(text, told) {
					t.Errorf("%s of %T: %s", verb, value, text)
				}
			}
		}
		if text := fmt.Sprintf(verb, refusal); !strings.Contains(text, "HTTP 400 PARAM_ERROR") {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

type brokenRandom struct{ err error }

func (b brokenRandom) Read([]byte) (int, error) { return 0, b.err }

// A source of randomness may be far away.
func TestRandomnessThatFails(t *testing.T) {
	t.Parallel()
	cfg, mark := testConfig(), errors.New("no entropy from https://user:pSECRET@hsm.example/draw")
	cfg.Rand, cfg.APIv2Key = brokenRandom{mark}, wxpay.NewSecret(testAPIv2Key)
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"APIv3": second(c.Chain("v3/x").Post(bg, `{}`)),
		"APIv2": second(c.Chain("v2/pay/pappayapply").Post(bg, map[string]string{"a": "b"})),
		"JSAPI": second(c.JSAPIPay("a", "b")),
	} {
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !errors.Is(err, mark) || !strings.Contains(err.Error(),
			"no entropy from https://…") ||
			strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// Encryption takes its randomness from the system where that is newer than the reader.
	if err := second(c.Chain("v3/x").Post(bg, `{"a":"b"}`, wxpay.Encrypt("/a"))); strings.Contains(err.Error(),
		"SECRET") {
		t.Errorf("encrypted: got %v", err)
	}
}

// Whatever quotes an address, the values that the call took along are not shown.
func TestATransportsWordsShowNoValue(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"bad token 'oSECRET'", "bad token `qSECRET&`", "bad token “oSECRET”", "bad token «qSECRET&»",
		"http:/h/v3/user/oSECRET",
		"host.example/v3/user/oSECRET failed", "HTTPS:%2F%2Fh%2Fuser%2FoSECRET",
		"//127.0.0.1:1/v3/user/oSECRET?q=qSECRET%26",
		"127.0.0.1:1/v3/user/oSECRET?q=qSECRET%26", "v3/user/oSECRET?q=qSECRET%26", "path=user/oSECRET",
	} {
		for name, by := range map[string]transport{
			"no answer": func(*http.Request) (*http.Response, error) { return nil, errors.New(text) },
			"no whole answer": func(*http.Request) (*http.Response, error) {
				r := reply(200, nil, "")
				r.ContentLength, r.Body = -1, io.NopCloser(brokenRandom{errors.New(text)})
				return r, nil
			},
		} {
			get := clientOver(t, by).Chain("v3/user/{openid}")
			err := second(get.Get(bg, wxpay.Path("openid", "oSECRET"), wxpay.Query("q", "qSECRET&"),
				wxpay.Query("n", "1")))
			if strings.Contains(err.Error(), "SECRET") || strings.Contains(text, "127.0.0.1:1") &&
				!strings.Contains(err.Error(), "127.0.0.1:1") {
				t.Errorf("%s, %s: %v", text, name, err)
			}
		}
	}
}
