package wxpay_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// Every door of the client takes nil for what it is: an error, or nothing at all.

func TestNilOptionsAreIgnored(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/v3/billdownload/file" {
			return reply(200, nil, billText), nil
		}
		return signedReply(200, `{}`), nil
	})
	var none wxpay.Option
	typed := leaf.NewPoster[queryIn, queryOut](leaf.Bind(client),
		"v3/x", func() []wxpay.Option { return []wxpay.Option{none} })
	for name, err := range map[string]error{
		"chain":        second(client.Chain("v3/x").Get(bg, none)),
		"with a body":  second(client.Chain("v3/x").Post(bg, `{}`, none, wxpay.Query("a", "1"), none)),
		"later":        second(client.Chain("v3/x").DeleteAsync(bg, none).Wait(bg)),
		"typed":        second(typed.Post(bg, &queryIn{}, none)),
		"typed, later": second(typed.PostAsync(bg, &queryIn{}, none).Wait(bg)),
		"a download":   second(download(client, billURL, hashOf(billText), none)),
		"a page":       second(v2Client(t, false, nil, nil).Chain("v2/papay/x").URL(map[string]string{}, none)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysThatNobodyMadeProveNothing(t *testing.T) {
	t.Parallel()
	for _, keys := range []*wxpay.Keys{nil, {}} {
		if err := keys.Verify(http.Header{}, nil); err == nil || !strings.Contains(err.Error(), "wxpay.NewKeys") {
			t.Errorf("Verify: got %v", err)
		}
		if plain, err := keys.Open("", "", ""); err == nil || plain != nil ||
			!strings.Contains(err.Error(), "wxpay.NewKeys") {
			t.Errorf("Open: got %q, %v", plain, err)
		}
	}
}

func TestNilContextsAreErrors(t *testing.T) {
	t.Parallel()
	client := v2Client(t, false, nil, func(*http.Request, wire.Fields) { t.Error("it was sent") })
	var none context.Context
	typed := leaf.NewPoster[queryIn, queryOut](leaf.Bind(client), "v3/x")
	for name, err := range map[string]error{
		"GET":            second(client.Chain("v3/x").Get(none)),
		"POST":           second(client.Chain("v3/x").Post(none, `{}`)),
		"PUT":            second(client.Chain("v3/x").Put(none, `{}`)),
		"PATCH":          second(client.Chain("v3/x").Patch(none, `{}`)),
		"DELETE":         second(client.Chain("v3/x").Delete(none)),
		"APIv2":          second(client.Chain("v2/x").Post(none, map[string]string{})),
		"later":          second(client.Chain("v3/x").PostAsync(none, `{}`).Wait(bg)),
		"APIv2, later":   second(client.Chain("v2/x").PostAsync(none, map[string]string{}).Wait(bg)),
		"typed":          second(typed.Post(none, &queryIn{})),
		"typed, later":   second(typed.PostAsync(none, &queryIn{}).Wait(none)),
		"typed, APIv2":   second(leaf.NewPoster[queryIn, queryOut](leaf.Bind(client), "v2/x").Post(none, &queryIn{})),
		"typed, a query": second(leaf.NewQuerier[struct{}, queryOut](leaf.Bind(client), "v3/x").Get(none, nil)),
		"a download":     second(client.Download(none, billURL, "SHA1", hashOf(billText))),
	} {
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "the context is nil") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A nil function changes nothing, and a nil context waits as long as it takes.
func TestPromisesWithoutFunctions(t *testing.T) {
	t.Parallel()
	var none context.Context
	fine := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{}`), nil })
	result, err := fine.Chain("v3/x").GetAsync(bg).Then(nil).Otherwise(nil).Wait(none)
	if err != nil || result.Status != 200 {
		t.Errorf("got %v, %v", result, err)
	}
	bad := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(403, `{"code":"NO_AUTH"}`), nil
	})
	var e *wxpay.Error
	if _, err := bad.Chain("v3/x").GetAsync(bg).Then(nil).Otherwise(nil).Wait(none); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
}

func TestNilClients(t *testing.T) {
	t.Parallel()
	for _, none := range []*wxpay.Client{nil, new(wxpay.Client)} {
		for name, err := range map[string]error{
			"chain":      second(none.Chain("v3/x").Get(bg)),
			"later":      second(none.Chain("v3/x").GetAsync(bg).Wait(bg)),
			"typed":      second(leaf.NewGetter[queryOut](leaf.Bind(none), "v3/x").Get(bg)),
			"APIv2":      second(none.Chain("v2/x").Post(bg, map[string]string{})),
			"a page":     second(none.Chain("v2/x").URL(map[string]string{})),
			"a download": second(none.Download(bg, billURL, "SHA1", hashOf(billText))),
			"JSAPI":      second(none.JSAPIPay("wx1", "1")),
			"an app":     second(none.AppPay("wx1", "1")),
			"extra data": second(none.ContractExtraData(map[string]string{})),
			"JSAPI, v2":  second(none.JSAPIPayV2("wx1", "1", "")),
			"an app, v2": second(none.AppPayV2("wx1", "", "1", "")),
		} {
			var e *wxpay.RequestError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), "there is no client") {
				t.Errorf("%s: got %v", name, err)
			}
		}
		keys := none.Keys()
		if none.MchID() != "" || keys.MchID() != "" || keys.Current().ID != "" || keys.Now().IsZero() ||
			keys.Verify(http.Header{}, nil) == nil || second(keys.Open("", "", "")) == nil {
			t.Errorf("%#v has an identity", none)
		}
	}
}

// A nil pointer to an error, which somebody returned for none, can be asked.
func TestNilErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		(*wxpay.Error)(nil), (*wxpay.ConfigError)(nil), (*wxpay.KeyError)(nil), (*wxpay.RequestError)(nil),
		(*wxpay.TransportError)(nil),
		(*wxpay.DecodeError)(nil), (*wxpay.SignatureError)(nil), (*wxpay.DecryptError)(nil), (*wxpay.PanicError)(nil),
		struct{ *wxpay.TransportError }{}, struct{ *wxpay.RequestError }{},
	} {
		if err.Error() != "<nil>" || errors.Unwrap(err) != nil || errors.Is(err, context.Canceled) ||
			!wxpay.OutcomeUnknown(err) {
			t.Errorf("%T: %v", err, err)
		}
		// A transport that gives one beside an answer.
		client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{}`), err })
		var lost *wxpay.TransportError
		if _, err := client.Chain("v3/x").Post(bg, `{}`); !errors.As(err, &lost) || !lost.Sent ||
			lost.Operation != "POST v3/x" {
			t.Errorf("%T of a transport: got %v", err, err)
		}
	}
}

// A Resolution that nobody was asked for has no answer, and that can be asked too.
func TestNilResults(t *testing.T) {
	t.Parallel()
	r := wxpay.Resolution{}.Reply()
	if r.Decode(new(struct{})) == nil || second(r.Map()) == nil || r.RequestID() != "" || r.Quiet("x") != "" ||
		r.Verified() || r.Hash() != "" || r.Text() != nil {
		t.Errorf("a nil Result answers")
	}
}

// A lent http.Client without a Timeout leaves the bound as it is; only a negative
// one takes it away.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lent *http.Client
		want time.Duration // 0: none
	}{
		"no timeout":      {&http.Client{}, time.Minute},
		"a timeout":       {&http.Client{Timeout: time.Hour}, time.Hour},
		"none on purpose": {&http.Client{Timeout: -1}, 0},
	} {
		var left time.Duration
		bounded := false
		cfg := testConfig()
		cfg.HTTPClient = c.lent
		cfg.HTTPClient.Transport = transport(func(r *http.Request) (*http.Response, error) {
			var deadline time.Time
			if deadline, bounded = r.Context().Deadline(); bounded {
				left = time.Until(deadline)
			}
			return signedReply(200, `{}`), nil
		})
		client, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Chain("v3/x").Get(bg); err != nil {
			t.Fatal(err)
		}
		if bounded != (c.want > 0) || left > c.want || bounded && left < c.want/2 {
			t.Errorf("%s: bounded %v, %v left", name, bounded, left)
		}
		ctx, cancel := context.WithTimeout(bg, 24*time.Hour)
		if _, err := client.Chain("v3/x").Get(ctx); err != nil || left < 23*time.Hour {
			t.Errorf("%s: the caller's own deadline: %v left, %v", name, left, err)
		}
		cancel()
	}
}

func TestUserAgentAndIDsFitTheirHeaders(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a\r\nX-B: b", "a\nb", "a\x00", "\x7f", "a\tb", "\u0085", "\u2028", "\xff"} {
		cfg := testConfig()
		cfg.UserAgent = s
		var e *wxpay.ConfigError
		if _, err := wxpay.New(cfg); !errors.As(err, &e) || e.Field != "UserAgent" {
			t.Errorf("UserAgent %q: got %v", s, err)
		}
	}
	for _, id := range []string{testPlatformID + "\n", "a\x00", "a\r\nX-B: b"} {
		cfg := testConfig()
		cfg.PlatformKeys[0].ID = id
		var e *wxpay.ConfigError
		if _, err := wxpay.New(cfg); !errors.As(err, &e) || e.Field != "PlatformKeys" {
			t.Errorf("id %q: got %v", id, err)
		}
	}
	cfg := testConfig()
	cfg.UserAgent = "商店/1.2 (上海)"
	if _, err := wxpay.New(cfg); err != nil {
		t.Error(err)
	}
}

func TestATransportThatIsNil(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.HTTPClient = &http.Client{Transport: (*http.Transport)(nil)}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var lost *wxpay.TransportError
	if _, err := client.Chain("v3/x").Get(bg); !errors.As(err, &lost) || lost.Sent { // nobody listens at port 1
		t.Errorf("got %v", err)
	}
}
